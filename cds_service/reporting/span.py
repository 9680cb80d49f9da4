"""Which cards a report is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from cds_service.adapters.store.ids import first_of

WEEK: Final = timedelta(days=7)
_MONDAY: Final = datetime(1969, 12, 29, tzinfo=UTC)
"""The Monday of the week in which time begins."""
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
        found = []
        if self.start is not None and self.start > _BEGINNING:
            found.append(column >= first_of(self.start))
        if self.end is not None and self.end < _END:
            found.append(column < first_of(self.end))
        return found

    def of_client(self, column: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
        return [] if self.client is None else [column == self.client]

    def weeks(self, first: datetime, last: datetime) -> Iterator[Span]:
        """The span in pieces, each of one ISO week (UTC), from the week of `first` to that of
        `last`.
        """
        begin = monday(week_of(first))
        while begin <= last:
            piece = msgspec.structs.replace(
                self,
                start=begin if self.start is None else max(begin, self.start),
                end=begin + WEEK if self.end is None else min(begin + WEEK, self.end),
            )
            if piece.start is not None and piece.end is not None and piece.start < piece.end:
                yield piece
            begin += WEEK


def week_of(at: datetime) -> int:
    """Number of its ISO week; the first week is that of 1 January 1970."""
    return (at - _MONDAY) // WEEK


def monday(week: int) -> datetime:
    return _MONDAY + week * WEEK


def week_column(milliseconds: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """`week_of` in SQL, of a column of milliseconds since 1970."""
    offset = (_BEGINNING - _MONDAY) // timedelta(milliseconds=1)
    return (milliseconds + offset) // (WEEK // timedelta(milliseconds=1))
