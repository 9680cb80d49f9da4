"""Partial dates are intervals, durations are whole calendar days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.dates import (
    Days,
    Interval,
    age_in_years,
    birthday_interval,
    day,
    later,
    parse,
    since,
    until_today,
)

ZONE = ZoneInfo("UTC")
TODAY = date(2026, 3, 2)


def read(text: str) -> Interval:
    found = parse(text, ZONE)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [
        pytest.param("2026-02", date(2026, 2, 1), date(2026, 2, 28), id="a month is its days"),
        pytest.param("2024", date(2024, 1, 1), date(2024, 12, 31), id="a year is its days"),
        pytest.param("2026-03-02", TODAY, TODAY, id="a day is itself"),
        pytest.param("2026-03-01T23:30:00-05:00", TODAY, TODAY, id="a time moves into the zone"),
        pytest.param("2026-03-02T23:30:00", TODAY, TODAY, id="a time without offset keeps its day"),
        pytest.param("2026-03-02T12:00:00.123Z", TODAY, TODAY, id="an instant"),
    ],
)
def test_a_date_is_the_days_it_may_mean(text, lo, hi):
    found = read(text)
    assert (found.lo, found.hi) == (lo, hi)


@pytest.mark.parametrize(
    "text",
    [None, "", "soon", "2026-13", "2026-02-30", "2026-3-2", "0000-01-01", "2026-03-02T25:00Z"],
)
def test_what_is_not_a_date_is_none(text):
    assert parse(text, ZONE) is None


@given(st.text(max_size=30))
def test_no_text_raises(text):
    parse(text, ZONE)


@given(st.dates(date(1900, 1, 1), TODAY), st.integers(0, 200))
def test_a_whole_date_always_decides(start, days):
    length = since(Interval(start, start), TODAY)
    assert length.at_least(days) is ((TODAY - start).days >= days)
    assert length.below(days) is not length.at_least(days)
    assert length.within(days) is ((TODAY - start).days <= days)


@pytest.mark.parametrize(
    ("days", "at_least"),
    [
        pytest.param(Days(28, 28), True, id="exactly the limit"),
        pytest.param(Days(27, 27), False, id="one day short"),
        pytest.param(Days(2, 29), None, id="the month straddles the limit"),
        pytest.param(Days(3, None), None, id="recorded three days ago proves nothing"),
        pytest.param(Days(30, None), True, id="recorded long ago proves at least that"),
    ],
)
def test_four_weeks(days, at_least):
    assert days.at_least(28) is at_least


def test_a_duration_is_shown_as_far_as_it_is_known():
    assert [Days(4, 4).text(), Days(2, 5).text(), Days(7, None).text()] == [
        "4",
        "2–5",
        "at least 7",
    ]


def test_the_future_is_left_out():
    tomorrow = TODAY + timedelta(days=1)
    assert until_today(None, TODAY) is None
    assert until_today(Interval(tomorrow, tomorrow), TODAY) is None
    assert until_today(Interval(TODAY, tomorrow), TODAY) == Interval(TODAY, TODAY)


def test_the_later_of_two_dates():
    early, late = Interval(TODAY - timedelta(days=9), TODAY), Interval(TODAY, TODAY)
    assert later(early, late) == late
    assert later(early, None) == early
    assert later(None, late) == late


@pytest.mark.parametrize(
    ("born", "age"),
    [
        pytest.param("2010-03-02", 16, id="birthday today"),
        pytest.param("2010-03-03", 15, id="birthday tomorrow"),
        pytest.param("2010", 15, id="a partial date gives the younger age"),
    ],
)
def test_age_in_completed_years(born, age):
    assert age_in_years(read(born), TODAY) == age


def test_onset_at_an_age():
    born = read("1980-02-29")
    firsts = [found.lo for years in (21, 20) if (found := birthday_interval(born, years))]
    assert firsts == [date(2001, 3, 1), date(2000, 2, 29)]
    assert birthday_interval(born, 8030) is None


dates = st.dates(date(1900, 1, 1), TODAY)


@given(dates, st.integers(0, 110))
def test_an_age_lasts_from_one_birthday_to_the_next(born, years):
    found = birthday_interval(day(born), years)
    assert found is not None
    assert age_in_years(day(born), found.lo) == years
    assert age_in_years(day(born), found.lo - timedelta(days=1)) == years - 1
    assert age_in_years(day(born), found.hi + timedelta(days=1)) == years + 1


@given(dates, st.sampled_from(["%Y", "%Y-%m"]), st.integers(0, 110))
def test_a_partial_birth_date_allows_every_age_the_whole_one_does(born, form, years):
    vague, whole = (
        birthday_interval(read(born.strftime(form)), years),
        birthday_interval(day(born), years),
    )
    assert vague is not None
    assert whole is not None
    assert vague.lo <= whole.lo
    assert vague.hi >= whole.hi


@given(dates, st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d"]))
def test_a_partial_date_holds_every_whole_date_it_may_mean(when, form):
    vague, whole = read(when.strftime(form)), day(when)
    assert vague.lo <= whole.lo <= vague.hi
    shown = until_today(vague, TODAY)
    assert shown is not None
    length, exact = since(shown, TODAY), since(whole, TODAY).lo
    assert length.hi is not None
    assert length.lo <= exact <= length.hi


@given(dates, st.sampled_from(["%Y", "%Y-%m"]), st.integers(0, 400))
def test_a_vague_duration_never_contradicts_the_exact_one(when, form, days):
    shown = until_today(read(when.strftime(form)), TODAY)
    assert shown is not None
    for answer, exact in (
        (since(shown, TODAY).at_least(days), (TODAY - when).days >= days),
        (since(shown, TODAY).below(days), (TODAY - when).days < days),
    ):
        assert answer is None or answer is exact


@given(st.integers(0, 2_000_000_000))
def test_a_moment_is_the_day_it_is_at_the_place_of_the_patient(seconds):
    utc = datetime.fromtimestamp(seconds, UTC)
    for zone in (ZoneInfo("Pacific/Auckland"), ZoneInfo("America/New_York")):
        found = parse(utc.isoformat(), zone)
        assert found is not None
        assert found.lo == found.hi == utc.astimezone(zone).date()
