"""Which cards a report is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from cds_service.adapters.store.ids import WEEK, first_of, monday

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_END: Final = datetime(2106, 2, 7, tzinfo=UTC)
"""Ids begin with 32 bits of seconds; nothing was made before or after."""


class Span(msgspec.Struct, frozen=True):
    """Cards that were issued in `[start, end)`, for one client or all. None: no limit.

    Ids of ratings, cards and suggestions begin with their second, so a span is a range of ids.
    """

    start: datetime | None = None
    end: datetime | None = None
    client: str | None = None

    def ids(self, column: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
        """Conditions on a column of such ids."""
        found: list[sa.ColumnElement[bool]] = []
        if (self.start and self.start >= _END) or (self.end and self.end <= _BEGINNING):
            return [sa.false()]
        if self.start is not None and self.start > _BEGINNING:
            found.append(column >= first_of(self.start))
        if self.end is not None and self.end < _END:
            found.append(column < first_of(self.end))
        return found

    def limits(self) -> tuple[UUID, UUID]:
        """The first id that lies in it, and the first that no longer does."""
        start, end = self.start or _BEGINNING, self.end or _END
        return first_of(max(start, _BEGINNING)), first_of(min(end, _END))

    def weeks(self, first: datetime, last: datetime) -> Iterator[Span]:
        """The span in pieces, each within one ISO week (UTC), from that of `first` to that of
        `last`.
        """
        begin = monday(first)
        while begin <= last:
            start = begin if self.start is None else max(begin, self.start)
            end = begin + WEEK if self.end is None else min(begin + WEEK, self.end)
            if start < end:
                yield msgspec.structs.replace(self, start=start, end=end)
            begin += WEEK
