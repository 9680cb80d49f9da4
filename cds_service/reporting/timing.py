"""Percentiles that two databases agree on: SQLite has no function for them."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.reporting.model import Percentiles
from cds_service.reporting.selects import BUCKET


def percentiles(counts: Mapping[int, int]) -> Percentiles | None:
    """By nearest rank, each the upper end of its bucket, so at most 0.1 ms too long.

    `counts`: number of a bucket of BUCKET microseconds -> durations in it. None: there are none.
    """
    total = sum(counts.values())
    if not total:
        return None

    def at(hundredths: int) -> float:
        rank = -(-total * hundredths // 100)
        reached = 0
        for bucket in sorted(counts):
            reached += counts[bucket]
            if counts[bucket] and reached >= rank:
                return (bucket + 1) * BUCKET / 1000
        raise AssertionError

    return Percentiles(at(50), at(95), at(99), at(100))
