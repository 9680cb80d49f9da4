"""One order's advice for a page that shows it beside questions: shorter than a card, never silent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cds_service.facts.finding import Evidence
from cds_service.rendering import pama
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice, RenderOptions
from cds_service.rendering.render import variant
from cds_service.rendering.words.reasons import fired, summary


class Reason(NamedTuple):
    """One statement that fired, in plain text."""

    id: str
    title: str
    evidence: tuple[Evidence, ...]


class JudgedOrder(NamedTuple):
    """What is said about one order, whether or not a card would be sent."""

    advice: OrderAdvice
    title: str
    summary: str
    reasons: tuple[Reason, ...]
    order: dict[str, Any]
    """The draft with its rating; as it came when it has none."""
    consult_id: str


def judged(
    advices: Sequence[OrderAdvice], library: Library, options: RenderOptions
) -> list[JudgedOrder]:
    """In the order of `advices`."""
    return [_judged(advice, library, options) for advice in advices]


def _judged(advice: OrderAdvice, library: Library, options: RenderOptions) -> JudgedOrder:
    rec = advice.recommendation
    card = library.card(rec.outcome, variant(rec))
    reasons = tuple(
        Reason(each.id, each.statement.title, each.finding.evidence if each.finding else ())
        for each in fired(rec, library)
    )
    return JudgedOrder(
        advice,
        card.title,
        summary(card, advice, library),
        reasons,
        pama.rated(advice.order, advice, options),
        pama.consult_id(advice, options),
    )
