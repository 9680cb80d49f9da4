"""Ask the store, and put the report together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from cds_service.adapters.databases import Begin, is_there, shown, transaction, transactions
from cds_service.adapters.store import schema
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.ids import made_at
from cds_service.adapters.store.rows import milliseconds
from cds_service.errors import ConfigurationError
from cds_service.reporting import selects
from cds_service.reporting.assemble import Displays, Figures, assemble
from cds_service.reporting.kept import COUNT_ROWS, COUNTED, Answers, Kept
from cds_service.reporting.model import Report
from cds_service.reporting.span import Span

_PATIENCE: Final = 60.0
"""Seconds to wait for those who write."""
_POSTGRESQL: Final = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET LOCAL work_mem = '64MB'",
    # Ids have no distance, so the planner may take a week for one row and compare every card with
    # every event: minutes in place of a tenth of a second.
    "SET LOCAL enable_nestloop = off",
    # A question to a week is answered in less time than it would take to compile.
    "SET LOCAL jit = off",
)
"""All questions see the same rows; what is counted of a week is hashed, not sorted."""
_AT_ONCE: Final = 3
"""Weeks that are read at the same time from PostgreSQL: while one of them is added up here, two keep
two cores busy.

From SQLite one: its readers in one process share a lock, and as long as they overlap it is never
given back, so that with a rollback journal nobody could write until the report is done. It takes no
longer.
"""


def report(url: sa.URL, span: Span, displays: Displays, now: datetime) -> Report:
    """The figures of a span.

    Each week is read in a transaction of its own: with a rollback journal of SQLite nobody can write
    while somebody reads, and large tables are not sorted whole. A card and all that is told of it
    lie in the same week, so its figures fit together. Weeks that are over and were counted before
    are not read again (`kept`), unless it is about one client. Raises ConfigurationError when the
    store is not there, has no schema or an old one, or cannot be used.
    """
    figures, kept = _count(url, span, now)
    if kept is not None:
        with contextlib.suppress(ConfigurationError):  # the report is there all the same
            kept.write(url)
    return assemble(figures, span, displays, now)


def count_weeks(url: sa.URL, now: datetime) -> int:
    """Have every week that is over counted for reports to come; how many were not yet, or are other
    than they were. Raises ConfigurationError as `report` does, and when the store cannot be written.
    """
    _, kept = _count(url, Span(), now)
    return kept.write(url, _PATIENCE) if kept is not None else 0


def _count(url: sa.URL, span: Span, now: datetime) -> tuple[Figures, Kept | None]:
    if not is_there(url):
        raise ConfigurationError(
            f"{shown(url)}: there is no store yet: start the service, or run cds-service db upgrade"
        )
    figures = Figures()
    with transactions(url, wait=_PATIENCE, writes=False) as begin:
        with begin() as connection:
            if not schema.state(connection).ready:
                raise ConfigurationError(
                    f"{shown(url)}: the schema is not up to date; run: cds-service db upgrade"
                )
            for why, number in connection.execute(_quarantined(span)):
                figures.quarantined[why] = number
            weeks = _weeks(connection, span)
        kept = Kept(begin, now) if span.client is None else None
        ask = _Asker(begin, url.get_backend_name(), kept, one_client=span.client is not None)
        for week, answers in ask.all(weeks):
            figures.add(week, answers)
    return figures, kept


def clients(url: sa.URL) -> list[str]:
    """Names of all clients that the store knows of; reads all of it."""
    names = sa.union(sa.select(t.RATINGS.c.client), sa.select(t.FEEDBACK.c.client))
    with transaction(url, wait=_PATIENCE, writes=False) as connection:
        return sorted(connection.scalars(names))


def _weeks(connection: sa.Connection, span: Span) -> list[Span]:
    """The weeks that hold an id, the earliest first.

    From one to the next by way of the smallest id behind it: a clock that once stood at 1970 costs
    one week more, not thousands.
    """
    found: list[Span] = []
    left = span
    while first := _first(connection, left):
        (week,) = span.weeks(first, first)
        found.append(week)
        if week.end is None or week.end == span.end:
            break
        left = msgspec.structs.replace(span, start=week.end)
    return found


def _first(connection: sa.Connection, span: Span) -> datetime | None:
    ends: list[UUID] = []
    for column in COUNTED:
        # One of the databases has no smallest uuid.
        end = sa.select(column).where(*span.ids(column)).order_by(column.asc()).limit(1)
        ends += connection.scalars(end)
    return made_at(min(ends)) if ends else None


def _quarantined(span: Span) -> sa.Select[str, int]:
    """(why, events). Many of them name no card of ours, so the span is that of their arrival."""
    q = t.FEEDBACK_QUARANTINE.c
    only = [] if span.client is None else [q.client == span.client]
    if span.start is not None:
        only.append(q.received_at >= milliseconds(span.start))
    if span.end is not None:
        only.append(q.received_at < milliseconds(span.end))
    return sa.select(q.why, sa.func.count()).where(*only).group_by(q.why)


class _Asker:
    """Asks all questions of `selects` of one week at a time, in any thread."""

    def __init__(self, begin: Begin, dialect: str, kept: Kept | None, *, one_client: bool) -> None:
        self._begin = begin
        self._kept = kept
        self._large = dialect == "postgresql"
        way = selects.Way(dialect, one_client)
        self._questions = {name: build(way) for name, build in selects.QUESTIONS.items()}

    def all(self, weeks: Sequence[Span]) -> Iterator[tuple[Span, Answers]]:
        """Each week, as `__call__` does; never two at a time from SQLite."""
        if self._large:
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                yield from threads.map(self, weeks)
        else:
            yield from map(self, weeks)

    def __call__(self, week: Span) -> tuple[Span, Answers]:
        """The week, and the rows of each question."""
        low, high = week.limits()
        values = {"low": low, "high": high, "client": week.client}
        with self._begin() as connection:
            for command in _POSTGRESQL if self._large else ():
                connection.exec_driver_sql(command)
            if self._kept is not None:
                numbers = connection.execute(COUNT_ROWS, values).one()
                known = self._kept.get(week, numbers)
                if known is not None:
                    return week, known
            answers = {
                name: connection.execute(question, values).all()
                for name, question in self._questions.items()
            }
        if self._kept is not None:
            self._kept.put(week, numbers, answers)
        return week, answers
