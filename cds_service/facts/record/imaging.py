"""Earlier imaging and earlier orders: cervical MRI and CT (criteria, 1.5 and EXT-DUP-*)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cds_service.facts.finding import Evidence
from cds_service.facts.record.entries import Code
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.prefetch import Received
from cds_service.fhir import resources as r
from cds_service.fhir.dates import Interval

_REPORTED = frozenset(("final", "amended", "corrected", "appended"))


class Study(msgspec.Struct, frozen=True, gc=False):
    """A study that was done."""

    code: Code
    date: Interval
    reference: str
    reported: bool = False
    """A final report exists; only that can say what was or was not seen."""
    conclusions: frozenset[str] = frozenset()
    """Our sets the coded conclusions belong to."""

    def evidence(self, note: str | None = None) -> Evidence:
        return Evidence(self.reference, self.code.display, self.date.text, None, None, note)


class Pending(msgspec.Struct, frozen=True, gc=False):
    """An order for a cervical MRI that is not yet done."""

    code: Code
    authored: Interval
    reference: str
    priority: str | None

    def evidence(self) -> Evidence:
        note = "pending order"
        return Evidence(self.reference, self.code.display, self.authored.text, None, None, note)


class Studies(msgspec.Struct, frozen=True):
    """Studies that were done, whatever the order."""

    mri: list[Study]
    ct: list[Study]


class Imaging(msgspec.Struct, frozen=True):
    mri: list[Study]
    ct: list[Study]
    pending: list[Pending]


def mri_sets(frame: Frame) -> frozenset[str]:
    """Sets of cervical MRI; multi-region studies only where configured (`scope.multiRegion`)."""
    names = {"VS-MRICSPINE"}
    if frame.config["scope.multiRegion"]:
        names.add("VS-MRICSPINE-MULTI")
    return frozenset(names)


def done(received: Received, frame: Frame) -> Studies:
    """Studies of this patient; undated and future ones are not used."""
    mri, ct = [], []
    wanted = mri_sets(frame)
    for study in _studies(received, frame):
        if study.code.sets & wanted:
            mri.append(study)
        if "VS-CTCSPINE" in study.code.sets:
            ct.append(study)
    return Studies(mri, ct)


def read(studies: Studies, received: Received, draft_id: str | None, frame: Frame) -> Imaging:
    """Those studies, and the pending orders other than the draft."""
    pending = list(_pending(received, draft_id, mri_sets(frame), frame))
    return Imaging(studies.mri, studies.ct, pending)


def _studies(received: Received, frame: Frame) -> Iterator[Study]:
    for report in received.of(r.DiagnosticReport):
        if report.status not in _REPORTED and report.status != "preliminary":
            continue
        code = frame.code(report.code)
        if code is None:
            continue
        period = report.effective_period
        date = (
            frame.when(report.effective_date_time)
            or (frame.when(period.start) if period else None)
            or frame.when(report.issued)
        )
        if date is not None:
            seen = [c.sets for x in r.concepts(report.conclusion_code) if (c := frame.code(x))]
            yield Study(
                code,
                date,
                report.reference,
                report.status in _REPORTED,
                frozenset().union(*seen),
            )
    for study in received.of(r.ImagingStudy):
        if study.status != "available":
            continue
        code = _first(r.concepts(study.procedure_code), frame)
        date = frame.when(study.started)
        if code is not None and date is not None:
            yield Study(code, date, study.reference)
    for procedure in received.of(r.Procedure):
        if procedure.status != "completed":
            continue
        code = frame.code(procedure.code)
        if code is None:
            continue
        done = procedure.performed_period
        date = frame.when(procedure.performed_date_time) or (
            frame.when(done.start) if done else None
        )
        if date is not None:
            yield Study(code, date, procedure.reference)


def _first(concepts: list[r.CodeableConcept], frame: Frame) -> Code | None:
    """One code for all of a study's procedure codes, so that no region is missed."""
    return frame.coded(c for concept in concepts for c in concept.coding or [])


def _pending(
    received: Received, draft_id: str | None, wanted: frozenset[str], frame: Frame
) -> Iterator[Pending]:
    for order in received.of(r.ServiceRequest):
        if order.status not in ("active", "on-hold") or order.intent not in r.ORDER_INTENTS:
            continue
        if order.do_not_perform or (order.id is not None and order.id == draft_id):
            continue
        code = frame.code(order.code)
        authored = frame.when(order.authored_on)
        if code is not None and code.sets & wanted and authored is not None:
            yield Pending(code, authored, order.reference, order.priority)
