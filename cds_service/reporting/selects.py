"""The questions to the store, the same SQL on both databases but for one clause.

They are asked of one week after another. What is counted is first counted for each way of judging
(`profiles`, few rows); from there the small counts are added up for every heading, so that rows come
back as (heading, key, figures).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from cds_service.adapters.store import tables as t
from cds_service.adapters.store.rows import milliseconds
from cds_service.reporting.span import Span

NOT_RATED: Final = "INSUFFICIENT"
"""The outcome of an order for which a datum was missing."""

UNANSWERED, DISMISSED, OVERRIDDEN, ACCEPTED = range(4)
"""What became of a card. Of several events on one card the largest counts."""

BUCKET: Final = 100
"""Microseconds: durations are counted in tenths of a millisecond."""

Select = sa.Executable
_Column = sa.ColumnElement[Any]

_P: Final = t.PROFILES.c
_Q: Final = t.PROFILE_QUESTIONS.c
_S: Final = t.PROFILE_STATEMENTS.c
_R: Final = t.RATINGS.c
_C: Final = t.CARDS.c
_F: Final = t.FEEDBACK.c


def _total(what: _Column) -> sa.ColumnElement[int]:
    # PostgreSQL's sum of large integers is a decimal.
    return sa.cast(sa.func.sum(what), sa.BigInteger)


def orders(span: Span, dialect: str) -> Select:
    """(heading, key, orders, silent, first, last): `outcome`, `version`, and for those that were
    not rated `version not rated` and `question`; `first`, `last` in milliseconds. Then `evaluate`
    and `total`: the number of a bucket of durations, and calls. A call is counted at its first
    order, whose id it bears.
    """
    base = _orders_by(
        {
            "profile": _R.profile,
            "evaluate": _R.evaluate_us // BUCKET,
            "total": _R.total_us // BUCKET,
        },
        span,
        dialect,
    ).cte("base")
    b = base.c
    judged = base.join(t.PROFILES, _P.id == b.profile)
    asked = judged.join(t.PROFILE_QUESTIONS, _Q.profile == b.profile)

    def counted(heading: str, key: _Column, source: Any, *only: _Column) -> Any:
        head = (sa.literal(heading).label("heading"), key.label("key"))
        numbers = (_total(b.orders), _total(b.silent), sa.func.min(b.first), sa.func.max(b.last))
        return sa.select(*head, *numbers).select_from(source).where(*only).group_by(key)

    def times(heading: str) -> Any:
        key = sa.cast(b[heading], sa.String)
        nothing = sa.literal(0)
        return sa.select(sa.literal(heading), key, b.calls, nothing, nothing, nothing).where(
            b[heading].is_not(None)
        )

    open_ = _P.outcome == NOT_RATED
    return sa.union_all(
        counted("outcome", _P.outcome, judged),
        counted("version", _P.version, judged),
        counted("version not rated", _P.version, judged, open_),
        counted("question", _Q.question, asked, open_),
        times("evaluate"),
        times("total"),
    )


def _orders_by(
    keys: Mapping[str, _Column], span: Span, dialect: str
) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Orders by each of the keys; in a row of one key the others are null. PostgreSQL reads its
    table once for all of them, SQLite has no grouping sets.
    """
    numbers = (
        sa.func.count().label("orders"),
        sa.func.sum(sa.case((_R.id == _R.call, 1), else_=0)).label("calls"),
        sa.func.sum(sa.case((_R.cards == 0, 1), else_=0)).label("silent"),
        sa.func.min(_R.at).label("first"),
        sa.func.max(_R.at).label("last"),
    )
    where = (*span.ids(_R.id), *span.of_client(_R.client))
    if dialect == "postgresql":
        named = [key.label(name) for name, key in keys.items()]
        return (
            sa.select(*named, *numbers)
            .where(*where)
            .group_by(sa.func.grouping_sets(*(sa.tuple_(key) for key in keys.values())))
        )
    return sa.union_all(
        *(
            sa.select(
                *(
                    (key if name == each else sa.cast(sa.null(), key.type)).label(name)
                    for name, key in keys.items()
                ),
                *numbers,
            )
            .where(*where)
            .group_by(keys[each])
            for each in keys
        )
    )


def issued(span: Span, _: str) -> Select:
    """(heading, key, cards): `client`, `outcome` (primary cards), `overlay`, `statement`,
    `version`.
    """
    by = (_C.profile, _C.is_primary, _C.code, _C.client)
    base = (
        sa.select(*by, sa.func.count().label("cards"))
        .where(*span.ids(_C.uuid), *span.of_client(_C.client))
        .group_by(*by)
        .cte("base")
    )
    return sa.union_all(*_headings(base, base.c.cards))


def answered(span: Span, _: str) -> Select:
    """(heading, key, state, reason, cards, events): the headings of `issued` with what became of
    cards and how many events said so; reason null. Then `reason`: a statement, and a reason for
    which cards of it were overridden. A card counts for each of its reasons once; one that was
    accepted counts for none.
    """
    state = sa.case(
        (_F.outcome == "accepted", ACCEPTED),
        (_F.reason_code.is_not(None), OVERRIDDEN),
        else_=DISMISSED,
    )
    heard = (
        sa.select(
            _F.card,
            _F.reason_code,
            sa.func.max(state).label("state"),
            sa.func.count().label("events"),
        )
        .where(*span.ids(_F.card), *span.of_client(_F.client))
        .group_by(_F.card, _F.reason_code)
        .subquery("heard")
    )
    # Beside each reason of a card what all its events say; `place` 1 stands for the card itself.
    of_card: dict[str, Any] = {"partition_by": heard.c.card}
    told = sa.select(
        heard.c.card,
        heard.c.reason_code,
        sa.func.max(heard.c.state).over(**of_card).label("state"),
        sa.func.sum(heard.c.events).over(**of_card).label("events"),
        sa.func.row_number().over(**of_card).label("place"),
    ).subquery("told")
    known = (
        sa.select(
            _C.client, _C.profile, _C.code, _C.is_primary,
            told.c.reason_code, told.c.state, told.c.events, told.c.place,
        )
        .join(told, told.c.card == _C.uuid)
        .where(*span.ids(_C.uuid))
        .cte("known")
    )  # fmt: skip
    k = known.c
    by = (k.profile, k.state, k.is_primary, k.code, k.client)
    base = (
        sa.select(*by, sa.func.count().label("cards"), sa.func.sum(k.events).label("events"))
        .where(k.place == 1)
        .group_by(*by)
        .cte("base")
    )
    reason = (k.profile, k.is_primary, k.code, k.reason_code)
    why = (
        sa.select(*reason, sa.func.count().label("cards"))
        .where(k.state == OVERRIDDEN, k.reason_code.is_not(None))
        .group_by(*reason)
        .cte("why")
    )
    w = why.c
    fired = why.join(t.PROFILE_STATEMENTS, _S.profile == w.profile)
    nothing, no_reason = sa.literal(0), sa.cast(sa.null(), sa.String)

    def reasons(key: _Column, source: Any, *only: _Column) -> Any:
        head = (sa.literal("reason"), key, sa.literal(OVERRIDDEN), w.reason_code)
        chosen = sa.select(*head, _total(w.cards), nothing).select_from(source).where(*only)
        return chosen.group_by(key, w.reason_code)

    return sa.union_all(
        *_headings(base, base.c.cards, base.c.state, no_reason, base.c.events),
        reasons(_S.statement, fired, w.is_primary, _S.role == "fired"),
        reasons(w.code, why, ~w.is_primary),
    )


def _headings(base: sa.CTE, cards: _Column, *more: _Column) -> list[Any]:
    """Cards under each heading. `more`, if given: state, reason, events."""
    b = base.c

    def counted(heading: str, key: _Column, source: Any, *only: _Column) -> Any:
        head: list[_Column] = [sa.literal(heading).label("heading"), key.label("key")]
        numbers: list[_Column] = [_total(cards).label("cards")]
        if more:
            state, reason, events = more
            head += [state, reason.label("reason")]
            numbers.append(_total(events).label("events"))
        chosen = sa.select(*head, *numbers).select_from(source).where(*only)
        return chosen.group_by(key, *more[:1])

    judged = base.join(t.PROFILES, _P.id == b.profile)
    fired = base.join(t.PROFILE_STATEMENTS, _S.profile == b.profile)
    return [
        counted("client", b.client, base),
        counted("version", _P.version, judged),
        counted("outcome", b.code, base, b.is_primary),
        counted("overlay", b.code, base, ~b.is_primary),
        counted("statement", _S.statement, fired, b.is_primary, _S.role == "fired"),
    ]


def events(span: Span, _: str) -> Select:
    """(outcome, reason system, reason code, events), also on cards that have no row."""
    by = (_F.outcome, _F.reason_system, _F.reason_code)
    return (
        sa.select(*by, sa.func.count())
        .where(*span.ids(_F.card), *span.of_client(_F.client))
        .group_by(*by)
    )


def suggestions(span: Span, _: str) -> Select:
    """(name, offered, accepted): one that was accepted twice counts once."""
    s, suggestion = t.SUGGESTIONS.c, t.FEEDBACK_SUGGESTIONS.c.suggestion
    taken = sa.select(suggestion).where(*span.ids(suggestion)).distinct().subquery("taken")
    source = t.SUGGESTIONS.outerjoin(taken, taken.c.suggestion == s.uuid)
    if span.client is not None:
        source = source.join(t.CARDS, _C.uuid == s.card)
    return (
        sa.select(s.name, sa.func.count(), sa.func.count(taken.c.suggestion))
        .select_from(source)
        .where(*span.ids(s.uuid), *span.of_client(_C.client))
        .group_by(s.name)
    )


QUESTIONS: Final[Mapping[str, Callable[[Span, str], Select]]] = {
    "orders": orders,
    "issued": issued,
    "answered": answered,
    "events": events,
    "suggestions": suggestions,
}
"""What is asked of each week, of a database of that dialect."""


def quarantined(span: Span) -> sa.Select[str, int]:
    """(why, events). Many of them name no card of ours, so the span is that of their arrival."""
    q = t.FEEDBACK_QUARANTINE.c
    arrived = []
    if span.start is not None:
        arrived.append(q.received_at >= milliseconds(span.start))
    if span.end is not None:
        arrived.append(q.received_at < milliseconds(span.end))
    return (
        sa.select(q.why, sa.func.count()).where(*arrived, *span.of_client(q.client)).group_by(q.why)
    )
