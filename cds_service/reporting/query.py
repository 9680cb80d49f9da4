"""Ask the store, and put the report together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from cds_service.adapters.databases import is_there, shown, transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.ids import made_at
from cds_service.errors import ConfigurationError
from cds_service.reporting import selects
from cds_service.reporting.assemble import Displays, Figures, assemble
from cds_service.reporting.model import Report
from cds_service.reporting.span import Span

_PATIENCE: Final = 60.0
"""Seconds to wait for those who write."""
_MEMORY: Final = ("SET LOCAL work_mem = '128MB'", "SET LOCAL jit = off")
"""For PostgreSQL: what was told about two million cards fits, and no plan is compiled that runs
once."""


def report(url: sa.URL, span: Span, displays: Displays, now: datetime) -> Report:
    """The figures of a span.

    PostgreSQL answers from one snapshot. SQLite is read week by week, each in a transaction of its
    own, because with a rollback journal nobody can write while somebody reads; a card and all
    that is told of it lie in the same week. Raises ConfigurationError when the store is not there,
    has no schema or an old one, or cannot be used.
    """
    if not is_there(url):
        raise ConfigurationError(
            f"{shown(url)}: there is no store yet: start the service, or run cds-service db upgrade"
        )
    figures = Figures()
    with transaction(url, wait=_PATIENCE, writes=False) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            for setting in _MEMORY:
                connection.exec_driver_sql(setting)
        if not schema.state(connection).ready:
            raise ConfigurationError(
                f"{shown(url)}: the schema is not up to date; run: cds-service db upgrade"
            )
        for why, number in _rows(connection, selects.quarantined(span)):
            figures.quarantined[why] = number
        weeks: list[Span] = []
        if connection.dialect.name == "sqlite":
            weeks += _weeks(connection, span)
        else:
            _read(connection, span, figures)
    for piece in weeks:
        with transaction(url, wait=_PATIENCE, writes=False) as connection:
            _read(connection, piece, figures)
    return assemble(figures, span, displays, now)


def clients(url: sa.URL) -> list[str]:
    """Names of all clients that the store knows of; reads all of it."""
    names = sa.union(sa.select(t.RATINGS.c.client), sa.select(t.FEEDBACK.c.client))
    with transaction(url, wait=_PATIENCE, writes=False) as connection:
        return sorted(connection.scalars(names))


def _weeks(connection: sa.Connection, span: Span) -> Iterator[Span]:
    """Of SQLite only: the other database finds no smallest uuid."""
    ends: list[UUID] = []
    for column in (t.RATINGS.c.id, t.CARDS.c.uuid, t.FEEDBACK.c.card):
        for end in (sa.func.min(column), sa.func.max(column)):
            found = connection.scalar(sa.select(end).where(*span.ids(column)))
            if found is not None:
                ends.append(found)
    return span.weeks(made_at(min(ends)), made_at(max(ends))) if ends else iter(())


def _read(connection: sa.Connection, span: Span, figures: Figures) -> None:
    """Add what is counted in a span that shares no card with any that was read before."""
    for heading, key, *numbers in _rows(connection, selects.orders(span)):
        figures.orders[heading][key].add(*numbers)
    for heading, key, state, cards, events in _rows(connection, selects.cards(span)):
        figures.cards[heading][key][state] += cards
        if heading == "client":
            figures.joined += events
    for statement, code, cards in _rows(connection, selects.reasons_of_statements(span)):
        figures.reasons[statement][code] += cards
    for outcome, system, code, events in _rows(connection, selects.events(span)):
        figures.events[outcome, system, code] += events
    for name, offered, accepted in _rows(connection, selects.suggestions(span)):
        figures.offered[name] += offered
        figures.accepted[name] += accepted
    for what, bucket, calls, longest in _rows(connection, selects.timings(span)):
        figures.buckets[what][bucket] += calls
        figures.longest[what] = max(figures.longest[what], longest)


def _rows(connection: sa.Connection, statement: sa.Executable) -> Iterator[tuple[Any, ...]]:
    for row in connection.execute(statement):
        yield tuple(row)
