"""EXT-EMERG: the emergency tier above the article's red flags."""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.criteria.infection import injecting
from cds_service.criteria.neurology import confirmed
from cds_service.criteria.registry import Case, criterion, evidence, not_met, switched_off
from cds_service.facts.finding import Evidence, Finding, Status
from cds_service.facts.picture import rest_on_two
from cds_service.facts.record.entries import Entry, Kind

_RECENT_IVDU_DAYS = 365


def _acute_or_worse(case: Case, entries: Iterable[Entry]) -> list[Entry]:
    days: int = case.config["emerg.acuteDays"]
    return [
        e
        for e in entries
        if case.frame.within(case.picture.proven_onset(e), days) or case.picture.worse(e)
    ]


def _fired(case: Case, statement: str, entries: list[Entry]) -> list[Entry]:
    return entries if case.met(statement) else []


def cord_emergency(case: Case) -> list[Entry]:
    """E1: myelopathy, or two different cord signs, of which one is acute or getting worse."""
    picture = case.picture
    myelo = [
        _fired(case, "RF-MYELO-GAIT", picture.gait),
        _fired(case, "RF-MYELO-HAND", picture.hand),
        _fired(case, "RF-MYELO-BB", picture.bladder_bowel),
    ]
    others = [
        _fired(case, "RF-NEURO-MOTOR", picture.motor),
        confirmed(picture.upper_motor_neuron),
    ]
    diagnosed = _fired(case, "RF-MYELO-DX", picture.myelopathy)
    signs = [e for entries in (*myelo, *others) for e in entries]
    pattern = any(myelo) and rest_on_two([*myelo, *others])
    if not diagnosed and not pattern:
        return []
    candidates = [*diagnosed, *signs]
    return candidates if _acute_or_worse(case, candidates) else []


def infected_cord(case: Case) -> list[str]:
    """E2: cord sign or weakness together with infection."""
    neuro = [
        *case.any_met("RF-MYELO-"),
        *(["RF-NEURO-MOTOR"] if case.met("RF-NEURO-MOTOR") else []),
    ]
    infection = [
        s for s in case.any_met("RF-INFECT-") if s != "RF-INFECT-IVDU" or _recent_injecting(case)
    ]
    return [*neuro, *infection] if neuro and infection else []


def _recent_injecting(case: Case) -> bool:
    """Long-past injecting is a risk, but no sign of an abscess today."""
    return any(
        (e.kind is Kind.CONDITION and e.current)
        or case.frame.possibly_within(e.recorded, _RECENT_IVDU_DAYS)
        for e in injecting(case)
    )


def metastatic_cord(case: Case) -> list[str]:
    """E3: cord sign together with cancer."""
    cord = case.any_met("RF-MYELO-")
    return [*cord, "RF-SYS-MALIG"] if cord and case.met("RF-SYS-MALIG") else []


def severe_weakness(case: Case) -> list[Entry]:
    """E5: strength of emerg.mrcMax or less that is acute or getting worse."""
    limit = float(case.config["emerg.mrcMax"])
    weak = [
        e
        for e in _fired(case, "RF-NEURO-MOTOR", case.picture.motor)
        if e.grade is not None and e.grade <= limit
    ]
    return _acute_or_worse(case, weak)


@criterion("EXT-EMERG")
def possible_cord_emergency(case: Case) -> Finding:
    """A picture that should not wait (E1, E2, E3, E5); E4, confirmed cord injury, is P2.

    Reads the red flags, their onsets and worsening. Off with ext.emergent or urgency.mode=article.
    """
    if not case.config["ext.emergent"]:
        return switched_off("EXT-EMERG", "ext.emergent")
    if case.config["urgency.mode"] == "article":
        return switched_off("EXT-EMERG", "urgency.mode = article")
    shown: list[Evidence] = []
    tags = []
    for tag, found in (("E1", cord_emergency(case)), ("E5", severe_weakness(case))):
        if found:
            tags.append(tag)
            shown += evidence(found)
            shown += [w.evidence for e in found if (w := case.picture.worse(e))]
    for tag, statements in (("E2", infected_cord(case)), ("E3", metastatic_cord(case))):
        if statements:
            tags.append(tag)
            shown += [x for s in statements for x in case.finding(s).evidence]
    if not tags:
        return not_met("EXT-EMERG", "no emergency pattern")
    unique = tuple(dict.fromkeys(shown))
    return Finding("EXT-EMERG", Status.MET, unique, tags=tuple(sorted(tags)))
