"""Reports of any figures, which need not fit together, with any text for a key (Hypothesis)."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from cds_service.reporting.model import (
    Candidate,
    Feedback,
    Group,
    Missing,
    Orders,
    Percentiles,
    Reason,
    Report,
    Statement,
    Suggestion,
    Tally,
    Timing,
    Version,
    Week,
)

NUMBERS = st.integers(0, 20_000_000) | st.integers(0, 40)
TEXTS = st.text(st.characters(), max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "a $\\frac{1}{2}$ b",
        "]]>",
        "&amp;",
    ]
)
DAYS = st.dates(date(2020, 1, 1), date(2060, 1, 1))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    parts = [draw(NUMBERS) for _ in range(4)]
    return Tally(sum(parts), *parts)


@st.composite
def groups(draw: st.DrawFn) -> Group:
    cards = draw(tallies())
    return Group(draw(TEXTS), cards)


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    cards = draw(tallies())
    reasons = draw(st.dictionaries(TEXTS, NUMBERS, max_size=3))
    return Statement(draw(TEXTS), cards, reasons)


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    cards, orders = draw(tallies()), draw(NUMBERS)
    rated = draw(st.integers(0, orders))
    return Week(draw(DAYS), orders, orders - rated, cards)


@st.composite
def versions(draw: st.DrawFn) -> Version:
    cards, orders = draw(tallies()), draw(NUMBERS)
    rated = draw(st.integers(0, orders))
    first, last = sorted([draw(DAYS), draw(DAYS)])
    return Version(draw(TEXTS), first, last, orders, orders - rated, cards)


@st.composite
def orders(draw: st.DrawFn) -> Orders:
    evaluated = draw(NUMBERS)
    not_rated = draw(st.integers(0, evaluated))
    missing = st.builds(Missing, TEXTS, NUMBERS, st.floats(0, 1))
    return Orders(
        evaluated=evaluated,
        silent=draw(st.integers(0, evaluated)),
        not_rated=not_rated,
        outcomes=draw(st.dictionaries(TEXTS, NUMBERS, max_size=3)),
        missing=tuple(draw(st.lists(missing, max_size=3))),
    )


def some(of: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=most).map(tuple)


PERCENTILES = st.builds(Percentiles, *[st.floats(0, 1e6)] * 4)
FEEDBACK = st.builds(
    Feedback,
    events=NUMBERS,
    accepted=NUMBERS,
    overridden=NUMBERS,
    reasons=some(st.builds(Reason, st.none() | TEXTS, st.none() | TEXTS, TEXTS, NUMBERS)),
    without_card=NUMBERS,
    quarantined=st.dictionaries(TEXTS, NUMBERS, max_size=3),
)
REPORTS = st.builds(
    Report,
    made_at=MOMENTS,
    start=st.none() | MOMENTS,
    end=st.none() | MOMENTS,
    client=st.none() | TEXTS,
    orders=orders(),
    cards=tallies(),
    without_uuid=NUMBERS,
    by_outcome=some(groups()),
    by_overlay=some(groups()),
    by_statement=some(statements()),
    by_client=some(groups()),
    weeks=st.lists(weeks(), max_size=4, unique_by=lambda week: week.start).map(
        lambda found: tuple(sorted(found, key=lambda week: week.start))
    ),
    versions=some(versions()),
    suggestions=some(st.builds(Suggestion, TEXTS, NUMBERS, NUMBERS)),
    feedback=FEEDBACK,
    timing=st.builds(Timing, NUMBERS, st.none() | PERCENTILES, st.none() | PERCENTILES),
    candidates=some(st.builds(Candidate, TEXTS, TEXTS)),
)
