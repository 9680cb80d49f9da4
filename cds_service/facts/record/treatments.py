"""Conservative treatments as spans of days, proven and possible (criteria, 0.7, steps 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import msgspec

from cds_service.facts.finding import Evidence
from cds_service.facts.record.entries import Code
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.prefetch import Received
from cds_service.fhir import resources as r
from cds_service.fhir import units
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
        "VS-OSSIFIED",
        "SITE-NECK",
        "SITE-UPPER",
        "LIMB-UPPER",
        "VS-MOTOR",
        "VS-SENS",
        "VS-HANDCLUMSY",
        "VS-CSURG",
    )
)
_ORDERED = frozenset(("order", "original-order", "reflex-order", "filler-order", "instance-order"))
_TOPICAL_WORDS = frozenset(("topical", "cutaneous", "transdermal", "gel", "cream", "ophthalmic"))


class Treatment(msgspec.Struct, frozen=True, gc=False):
    """One treatment; `proven` is None when not even one day is."""

    proven: Span | None
    possible: Span
    evidence: Evidence


def read(received: Received, frame: Frame) -> Iterator[Treatment]:
    """Every treatment that counts for the neck, in the order of the record."""
    yield from _procedures(received, frame)
    yield from _referrals(received, frame)
    yield from _prescriptions(received, frame)
    yield from _taken(received, frame)


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
        if _elsewhere(item.body_site, item.reason_code, item.reason_reference, received, frame):
            continue
        if needs_site and not _has_neck_site(item.body_site, frame):
            continue
        running = item.status == "in-progress"
        moment = item.performed_date_time
        period = item.performed_period or r.Period(moment, None if running else moment)
        yield from _spanned(_name("Procedure", item), code, period, frame, running=running)


def _referrals(received: Received, frame: Frame) -> Iterator[Treatment]:
    """Ordered physical therapy: a completed order; an active referral is not yet treatment."""
    for item in received.of(r.ServiceRequest):
        counts = item.status == "completed" or (
            item.status == "active" and frame.config["cons.ptReferralCounts"]
        )
        if not counts or item.do_not_perform or item.intent not in _ORDERED:
            continue
        code = frame.code(item.code)
        if code is None or not code.sets & _REFERRALS:
            continue
        if _elsewhere(item.body_site, item.reason_code, item.reason_reference, received, frame):
            continue
        end = item.occurrence_period.end if item.occurrence_period else item.occurrence_date_time
        # A completed order without an end proves one session, not treatment until today.
        yield from _spanned(
            _name("ServiceRequest", item),
            code,
            r.Period(item.authored_on, end),
            frame,
            running=item.status == "active",
        )


def _prescriptions(received: Received, frame: Frame) -> Iterator[Treatment]:
    for item in received.of(r.MedicationRequest):
        if item.status not in ("active", "completed", "stopped") or item.intent not in _ORDERED:
            continue
        if item.do_not_perform or _topical(item.dosage_instruction):
            continue
        code = _medication(item, received, frame)
        if code is None:
            continue
        bounds = _bounds(item.dosage_instruction)
        start = bounds.start if bounds and bounds.start else item.authored_on
        end = bounds.end if bounds else None
        supply = _supply(item)
        if end is None and supply is not None:
            yield from _supplied(_name("MedicationRequest", item), code, start, supply, frame)
        else:
            yield from _spanned(
                _name("MedicationRequest", item),
                code,
                r.Period(start, end),
                frame,
                running=item.status == "active",
                first_days=frame.config["cons.defaultRxDays"],
            )


def _taken(received: Received, frame: Frame) -> Iterator[Treatment]:
    for statement in received.of(r.MedicationStatement):
        if statement.status not in ("active", "completed", "stopped") or _topical(statement.dosage):
            continue
        if code := _medication(statement, received, frame):
            active = statement.status == "active"
            moment = statement.effective_date_time
            # A single moment says that it was taken then; active, it may have gone on.
            period = statement.effective_period or r.Period(moment, None if active else moment)
            running = active and statement.effective_period is not None
            yield from _spanned(
                _name("MedicationStatement", statement), code, period, frame, running=running
            )
    for given in received.of(r.MedicationAdministration):
        if given.status not in ("completed", "in-progress", "stopped"):
            continue
        if code := _medication(given, received, frame):
            moment = given.effective_date_time
            period = given.effective_period or r.Period(moment, moment)
            running = given.status == "in-progress"
            yield from _spanned(
                _name("MedicationAdministration", given), code, period, frame, running=running
            )
    for dispensed in received.of(r.MedicationDispense):
        if dispensed.status != "completed" or _topical(dispensed.dosage_instruction):
            continue
        if code := _medication(dispensed, received, frame):
            name = _name("MedicationDispense", dispensed)
            supply = units.days(dispensed.days_supply)
            if supply is not None and 0 <= supply < 4000:
                start = dispensed.when_handed_over
                yield from _supplied(name, code, start, int(supply), frame)
            else:
                period = r.Period(dispensed.when_handed_over)
                yield from _spanned(name, code, period, frame, running=False)


def _name(kind: str, item: r.Resource) -> str:
    return f"{kind}/{item.id}" if item.id else kind


def _spanned(
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


def _supplied(
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


def _medication(item: r.Medicated, received: Received, frame: Frame) -> Code | None:
    """The ingredient, where it is on the closed list and not given for something else."""
    concept = item.medication_codeable_concept
    if concept is None and item.medication_reference is not None:
        concept = _referred(item, received, frame)
    code = _ingredient(concept, frame)
    if code is None:
        return None
    if _elsewhere(None, item.reason_code, item.reason_reference, received, frame):
        return None
    return code


def _referred(item: r.Medicated, received: Received, frame: Frame) -> r.NamedConcept | None:
    target = item.medication_reference.reference if item.medication_reference else None
    if target and target.startswith("#"):
        return next((c.code for c in item.contained or [] if c.id == target[1:]), None)
    name = frame.reference(item.medication_reference)
    return next(
        (m.code for m in received.of(r.Medication) if m.id and f"Medication/{m.id}" == name), None
    )


def _ingredient(concept: r.NamedConcept | None, frame: Frame) -> Code | None:
    """By RxNorm ingredient; else by exactly one word of the closed ingredient list."""
    if concept is None:
        return None
    code = frame.code(concept)
    if code is not None and "VS-CONSMED" in code.sets:
        return code
    for text in (concept.text, *(c.display for c in concept.coding or [])):
        words = _words(text)
        if words & _TOPICAL_WORDS or "aspirin" in words:
            return None
        hits = words & frame.terminology.consmed_words
        if hits:
            name = min(hits)
            return Code(frozenset(("VS-CONSMED",)), "", name, name)
    return None


def _words(text: str | None) -> frozenset[str]:
    if not text:
        return frozenset()
    return frozenset("".join(c if c.isalnum() else " " for c in text[:200].casefold()).split())


def _topical(dosages: Iterable[r.Dosage] | None) -> bool:
    """A route we know to be the skin: it treats nothing inside the spine."""
    return any(
        _words(text) & _TOPICAL_WORDS
        for dosage in dosages or []
        if dosage.route is not None
        for text in (dosage.route.text, *(c.display for c in dosage.route.coding or []))
    )


def _bounds(dosages: list[r.Dosage] | None) -> r.Period | None:
    for dosage in dosages or []:
        if dosage.timing and dosage.timing.repeat and dosage.timing.repeat.bounds_period:
            return dosage.timing.repeat.bounds_period
    return None


def _supply(item: r.MedicationRequest) -> int | None:
    """expectedSupplyDuration × (1 + numberOfRepeatsAllowed), in days."""
    request = item.dispense_request
    days = units.days(request.expected_supply_duration) if request else None
    if request is None or days is None or not 0 <= days < 4000:
        return None
    repeats = request.number_of_repeats_allowed or 0
    return int(days) * (1 + max(0, min(repeats, 100)))


def _elsewhere(
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
    return known is not None and bool(known.sets & _NECK_AND_ARM)


def _condition_code(
    reference: r.Reference, received: Received, frame: Frame
) -> r.CodeableConcept | None:
    name = frame.reference(reference)
    return next(
        (c.code for c in received.of(r.Condition) if c.id and f"Condition/{c.id}" == name), None
    )


def _has_neck_site(sites: r.NamedConcepts, frame: Frame) -> bool:
    return any(
        code is not None and "SITE-NECK" in code.sets
        for code in (frame.code(c) for c in r.concepts(sites))
    )
