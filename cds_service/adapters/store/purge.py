"""Remove what is older than it may get."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from cds_service.adapters.databases import Begin, transactions
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.ids import first_of, made_at, monday
from cds_service.adapters.store.rows import milliseconds

CHUNK: Final = 1000
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
    counted: sa.Column[Any] | None = None
    """An id that says of which week a report counted it."""


_PARTS: Final[Mapping[str, tuple[Part, ...]]] = {
    "ratings": (
        Part(
            t.SUGGESTIONS,
            t.SUGGESTIONS.c.uuid,
            t.SUGGESTIONS.c.uuid,
            True,
            counted=t.SUGGESTIONS.c.uuid,
        ),
        # Together: a report that found ratings without their cards would count these as never kept.
        Part(t.RATINGS, t.RATINGS.c.id, t.RATINGS.c.id, True, (t.CARDS.c.rating,), t.RATINGS.c.id),
    ),
    "feedback": (
        Part(
            t.FEEDBACK,
            t.FEEDBACK.c.id,
            t.FEEDBACK.c.received_at,
            False,
            (t.FEEDBACK_COMMENTS.c.feedback, t.FEEDBACK_SUGGESTIONS.c.feedback),
            t.FEEDBACK.c.card,
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


def purge(
    url: sa.URL,
    days: Mapping[str, int],
    now: datetime,
    *,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[str, int]]:
    """Remove rows older than so many days, by kind; 0: none. What the companion app kept goes when
    it has expired. Yields tables and rows removed.

    May be stopped and started again at any time. `clock` and `sleep` count seconds. Raises
    ConfigurationError.
    """
    parts = [(part, now) for part in _EXPIRING]
    parts += [
        (part, now - timedelta(days=days[kind]))
        for kind, found in _PARTS.items()
        if days[kind]
        for part in found
    ]
    with transactions(url, wait=_PATIENCE) as begin:
        for part, before in parts:
            removed = 0
            while True:
                rows, took = _remove(begin, part, before, clock)
                removed += rows
                if rows:
                    # Who waits for SQLite asks again and again and has no place in a row: as long
                    # as the file was taken, it is free.
                    sleep(took)
                if rows < CHUNK:
                    break
            yield part.table.name, removed


def _remove(
    begin: Begin, part: Part, before: datetime, clock: Callable[[], float]
) -> tuple[int, float]:
    """Rows removed, CHUNK at most, and the seconds in which nobody else could write."""
    limit: Any = first_of(before) if part.by_id else milliseconds(before)
    counted = () if part.counted is None else (part.counted.label("counted"),)
    old = sa.select(part.key.label("key"), *counted).where(part.age < limit).limit(CHUNK)
    with begin() as connection:
        began = clock()
        found = connection.execute(old).all()
        keys = [row.key for row in found]
        for column in (*part.followers, part.key):
            connection.execute(sa.delete(column.table).where(column.in_(keys)))
        if counted:
            weeks = {milliseconds(monday(made_at(row.counted))) for row in found}
            start = t.WEEK_COUNTS.c.start
            connection.execute(sa.delete(t.WEEK_COUNTS).where(start.in_(weeks)))
    return len(keys), clock() - began
