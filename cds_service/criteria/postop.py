"""After surgery of the cervical spine: RF-POSTOP and POSTOP-*."""

from __future__ import annotations

from cds_service.criteria.registry import (
    Case,
    criterion,
    evidence,
    met,
    not_met,
    unknown,
    when,
)
from cds_service.facts.finding import Finding
from cds_service.facts.record.entries import Entry
from cds_service.fhir.dates import Interval


def new_or_worse(case: Case, since: Interval) -> list[Entry]:
    """Current symptoms with a proven onset, or a dated worsening, after `since`."""
    found = []
    for entry in case.picture.symptoms:
        onset = case.picture.proven_onset(entry)
        worse = case.picture.worse(entry)
        began = onset is not None and onset.lo > since.hi
        worsened = worse is not None and worse.date is not None and worse.date.lo > since.hi
        if began or worsened:
            found.append(entry)
    return found


def symptoms_after_surgery(case: Case) -> list[Entry]:
    """What is new or worse since any cervical operation of known date."""
    found = {
        entry.key: entry
        for operation in case.facts.surgery.cervical
        if operation.date is not None
        for entry in new_or_worse(case, operation.date)
    }
    return list(found.values())


@criterion("RF-POSTOP")
def new_symptoms_after_surgery(case: Case) -> Finding:
    """Earlier cervical-spine surgery, and symptoms that are new or worse since.

    Reads Procedure (completed, any date), Condition history codes, onsets and worsening. Surgery
    without a region is possible only, and asked; symptoms older than the surgery do not fire.
    UNKNOWN when surgery is on record but the order of events is not.
    """
    surgery = case.facts.surgery
    if not surgery.cervical:
        if surgery.possible:
            return unknown("RF-POSTOP", "spine surgery without a region", tuple(surgery.possible))
        if not case.facts.received.read("procedures"):
            return unknown("RF-POSTOP", "procedures could not be read to their end")
        return not_met("RF-POSTOP", "no cervical spine surgery recorded")
    operations = tuple(o.evidence for o in surgery.cervical)
    fresh = symptoms_after_surgery(case)
    if fresh and case.cervical:
        dates = [o.date for o in surgery.cervical if o.date is not None]
        last = max(dates, key=lambda d: d.hi)
        return met("RF-POSTOP", (*operations, *evidence(fresh)), date=last.text)
    return unknown(
        "RF-POSTOP", "no symptom proven to be new or worse since the surgery", operations
    )


def hardware(case: Case) -> list[Entry]:
    """The question: fusion status or a hardware complication, suspected or asked."""
    found = case.facts.stands("VS-HARDWARE", concepts=("fusion-question",))
    if case.facts.surgery.cervical:
        known = {e.key for e in found}
        more = case.facts.stands("VS-HARDWARE-NEEDS-SURGERY")
        found += [e for e in more if e.key not in known]
    return found


@criterion("POSTOP-HARDWARE-CT")
def fusion_or_hardware_in_question(case: Case) -> Finding:
    """Fusion status or hardware is the question, which CT answers best.

    Reads order reasons, Condition (suspected too) and `fusion-status-question` (30 days). Hardware
    infection is an infection and never leads to CT first.
    """
    found = hardware(case)
    if found and case.cervical:
        return met("POSTOP-HARDWARE-CT", evidence(found))
    return not_met("POSTOP-HARDWARE-CT", "not in question")


def instrumented(case: Case) -> bool:
    """A fusion or instrumentation of the cervical spine is on record."""
    return any(o.fusion for o in case.facts.surgery.cervical)


@criterion("POSTOP-MRI-NEXT")
def mri_is_next_after_surgery(case: Case) -> Finding:
    """New or worse symptoms after cervical surgery: MRI is the next study.

    Holds with RF-POSTOP, unless the hardware question alone decides.
    """
    flag = case.finding("RF-POSTOP")
    if not flag.met:
        return not_met("POSTOP-MRI-NEXT", "RF-POSTOP does not hold")
    if case.met("POSTOP-HARDWARE-CT") and set(case.red_flags()) <= {"RF-POSTOP"}:
        return not_met("POSTOP-MRI-NEXT", "the hardware question decides (POSTOP-HARDWARE-CT)")
    return met("POSTOP-MRI-NEXT", flag.evidence)


@criterion("POSTOP-MRI-TARGETS")
def what_mri_shows_after_surgery(case: Case) -> Finding:
    """Attached when MRI is chosen after surgery: what it shows better than CT."""
    return when(
        "POSTOP-MRI-TARGETS",
        case.mri and case.met("RF-POSTOP"),
        (),
        "only with RF-POSTOP and an MRI outcome",
    )
