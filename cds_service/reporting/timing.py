"""Percentiles that two databases agree on.

SQLite has no percentile function, so durations are counted in buckets: 10 microseconds wide below
10 ms, and from there 1 % of the power of ten at most (100 microseconds below 100 ms, 1 ms below 1 s,
10 ms below 10 s, 100 ms above). A percentile is the upper end of the bucket in which its nearest
rank lies, never more than the longest: at most 1 % too long, from 1 ms on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from cds_service.reporting.model import Percentiles

_WIDTHS: Final = ((10_000, 10), (100_000, 100), (1_000_000, 1_000), (10_000_000, 10_000))
"""Microseconds: durations below the first are in buckets as wide as the second."""
_WIDEST: Final = 100_000


def bucket_column(micros: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The lower end of the bucket of a duration."""
    width = sa.case(
        *((micros < limit, sa.literal_column(str(width))) for limit, width in _WIDTHS),
        else_=sa.literal_column(str(_WIDEST)),
    )
    return micros - micros % width


def width_of(micros: int) -> int:
    """Of the bucket in which a duration lies."""
    return next((width for limit, width in _WIDTHS if micros < limit), _WIDEST)


def percentiles(counts: Mapping[int, int], longest: int) -> Percentiles | None:
    """`counts`: lower end of a bucket -> durations in it; `longest` in microseconds. None: there
    are none.
    """
    total = sum(counts.values())
    if not total:
        return None

    def at(hundredths: int) -> float:
        rank = -(-total * hundredths // 100)
        reached = 0
        for bucket in sorted(counts):
            reached += counts[bucket]
            if reached >= rank:
                return min(bucket + width_of(bucket), longest) / 1000
        raise AssertionError

    return Percentiles(at(50), at(95), at(99), longest / 1000)
