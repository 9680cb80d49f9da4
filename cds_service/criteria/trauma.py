"""Trauma: CT first, cord injury, negative CT with findings, ligaments."""

from __future__ import annotations

from cds_service.criteria.registry import (
    Case,
    criterion,
    evidence,
    met,
    not_met,
    once,
    switched_off,
    unknown,
    when,
)
from cds_service.facts.finding import Evidence, Finding
from cds_service.facts.record import results
from cds_service.facts.record.entries import Entry, Kind
from cds_service.facts.terminology.codings import seventh_character

ALERT = 15
"""Glasgow coma score of a patient who is fully awake."""
_RECORDED_DAYS = 30
_COMA_SCORE_DAYS = 30
_SCREENS = ("EXT-NEXUS-LOW", "EXT-CCR-LOW")


@once
def low_risk(case: Case) -> bool:
    """A low-risk screen that nothing contradicts."""
    return any(case.met(s) for s in _SCREENS)


@once
def deficits(case: Case) -> list[str]:
    """Fired neurological and cord red flags."""
    return [*case.any_met("RF-NEURO-"), *case.any_met("RF-MYELO-")]


@criterion("TRAUMA-SCI")
def confirmed_cord_injury(case: Case) -> Finding:
    """A confirmed injury of the cervical cord, recent or of this encounter; sequelae never.

    Reads Condition (confirmed): 7th character A or D, or recorded or begun within 30 days. UNKNOWN
    when the injury has no date.
    """
    found = [
        e
        for e in case.facts.stands("VS-SCI", suspected=False, reasons=False)
        if e.kind is Kind.CONDITION and _fresh(case, e)
    ]
    if not found:
        return not_met("TRAUMA-SCI", "no confirmed cord injury recorded")
    here = [e for e in found if e.encounter is not None and e.encounter == case.frame.encounter]
    if case.trauma.recent or here:
        return met("TRAUMA-SCI", evidence(found if case.trauma.recent else here))
    if case.trauma.date is None:
        return unknown("TRAUMA-SCI", "cord injury without a date", evidence(found))
    return not_met("TRAUMA-SCI", "not within the injury window", evidence(found))


def _fresh(case: Case, entry: Entry) -> bool:
    seventh = {seventh_character(system, code) for system, code in entry.code.codings}
    # An injury of last week cannot have been recorded before last week.
    return bool(seventh & {"A", "D"}) or any(
        case.frame.possibly_within(date, _RECORDED_DAYS) for date in (entry.recorded, entry.onset)
    )


@criterion("TRAUMA-CT-INITIAL")
def ct_comes_first_in_acute_trauma(case: Case) -> Finding:
    """Acute neck injury without a cervical CT since: CT is the first study.

    Reads Condition, order reasons, DiagnosticReport, ImagingStudy, Procedure, screens. Cleared by a
    low-risk screen, except with a deficit or ankylosing spondylitis. Not for children under
    trauma.ageMin. Unread imaging is no CT here; refusing for it is undone in the decision.
    """
    statement = "TRAUMA-CT-INITIAL"
    trauma = case.trauma
    if not trauma.acute:
        return not_met(statement, "no acute injury of known date")
    if trauma.ct_done:
        return not_met(statement, "CT done", tuple(s.evidence() for s in trauma.cts))
    if case.met("TRAUMA-SCI"):
        return not_met(statement, "cord injury: MRI does not wait for CT")
    if case.child_in_trauma_rules:
        return not_met(statement, "child: other criteria apply")
    forced = bool(deficits(case)) or case.met("RF-SYS-AS")
    if low_risk(case) and not forced:
        return not_met(statement, "low-risk screen")
    days: int = case.config["trauma.acuteDays"]
    return met(statement, evidence(case.picture.injuries, f"≤ {days} days, no CT since"))


@criterion("TRAUMA-NEG-CT")
def findings_after_negative_ct(case: Case) -> Finding:
    """A normal CT after a recent injury, and neurological findings that began with or after it.

    Reads DiagnosticReport, `ct-cspine-negative`, and the evidence of RF-NEURO-* and RF-MYELO-*.
    UNKNOWN while the CT result is free text or preliminary.
    """
    statement = "TRAUMA-NEG-CT"
    trauma = case.trauma
    if not trauma.recent:
        return not_met(statement, "no recent injury")
    if trauma.ct_unclear:
        return unknown(statement, "result of the CT not coded")
    if not trauma.ct_negative:
        return not_met(statement, "no negative CT")
    found = neurology_since_injury(case)
    if not found:
        return not_met(statement, "no neurological finding since the injury")
    shown = (*evidence(found), *(s.evidence("CT negative") for s in trauma.cts))
    return met(statement, shown)


def neurology_since_injury(case: Case) -> list[Entry]:
    """Neurological and cord evidence dated on or after the injury."""
    picture = case.picture
    found = (
        *picture.motor,
        *picture.sensory,
        *(e for e in picture.reflex if not e.suspected),
        *picture.gait,
        *picture.hand,
        *picture.bladder_bowel,
        *picture.myelopathy,
    )
    # An order reason is asserted today: it says no onset, so it proves none after the injury.
    return [e for e in found if case.trauma.since(e.proven, alarming=True)]


@criterion("TRAUMA-LIG")
def suspected_ligament_disruption(case: Case) -> Finding:
    """Suspected ligament disruption after a CT; whiplash or a sprain alone never.

    Reads Condition (suspected too), order reasons, `suspected-ligament-injury` (30 days), CT report.
    """
    statement = "TRAUMA-LIG"
    trauma = case.trauma
    if not trauma.recent:
        return not_met(statement, "no recent injury")
    seen = tuple(
        s.evidence("ligament injury") for s in trauma.ct_injuries if "VS-LIG" in s.conclusions
    )
    found = case.picture.ligament
    if not found and not seen:
        return not_met(statement, "no ligament injury suspected")
    if not trauma.ct_done:
        return not_met(statement, "CT not yet done", evidence(found))
    return met(statement, (*evidence(found), *seen))


@criterion("EXT-TRAUMA-CTPOS")
def fracture_on_ct(case: Case) -> Finding:
    """A fracture or dislocation on CT, or diagnosed after it, in the injury window (ext.ctpos).

    Reads DiagnosticReport and Condition (confirmed). UNKNOWN while the CT result is free text or
    preliminary.
    """
    statement = "EXT-TRAUMA-CTPOS"
    if not case.config["ext.ctpos"]:
        return switched_off(statement, "ext.ctpos")
    trauma = case.trauma
    if not trauma.recent or not trauma.ct_done:
        return not_met(statement, "no CT after a recent injury")
    seen = tuple(
        s.evidence("fracture") for s in trauma.ct_injuries if "VS-CFRACTURE" in s.conclusions
    )
    first = min(s.date.lo for s in trauma.cts)
    listed = [
        e
        for e in case.facts.stands("VS-CFRACTURE", suspected=False, reasons=False)
        if e.date is not None and e.date.lo >= first
    ]
    if seen or listed:
        return met(statement, (*seen, *evidence(listed)))
    if trauma.ct_unclear:
        return unknown(statement, "result of the CT not coded")
    return not_met(statement, "no fracture on CT")


@criterion("EXT-OBTUNDED")
def obtunded_with_negative_ct(case: Case) -> Finding:
    """A coma score below 15 after a recent injury with a negative CT (ext.obtunded).

    Reads Observation (30 days, on or after the injury). UNKNOWN without a score.
    """
    statement = "EXT-OBTUNDED"
    if not case.config["ext.obtunded"]:
        return switched_off(statement, "ext.obtunded")
    if not case.trauma.recent or not case.trauma.ct_negative:
        return not_met(statement, "no negative CT after a recent injury")
    scores = coma_scores(case)
    if not scores:
        return unknown(statement, "no Glasgow coma score since the injury")
    low = tuple(n.evidence("< 15") for n in scores if n.value < ALERT)
    return when(statement, bool(low), low, "Glasgow coma score 15")


@once
def coma_scores(case: Case) -> list[results.Number]:
    """Glasgow coma scores of the newest day, on or after the injury."""
    scores = results.numbers(
        case.facts.observed.results,
        "VS-GCS",
        _COMA_SCORE_DAYS,
        results.score,
        "GCS",
        case.frame,
    )
    return results.latest(
        [n for n in scores if case.trauma.since(n.date, alarming=n.value < ALERT)]
    )


@criterion("EXT-TRAUMA-TENDER")
def tender_after_negative_ct(case: Case) -> Finding:
    """Midline tenderness that persists after a negative CT, without a deficit (ext.traumatender)."""
    statement = "EXT-TRAUMA-TENDER"
    if not case.config["ext.traumatender"]:
        return switched_off(statement, "ext.traumatender")
    if not case.trauma.recent or not case.trauma.ct_negative:
        return not_met(statement, "no negative CT after a recent injury")
    found: list[Entry] = case.picture.tenderness
    if not found:
        return not_met(statement, "no midline tenderness")
    if deficits(case):
        return not_met(statement, "with a deficit TRAUMA-NEG-CT answers", evidence(found))
    shown: tuple[Evidence, ...] = evidence(found)
    return met(statement, shown)
