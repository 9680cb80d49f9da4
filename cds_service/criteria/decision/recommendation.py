"""One recommendation for one order: outcome, rating, what fired, overlays, what to offer."""

from __future__ import annotations

from typing import Literal, cast

from cds_service.criteria import postop, trauma
from cds_service.criteria import rooms as _rooms  # noqa: F401  (fills the registry)
from cds_service.criteria.decision import possible
from cds_service.criteria.decision.overlays import overlays
from cds_service.criteria.decision.precedence import Verdict, change_can_be_known, decide, unread
from cds_service.criteria.duplicates import pending_orders
from cds_service.criteria.model import PRIORITIES, Indicator, Outcome, Rating, Recommendation
from cds_service.criteria.registry import RED_FLAG_EXTENSIONS, Case
from cds_service.facts.record.prefetch import LABELS, notes

_RATINGS: dict[Outcome, Rating | None] = {
    Outcome.MRI_EMERGENT: "appropriate",
    Outcome.MRI_URGENT: "appropriate",
    Outcome.MRI_ROUTINE: "appropriate",
    Outcome.NOT_YET: "not-appropriate",
    Outcome.INSUFFICIENT: None,
    Outcome.NO_CRITERIA: "no-criteria-apply",
}
_ACR = {
    Outcome.MRI_EMERGENT: "Usually appropriate",
    Outcome.MRI_URGENT: "Usually appropriate",
    Outcome.MRI_ROUTINE: "Usually appropriate",
    Outcome.MRI_MAY: "May be appropriate",
    Outcome.NOT_YET: "Usually not appropriate",
    Outcome.CT_FIRST: "Usually not appropriate",
}
_URGENCY: dict[Outcome, Literal["emergent", "urgent", "routine"]] = {
    Outcome.MRI_EMERGENT: "emergent",
    Outcome.MRI_URGENT: "urgent",
    Outcome.MRI_ROUTINE: "routine",
    Outcome.MRI_MAY: "routine",
}
_LISTED = (
    "RF-",
    "TRAUMA-",
    "CONS-",
    "EXT-EMERG",
    "EXT-RADICULAR",
    "EXT-OBTUNDED",
    "EXT-TRAUMA-",
    "EXT-NEXUS-",
    "EXT-CCR-",
)
_DEFERRALS = ("NOT-MECH", "NOT-ACUTE", "NOT-NORMALEXAM")
_ATTACHED = (
    "SUP-GENERAL",
    "SUP-ROOT",
    "SUP-CORD",
    "SUP-DISC",
    "SUP-LIG",
    "POSTOP-MRI-TARGETS",
    "PITFALL-FALSEPOS",
    "PITFALL-ASYMPT-65",
    "PITFALL-CORRELATE",
    "PITFALL-PREMATURE",
    "CTX-HX",
)


def recommend(case: Case) -> Recommendation:
    """The recommendation for the case's draft order."""
    verdict = decide(case)
    outcome = verdict.decision.outcome
    underlying = decide(case, duplicates=False) if outcome is Outcome.DUPLICATE else None
    # What is attached to an outcome (contrast, pitfalls) follows the rating beneath a duplicate.
    case.outcome = underlying.decision.outcome if underlying else outcome
    rated = underlying or verdict
    shown, lines = overlays(case)
    fired = _fired(case, verdict)
    missing = _missing(case, outcome, rated)
    priority = _raised(case.facts.draft.order.priority, rated.decision.outcome)
    duplicate = outcome is Outcome.DUPLICATE
    advisory = _advisory(case, verdict, fired, lines)
    return Recommendation(
        outcome=outcome,
        step=verdict.step,
        steps=verdict.steps,
        rating=_rating(case, rated),
        # Where the MRI stays indicated "not appropriate yet" would contradict its rating.
        acr=None if verdict.decision.keep_mri else _ACR.get(outcome),
        urgency=_URGENCY.get(outcome),
        keep_mri=verdict.decision.keep_mri,
        indicator=_indicator(case, verdict),
        fired=fired,
        advisory=advisory,
        overlays=shown,
        missing=missing,
        not_found=possible.not_found(case),
        documented_absent=possible.documented_absent(case),
        looked_at=possible.looked_at(case),
        possible=_possible(case, outcome),
        data_notes=_notes(case),
        findings=case.all_findings(),
        suggested_priority=None if duplicate else priority,
        suggest_ct=outcome is Outcome.CT_FIRST or (case.mri and "TRAUMA-CT-INITIAL" in advisory),
        suggest_delete=outcome in (Outcome.NOT_YET, Outcome.DUPLICATE)
        or (outcome is Outcome.CT_FIRST and not verdict.decision.keep_mri),
        suggest_physical_therapy=outcome is Outcome.NOT_YET,
        prior=verdict.decision.prior,
        prior_kind=cast('Literal["study", "pending", "draft"] | None', verdict.decision.prior_kind),
        underlying=underlying.decision.outcome if underlying else None,
        raise_pending_priority=_raise_pending(case, verdict, rated),
        age=case.facts.person.age,
    )


def _raised(current: str | None, outcome: Outcome) -> Literal["stat", "urgent"] | None:
    """The priority the urgency asks for, where the order has a lower one; never lowers one."""
    wanted: Literal["stat", "urgent"] | None = None
    if outcome is Outcome.MRI_EMERGENT:
        wanted = "stat"
    elif outcome is Outcome.MRI_URGENT:
        wanted = "urgent"
    given = PRIORITIES.index(current) if current in PRIORITIES else 0
    return wanted if wanted and given < PRIORITIES.index(wanted) else None


def _raise_pending(
    case: Case, verdict: Verdict, rated: Verdict
) -> Literal["stat", "urgent"] | None:
    if verdict.decision.prior_kind != "pending":
        return None
    return _raised(pending_orders(case)[0].priority, rated.decision.outcome)


def _rating(case: Case, rated: Verdict) -> Rating | None:
    """PAMA rating; for a child the criteria do not apply to what is not urgent (EXT-AGE)."""
    outcome, keep = rated.decision.outcome, rated.decision.keep_mri
    if case.met("EXT-AGE") and outcome in (Outcome.NOT_YET, Outcome.MRI_MAY):
        return "no-criteria-apply"
    if outcome is Outcome.MRI_MAY:
        return cast("Rating", case.config["pama.mayAs"])
    if outcome is Outcome.CT_FIRST:
        return "appropriate" if keep else "not-appropriate"
    return _RATINGS[outcome]


def _indicator(case: Case, verdict: Verdict) -> Indicator:
    outcome = verdict.decision.outcome
    if outcome is Outcome.MRI_EMERGENT:
        return "critical"
    if outcome is Outcome.MRI_URGENT:
        return "warning" if _raised(case.facts.draft.order.priority, outcome) else "info"
    if outcome is Outcome.CT_FIRST:
        # Only P3 puts the CT before an MRI for a deficit.
        return "critical" if trauma.deficits(case) else "warning"
    return "warning" if outcome in (Outcome.NOT_YET, Outcome.DUPLICATE) else "info"


def _fired(case: Case, verdict: Verdict) -> tuple[str, ...]:
    """Ids listed as fired: not only the deciding ones (criteria, 2.3)."""
    outcome = verdict.decision.outcome
    if not case.cervical:
        if outcome is Outcome.DUPLICATE:
            return ("EXT-DUP-PENDING",)
        ids = ["EXT-REGION", "EXT-CAUDA"] if outcome is Outcome.NO_CRITERIA else ["EXT-REGION"]
        return tuple(i for i in ids if case.met(i))
    found = [s for s in case.any_met(*_LISTED) if s != "TRAUMA-CT-INITIAL"]
    found += [s for s in RED_FLAG_EXTENSIONS if case.met(s)]
    if case.met("POSTOP-MRI-NEXT"):
        found.append("POSTOP-MRI-NEXT")
    found += _deciding(case, verdict)
    return tuple(name for s in found for name in _tagged(case, s))


def _deciding(case: Case, verdict: Verdict) -> list[str]:
    """Statements that are fired only when they decide."""
    outcome, step = verdict.decision.outcome, verdict.step
    found = []
    if case.met("TRAUMA-CT-INITIAL"):
        found.append("TRAUMA-CT-INITIAL")
    if outcome is Outcome.CT_FIRST and step in ("P6", "P7"):
        found.append("POSTOP-HARDWARE-CT")
    if outcome is Outcome.CT_FIRST and step == "P9":
        found.append("CT-OSSIFIED")
    if outcome is Outcome.DUPLICATE:
        recent = verdict.decision.prior_kind == "study"
        found.append("EXT-DUP-RECENT" if recent else "EXT-DUP-PENDING")
    if outcome is Outcome.NOT_YET:
        found += [s for s in _DEFERRALS if case.met(s)]
    return found


def _tagged(case: Case, statement: str) -> tuple[str, ...]:
    """The laboratory row is listed by marker; the parts of other rows stay in their finding."""
    if statement != "RF-INFECT-LAB":
        return (statement,)
    return tuple(f"{statement}:{tag}" for tag in case.finding(statement).tags)


def _advisory(
    case: Case, verdict: Verdict, fired: tuple[str, ...], lines: list[str]
) -> tuple[str, ...]:
    """Statements shown as lines on the primary card."""
    outcome = verdict.decision.outcome
    found = [s for s in _ATTACHED if case.met(s)]
    if outcome is Outcome.NOT_YET:
        found.insert(0, "NOT-GENERAL")
    if outcome is not Outcome.NO_CRITERIA:
        found += [s for s in ("EXT-DUP-RECENT", "EXT-DUP-PENDING") if case.met(s)]
    if case.mri and case.cervical:
        found += _complementary_ct(case, fired)
    found += [s for s in ("EXT-AGE", "EXT-PREG-MRI") if case.met(s)]
    found += [s for s in lines if s not in found]
    return tuple(s for s in found if not _has(fired, s))


def _has(fired: tuple[str, ...], statement: str) -> bool:
    return any(s.split(":")[0] == statement for s in fired)


def _complementary_ct(case: Case, fired: tuple[str, ...]) -> list[str]:
    """CT beside an MRI outcome: after trauma, for fusion and hardware, for ossification."""
    found = []
    recent_without_ct = case.trauma.recent and not case.trauma.ct_done
    cleared = trauma.low_risk(case) or case.child_in_trauma_rules
    if recent_without_ct and not cleared:
        found.append("TRAUMA-CT-INITIAL")
    if case.met("POSTOP-HARDWARE-CT") or postop.instrumented(case):
        found.append("POSTOP-HARDWARE-CT")
    if case.met("CT-OSSIFIED"):
        found.append("CT-OSSIFIED")
    return [s for s in found if not _has(fired, s)]


def _possible(case: Case, outcome: Outcome) -> tuple[str, ...]:
    """Open questions; not those that the card itself answers."""
    if not case.cervical:
        return possible.gated(case)
    answered = set()
    if outcome is Outcome.CT_FIRST:
        answered.add(possible.NO_CT)  # the advice says so already
    shown = case.trauma.ct_injuries or case.met("EXT-TRAUMA-CTPOS")
    if shown and outcome is not Outcome.INSUFFICIENT:
        answered.add(possible.CT_RESULT)  # it showed the injury
    return tuple(q for q in possible.hold(case) if q not in answered)


def _missing(case: Case, outcome: Outcome, rated: Verdict) -> tuple[str, ...]:
    if outcome is Outcome.INSUFFICIENT or rated.decision.outcome is Outcome.INSUFFICIENT:
        unreadable = (
            [f"could not read {LABELS[key]}" for key in unread(case)]
            if rated.decision.degraded
            else []
        )
        return (*unreadable, *possible.missing(case))
    treated = case.picture.treatment
    untold = treated.days is None and not treated.none_stated
    radicular = rated.step == "P10" and case.met("EXT-RADICULAR")
    return (possible.THERAPY,) if radicular and untold else ()


def _notes(case: Case) -> tuple[str, ...]:
    found = list(notes(case.facts.received))
    if old := possible.lapsed(case):
        days: int = case.config["symptom.lookbackDays"]
        found.append(
            f"older than {days} days or undated, and not on the problem list, so not taken as a "
            f"symptom of today: {', '.join(old)}"
        )
    if case.frame.future:
        found.append(f"{case.frame.future} date(s) in the future left out")
    if case.facts.judged.conflicts:
        names = ", ".join(case.facts.judged.conflicts)
        found.append(f"the record conflicts on one day (the positive finding counts): {names}")
    if case.facts.person.age is None:
        found.append("no birth date: rules for adults used")
    unusable = case.facts.unusable_results
    if unusable:
        found.append(f"{unusable} result(s) without a usable unit or value left out")
    prior = case.met("EXT-DUP-RECENT") or case.met("EXT-DUP-PENDING")
    if prior and not change_can_be_known(case):
        found.append("whether anything changed since the earlier study or order cannot be known")
    return tuple(found)
