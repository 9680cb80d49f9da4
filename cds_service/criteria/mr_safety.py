"""Implants and metal: EXT-MRS-* (extensions). They warn; they never block and never decide.

What the order names as its reason counts as a suspected Condition does.
"""

from __future__ import annotations

from cds_service.criteria.registry import Case, criterion, evidence, not_met, switched_off
from cds_service.facts.finding import Evidence, Finding, Status
from cds_service.facts.record.entries import Kind
from cds_service.facts.record.implants import Implant


def _found(case: Case, name: str) -> tuple[list[Implant], tuple[Evidence, ...]]:
    """Devices and Procedures, then Conditions and Observations, of one kind of implant."""
    parts = [i for i in case.facts.implants if name in i.sets]
    return parts, evidence(case.facts.stands(name))


def _implant(case: Case, statement: str, name: str) -> Finding:
    """The tag is the most cautious labelling: unsafe, unlabelled or conditional.

    A status code beside a labelled Device speaks of the same implant and adds no doubt.
    """
    if not case.config["ext.mrsafety"]:
        return switched_off(statement, "ext.mrsafety")
    parts, listed = _found(case, name)
    if not parts and not listed:
        return not_met(statement, "none recorded")
    labels = {p.labelling for p in parts}
    if "unsafe" in labels:
        tag = "unsafe"
    elif labels and labels <= {"conditional", "safe"}:
        tag = "conditional"
    else:
        tag = "unlabelled"
    shown = (*sorted((p.evidence for p in parts), key=lambda e: e.reference), *listed)
    return Finding(statement, Status.MET, shown, tags=(tag,))


@criterion("EXT-MRS-CIED")
def cardiac_device(case: Case) -> Finding:
    """Pacemaker, defibrillator or another cardiac implant; reads Device, Condition, Procedure."""
    return _implant(case, "EXT-MRS-CIED", "VS-CIED")


@criterion("EXT-MRS-CLIP")
def aneurysm_clip(case: Case) -> Finding:
    """Intracranial aneurysm clip; reads Device, Procedure, Condition."""
    return _implant(case, "EXT-MRS-CLIP", "VS-CLIP")


@criterion("EXT-MRS-COCHLEAR")
def cochlear_implant(case: Case) -> Finding:
    """Cochlear implant; reads Device, Procedure, Condition."""
    return _implant(case, "EXT-MRS-COCHLEAR", "VS-COCHLEAR")


@criterion("EXT-MRS-ORBIT")
def metal_in_the_eye(case: Case) -> Finding:
    """Metal in or near the eye, not cleared; reads Condition and `orbital-metal`.

    A later `orbital-metal` = no is a clearance; given as an answer it clears answers only (0.4, CF-1).
    """
    if not case.config["ext.mrsafety"]:
        return switched_off("EXT-MRS-ORBIT", "ext.mrsafety")
    found = case.facts.stands("VS-ORBIT", concepts=("orbital-metal",))
    cleared = [
        e
        for e in case.facts.judged.absent
        if e.concept == "orbital-metal" and e.kind is not Kind.ANSWER
    ]
    standing = [
        e
        for e in found
        if not any(
            c.recorded is not None and e.date is not None and c.recorded.lo > e.date.hi
            for c in cleared
        )
    ]
    if not standing:
        return not_met("EXT-MRS-ORBIT", "cleared" if found else "none recorded", evidence(found))
    return Finding("EXT-MRS-ORBIT", Status.MET, evidence(standing), tags=("unsafe",))


@criterion("EXT-MRS-OTHER")
def other_implant(case: Case) -> Finding:
    """Neurostimulator, pump, shunt valve or retained metal; reads Device, Condition, Procedure."""
    return _implant(case, "EXT-MRS-OTHER", "VS-IMPLANT-OTHER")
