"""What a report once counted of a week that is over, kept in the store for the next one.

The service adds rows and never changes one, and `purge`, which removes rows, removes what was counted
of their week in the same transaction. So where there are as many rows as there were, they are the
same, whoever wrote them and however late.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from cds_service.adapters.databases import transaction
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.ids import WEEK
from cds_service.adapters.store.rows import insert_new, milliseconds
from cds_service.reporting import selects
from cds_service.reporting.span import Span

Answers = Mapping[str, Sequence[Any]]
"""Rows by name of their question."""
Numbers = Sequence[int]
"""How many rows of each of COUNTED lie in a week, of all clients."""

COUNTED: Final = (
    t.RATINGS.c.id,
    t.CARDS.c.uuid,
    t.SUGGESTIONS.c.uuid,
    t.FEEDBACK.c.card,
    t.FEEDBACK_SUGGESTIONS.c.suggestion,
)
"""Ids that begin with their second, of all tables that rows are added to. An index of each is enough to
count it; `profiles` and what belongs to them are fixed by the ratings that name them.
"""
COUNT_ROWS: Final = sa.select(
    *(
        sa.select(sa.func.count()).where(id_ >= selects.LOW, id_ < selects.HIGH).scalar_subquery()
        for id_ in COUNTED
    )
)


def digest(*sources: str) -> str:
    """Of what is asked, and of how the answers are kept: with another one all is counted again."""
    found = hashlib.sha256()
    for source in sources:
        found.update(Path(source).read_bytes())
    return found.hexdigest()[:32]


QUESTIONS: Final = digest(selects.__file__, __file__)


class Kept:
    """Answers about whole weeks that are over, for one client or for all. Threads may share it."""

    def __init__(self, connection: sa.Connection, client: str | None, now: datetime) -> None:
        self._client = client or ""
        self._now = now
        c = t.WEEK_COUNTS.c
        found = connection.execute(
            sa.select(c.start, c.numbers, c.answers).where(
                c.client == self._client, c.questions == QUESTIONS
            )
        )
        self._known = {start: (_numbers(text), answers) for start, text, answers in found}
        self._new: list[dict[str, Any]] = []

    def get(self, week: Span, numbers: Numbers) -> Answers | None:
        """None: they have to be counted."""
        known, answers = self._known.get(self._key(week), (None, ""))
        if known != list(numbers):
            return None
        return msgspec.json.decode(answers, type=dict[str, list[Any]])

    def put(self, week: Span, numbers: Numbers, answers: Answers) -> None:
        """Both must have been read in one transaction."""
        start = self._key(week)
        if start is None:
            return
        lists = {name: [list(row) for row in rows] for name, rows in answers.items()}
        row = {"start": start, "client": self._client, "questions": QUESTIONS}
        texts = {"numbers": _text(list(numbers)), "answers": _text(lists)}
        self._new.append(row | texts)

    def write(self, url: sa.URL, wait: float | None = None) -> int:
        """How many weeks are new. Raises ConfigurationError where the store may only be read, or is
        busy for so many seconds; then the next report counts.
        """
        if not self._new:
            return 0
        c = t.WEEK_COUNTS.c
        starts = [row["start"] for row in self._new]
        with transaction(url, wait=wait) as connection:
            connection.execute(
                sa.delete(t.WEEK_COUNTS).where(c.client == self._client, c.start.in_(starts))
            )
            return insert_new(connection, t.WEEK_COUNTS, self._new)

    def _key(self, week: Span) -> int | None:
        """Where the week begins, in milliseconds; None: it is a part of one, or not over."""
        start = week.start
        if start is None or week.end != start + WEEK or start + WEEK > self._now:
            return None
        return milliseconds(start)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _numbers(text: str) -> list[int]:
    return msgspec.json.decode(text, type=list[int])
