"""Medicines of conservative treatment as spans of days (criteria, 0.7, steps 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cds_service.facts.record.entries import Code
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.prefetch import Received
from cds_service.facts.record.treatments import (
    Treatment,
    elsewhere,
    spanned,
    supplied,
)
from cds_service.fhir import resources as r
from cds_service.fhir import units

_TOPICAL_WORDS = frozenset(
    ("topical", "cutaneous", "transdermal", "gel", "cream", "ointment", "patch", "ophthalmic")
)
_SWALLOWED_WORDS = frozenset(("oral", "capsule", "capsules", "tablet", "tablets", "liqui"))


def read(received: Received, frame: Frame) -> Iterator[Treatment]:
    """Medicines prescribed, taken, given or dispensed, in the order of the record."""
    yield from _prescriptions(received, frame)
    yield from _taken(received, frame)


def _prescriptions(received: Received, frame: Frame) -> Iterator[Treatment]:
    for item in received.of(r.MedicationRequest):
        if (
            item.status not in ("active", "completed", "stopped")
            or item.intent not in r.ORDER_INTENTS
        ):
            continue
        if item.do_not_perform or _topical(item.dosage_instruction):
            continue
        code = _medication(item, received, frame)
        if code is None:
            continue
        name, supply = item.reference, _supply(item)
        # Several instructions are one course, each with its own dates.
        for bounds in _bounds(item.dosage_instruction) or [r.Period()]:
            start = bounds.start or item.authored_on
            if bounds.end is None and supply is not None:
                yield from supplied(name, code, start, supply, frame)
            else:
                yield from spanned(
                    name,
                    code,
                    r.Period(start, bounds.end),
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
            yield from spanned(statement.reference, code, period, frame, running=running)
    for given in received.of(r.MedicationAdministration):
        if given.status not in ("completed", "in-progress", "stopped"):
            continue
        if code := _medication(given, received, frame):
            moment = given.effective_date_time
            period = given.effective_period or r.Period(moment, moment)
            running = given.status == "in-progress"
            yield from spanned(given.reference, code, period, frame, running=running)
    for dispensed in received.of(r.MedicationDispense):
        if dispensed.status != "completed" or _topical(dispensed.dosage_instruction):
            continue
        if code := _medication(dispensed, received, frame):
            name = dispensed.reference
            supply = units.days(dispensed.days_supply)
            if supply is not None and 0 <= supply < 4000:
                start = dispensed.when_handed_over
                yield from supplied(name, code, start, int(supply), frame)
            else:
                period = r.Period(dispensed.when_handed_over)
                yield from spanned(name, code, period, frame, running=False)


def _medication(item: r.Medicated, received: Received, frame: Frame) -> Code | None:
    """The ingredient, where it is on the closed list and not given for something else."""
    concept = item.medication_codeable_concept
    if concept is None and item.medication_reference is not None:
        concept = _referred(item, received, frame)
    code = _ingredient(concept, frame)
    if code is None:
        return None
    if elsewhere(None, item.reason_code, item.reason_reference, received, frame):
        return None
    return code


def _referred(item: r.Medicated, received: Received, frame: Frame) -> r.NamedConcept | None:
    target = item.medication_reference.reference if item.medication_reference else None
    if target and target.startswith("#"):
        return next((c.code for c in item.contained or [] if c.id == target[1:]), None)
    name = frame.reference(item.medication_reference)
    return next((m.code for m in received.of(r.Medication) if m.reference == name), None)


def _ingredient(concept: r.NamedConcept | None, frame: Frame) -> Code | None:
    """By RxNorm ingredient; else by a word of the closed ingredient list."""
    if concept is None:
        return None
    texts = (concept.text, *(c.display for c in concept.coding or []))
    if any(_for_the_skin(text) for text in texts):
        return None
    code = frame.code(concept)
    if code is not None and "VS-CONSMED" in code.sets:
        return code
    words = frozenset().union(*(_words(text) for text in texts))
    hits = words & frame.terminology.consmed_words
    if not hits or "aspirin" in words:
        return None
    name = min(hits)
    return Code(frozenset(("VS-CONSMED",)), "", name, name)


def _words(text: str | None) -> frozenset[str]:
    if not text:
        return frozenset()
    return frozenset("".join(c if c.isalnum() else " " for c in text[:200].casefold()).split())


def _for_the_skin(text: str | None) -> bool:
    """Whether the words name a preparation for skin or eye; a gel in a capsule is swallowed."""
    words = _words(text)
    return bool(words & _TOPICAL_WORDS) and not words & _SWALLOWED_WORDS


def _topical(dosages: Iterable[r.Dosage] | None) -> bool:
    """A route we know to be the skin: it treats nothing inside the spine."""
    return any(
        _for_the_skin(text)
        for dosage in dosages or []
        if dosage.route is not None
        for text in (dosage.route.text, *(c.display for c in dosage.route.coding or []))
    )


def _bounds(dosages: Iterable[r.Dosage] | None) -> list[r.Period]:
    return [
        dosage.timing.repeat.bounds_period
        for dosage in dosages or []
        if dosage.timing and dosage.timing.repeat and dosage.timing.repeat.bounds_period
    ]


def _supply(item: r.MedicationRequest) -> int | None:
    """expectedSupplyDuration × (1 + numberOfRepeatsAllowed), in days."""
    request = item.dispense_request
    days = units.days(request.expected_supply_duration) if request else None
    if request is None or days is None or not 0 <= days < 4000:
        return None
    repeats = request.number_of_repeats_allowed or 0
    return int(days) * (1 + max(0, min(repeats, 100)))
