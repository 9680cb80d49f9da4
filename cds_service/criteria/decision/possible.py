"""What is possible but not proven, what is missing, and what was not found (criteria, 2.2)."""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.criteria import infection, screens, systemic, trauma
from cds_service.criteria.registry import GATE, Case, once
from cds_service.facts.finding import Status
from cds_service.facts.record.entries import Entry, Kind
from cds_service.facts.terminology.codings import seventh_character

_SUBSTANCE = "route of drug use"
_SURGERY = "region or date of prior surgery"
_LEG = "leg findings: lumbar or cervical"
CT_RESULT = "result of CT"
NO_CT = "CT not found"
_INJURY_DATE = "date of injury"
_ABNORMAL = "neurological examination abnormal: which finding"
_DEFICIT = "neurological deficit on the trauma screen: which finding"
_PRESENTING = "presenting symptom"
_ONSET = "symptom onset"
_EXAM = "neurological examination"
THERAPY = "conservative therapy"
_REASON = "reason for examination"
_CONFIRMED = "is it confirmed"
_FROM_THE_NECK = "does it come from the neck"
QUESTIONS = (
    _SUBSTANCE,
    _SURGERY,
    _LEG,
    CT_RESULT,
    NO_CT,
    _INJURY_DATE,
    _ABNORMAL,
    _DEFICIT,
    _PRESENTING,
    _ONSET,
    _EXAM,
    THERAPY,
    _REASON,
    _CONFIRMED,
    _FROM_THE_NECK,
)
"""Everything that can be asked; the last two are followed by `: ` and what they are about."""


@once
def hold(case: Case) -> list[str]:
    """HOLD: each entry is a question; while one is open, NOT_YET is not safe to give."""
    found = [*_to_confirm(case), *_history(case), *_injury(case), *_unspecified(case)]
    return list(dict.fromkeys(found))


def _to_confirm(case: Case) -> Iterable[str]:
    """Suspected evidence for a row that takes confirmed evidence only."""
    suspected: list[tuple[str, list[Entry]]] = [
        ("RF-SYS-MALIG", systemic.malignancies(case)),
        ("RF-SYS-AS", case.facts.stands("VS-AS")),
        ("RF-SYS-INFLAM", systemic.arthritis(case)),
        ("RF-INFECT-IVDU", infection.suspected_injecting(case)),
        ("RF-NEURO-REFLEX", case.picture.reflex),
    ]
    for statement, entries in suspected:
        if not case.met(statement):
            names = {e.code.display for e in entries if e.suspected}
            yield from (f"{_CONFIRMED}: {name}" for name in sorted(names))


def _history(case: Case) -> Iterable[str]:
    surgery = case.facts.surgery
    if (surgery.cervical or surgery.possible) and not case.met("RF-POSTOP"):
        yield _SURGERY
    unstated = case.facts.history("VS-SUBSTANCE-NO-ROUTE")
    unstated += case.facts.reasons("VS-SUBSTANCE-NO-ROUTE")
    never = infection.never_injected(case) or case.facts.latest_answer("iv-drug-use") is False
    if unstated and not never and not case.met("RF-INFECT-IVDU"):
        yield _SUBSTANCE
    if case.picture.set_aside:
        yield _LEG


def _injury(case: Case) -> Iterable[str]:
    injury = case.trauma
    if injury.recent:
        if not injury.ct_negative and not trauma.low_risk(case):
            yield CT_RESULT if injury.ct_done else NO_CT
    elif injury.perhaps_recent or any(_undated_injury(case, e) for e in case.picture.injuries):
        yield _INJURY_DATE


def _undated_injury(case: Case, entry: Entry) -> bool:
    """An acute injury nobody dated: 7th character A, or a reason whose code has no such character."""
    seventh = {seventh_character(system, code) for system, code in entry.code.codings} - {None}
    if entry.kind is Kind.CONDITION:
        return "A" in seventh and entry.onset is None and entry.recorded is None
    dated = any(
        (e.onset or e.recorded) is not None and not e.code.codings.isdisjoint(entry.code.codings)
        for e in case.picture.injuries
        if e.kind is Kind.CONDITION
    )
    # A reason is asserted today: without a 7th character it may well be today's injury.
    return not dated and (not seventh or "A" in seventh)


def _unspecified(case: Case) -> Iterable[str]:
    """Somebody saw a deficit and nobody wrote down which."""
    deficit = bool(trauma.deficits(case))
    if not deficit and any(e.concept == "neuro-exam" for e in case.facts.judged.present):
        yield _ABNORMAL
    told = [
        screens.answer(case, local) for local in ("nexus-focal-deficit", "ccr-limb-paraesthesia")
    ]
    if not deficit and True in told:
        yield _DEFICIT


def missing(case: Case) -> tuple[str, ...]:
    """What would allow a rating, in the order of criteria 2.2; a card shows four."""
    found = list(hold(case))
    if not case.cervical:
        found.append(_PRESENTING)
    limit: int = case.config["acute.maxDays"]
    symptom = case.picture.symptom_days
    if symptom is None or symptom.below(limit) is None:
        found.append(_ONSET)
    if not _examined(case) and not case.any_met("RF-NEURO-"):
        found.append(_EXAM)
    treated = case.picture.treatment
    low: int = case.config["cons.minDays"]
    if treated.days is None:
        if not treated.none_stated:
            found.append(THERAPY)
    elif treated.days.at_least(low) is None:
        found.append(THERAPY)
    if case.trauma.recent and case.trauma.ct_unclear:
        found.append(CT_RESULT)
    order = case.facts.draft.order
    if not order.reason_code and not order.reason_reference:
        found.append(_REASON)
    return tuple(dict.fromkeys(found))


def _examined(case: Case) -> bool:
    concepts = ("motor", "sensory", "reflex", "neuro-exam")
    entries = (*case.facts.judged.present, *case.facts.judged.absent)
    return any(e.objective and e.concept in concepts for e in entries)


def gated(case: Case) -> tuple[str, ...]:
    """Findings on record that do not count, because nothing else points to the neck (SYM-CERV)."""
    names = {
        e.display
        for s in _RED_FLAGS
        if case.finding(s).reason == GATE
        for e in case.finding(s).evidence
    }
    leg = (_LEG,) if case.picture.set_aside else ()
    return (*(f"{_FROM_THE_NECK}: {name}" for name in sorted(names)), *leg)


def lapsed(case: Case) -> tuple[str, ...]:
    """Neck and arm symptoms that stand on record and are not of today, each with its date.

    A Condition of a symptom counts for `symptom.lookbackDays`, or on the problem list (criteria,
    0.3). Empty where the order has a presenting problem: nobody misses them there.
    """
    if case.cervical:
        return ()
    found = {
        f"{e.code.display} ({e.date.text if e.date else 'undated'})"
        for e in case.facts.judged.present
        if e.kind is Kind.CONDITION
        and e.current
        and not e.symptom
        and e.region not in ("lower", "face")
        and not _OF_NECK_OR_ARM.isdisjoint(e.code.sets)
    }
    return tuple(sorted(found))


@once
def undocumented(case: Case) -> tuple[str, ...]:
    """Red flags that are unknown, and taken as not there (closed world)."""
    return tuple(s for s in _RED_FLAGS if case.finding(s).status is Status.UNKNOWN)


def not_found(case: Case) -> tuple[str, ...]:
    """Unknown red flags with nothing on record; the others are named where it says what is."""
    return tuple(s for s in undocumented(case) if not case.finding(s).evidence)


def looked_at(case: Case) -> tuple[str, ...]:
    """Red flags with something on record that does not make them fire: 37.9 °C, a normal CRP."""
    return tuple(
        s
        for s in _RED_FLAGS
        if not case.met(s)
        and case.finding(s).evidence
        and not case.finding(s).denied
        and case.finding(s).reason != GATE
    )


def documented_absent(case: Case) -> tuple[str, ...]:
    """Red flags the record explicitly denies."""
    return tuple(s for s in _RED_FLAGS if case.finding(s).denied)


_OF_NECK_OR_ARM = frozenset(
    (
        "VS-NECKPAIN",
        "VS-MOTOR",
        "VS-SENS",
        "VS-REFLEX",
        "VS-UMN",
        "VS-HANDCLUMSY",
        "local:hand-clumsiness",
    )
)
_RED_FLAGS = (
    "RF-NEURO-MOTOR",
    "RF-NEURO-SENS",
    "RF-NEURO-REFLEX",
    "RF-MYELO-GAIT",
    "RF-MYELO-HAND",
    "RF-MYELO-BB",
    "RF-MYELO-DX",
    "RF-INFECT-FEVER",
    "RF-INFECT-IVDU",
    "RF-INFECT-LAB",
    "RF-INFECT-DX",
    "RF-POSTOP",
    "RF-PAIN-INTRACTABLE",
    "RF-VERT-TENDER",
    "RF-SYS-MALIG",
    "RF-SYS-AS",
    "RF-SYS-INFLAM",
)
