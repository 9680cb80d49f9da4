"""Later and contradicting entries for one finding (criteria, 0.4, CF-1 to CF-5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from cds_service.facts.record.entries import Entry, Kind
from cds_service.facts.record.frame import Frame
from cds_service.facts.terminology.vocabulary import besides, concept_of

# History and standing facts: how long ago they were noted does not matter.
_ANY_DATE = frozenset(
    ("ivdu", "opll", "orbital-metal", "ct-negative", "mri-nondiagnostic", "nexus", "ccr")
)
_ANY_DATE_SETS = frozenset(("VS-IVDU",))
_GLOBAL_EXAM = "neuro-exam"
_EXAMINED = frozenset(("motor", "sensory", "reflex"))
_REFLEX_EXAM = "local:reflex-exam"


class Judged(msgspec.Struct, frozen=True):
    """What stands of all entries."""

    present: list[Entry]
    absent: list[Entry]
    superseded: list[Entry]
    """Positive entries that a later examination took away; the note says which."""
    conflicts: tuple[str, ...]
    """Findings on which the record contradicts itself on one day; the positive stands (CF-3)."""


def recent(entries: Iterable[Entry], frame: Frame) -> list[Entry]:
    """Observations and answers inside the examination window."""
    days: int = frame.config["exam.lookbackDays"]
    return [
        e
        for e in entries
        if e.concept.split(":")[0] in _ANY_DATE
        or not _ANY_DATE_SETS.isdisjoint(e.code.sets)
        or frame.within(e.recorded, days)
    ]


def judge(conditions: Iterable[Entry], reasons: Iterable[Entry], observed: list[Entry]) -> Judged:
    """Let later examinations suppress earlier positives; `observed` is already in its window."""
    negatives = [e for e in observed if e.present is False]
    against_all = _distinct(negatives)
    present: list[Entry] = []
    superseded: list[Entry] = []
    conflicts: list[str] = []
    positives = deque([*conditions, *reasons, *(e for e in observed if e.present)])
    while positives:
        entry = positives.popleft()
        against = [n for n in against_all if speaks_of(n, entry) and _may_suppress(n, entry)]
        newer = next((n for n in against if _later(n, entry)), None)
        if newer is not None and newer.recorded is not None:
            note = f"superseded by the examination of {newer.recorded.text}"
            superseded.append(msgspec.structs.replace(entry, note=note))
            left = besides(entry.code.parts, entry.concept) & entry.code.sets
            if left:
                positives.append(_reduced(entry, left))
            continue
        if any(n.recorded == entry.date for n in against):
            conflicts.append(entry.code.display)
        present.append(entry)
    return Judged(present, negatives, superseded, tuple(dict.fromkeys(conflicts)))


def _distinct(negatives: Iterable[Entry]) -> list[Entry]:
    """One of each kind, finding, site and day: a thousand copies deny no more than one does."""
    kinds = {
        (n.kind is Kind.ANSWER, n.concept, n.code.codings, n.site, n.recorded): n for n in negatives
    }
    return list(kinds.values())


def _reduced(entry: Entry, sets: frozenset[str]) -> Entry:
    code = msgspec.structs.replace(
        entry.code, sets=sets, parts=tuple(part & sets for part in entry.code.parts)
    )
    return msgspec.structs.replace(
        entry, code=code, concept=concept_of(sets, code.system, code.code)
    )


def speaks_of(negative: Entry, positive: Entry) -> bool:
    """Whether both are about one finding, or the negative is an examination that covers it."""
    if negative.concept == positive.concept:
        return True
    sign = positive.concept.startswith("umn:")
    if negative.concept == _GLOBAL_EXAM:
        return sign or positive.concept in _EXAMINED
    return sign and _REFLEX_EXAM in negative.code.sets


def _may_suppress(negative: Entry, positive: Entry) -> bool:
    """Same site or no site (CF-5); an answer takes away nothing but earlier answers.

    An examination (a local code) speaks of the whole; a coded finding that is denied speaks of that
    finding alone: a strong hand says nothing of the legs.
    """
    if negative.kind is Kind.ANSWER and positive.kind is not Kind.ANSWER:
        return False
    examined = any(s.startswith("local:") for s in negative.code.sets)
    if not examined and negative.code.codings.isdisjoint(positive.code.codings):
        return False
    return not negative.site.named or negative.site == positive.site


def _later(negative: Entry, positive: Entry) -> bool:
    date = positive.date
    return date is not None and negative.recorded is not None and negative.recorded.lo > date.hi
