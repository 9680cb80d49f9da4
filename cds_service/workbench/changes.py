"""What is different from the answer before: outcome, step, verdicts, evidence, and the lists beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from cds_service.facts.finding import Evidence
from cds_service.rendering.reasoning import JudgedStatement, Reasoning

UNTOLD: Final = ("Fired", "Overlay cards")
"""Sections that are not compared: what fired shows in the verdicts, and overlays are cards."""


class Shown(msgspec.Struct, frozen=True, gc=False):
    """A piece of evidence as far as a reader can tell it from another."""

    reference: str
    display: str
    value: str = ""
    date: str = ""

    @property
    def words(self) -> str:
        """Value and date; empty: it has neither."""
        return ", ".join(filter(None, (self.value, self.date)))


class Kept(msgspec.Struct, frozen=True, gc=False):
    """One statement."""

    verdict: str
    evidence: tuple[Shown, ...] = ()


class Memory(msgspec.Struct, frozen=True, gc=False):
    """What is kept of one answer to hold the next one against; the page keeps it, beside the request
    it is from.
    """

    outcome: str
    step: str
    statements: dict[str, Kept]
    sections: dict[str, tuple[str, ...]] = {}


class Change(msgspec.Struct, frozen=True, gc=False):
    """What is different of one statement."""

    verdict: str = ""
    """The one before; empty: the same."""
    evidence: Mapping[Evidence, str] = {}
    """Evidence that was not there so: what was there of the same entry, or empty."""
    gone: tuple[Shown, ...] = ()
    """Entries of the record that it no longer rests on."""


class Lines(msgspec.Struct, frozen=True, gc=False):
    """What is different of one section."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    left: bool
    """Whether the section still has lines."""


class Difference(msgspec.Struct, frozen=True, gc=False):
    """Against the answer before; empty members: the same, or nothing to compare with."""

    outcome: str = ""
    """The one before."""
    step: str = ""
    statements: Mapping[str, Change] = {}
    """Those that differ, by id."""
    sections: Mapping[str, Lines] = {}
    """Those that differ, by heading."""

    def __bool__(self) -> bool:
        return bool(self.outcome or self.step or self.statements or self.sections)


def remember(found: Iterable[Reasoning]) -> dict[str, Memory]:
    """By reference of the order."""
    return {
        each.order: Memory(
            each.outcome,
            each.step,
            {s.id: Kept(s.verdict, tuple(map(_shown, s.evidence))) for s in each.statements()},
            _sections(each),
        )
        for each in found
    }


def recall(stored: Any) -> dict[str, Memory]:
    """What `remember` gave, after it travelled as JSON; anything else is nothing."""
    try:
        return msgspec.convert(stored, dict[str, Memory])
    except msgspec.ValidationError:
        return {}


def difference(found: Reasoning, before: Mapping[str, Memory]) -> Difference:
    """What this answer changed for one order."""
    old = before.get(found.order)
    if old is None:
        return Difference()
    changes = {
        each.id: change
        for each in found.statements()
        if (kept := old.statements.get(each.id)) and (change := _change(each, kept))
    }
    now = _sections(found)
    lines = {
        heading: told
        for heading in dict.fromkeys((*now, *old.sections))
        if (told := _lines(now.get(heading, ()), old.sections.get(heading, ())))
    }
    return Difference(
        outcome=old.outcome if old.outcome != found.outcome else "",
        step=old.step if old.step != found.step else "",
        statements=changes,
        sections=lines,
    )


def _change(each: JudgedStatement, kept: Kept) -> Change | None:
    now = {item: _shown(item) for item in each.evidence}
    left = [item for item in kept.evidence if item not in now.values()]
    evidence: dict[Evidence, str] = {}
    for item, shown in now.items():
        if shown in kept.evidence:
            continue
        before = next((was for was in left if was.reference == shown.reference), None)
        if before is not None:
            left.remove(before)
        evidence[item] = before.words if before else ""
    verdict = kept.verdict if kept.verdict != each.verdict else ""
    return Change(verdict, evidence, tuple(left)) if verdict or evidence or left else None


def _shown(item: Evidence) -> Shown:
    return Shown(item.reference, item.display, item.value or "", item.date or "")


def _sections(found: Reasoning) -> dict[str, tuple[str, ...]]:
    return {each.heading: each.lines for each in found.sections if each.heading not in UNTOLD}


def _lines(now: Sequence[str], before: Sequence[str]) -> Lines | None:
    new = tuple(line for line in now if line not in before)
    gone = tuple(line for line in before if line not in now)
    return Lines(new, gone, bool(now)) if new or gone else None
