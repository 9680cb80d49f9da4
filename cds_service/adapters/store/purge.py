"""Remove what is older than it may get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from cds_service.adapters.databases import transaction
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.ids import first_of
from cds_service.adapters.store.rows import milliseconds

CHUNK: Final = 5000
"""Rows of one transaction: those who write meanwhile do not wait for long."""
_PATIENCE: Final = 60.0


class Part(NamedTuple):
    """What is kept equally long: a key of its table, how old a row is, and what goes with it."""

    table: sa.Table
    key: sa.Column[Any]
    age: sa.Column[Any]
    by_id: bool
    """Whether `age` is an id that begins with its second; else milliseconds."""
    followers: tuple[sa.Column[Any], ...] = ()


_PARTS: Final[Mapping[str, tuple[Part, ...]]] = {
    "ratings": (
        Part(t.SUGGESTIONS, t.SUGGESTIONS.c.uuid, t.SUGGESTIONS.c.uuid, True),
        Part(t.CARDS, t.CARDS.c.uuid, t.CARDS.c.uuid, True),
        Part(t.RATINGS, t.RATINGS.c.id, t.RATINGS.c.id, True),
    ),
    "feedback": (
        Part(
            t.FEEDBACK,
            t.FEEDBACK.c.id,
            t.FEEDBACK.c.received_at,
            False,
            (t.FEEDBACK_COMMENTS.c.feedback, t.FEEDBACK_SUGGESTIONS.c.feedback),
        ),
    ),
    "comments": (
        Part(
            t.FEEDBACK_COMMENTS,
            t.FEEDBACK_COMMENTS.c.feedback,
            t.FEEDBACK_COMMENTS.c.received_at,
            False,
        ),
    ),
    "quarantine": (
        Part(
            t.FEEDBACK_QUARANTINE,
            t.FEEDBACK_QUARANTINE.c.id,
            t.FEEDBACK_QUARANTINE.c.received_at,
            False,
        ),
    ),
    "audit": (Part(t.AUDIT, t.AUDIT.c.rating, t.AUDIT.c.rating, True, (t.AUDIT_CARDS.c.rating,)),),
}

_EXPIRING: Final = tuple(
    Part(table, table.c.id, table.c.expires, False)
    for table in (t.COMPANION_HANDLES, t.COMPANION_ANSWERS)
)


def purge(url: sa.URL, days: Mapping[str, int], now: datetime) -> Iterator[tuple[str, int]]:
    """Remove rows older than so many days, by kind; 0: none. What the companion app kept goes when
    it has expired. Yields tables and rows removed.

    May be stopped and started again at any time. Raises ConfigurationError.
    """
    for kind, parts in _PARTS.items():
        if days[kind]:
            before = now - timedelta(days=days[kind])
            for part in parts:
                yield part.table.name, _remove(url, part, before)
    for part in _EXPIRING:
        yield part.table.name, _remove(url, part, now)


def _remove(url: sa.URL, part: Part, before: datetime) -> int:
    limit: Any = first_of(before) if part.by_id else milliseconds(before)
    old = sa.select(part.key).where(part.age < limit).limit(CHUNK)
    removed = 0
    while True:
        with transaction(url, wait=_PATIENCE) as connection:
            keys = list(connection.scalars(old))
            for column in (*part.followers, part.key):
                connection.execute(sa.delete(column.table).where(column.in_(keys)))
        removed += len(keys)
        if len(keys) < CHUNK:
            return removed
