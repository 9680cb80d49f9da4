"""Implants and allergies: what matters before a magnet or gadolinium (criteria, 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from cds_service.facts.finding import Evidence
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.prefetch import Received
from cds_service.fhir import resources as r

Labelling = Literal["conditional", "unsafe", "safe"]

# The three terms of ASTM F2503, as the labels print them. Matched whole and case-folded, on code,
# display or text: no verified code system stands behind Device.safety.
_LABELS: dict[str, Labelling] = {
    "mr conditional": "conditional",
    "mr unsafe": "unsafe",
    "mr safe": "safe",
}


class Implant(msgspec.Struct, frozen=True, gc=False):
    """An implant in situ; `labelling` None: nobody says what it tolerates."""

    sets: frozenset[str]
    evidence: Evidence
    labelling: Labelling | None = None


def devices(received: Received, frame: Frame) -> Iterator[Implant]:
    """Devices of this patient, and Procedures that put one in.

    A Device that does not say its status is taken to be in place, as Conditions are to be confirmed.
    """
    for device in received.of(r.Device):
        code = frame.code(device.type)
        if code is None or device.status in ("inactive", "entered-in-error"):
            continue
        label = _labelling(r.concepts(device.safety))
        note = f"MR {label}" if label else None
        shown = Evidence(device.reference, code.display, None, None, None, note)
        yield Implant(code.sets, shown, label)
    for procedure in received.of(r.Procedure):
        code = frame.code(procedure.code)
        if code is None or procedure.status != "completed":
            continue
        if code.sets & {"VS-CIED", "VS-CLIP", "VS-COCHLEAR", "VS-IMPLANT-OTHER"}:
            period = procedure.performed_period
            date = frame.when(procedure.performed_date_time or (period.start if period else None))
            shown = Evidence(procedure.reference, code.display, date.text if date else None)
            yield Implant(code.sets, shown)


def _labelling(safety: Iterable[r.NamedConcept]) -> Labelling | None:
    """The most cautious label given."""
    words = {
        label
        for concept in safety
        for text in (concept.text, *(t for c in concept.coding or [] for t in (c.code, c.display)))
        if text and (label := _LABELS.get(text.strip().casefold().replace("-", " ")))
    }
    order: tuple[Labelling, ...] = ("unsafe", "conditional", "safe")
    return next((w for w in order if w in words), None)


def gadolinium_allergies(received: Received, frame: Frame) -> list[Evidence]:
    """Active, not refuted AllergyIntolerances whose code or substance is gadolinium."""
    found = []
    for allergy in received.of(r.AllergyIntolerance):
        states = {
            c.code
            for concept in (allergy.clinical_status, allergy.verification_status)
            if concept
            for c in concept.coding or []
        }
        if states & {"inactive", "resolved", "refuted", "entered-in-error"}:
            continue
        reactions = [x.substance for x in allergy.reaction or []]
        for concept in (allergy.code, *reactions):
            code = frame.code(concept)
            if code is not None and "VS-GADOLINIUM" in code.sets:
                found.append(Evidence(allergy.reference, code.display))
                break
    return found
