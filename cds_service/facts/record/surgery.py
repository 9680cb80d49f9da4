"""Earlier surgery of the cervical spine (criteria, RF-POSTOP)."""

from __future__ import annotations

import msgspec

from cds_service.facts.finding import Evidence
from cds_service.facts.record.entries import Entry
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.prefetch import Received
from cds_service.fhir import resources as r
from cds_service.fhir.dates import Interval


class Operation(msgspec.Struct, frozen=True, gc=False):
    """One operation; `date` None is not documented."""

    evidence: Evidence
    date: Interval | None
    fusion: bool


class Surgery(msgspec.Struct, frozen=True):
    cervical: list[Operation]
    possible: list[Evidence]
    """Spine surgery without a region, or not confirmed: to be asked, never taken as cervical."""


def read(received: Received, histories: list[Entry], frame: Frame) -> Surgery:
    """Completed Procedures, and history codes: Conditions of any clinical status, order reasons.

    A suspected entry, as every reason of the order is, proves no surgery: it is asked.
    """
    cervical: list[Operation] = []
    possible: list[Evidence] = []
    for item in received.of(r.Procedure):
        if item.status != "completed":
            continue
        code = frame.code(item.code)
        if code is None or not code.sets & {"VS-CSURG", "VS-CSURG-NEEDS-SITE"}:
            continue
        # Completed is completed: a date that cannot be right leaves the operation without one.
        period = item.performed_period or r.Period()
        date = (
            frame.when(item.performed_date_time)
            or frame.when(period.end)
            or frame.when(period.start)
        )
        evidence = Evidence(item.reference, code.display, date.text if date else None)
        site = frame.site(r.concepts(item.body_site), code)
        if "VS-CSURG" in code.sets or "neck" in site.regions:
            fusion = bool(code.sets & {"VS-FUSION", "VS-CSURG-NEEDS-SITE"})
            cervical.append(Operation(evidence, date, fusion))
        else:
            possible.append(evidence)
    for entry in histories:
        if "VS-CSURG-HX" in entry.code.sets and not entry.suspected:
            cervical.append(Operation(entry.evidence(), entry.onset or entry.recorded, False))
        elif entry.code.sets & {"VS-CSURG-HX", "VS-CSURG-POSSIBLE"}:
            possible.append(entry.evidence())
    return Surgery(cervical, possible)
