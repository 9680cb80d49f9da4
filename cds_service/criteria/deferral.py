"""When MRI is not the first step: NOT-*."""

from __future__ import annotations

from cds_service.criteria.registry import GATE, Case, criterion, evidence, met, not_met, unknown
from cds_service.facts.finding import Evidence, Finding
from cds_service.facts.record.entries import Entry, Kind


def _answered_elsewhere(case: Case) -> str | None:
    """A red flag or a trauma row overrides every deferral (`unless red flags`)."""
    if case.met("RF-ANY"):
        return "a red flag fires"
    fired = case.any_met("TRAUMA-")
    return f"{fired[0]} holds" if fired else None


@criterion("NOT-MECH")
def simple_mechanical_neck_pain(case: Case) -> Finding:
    """Neck pain without radicular symptoms or red flags, early or without 28 days of treatment.

    Reads Condition, order reasons, treatment and onset. UNKNOWN when neither onset nor treatment
    can decide.
    """
    statement = "NOT-MECH"
    pain = [e for e in case.picture.neck_pain if "VS-NECKPAIN-MECH" in e.code.sets]
    if not pain:
        return not_met(statement, "no simple neck pain documented")
    if case.picture.radicular:
        return not_met(statement, "radicular symptoms", evidence(case.picture.radicular))
    if case.met("RF-ANY"):
        return not_met(statement, "a red flag fires")
    limit: int = case.config["acute.maxDays"]
    low: int = case.config["cons.minDays"]
    symptom, treated = case.picture.symptom_days, case.picture.treatment
    early = symptom.below(limit) if symptom is not None else None
    if early is True or treated.below(low):
        return met(statement, evidence(pain))
    if early is False and treated.at_least(low):
        return not_met(statement, f"{low} days of treatment or more", treated.evidence)
    return unknown(statement, "onset and treatment do not tell", evidence(pain))


@criterion("NOT-ACUTE")
def acute_neck_pain(case: Case) -> Finding:
    """A cervical problem for fewer than acute.maxDays days, no red flag, no trauma row.

    Exactly acute.maxDays is not acute. UNKNOWN when the onset is not documented well enough.
    """
    statement = "NOT-ACUTE"
    if not case.cervical:
        return not_met(statement, GATE)
    if why := _answered_elsewhere(case):
        return not_met(statement, why)
    limit: int = case.config["acute.maxDays"]
    symptom = case.picture.symptom_days
    early = symptom.below(limit) if symptom is not None else None
    if early is None:
        return unknown(statement, "onset of the symptoms not known")
    threshold = f"< {limit} days"
    shown = evidence(_dating(case), threshold)
    days = symptom.text() if symptom else ""
    if not early:
        return not_met(statement, f"symptoms for {days} days", shown)
    return met(statement, shown, days=days)


def _dating(case: Case) -> list[Entry]:
    onset = case.picture.onset
    return [e for e in case.picture.symptoms if onset is not None and e.onset is not None]


@criterion("NOT-NORMALEXAM")
def normal_examination(case: Case) -> Finding:
    """A normal neurological examination within 30 days, no radicular or red-flag evidence.

    Reads Observation and answers, Condition. UNKNOWN when no complete examination is documented.
    """
    statement = "NOT-NORMALEXAM"
    if not case.cervical:
        return not_met(statement, GATE)
    exam = normal_neurology(case)
    if exam is None:
        return unknown(statement, "no complete normal examination documented")
    if case.picture.radicular:
        return not_met(statement, "radicular symptoms", exam)
    if case.met("RF-ANY"):
        return not_met(statement, "a red flag fires", exam)
    low: int = case.config["cons.minDays"]
    if case.picture.treatment.at_least(low):
        return not_met(statement, f"{low} days of treatment or more", exam)
    return met(statement, exam)


def normal_neurology(case: Case) -> tuple[Evidence, ...] | None:
    """NEUROEXAM-NORMAL: the examinations it rests on, or None.

    A global normal examination, or motor, sensory and reflex each normal; no abnormal examination
    and no motor, objective sensory or reflex finding seen on or after that day, and none on the
    problem list or the order.
    """
    whole = [e for e in case.facts.judged.absent if e.concept == "neuro-exam"]
    parts = [
        [
            e
            for e in case.facts.judged.absent
            if e.concept == concept and e.objective and not e.site.named
        ]
        for concept in ("motor", "sensory", "reflex")
    ]
    exams = whole or ([e for part in parts for e in part] if all(parts) else [])
    if not exams:
        return None
    newest = max(e.recorded.lo for e in exams if e.recorded)
    picture = case.picture
    abnormal = [e for e in case.facts.judged.present if e.concept == "neuro-exam"]
    seen = (*picture.all_motor, *picture.all_sensory, *picture.all_reflex, *abnormal)
    observed = any(
        e.kind in (Kind.OBSERVATION, Kind.ANSWER)
        and e.objective
        and e.recorded is not None
        and e.recorded.hi >= newest
        for e in seen
    )
    # One that the examination took away (CF-2) is still on the list: somebody has to end it.
    superseded = [
        e
        for e in case.facts.judged.superseded
        if e.concept in ("motor", "reflex") or e.concept.startswith("umn:")
    ]
    listed = any(
        e.kind in (Kind.CONDITION, Kind.REASON) and e.symptom
        for e in (*picture.all_motor, *picture.all_reflex, *superseded)
    )
    return None if observed or listed else evidence(exams)


@criterion("NOT-GENERAL")
def uncomplicated_neck_pain(case: Case) -> Finding:
    """The section lead: no red flag, no trauma row, and one of the three NOT-* rows holds."""
    rows = [s for s in ("NOT-MECH", "NOT-ACUTE", "NOT-NORMALEXAM") if case.met(s)]
    if why := _answered_elsewhere(case):
        return not_met("NOT-GENERAL", why)
    if not rows:
        return not_met("NOT-GENERAL", "no NOT-* row holds")
    return met(
        "NOT-GENERAL", tuple(dict.fromkeys(e for s in rows for e in case.finding(s).evidence))
    )
