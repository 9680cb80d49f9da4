"""Statements that somebody should look at."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import msgspec

from cds_service.reporting.model import Candidate, Statement


class _Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    least_cards: int
    lower_end: float


class _DoesNotApply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    least_cards: int
    share: float
    codes: frozenset[str]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """review.toml, which says what each of them means."""

    override: _Override
    does_not_apply: _DoesNotApply


@cache
def limits() -> Limits:
    text = files("cds_service.reporting").joinpath("review.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Limits)


def candidates(statements: Iterable[Statement]) -> tuple[Candidate, ...]:
    """Those whose cards are put aside more often than not, or whose reasons nearly all say that the
    advice does not apply; in the order given, with one sentence for each rule that names it.
    """
    found = []
    for statement in statements:
        why = [text for text in (_overridden(statement), _not_applicable(statement)) if text]
        if why:
            found.append(Candidate(statement.id, " ".join(why)))
    return tuple(found)


def _overridden(statement: Statement) -> str | None:
    limit, cards, interval = limits().override, statement.cards, statement.cards.override_interval
    if cards.answered < limit.least_cards or interval is None or interval.low <= limit.lower_end:
        return None
    return (
        f"{cards.put_aside} of {cards.answered} answered cards were overridden or dismissed "
        f"({cards.override_rate:.0%}, 95 % interval {interval.low:.0%} to {interval.high:.0%})."
    )


def _not_applicable(statement: Statement) -> str | None:
    limit = limits().does_not_apply
    given = sum(statement.reasons.values())
    said = sum(number for code, number in statement.reasons.items() if code in limit.codes)
    if statement.cards.overridden < limit.least_cards or said < limit.share * given:
        return None
    return f"{said} of {given} reasons given say that the advice does not apply to the patient."
