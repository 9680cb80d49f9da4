"""The questions to the store, each one statement that reads every large table once.

The same SQL runs on both databases. What a statement counts is first counted for each way of judging
(`profiles`, few rows) and each week; from there the small counts are added up for every heading, so
that rows come back as (heading, key, figures).
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from cds_service.adapters.store import tables as t
from cds_service.adapters.store.rows import milliseconds
from cds_service.reporting.span import Span, week_column
from cds_service.reporting.timing import bucket_column

NOT_RATED: Final = "INSUFFICIENT"
"""The outcome of an order for which a datum was missing."""

UNANSWERED, DISMISSED, OVERRIDDEN, ACCEPTED = range(4)
"""What became of a card. Of several events on one card the largest counts."""

Select = sa.Select[Any] | sa.CompoundSelect[Any]

_P: Final = t.PROFILES.c
_Q: Final = t.PROFILE_QUESTIONS.c
_S: Final = t.PROFILE_STATEMENTS.c
_R: Final = t.RATINGS.c
_C: Final = t.CARDS.c
_F: Final = t.FEEDBACK.c


def _total(what: Any) -> sa.ColumnElement[int]:
    # PostgreSQL's sum of large integers is a decimal.
    return sa.cast(sa.func.sum(what), sa.BigInteger)


def _text(what: Any) -> sa.ColumnElement[str]:
    return sa.cast(what, sa.String)


def orders(span: Span) -> Select:
    """(heading, key, orders, silent, first, last): `outcome`, `version`, `week`, and `question` for
    those that were not rated; `version` and `week` also as `version not rated`, `week not rated`.
    `first`, `last`: milliseconds.
    """
    week = week_column(_R.at).label("week")
    base = (
        sa.select(
            _R.profile,
            week,
            sa.func.count().label("orders"),
            sa.func.sum(sa.case((_R.cards == 0, 1), else_=0)).label("silent"),
            sa.func.min(_R.at).label("first"),
            sa.func.max(_R.at).label("last"),
        )
        .where(*span.ids(_R.id), *span.of_client(_R.client))
        .group_by(_R.profile, week)
        .cte("base")
    )
    judged = base.join(t.PROFILES, _P.id == base.c.profile)

    def counted(heading: str, key: Any, source: Any, *only: Any) -> Any:
        return (
            sa.select(
                sa.literal(heading).label("heading"),
                _text(key).label("key"),
                _total(base.c.orders),
                _total(base.c.silent),
                sa.func.min(base.c.first),
                sa.func.max(base.c.last),
            )
            .select_from(source)
            .where(*only)
            .group_by(key)
        )

    open_ = _P.outcome == NOT_RATED
    asked = judged.join(t.PROFILE_QUESTIONS, _Q.profile == base.c.profile)
    return sa.union_all(
        counted("outcome", _P.outcome, judged),
        counted("version", _P.version, judged),
        counted("version not rated", _P.version, judged, open_),
        counted("week", base.c.week, base),
        counted("week not rated", base.c.week, judged, open_),
        counted("question", _Q.question, asked, open_),
    )


def _told(span: Span) -> sa.Subquery:
    """What became of each card that was answered: its uuid, `state`, and how many events."""
    state = sa.case(
        (_F.outcome == "accepted", ACCEPTED),
        (_F.reason_code.is_not(None), OVERRIDDEN),
        else_=DISMISSED,
    )
    return (
        sa.select(_F.card, sa.func.max(state).label("state"), sa.func.count().label("events"))
        .where(*span.ids(_F.card), *span.of_client(_F.client))
        .group_by(_F.card)
        .subquery("told")
    )


def cards(span: Span) -> Select:
    """(heading, key, state, cards, events): `client`, `outcome` (primary cards), `overlay`,
    `statement`, `version`, `week`. `events`: feedback on these cards.
    """
    told = _told(span)
    week = week_column(_C.at).label("week")
    state = sa.func.coalesce(told.c.state, UNANSWERED).label("state")
    by = (_C.client, _C.profile, _C.code, _C.is_primary, week, state)
    base = (
        sa.select(
            *by,
            sa.func.count().label("cards"),
            sa.func.sum(sa.func.coalesce(told.c.events, 0)).label("events"),
        )
        .select_from(t.CARDS.outerjoin(told, told.c.card == _C.uuid))
        .where(*span.ids(_C.uuid), *span.of_client(_C.client))
        .group_by(*by)
        .cte("base")
    )
    b = base.c

    def counted(heading: str, key: Any, source: Any, *only: Any) -> Any:
        return (
            sa.select(
                sa.literal(heading).label("heading"),
                _text(key).label("key"),
                b.state,
                _total(b.cards),
                _total(b.events),
            )
            .select_from(source)
            .where(*only)
            .group_by(key, b.state)
        )

    judged = base.join(t.PROFILES, _P.id == b.profile)
    fired = base.join(t.PROFILE_STATEMENTS, _S.profile == b.profile)
    return sa.union_all(
        counted("client", b.client, base),
        counted("week", b.week, base),
        counted("version", _P.version, judged),
        counted("outcome", b.code, base, b.is_primary),
        counted("overlay", b.code, base, ~b.is_primary),
        counted("statement", _S.statement, fired, b.is_primary, _S.role == "fired"),
    )


def reasons_of_statements(span: Span) -> Select:
    """(statement, reason code, cards that were overridden for it). A card counts for each reason
    that was given for it once; one that was accepted counts for none.
    """
    told = _told(span)
    given = (
        sa.select(_F.card, _F.reason_code)
        .join(told, sa.and_(told.c.card == _F.card, told.c.state == OVERRIDDEN))
        .where(_F.reason_code.is_not(None), *span.ids(_F.card), *span.of_client(_F.client))
        .distinct()
        .subquery("given")
    )
    by = (_C.profile, _C.code, _C.is_primary, given.c.reason_code)
    base = (
        sa.select(*by, sa.func.count().label("cards"))
        .select_from(given.join(t.CARDS, _C.uuid == given.c.card))
        .group_by(*by)
        .cte("base")
    )
    b = base.c
    fired = base.join(t.PROFILE_STATEMENTS, _S.profile == b.profile)
    return sa.union_all(
        sa.select(_S.statement, b.reason_code, _total(b.cards))
        .select_from(fired)
        .where(b.is_primary, _S.role == "fired")
        .group_by(_S.statement, b.reason_code),
        sa.select(b.code, b.reason_code, _total(b.cards))
        .where(~b.is_primary)
        .group_by(b.code, b.reason_code),
    )


def events(span: Span) -> Select:
    """(outcome, reason system, reason code, events), also on cards that have no row."""
    by = (_F.outcome, _F.reason_system, _F.reason_code)
    return (
        sa.select(*by, sa.func.count())
        .where(*span.ids(_F.card), *span.of_client(_F.client))
        .group_by(*by)
    )


def suggestions(span: Span) -> Select:
    """(name, offered, accepted): one that was accepted twice counts once."""
    s, taken_ = t.SUGGESTIONS.c, t.FEEDBACK_SUGGESTIONS.c
    taken = (
        sa.select(taken_.suggestion)
        .join(t.FEEDBACK, _F.id == taken_.feedback)
        .where(*span.ids(_F.card), *span.of_client(_F.client))
        .distinct()
        .subquery("taken")
    )
    source = t.SUGGESTIONS.outerjoin(taken, taken.c.suggestion == s.uuid)
    if span.client is not None:
        source = source.join(t.CARDS, _C.uuid == s.card)
    return (
        sa.select(s.name, sa.func.count(), sa.func.count(taken.c.suggestion))
        .select_from(source)
        .where(*span.ids(s.uuid), *span.of_client(_C.client))
        .group_by(s.name)
    )


def timings(span: Span) -> Select:
    """(`evaluate` or `total`, lower end of a bucket, calls, longest), in microseconds.

    A call is counted at its first order, whose id it bears.
    """
    evaluate = bucket_column(_R.evaluate_us).label("evaluate")
    total = bucket_column(_R.total_us).label("total")
    base = (
        sa.select(
            evaluate,
            total,
            sa.func.count().label("calls"),
            sa.func.max(_R.evaluate_us).label("longest_evaluate"),
            sa.func.max(_R.total_us).label("longest_total"),
        )
        .where(_R.id == _R.call, *span.ids(_R.id), *span.of_client(_R.client))
        .group_by(evaluate, total)
        .cte("base")
    )
    b = base.c
    return sa.union_all(
        sa.select(
            sa.literal("evaluate"), b.evaluate, _total(b.calls), sa.func.max(b.longest_evaluate)
        ).group_by(b.evaluate),
        sa.select(
            sa.literal("total"), b.total, _total(b.calls), sa.func.max(b.longest_total)
        ).group_by(b.total),
    )


def quarantined(span: Span) -> Select:
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
