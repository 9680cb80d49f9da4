"""What is different from the answer before: outcome, step, and the verdict of each statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cds_service.rendering.reasoning import Reasoning


class Memory(msgspec.Struct, frozen=True, gc=False):
    """What is kept of one answer to hold the next one against: verdicts, nothing of the chart."""

    study: str
    outcome: str
    step: str
    verdicts: dict[str, str]


class Difference(msgspec.Struct, frozen=True, gc=False):
    """Against the answer before; empty members: the same, or nothing to compare with."""

    outcome: str = ""
    """The one before."""
    step: str = ""
    verdicts: Mapping[str, str] = {}
    """By statement: the verdict before."""

    def __bool__(self) -> bool:
        return bool(self.outcome or self.step or self.verdicts)


def remember(found: Iterable[Reasoning]) -> dict[str, Memory]:
    """By reference of the order."""
    return {
        each.order: Memory(
            each.study, each.outcome, each.step, {s.id: s.verdict for s in each.statements()}
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
    return Difference(
        outcome=old.outcome if old.outcome != found.outcome else "",
        step=old.step if old.step != found.step else "",
        verdicts={
            each.id: old.verdicts[each.id]
            for each in found.statements()
            if old.verdicts.get(each.id, each.verdict) != each.verdict
        },
    )
