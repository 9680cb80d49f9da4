"""Pain that outlasts treatment, midline tenderness, and the conservative-care window."""

from __future__ import annotations

from cds_service.criteria.registry import (
    Case,
    criterion,
    evidence,
    judged,
    met,
    not_met,
    switched_off,
    unknown,
)
from cds_service.facts.finding import Evidence, Finding
from cds_service.facts.record import results
from cds_service.facts.record.frame import plain


@criterion("RF-PAIN-INTRACTABLE")
def intractable_pain(case: Case) -> Finding:
    """Severe neck or radicular pain after at least intractable.minDays of conservative treatment.

    Reads treatment (D_cons), Observation pain score (newest within 14 days), Condition or answer
    `intractable-pain`. Severe pain without that treatment never fires. UNKNOWN without a score and
    without that answer, and while the duration of the treatment is open.
    """
    statement = "RF-PAIN-INTRACTABLE"
    days: int = case.config["intractable.minDays"]
    limit = case.config["intractable.painScore"]
    treated = case.picture.treatment
    painful = [*case.picture.neck_pain, *case.picture.radicular]
    scores = _newest_scores(case)
    threshold = f"≥ {plain(limit)}/10, last {results.PAIN_DAYS} days"
    severe = tuple(n.evidence(threshold) for n in scores if n.value >= limit)
    said = evidence(case.facts.stands(concepts=("intractable",)))
    if not severe and not said:
        if scores:
            mild = tuple(n.evidence(threshold) for n in scores)
            return not_met(statement, "pain below the threshold", mild)
        return unknown(statement, f"no pain score in the last {results.PAIN_DAYS} days")
    if not painful or not case.cervical:
        return not_met(statement, "no current neck or radicular pain")
    if treated.at_least(days) and treated.days is not None:
        shown = (*severe, *said, *treated.evidence)
        return met(statement, shown, days=treated.days.text())
    if treated.below(days):
        return not_met(
            statement, f"less than {days} days of conservative treatment", (*severe, *said)
        )
    return unknown(statement, "duration of conservative treatment not known", (*severe, *said))


def _newest_scores(case: Case) -> list[results.Number]:
    """The pain scores of the newest day that has one, within 14 days."""
    found = results.pain_scores(case.facts.observed.results, results.PAIN_DAYS, case.frame)
    return results.latest(found)


@criterion("RF-VERT-TENDER")
def vertebral_tenderness(case: Case) -> Finding:
    """Midline tenderness over a vertebra; never paraspinal or muscular tenderness.

    Reads Observation and answers (30 days), Condition (suspected too). In acute trauma without CT it
    leads to TRAUMA-CT-INITIAL, after a negative CT to EXT-TRAUMA-TENDER: routed there, it does not
    fire here.
    """
    statement = "RF-VERT-TENDER"
    found = case.picture.tenderness
    if found and case.cervical:
        for route in ("TRAUMA-CT-INITIAL", "EXT-TRAUMA-TENDER"):
            if case.met(route):
                return not_met(statement, f"routed to {route}", evidence(found))
    superseded = [e for e in case.facts.judged.superseded if e.concept == "tenderness"]
    return judged(
        case,
        statement,
        found,
        denied=case.facts.denied(concepts=("tenderness",)),
        superseded=superseded,
        nothing="palpation of the spine not recorded",
    )


def _persisting(case: Case, statement: str, low: int, high: int | None) -> Finding:
    """Symptoms now, after at least `low` (and less than `high`) days of treatment."""
    treated = case.picture.treatment
    symptoms = case.picture.current_symptom
    if not symptoms or not case.cervical:
        return not_met(statement, "no current neck, radicular or limb symptom")
    if treated.days is None:
        if treated.none_stated:
            return not_met(statement, "no conservative treatment, as stated", treated.evidence)
        return unknown(statement, "no conservative treatment recorded")
    span = treated.days
    threshold = f"≥ {low} days" if high is None else f"band of {low}–{high - 1} days"
    total = Evidence(
        treated.evidence[0].reference if treated.evidence else "Patient",
        "Conservative treatment in all",
        None,
        f"{span.text()} days",
        threshold,
    )
    # How bad it still is belongs beside how long it was treated; it decides nothing here.
    shown = (total, *(n.evidence() for n in _newest_scores(case)), *treated.evidence)
    if span.at_least(low) is True and (high is None or span.at_least(high) is not True):
        return met(statement, shown, days=str(span.lo))
    if span.below(low) is True or (high is not None and span.at_least(high) is True):
        return not_met(statement, f"{span.text()} days of conservative treatment", shown)
    return unknown(statement, "the record leaves the duration of treatment open", shown)


@criterion("CONS-6WK")
def persists_after_the_full_window(case: Case) -> Finding:
    """Symptoms persist after cons.fullDays or more of conservative treatment, inclusive.

    Reads Procedure, MedicationRequest, -Statement, -Dispense, -Administration, ServiceRequest and
    stated weeks (D_cons). UNKNOWN when the record leaves the duration open.
    """
    return _persisting(case, "CONS-6WK", case.config["cons.fullDays"], None)


@criterion("CONS-4WK")
def persists_inside_the_band(case: Case) -> Finding:
    """Symptoms persist between cons.minDays and cons.fullDays of conservative treatment.

    Reads what CONS-6WK reads. UNKNOWN when the record leaves the duration open.
    """
    if case.config["cons.mode"] == "single":
        return switched_off("CONS-4WK", "cons.mode = single")
    return _persisting(case, "CONS-4WK", case.config["cons.minDays"], case.config["cons.fullDays"])
