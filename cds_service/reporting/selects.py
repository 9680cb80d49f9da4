"""The questions to the store, the same SQL on both databases but for one clause.

They are asked of one week after another: LOW and HIGH, ids that begin with their second, stand for
its beginning and its end, CLIENT for the one client a report is about. What is counted is first
counted for each way of judging (`profiles`, few rows); from there the small counts are added up for
every heading, so that rows come back as (heading, key, figures).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from cds_service.adapters.store import tables as t

NOT_RATED: Final = "INSUFFICIENT"
"""The outcome of an order for which a datum was missing."""

UNANSWERED, DISMISSED, OVERRIDDEN, ACCEPTED = range(4)
"""What became of a card. Of several events on one card the largest counts."""

BUCKET: Final = 100
"""Microseconds: durations are counted in tenths of a millisecond."""

LOW: Final = sa.bindparam("low", type_=sa.Uuid)
HIGH: Final = sa.bindparam("high", type_=sa.Uuid)
CLIENT: Final = sa.bindparam("client", type_=sa.String)

_Column = sa.ColumnElement[Any]

_P: Final = t.PROFILES.c
_Q: Final = t.PROFILE_QUESTIONS.c
_S: Final = t.PROFILE_STATEMENTS.c
_R: Final = t.RATINGS.c
_C: Final = t.CARDS.c
_F: Final = t.FEEDBACK.c

_STATE: Final = sa.case(
    (_F.outcome == "accepted", ACCEPTED),
    (_F.reason_code.is_not(None), OVERRIDDEN),
    else_=DISMISSED,
)


class Way(NamedTuple):
    """How to ask."""

    dialect: str
    one_client: bool

    def within(self, id_: _Column, client: _Column) -> list[_Column]:
        found = [id_ >= LOW, id_ < HIGH]
        return [*found, client == CLIENT] if self.one_client else found


def _total(what: _Column) -> sa.ColumnElement[int]:
    # PostgreSQL's sum of large integers is a decimal.
    return sa.cast(sa.func.sum(what), sa.BigInteger)


def orders(way: Way) -> sa.Executable:
    """(heading, key, number, silent, first, last). Orders: `outcome`, `version`, and for those that
    were not rated `version not rated` and `question`; `first`, `last` in milliseconds. Their primary
    cards: `card client`, `card version`, `card outcome`, `card statement`. Cards that were sent, with a
    uuid or without, by client: `sent`. Calls: `evaluate` and
    `total`, where the key is the number of a bucket of durations. A call is counted at its first
    order, whose id it bears.
    """
    base = _orders_by(way).cte("base")
    b = base.c
    judged = base.join(t.PROFILES, _P.id == b.profile)
    asked = judged.join(t.PROFILE_QUESTIONS, _Q.profile == b.profile)
    fired = base.join(t.PROFILE_STATEMENTS, _S.profile == b.profile)
    open_ = _P.outcome == NOT_RATED

    def counted(heading: str, key: _Column, source: Any, *only: _Column) -> Any:
        head = (sa.literal(heading).label("heading"), key.label("key"))
        numbers = (_total(b.orders), _total(b.silent), sa.func.min(b.first), sa.func.max(b.last))
        return sa.select(*head, *numbers).select_from(source).where(*only).group_by(key)

    nothing = (sa.literal(0), sa.literal(0), sa.literal(0))

    def cards(heading: str, key: _Column, source: Any, *only: _Column) -> Any:
        chosen = sa.select(sa.literal(f"card {heading}"), key, _total(b.cards), *nothing)
        return chosen.select_from(source).where(b.cards > 0, *only).group_by(key)

    sent = sa.select(sa.literal("sent"), b.client, _total(b.sent), *nothing)

    def times(heading: str) -> Any:
        key = sa.cast(b[heading], sa.String)
        chosen = sa.select(sa.literal(heading), key, b.orders, *nothing)
        return chosen.where(b[heading].is_not(None))

    return sa.union_all(
        counted("outcome", _P.outcome, judged),
        counted("version", _P.version, judged),
        counted("version not rated", _P.version, judged, open_),
        counted("question", _Q.question, asked, open_),
        cards("client", b.client, base, b.client.is_not(None)),
        cards("version", _P.version, judged),
        cards("outcome", _P.outcome, judged),
        cards("statement", _S.statement, fired, _S.role == "fired"),
        sent.where(b.client.is_not(None)).group_by(b.client),
        times("evaluate"),
        times("total"),
    )


def _orders_by(way: Way) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Orders by client and profile, and calls by either duration; in each row the keys of the other
    two are null. PostgreSQL reads its table once for all three, SQLite has no grouping sets.
    """
    first = _R.id == _R.call
    keys: dict[str, _Column] = {
        "client": _R.client,
        "profile": _R.profile,
        "evaluate": sa.case((first, _R.evaluate_us // BUCKET)),
        "total": sa.case((first, _R.total_us // BUCKET)),
    }
    sets = (("client", "profile"), ("evaluate",), ("total",))
    numbers = (
        sa.func.count().label("orders"),
        sa.func.count().filter(_R.cards == 0).label("silent"),
        sa.func.count().filter(_R.primary_card).label("cards"),
        sa.func.sum(_R.cards).label("sent"),
        sa.func.min(_R.at).label("first"),
        sa.func.max(_R.at).label("last"),
    )
    where = way.within(_R.id, _R.client)
    if way.dialect == "postgresql":
        named = [key.label(name) for name, key in keys.items()]
        grouped = sa.func.grouping_sets(*(sa.tuple_(*(keys[n] for n in each)) for each in sets))
        return sa.select(*named, *numbers).where(*where).group_by(grouped)

    def one(each: tuple[str, ...]) -> Any:
        named = [
            (key if name in each else sa.cast(sa.null(), key.type)).label(name)
            for name, key in keys.items()
        ]
        chosen = sa.select(*named, *numbers).where(*where)
        return chosen.group_by(*(keys[name] for name in each))

    return sa.union_all(*map(one, sets))


def overlays(way: Way) -> sa.Executable:
    """(heading, key, cards): `client`, `version`, `overlay`."""
    by = (_C.profile, _C.code, _C.client)
    base = (
        sa.select(*by, sa.func.count().label("cards"))
        .where(~_C.is_primary, *way.within(_C.uuid, _C.client))
        .group_by(*by)
        .cte("base")
    )
    b = base.c
    judged = base.join(t.PROFILES, _P.id == b.profile)

    def counted(heading: str, key: _Column, source: Any) -> Any:
        chosen = sa.select(sa.literal(heading), key, _total(b.cards))
        return chosen.select_from(source).group_by(key)

    return sa.union_all(
        counted("client", b.client, base),
        counted("version", _P.version, judged),
        counted("overlay", b.code, base),
    )


def answered(way: Way) -> sa.Executable:
    """(heading, key, state, reason, cards, events). `client`, `version`, `outcome`, `overlay`,
    `statement`: what became of cards, and how many events said so; reason null. `reason`: a
    statement, a reason, and the cards of it that were overridden for it; those few that were
    overridden for several reasons count once for each.
    """
    told = (
        sa.select(
            _F.card,
            sa.func.max(_STATE).label("state"),
            sa.func.count().label("events"),
            sa.func.min(_F.reason_code).label("one"),
            sa.func.max(_F.reason_code).label("other"),
        )
        .where(*way.within(_F.card, _F.client))
        .group_by(_F.card)
        .subquery("told")
    )
    card = (_C.profile, _C.is_primary, _C.code, _C.client)
    known = (
        sa.select(told, *card)
        .join_from(told, t.CARDS, _C.uuid == told.c.card)
        .where(_C.uuid >= LOW, _C.uuid < HIGH)
        .cte("known")
    )
    k = known.c
    overridden = k.state == OVERRIDDEN
    by = (k.profile, k.is_primary, k.code, k.client, k.state)
    reason = sa.case((sa.and_(overridden, k.one == k.other), k.one))
    counts = (sa.func.count().label("cards"), sa.func.sum(k.events).label("events"))
    base = sa.select(*by, reason.label("reason"), *counts).group_by(*by, reason).cte("base")
    b = base.c
    each = sa.select(k.card, k.profile, k.is_primary, k.code, _F.reason_code.label("reason"))
    several = (
        each.join_from(known, t.FEEDBACK, _F.card == k.card)
        .where(overridden, k.one < k.other, _F.reason_code.is_not(None))
        .where(*way.within(_F.card, _F.client))
        .distinct()
        .cte("several")
    )
    s = several.c
    judged = base.join(t.PROFILES, _P.id == b.profile)
    fired = base.join(t.PROFILE_STATEMENTS, _S.profile == b.profile)
    fired_too = several.join(t.PROFILE_STATEMENTS, _S.profile == s.profile)
    no_reason = sa.cast(sa.null(), sa.String)

    def counted(heading: str, key: _Column, source: Any, *only: _Column) -> Any:
        head = (sa.literal(heading).label("heading"), key.label("key"), b.state, no_reason)
        chosen = sa.select(*head, _total(b.cards), _total(b.events)).select_from(source)
        return chosen.where(*only).group_by(key, b.state)

    def reasons(key: _Column, why: _Column, cards: _Column, source: Any, *only: _Column) -> Any:
        head = (sa.literal("reason"), key, sa.literal(OVERRIDDEN), why)
        chosen = sa.select(*head, cards, sa.literal(0)).select_from(source)
        return chosen.where(why.is_not(None), *only).group_by(key, why)

    one, many = (b.reason, _total(b.cards)), (s.reason, sa.func.count())
    by_rule = _S.role == "fired"
    return sa.union_all(
        counted("client", b.client, base),
        counted("version", _P.version, judged),
        counted("outcome", b.code, base, b.is_primary),
        counted("overlay", b.code, base, ~b.is_primary),
        counted("statement", _S.statement, fired, b.is_primary, by_rule),
        reasons(_S.statement, *one, fired, b.is_primary, by_rule),
        reasons(b.code, *one, base, ~b.is_primary),
        reasons(_S.statement, *many, fired_too, s.is_primary, by_rule),
        reasons(s.code, *many, several, ~s.is_primary),
    )


def events(way: Way) -> sa.Executable:
    """(outcome, reason system, reason code, events), also on cards that have no row."""
    by = (_F.outcome, _F.reason_system, _F.reason_code)
    within = way.within(_F.card, _F.client)
    return sa.select(*by, sa.func.count()).where(*within).group_by(*by)


def suggestions(way: Way) -> sa.Executable:
    """(name, offered, accepted): one that was accepted twice counts once."""
    s, suggestion = t.SUGGESTIONS.c, t.FEEDBACK_SUGGESTIONS.c.suggestion
    taken = (
        sa.select(suggestion)
        .where(suggestion >= LOW, suggestion < HIGH)
        .distinct()
        .subquery("taken")
    )
    source = t.SUGGESTIONS.outerjoin(taken, taken.c.suggestion == s.uuid)
    if way.one_client:
        source = source.join(t.CARDS, _C.uuid == s.card)
    return (
        sa.select(s.name, sa.func.count(), sa.func.count(taken.c.suggestion))
        .select_from(source)
        .where(*way.within(s.uuid, _C.client))
        .group_by(s.name)
    )


QUESTIONS: Final[Mapping[str, Callable[[Way], sa.Executable]]] = {
    "orders": orders,
    "overlays": overlays,
    "answered": answered,
    "events": events,
    "suggestions": suggestions,
}
"""What is asked of each week."""
