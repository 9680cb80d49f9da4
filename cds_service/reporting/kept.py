"""What a report once counted of a week that is over, kept in the store for the next one.

The service adds rows and never changes one, and `purge`, which removes rows, removes what was counted
of their week in the same transaction. So where there are as many rows as there were, they are the
same, whoever wrote them and however late. A report that read before a purge may keep its counts after
it: feedback that then comes for a card of that week is told from what was removed by its time.
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
from sqlalchemy.exc import SQLAlchemyError

from cds_service.adapters.databases import Begin, transaction
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.ids import WEEK
from cds_service.adapters.store.rows import insert_new, milliseconds
from cds_service.reporting import selects
from cds_service.reporting.span import Span

Answers = Mapping[str, Sequence[Any]]
"""Rows by name of their question."""
Numbers = Sequence[int]
"""How many rows of each of COUNTED lie in a week, and the sum of the seconds in which feedback came."""

_F: Final = t.FEEDBACK.c
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
    ),
    sa.select(sa.cast(sa.func.coalesce(sa.func.sum(_F.received_at // 1000), 0), sa.BigInteger))
    .where(_F.card >= selects.LOW, _F.card < selects.HIGH)
    .scalar_subquery(),
)


def digest(*sources: str) -> str:
    """Of what is asked, and of how the answers are kept: with another one all is counted again."""
    found = hashlib.sha256()
    for source in sources:
        found.update(Path(source).read_bytes())
    return found.hexdigest()[:32]


QUESTIONS: Final = digest(selects.__file__, __file__)


class Kept:
    """Answers about whole weeks that are over, for all clients. Threads may share it."""

    def __init__(self, begin: Begin, now: datetime) -> None:
        """Knows of nothing where the table may not be read."""
        self._now = now
        self._known: dict[int | None, tuple[str, str]] = {}
        self._new: list[dict[str, Any]] = []
        c = t.WEEK_COUNTS.c
        asked = sa.select(c.start, c.numbers, c.answers).where(c.questions == QUESTIONS)
        with contextlib.suppress(SQLAlchemyError), begin() as connection:
            for start, numbers, answers in connection.execute(asked):
                self._known[start] = (numbers, answers)

    def get(self, week: Span, numbers: Numbers) -> Answers | None:
        """None: they have to be counted."""
        known, answers = self._known.get(self._key(week), ("", ""))
        if known != _text(list(numbers)):
            return None
        try:
            return msgspec.json.decode(answers, type=dict[str, list[Any]])
        except msgspec.MsgspecError:
            return None

    def put(self, week: Span, numbers: Numbers, answers: Answers) -> None:
        """Both must have been read in one transaction."""
        start = self._key(week)
        if start is None:
            return
        lists = {name: [list(row) for row in rows] for name, rows in answers.items()}
        texts = {"numbers": _text(list(numbers)), "answers": _text(lists)}
        self._new.append({"start": start, "questions": QUESTIONS} | texts)

    def write(self, url: sa.URL, wait: float | None = None) -> int:
        """How many weeks are new. Raises ConfigurationError where the store may only be read, or is
        busy for so many seconds; then the next report counts.
        """
        if not self._new:
            return 0
        starts = [row["start"] for row in self._new]
        with transaction(url, wait=wait) as connection:
            connection.execute(sa.delete(t.WEEK_COUNTS).where(t.WEEK_COUNTS.c.start.in_(starts)))
            return insert_new(connection, t.WEEK_COUNTS, self._new)

    def _key(self, week: Span) -> int | None:
        """Where the week begins, in milliseconds; None: it is a part of one, or not over."""
        start = week.start
        if start is None or week.end != start + WEEK or start + WEEK > self._now:
            return None
        return milliseconds(start)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
