"""What a report once counted of a week that is over, kept in the store for the next one.

Rows are added and removed, never changed, and what removes them (`purge`) removes these counts too: so
where there are as many rows as there were, they are the same, whoever wrote them and however late.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from cds_service.adapters.databases import transaction
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.rows import insert_new, milliseconds
from cds_service.errors import ConfigurationError
from cds_service.reporting import selects
from cds_service.reporting.span import WEEK, Span

Answers = Mapping[str, Sequence[Any]]
"""Rows by name of their question."""
Numbers = tuple[int, ...]
"""How many rows of each of COUNTED lie in a week, of all clients."""

COUNTED: Final[Mapping[str, sa.Column[Any]]] = {
    column.table.name: column
    for column in (
        t.RATINGS.c.id,
        t.CARDS.c.uuid,
        t.SUGGESTIONS.c.uuid,
        t.FEEDBACK.c.card,
        t.FEEDBACK_SUGGESTIONS.c.suggestion,
    )
}
"""All tables that questions are asked of, by the id that begins with its second. An index of each is
enough to count its rows.
"""
NUMBERS: Final = sa.select(
    *(
        sa.select(sa.func.count())
        .where(column >= selects.LOW, column < selects.HIGH)
        .scalar_subquery()
        .label(name)
        for name, column in COUNTED.items()
    )
)
FORM: Final = hashlib.sha256(Path(selects.__file__).read_bytes()).hexdigest()[:32]
"""Other questions have other answers: what was counted before them is counted again."""


class Kept:
    """Answers about whole weeks that are over, for one client or for all."""

    def __init__(self, connection: sa.Connection, client: str | None, now: datetime) -> None:
        self._client = client or ""
        self._now = now
        c = t.WEEK_COUNTS.c
        found = connection.execute(
            sa.select(c.start, c.answers, *(c[name] for name in COUNTED)).where(
                c.client == self._client, c.form == FORM
            )
        )
        self._known: dict[int | None, tuple[Numbers, str]] = {
            start: (tuple(numbers), answers) for start, answers, *numbers in found
        }
        self._new: list[dict[str, Any]] = []

    def get(self, week: Span, numbers: Numbers) -> Answers | None:
        """None: they have to be counted."""
        known = self._known.get(_whole(week))
        if known is None or known[0] != numbers:
            return None
        return msgspec.json.decode(known[1], type=dict[str, list[Any]])

    def put(self, week: Span, numbers: Numbers, answers: Answers) -> None:
        """Both must have been read in one transaction."""
        start = _whole(week)
        if start is None or week.end is None or week.end > self._now:
            return
        lists = {name: [list(row) for row in rows] for name, rows in answers.items()}
        row = {"start": start, "client": self._client, "form": FORM}
        row |= dict(zip(COUNTED, numbers, strict=True))
        self._new.append(row | {"answers": msgspec.json.encode(lists).decode()})

    def write(self, url: sa.URL) -> int:
        """How many weeks are new. None where the store may only be read, or is busy: then the next
        report counts.
        """
        if not self._new:
            return 0
        c = t.WEEK_COUNTS.c
        old = sa.delete(t.WEEK_COUNTS).where(
            c.client == self._client, c.start.in_([row["start"] for row in self._new])
        )
        with contextlib.suppress(ConfigurationError), transaction(url) as connection:
            connection.execute(old)
            return insert_new(connection, t.WEEK_COUNTS, self._new)
        return 0


def _whole(week: Span) -> int | None:
    """Where the week begins, in milliseconds; None: it is a part of one."""
    if week.start is None or week.end != week.start + WEEK:
        return None
    return milliseconds(week.start)
