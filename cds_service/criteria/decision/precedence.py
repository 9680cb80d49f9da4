"""The order of decision, P0 to P12: the first step that matches decides (criteria, 2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from cds_service.criteria import trauma
from cds_service.criteria.decision import possible
from cds_service.criteria.decision.steps import EARLY, STEPS
from cds_service.criteria.duplicates import changed, pending_orders, recent_studies
from cds_service.criteria.model import Outcome, Step
from cds_service.criteria.postop import hardware
from cds_service.criteria.registry import Case
from cds_service.facts.finding import Evidence
from cds_service.facts.record.prefetch import State


class Decision(NamedTuple):
    """What one step says when it matches."""

    outcome: Outcome
    why: str
    keep_mri: bool = False
    prior: Evidence | None = None
    prior_kind: str | None = None
    degraded: bool = False
    """A refusal that became INSUFFICIENT because what it rests on could not be read."""


Question = Callable[[Case], Decision | None]


def positives(case: Case) -> list[str]:
    """POS: red flags and the trauma rows beside them."""
    return [*case.red_flags(), *(s for s in _holding("P6", case) if s != "RF-ANY")]


def _holding(step: str, case: Case) -> list[str]:
    """Those of the step's statements that hold."""
    return [s for s in STEPS[step].statements if case.met(s)]


def _p1(case: Case) -> Decision | None:
    if case.cervical:
        return None
    lumbar = case.met("EXT-REGION") or case.met("EXT-CAUDA")
    if lumbar and case.facts.received.read("conditions"):
        return Decision(Outcome.NO_CRITERIA, "findings point to the lumbar spine, none to the neck")
    if lumbar:
        return Decision(
            Outcome.INSUFFICIENT, "lumbar findings, but the conditions were only partly read"
        )
    return Decision(Outcome.INSUFFICIENT, "no presenting problem of the cervical spine")


def _p2(case: Case) -> Decision | None:
    if not _holding("P2", case):
        return None
    emergent = case.config["ext.emergent"] and case.config["urgency.mode"] == "tiered"
    outcome = Outcome.MRI_EMERGENT if emergent else Outcome.MRI_URGENT
    return Decision(outcome, "confirmed cord injury")


def _p3(case: Case) -> Decision | None:
    if not case.trauma.acute or case.trauma.ct_done:
        return None
    flags = case.red_flags()
    if case.child_in_trauma_rules:
        if flags:
            return None
        return Decision(Outcome.NO_CRITERIA, "child with an acute injury: other criteria apply")
    if trauma.deficits(case) or case.met("RF-SYS-AS"):
        return Decision(
            Outcome.CT_FIRST,
            "acute injury without CT; a deficit or stiff spine keeps the MRI",
            True,
        )
    if trauma.low_risk(case):
        return None if flags else _deferred(case, "low-risk screen after an acute injury")
    return Decision(Outcome.CT_FIRST, "acute injury without CT", bool(flags))


def _deferred(case: Case, why: str) -> Decision:
    """NOT_YET, unless a question is open that makes refusing unsafe (HOLD)."""
    if open_questions := possible.hold(case):
        return Decision(Outcome.INSUFFICIENT, f"{why}, but to be asked first: {open_questions[0]}")
    if case.config["redflag.missing"] == "undetermined" and possible.undocumented(case):
        return Decision(Outcome.INSUFFICIENT, f"{why}, but red flags are not documented")
    return Decision(Outcome.NOT_YET, why)


def _p4(case: Case) -> Decision | None:
    if not _holding("P4", case):
        return None
    return Decision(Outcome.MRI_EMERGENT, "emergency pattern")


def _second_draft(case: Case) -> Decision | None:
    """A later one of several selected orders: the first is rated on its own, whatever its step."""
    if not case.config[EARLY.switch] or case.facts.draft.follows is None:
        return None
    prior = case.finding("EXT-DUP-PENDING").evidence[0]
    return Decision(EARLY.outcome, "an earlier selected order", prior=prior, prior_kind="draft")


def _p5(case: Case) -> Decision | None:
    if not case.config["ext.duplicate"]:
        return None
    duplicate = Outcome.DUPLICATE
    if not change_can_be_known(case):
        return None
    studies = recent_studies(case)
    if studies and not changed(case, studies[0].date):
        prior = case.finding("EXT-DUP-RECENT").evidence[0]
        return Decision(
            duplicate, "a recent study, nothing new since", prior=prior, prior_kind="study"
        )
    pending = pending_orders(case)
    if pending and not changed(case, pending[0].authored):
        prior = case.finding("EXT-DUP-PENDING").evidence[0]
        return Decision(
            duplicate, "a pending order, nothing new since", prior=prior, prior_kind="pending"
        )
    return None


def change_can_be_known(case: Case) -> bool:
    """CHANGED needs conditions, examinations and procedures read to their end (criteria, 0.8)."""
    return case.facts.received.read("conditions", "obs-exam", "procedures")


def _p6(case: Case) -> Decision | None:
    found = positives(case)
    if not found:
        return None
    if hardware(case) and set(found) <= {"RF-POSTOP"}:
        return Decision(
            Outcome.CT_FIRST, "new symptoms after surgery, and hardware is the question", True
        )
    if found == ["RF-NEURO-SENS"] and case.met("EXT-NEURO-MIMIC"):
        return Decision(Outcome.MRI_MAY, "sensory change with an earlier explanation")
    if found == ["RF-PAIN-INTRACTABLE"] and case.config["urgency.intractable"] == "routine":
        return Decision(Outcome.MRI_ROUTINE, "intractable pain (urgency.intractable = routine)")
    return Decision(Outcome.MRI_URGENT, f"{len(found)} finding(s): {', '.join(found)}")


def _p7(case: Case) -> Decision | None:
    if not _holding("P7", case):
        return None
    return Decision(Outcome.CT_FIRST, "fusion or hardware is the question")


def _p8(case: Case) -> Decision | None:
    if not _holding("P8", case):
        return None
    return Decision(Outcome.MRI_ROUTINE, "symptoms persist after the full window of treatment")


def _p9(case: Case) -> Decision | None:
    if not _holding("P9", case):
        return None
    return Decision(Outcome.CT_FIRST, "ossification is the question")


def _p10(case: Case) -> Decision | None:
    found = _holding("P10", case)
    if not found:
        return None
    outcome = Outcome.MRI_MAY
    if "EXT-RADICULAR" in found:
        outcome = Outcome(case.config["radicular.outcome"])
    return Decision(outcome, ", ".join(found))


def _p11(case: Case) -> Decision | None:
    found = _holding("P11", case)
    return _deferred(case, ", ".join(found)) if found else None


_P12 = Decision(Outcome.INSUFFICIENT, "the record does not tell")
"""What is left when no step matches."""


_QUESTIONS: dict[str, Question] = {
    "P1": _p1,
    "P2": _p2,
    "P3": _p3,
    "P4": _p4,
    "P5": _p5,
    "P6": _p6,
    "P7": _p7,
    "P8": _p8,
    "P9": _p9,
    "P10": _p10,
    "P11": _p11,
}
"""What is asked at the steps between the first and the last."""


class Verdict(NamedTuple):
    """The deciding step and everything passed on the way."""

    step: str
    decision: Decision
    steps: tuple[Step, ...]


def decide(case: Case, *, duplicates: bool = True) -> Verdict:
    """Walk the steps; with `duplicates` off P5 is passed over (the rating beneath a DUPLICATE)."""
    steps = [Step("P0", "cervical-spine MRI: yes", False)]
    deciding, decision = "P12", _P12
    if duplicates and (second := _second_draft(case)):
        text = f"{STEPS[EARLY.step].question} {second.outcome}: {second.why}"
        return Verdict(EARLY.step, second, (*steps, Step(EARLY.step, text, True)))
    for name, rule in STEPS.items():
        if name not in _QUESTIONS or (name == "P5" and not duplicates):
            continue
        found = _QUESTIONS[name](case)
        if found is not None:
            deciding, decision = name, found
            break
        steps.append(Step(name, f"{rule.question} No.", False))
    decision, unread = _degraded(case, decision)
    text = f"{STEPS[deciding].question} {decision.outcome}: {decision.why}"
    steps.append(Step(deciding, text + unread, True))
    return Verdict(deciding, decision, tuple(steps))


def _degraded(case: Case, decision: Decision) -> tuple[Decision, str]:
    """Refusing rests on absence: with conditions or imaging unread it becomes INSUFFICIENT (0.8)."""
    refusing = decision.outcome is Outcome.NOT_YET or (
        decision.outcome is Outcome.CT_FIRST and not decision.keep_mri
    )
    if not refusing or not list(unread(case)):
        return decision, ""
    return decision._replace(
        outcome=Outcome.INSUFFICIENT, degraded=True
    ), " (conditions or imaging not read)"


def unread(case: Case) -> Iterator[str]:
    """Which of the two reads that a refusal rests on did not succeed."""
    received = case.facts.received
    if received.states["conditions"] is not State.READ:
        yield "conditions"
    if not case.facts.imaging_read:
        yield "imaging"
