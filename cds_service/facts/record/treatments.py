"""Treatments given or ordered, as spans of days, proven and possible (criteria, 0.7, steps 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from cds_service.facts.finding import Evidence
from cds_service.facts.record.entries import Code
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.prefetch import Received
from cds_service.fhir import resources as r
from cds_service.fhir.dates import Interval, parse

Span = tuple[date, date]

_PROCEDURES = frozenset(("VS-PT", "VS-MANUAL", "VS-TRACTION", "VS-ESI"))
_WITH_SITE = frozenset(("VS-TRACTION-NEEDS-SITE",))
_REFERRALS = frozenset(("VS-PT", "VS-PT-REFERRAL"))
_NECK_AND_ARM = frozenset(
    (
        "VS-NECKPAIN",
        "VS-RADIC",
        "VS-DISC",
        "VS-STENOSIS",
        "VS-MYELO",
        "VS-NECKTRAUMA",
        "VS-SCI",
        "VS-LIG",
        "VS-SPINEINFECT-CERVICAL",
        "VS-MALIG-CERVICAL",
        "VS-OSSIFIED",
        "SITE-NECK",
        "SITE-UPPER",
        "LIMB-UPPER",
        "VS-HANDCLUMSY",
        "VS-CSURG",
    )
)
_ANY_LIMB = frozenset(("VS-MOTOR", "VS-SENS"))


class Treatment(msgspec.Struct, frozen=True, gc=False):
    """One treatment; `proven` is None when not even one day is."""

    proven: Span | None
    possible: Span
    evidence: Evidence


def read(received: Received, frame: Frame) -> Iterator[Treatment]:
    """Procedures and orders that count for the neck, in the order of the record."""
    yield from _procedures(received, frame)
    yield from _referrals(received, frame)


def _procedures(received: Received, frame: Frame) -> Iterator[Treatment]:
    for item in received.of(r.Procedure):
        if item.status not in ("completed", "in-progress", "stopped"):
            continue
        code = frame.code(item.code)
        if code is None:
            continue
        needs_site = not code.sets & _PROCEDURES
        if needs_site and not code.sets & _WITH_SITE:
            continue
        if elsewhere(item.body_site, item.reason_code, item.reason_reference, received, frame):
            continue
        if needs_site and not _has_neck_site(item.body_site, frame):
            continue
        running = item.status == "in-progress"
        moment = item.performed_date_time
        period = item.performed_period or r.Period(moment, None if running else moment)
        yield from spanned(item.reference, code, period, frame, running=running)


def _referrals(received: Received, frame: Frame) -> Iterator[Treatment]:
    """Ordered physical therapy: a completed order; an active referral is not yet treatment."""
    for item in received.of(r.ServiceRequest):
        counts = item.status == "completed" or (
            item.status == "active" and frame.config["cons.ptReferralCounts"]
        )
        if not counts or item.do_not_perform or item.intent not in r.ORDER_INTENTS:
            continue
        code = frame.code(item.code)
        if code is None or not code.sets & _REFERRALS:
            continue
        if elsewhere(item.body_site, item.reason_code, item.reason_reference, received, frame):
            continue
        end = item.occurrence_period.end if item.occurrence_period else item.occurrence_date_time
        # A completed order without an end proves one session, not treatment until today.
        yield from spanned(
            item.reference,
            code,
            r.Period(item.authored_on, end),
            frame,
            running=item.status == "active",
        )


def spanned(
    reference: str,
    code: Code,
    period: r.Period,
    frame: Frame,
    *,
    running: bool,
    first_days: int = 0,
) -> Iterator[Treatment]:
    """A treatment with a start and perhaps an end (0.7, step 1).

    Without an end one that is running reaches today; one that is over is proven for its first day
    (or `first_days`) and possible until today.
    """
    start = frame.when(period.start)
    if start is None:
        return
    end = parse(period.end, frame.zone)
    today = frame.today
    if end is not None:
        lo, hi = min(end.lo, today), min(end.hi, today)
    elif running:
        lo = hi = today
    else:
        lo, hi = min(start.hi + timedelta(days=first_days), today), today
    yield from _treatment(reference, code, start, lo, hi)


def supplied(
    reference: str, code: Code, start_text: str | None, days: int, frame: Frame
) -> Iterator[Treatment]:
    start = frame.when(start_text)
    if start is None:
        return
    lo = min(start.lo + timedelta(days=days), frame.today)
    hi = min(start.hi + timedelta(days=days), frame.today)
    yield from _treatment(reference, code, start, lo, hi)


def _treatment(
    reference: str, code: Code, start: Interval, end_lo: date, end_hi: date
) -> Iterator[Treatment]:
    proven = (start.hi, end_lo) if end_lo >= start.hi else None
    possible = (start.lo, max(end_hi, start.lo))
    length = (end_lo - start.hi).days if proven else 0
    evidence = Evidence(reference, code.display, start.text, f"{length} days proven")
    yield Treatment(proven, possible, evidence)


def elsewhere(
    sites: r.NamedConcepts,
    reasons: r.Concepts,
    references: list[r.Reference] | None,
    received: Received,
    frame: Frame,
) -> bool:
    """A coded reason or site outside every neck and arm set: it treats something else."""
    stated: list[r.Coded] = [*r.concepts(sites), *r.concepts(reasons)]
    stated += [c for ref in references or [] if (c := _condition_code(ref, received, frame))]
    coded = [c for c in stated if any(x.code for x in c.coding or [])]
    return bool(coded) and not any(_about_neck(c, frame) for c in coded)


def _about_neck(concept: r.Coded, frame: Frame) -> bool:
    known = frame.code(concept)
    if known is None:
        return False
    # Weakness or numbness that is not said to be in a leg may be in an arm.
    limb = known.sets & _ANY_LIMB and "LIMB-LOWER" not in known.sets
    return bool(known.sets & _NECK_AND_ARM or limb)


def _condition_code(
    reference: r.Reference, received: Received, frame: Frame
) -> r.CodeableConcept | None:
    name = frame.reference(reference)
    return next((c.code for c in received.of(r.Condition) if c.reference == name), None)


def _has_neck_site(sites: r.NamedConcepts, frame: Frame) -> bool:
    return any(
        code is not None and "SITE-NECK" in code.sets
        for code in (frame.code(c) for c in r.concepts(sites))
    )
