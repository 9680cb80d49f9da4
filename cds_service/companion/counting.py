"""From the app to the next call: whether answers were given for this very order, and saying so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from cds_service.facts.terminology.value_sets import Terminology
from cds_service.fhir.resources import AnswerItem, QuestionnaireResponse
from cds_service.handles import Given
from cds_service.rendering.model import OrderAdvice, RenderOptions
from cds_service.rendering.pama import carried_id, consult_id

UNREAD: Final = "answers given in the companion app could not be looked up"


def same_order(
    before: OrderAdvice, after: OrderAdvice, given: Given, options: RenderOptions
) -> bool:
    """Whether answers belong to this order: `before` is the advice without them, `after` with them.

    A client may use an order's id again for the next one. So a consult id has to agree: the one the
    order carries with one that was kept, or with this very advice; where it carries none, the one of
    the advice before, which is the same while nothing has changed (CDS Hooks for PAMA).
    """
    if given.certain:
        return True
    carried = carried_id(before.order)
    if carried is None:
        return consult_id(before, options) in given.consult_ids
    return carried in given.consult_ids or carried == consult_id(after, options)


def counted(
    advice: OrderAdvice, response: QuestionnaireResponse, words: Terminology
) -> OrderAdvice:
    """The advice with a note on where its answers came from."""
    names = [
        words.display(words.local_system, link) for link in dict.fromkeys(_answered(response.item))
    ]
    return noted(advice, f"answered in the companion app on {_at(response)}: {', '.join(names)}")


def left_out(advice: OrderAdvice, response: QuestionnaireResponse) -> OrderAdvice:
    """The advice without the answers, which says so where they may have been for this order.

    A consult id on the order tells whose answers they are. Where it carries none, the order may be the
    one that was asked about, with another reason or study: whoever answered has to know.
    """
    if carried_id(advice.order) is not None:
        return advice
    return noted(
        advice,
        f"answers given in the companion app on {_at(response)} are left out: "
        "the order has changed since. Enter what still holds in the record",
    )


def noted(advice: OrderAdvice, note: str) -> OrderAdvice:
    """The advice with one more note, the first of those a card shows."""
    rec = advice.recommendation
    with_note = msgspec.structs.replace(rec, data_notes=(note, *rec.data_notes))
    return msgspec.structs.replace(advice, recommendation=with_note)


def _at(response: QuestionnaireResponse) -> str:
    return (response.authored or "").replace("T", " ")[:16]


def _answered(items: Iterable[AnswerItem] | None) -> Iterator[str]:
    for item in items or ():
        if item.answer and item.link_id:
            yield item.link_id
        yield from _answered(item.item)
