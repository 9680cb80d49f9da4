"""How sure a share is."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import Final

import msgspec

_Z: Final = NormalDist().inv_cdf(0.975)


class Interval(msgspec.Struct, frozen=True):
    """Wilson score interval of a share at 95 % confidence, both ends between 0 and 1."""

    low: float
    high: float


def wilson(hits: int, of: int) -> Interval | None:
    """Score interval of a share at 95 % confidence (Wilson 1927); None: nothing was counted.

    It stays between 0 and 1, and holds for few cards and for shares near either end, where the
    plain normal interval does not (Brown, Cai, DasGupta 2001).
    """
    if not of:
        return None
    share = hits / of
    scale = 1 + _Z**2 / of
    middle = (share + _Z**2 / (2 * of)) / scale
    half = _Z * sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2)) / scale
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return Interval(low, 1.0 if hits == of else min(1.0, middle + half))
