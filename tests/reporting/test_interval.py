"""The interval of a share, against published figures and its own definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.reporting.interval import Interval, wilson


# Newcombe, Statistics in Medicine 1998;17:857-872, table I, method 3: published to four places.
def interval(hits: int, of: int) -> Interval:
    found = wilson(hits, of)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(hits, of, low, high):
    found = interval(hits, of)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_nothing_counted_has_no_interval():
    assert wilson(0, 0) is None


@given(of=st.integers(1, 10**7), data=st.data())
def test_its_ends_are_where_the_share_is_just_196_deviations_away(of, data):
    """The score interval is what the test of a share does not reject: the root of that equation."""
    hits = data.draw(st.integers(0, of))
    found, share = interval(hits, of), hits / of
    assert 0 <= found.low <= share <= found.high <= 1
    for end in (found.low, found.high):
        if 0 < end < 1:
            away = (share - end) ** 2 / (end * (1 - end) / of)
            assert away == pytest.approx(1.959964**2, rel=1e-4)


@given(of=st.integers(1, 10**6), data=st.data())
def test_a_share_and_its_opposite_mirror_each_other(of, data):
    hits = data.draw(st.integers(0, of))
    found, opposite = interval(hits, of), interval(of - hits, of)
    assert found.low == pytest.approx(1 - opposite.high, abs=1e-12)
