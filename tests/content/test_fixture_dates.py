"""A moved request is the same patient with the same intervals, on another day."""

import copy
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.content.fixture_dates import DATE_KEYS, age_on, same_age, shift
from cds_service.content.scenarios import load_scenarios

EVALUATED = datetime(2026, 3, 2, 12, tzinfo=UTC)
SCENARIOS = load_scenarios()

days = st.dates(date(1900, 1, 1), date(2090, 12, 31))
moments = st.builds(
    lambda day, hour: datetime(day.year, day.month, day.day, hour, tzinfo=UTC),
    st.dates(date(2000, 1, 1), date(2090, 12, 31)),
    st.integers(0, 23),
)
times = st.sampled_from(["", "T08:15:00Z", "T23:59:59.250+02:00", "T00:00:00-05:00"])
keys = st.sampled_from(sorted(DATE_KEYS - {"birthDate"}))


def moved(key: str, text: str, now: datetime) -> str:
    return str(shift({key: text}, EVALUATED, now)[key])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-02-20", "2026-08-21", id="day"),
        pytest.param("2026-02-20T23:59:59.5-05:00", "2026-08-21T23:59:59.5-05:00", id="moment"),
        pytest.param("2026-02", "2026-08", id="month in which its first day lands"),
        pytest.param("2025-12", "2026-06", id="month of another year"),
        pytest.param("2025", "2025", id="year in which its first day lands"),
        pytest.param("yesterday", "yesterday", id="no date"),
        pytest.param("2026-02-30", "2026-02-30", id="no day of the calendar"),
        pytest.param("2026-2-3", "2026-2-3", id="not FHIR's form"),
        pytest.param("", "", id="empty"),
    ],
)
def test_182_days_later(text, expected):
    assert moved("onsetDateTime", text, EVALUATED + timedelta(days=182)) == expected


@given(days, times, keys, moments)
def test_days_before_the_evaluation_stay_the_same(day, time, key, now):
    text = moved(key, day.isoformat() + time, now)
    assert text[10:] == time
    assert now.date() - date.fromisoformat(text[:10]) == EVALUATED.date() - day


@given(days, st.sampled_from([4, 7]), keys, moments)
def test_partial_dates_stay_partial_and_hold_their_first_day(day, length, key, now):
    first = date.fromisoformat((day.isoformat()[:length] + "-01-01")[:10])
    text = moved(key, first.isoformat()[:length], now)
    assert text == (first + (now.date() - EVALUATED.date())).isoformat()[:length]


@given(st.dates(date(1915, 1, 1), date(2026, 3, 2)), moments)
def test_age_stays_the_same(birth, now):
    """Leap days included; a plain shift by days would miss some birthdays."""
    text = moved("birthDate", birth.isoformat(), now)
    assert age_on(date.fromisoformat(text), now.date()) == age_on(birth, EVALUATED.date())


@given(st.dates(date(1915, 1, 1), date(2026, 3, 2)), st.sampled_from([4, 7]), moments)
def test_youngest_age_of_a_partial_birth_date_stays_the_same(birth, length, now):
    def youngest(text: str, day: date) -> int:
        after = {4: lambda: date(int(text) + 1, 1, 1), 7: lambda: next_month(text)}[len(text)]()
        return age_on(after - timedelta(days=1), day)

    def next_month(text: str) -> date:
        return (date.fromisoformat(f"{text}-01") + timedelta(days=31)).replace(day=1)

    before = birth.isoformat()[:length]
    after = same_age(before, EVALUATED.date(), now.date())
    assert len(after) == length
    assert youngest(after, now.date()) == youngest(before, EVALUATED.date())


@pytest.mark.parametrize(
    ("birth", "now", "expected"),
    [
        pytest.param("1972-03-02", date(2028, 3, 2), "1974-03-02", id="birthday today"),
        pytest.param(
            "1972-03-03", date(2028, 3, 2), "1974-03-04", id="364 days since the birthday"
        ),
        pytest.param("1972-02-29", date(2028, 3, 2), "1974-03-01", id="born on a leap day"),
        pytest.param("1980", date(2026, 9, 1), "1980", id="year only, same year"),
        pytest.param("1980", date(2027, 3, 2), "1981", id="year only, next year"),
        pytest.param("not known", date(2027, 3, 2), "not known", id="no date"),
    ],
)
def test_birth_dates(birth, now, expected):
    assert same_age(birth, EVALUATED.date(), now) == expected


def test_only_dates_move():
    request = {
        "hookInstance": "2026-03-02",
        "context": {"patientId": "2026-03-02", "selections": ["ServiceRequest/2026-03-02"]},
        "prefetch": {
            "conditions": None,
            "obs": {
                "id": "2026-03-02",
                "meta": {"versionId": "2026", "lastUpdated": "2026-03-02T11:00:00Z"},
                "code": {"coding": [{"code": "2026-03-02", "version": "2026-03"}]},
                "valueInteger": 2026,
                "effectivePeriod": {"start": "2026-03-01", "end": "2026-03-02"},
                "event": ["2026-03-01", "2026-03-02"],
                "note": [{"text": "since 2026-03-01", "time": "2026-03-02"}],
            },
        },
    }
    untouched = copy.deepcopy(request)
    after = shift(request, EVALUATED, EVALUATED + timedelta(days=1))
    assert request == untouched
    expected: dict[str, Any] = copy.deepcopy(request)
    observation = expected["prefetch"]["obs"]
    observation["meta"]["lastUpdated"] = "2026-03-03T11:00:00Z"
    observation["effectivePeriod"] = {"start": "2026-03-02", "end": "2026-03-03"}
    observation["event"] = ["2026-03-02", "2026-03-03"]
    observation["note"][0]["time"] = "2026-03-03"
    assert after == expected


@pytest.mark.parametrize("hour", [0, 11, 12, 23])
def test_days_count_by_the_calendar_whatever_the_hour(hour):
    now = datetime(2026, 3, 3, hour, tzinfo=UTC)
    assert moved("onsetDateTime", "2026-02-20", now) == "2026-02-21"


def test_days_are_those_of_the_zone_of_the_evaluation():
    now = datetime(2026, 3, 2, 22, tzinfo=timezone(-timedelta(hours=5)))
    assert moved("onsetDateTime", "2026-02-20", now) == "2026-02-21"


def test_a_moment_without_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        shift({}, EVALUATED, datetime(2026, 3, 3))  # noqa: DTZ001


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_a_request_moved_there_and_back_is_the_same_but_for_partial_dates(scenario):
    """The fixtures use partial dates only for old history, so a year and a day is harmless."""
    request = scenario.request()
    assert shift(request, scenario.evaluated, scenario.evaluated) == request
    now = scenario.evaluated + timedelta(days=366)
    there = shift(request, scenario.evaluated, now)
    assert there != request
    assert age(there, now) == age(request, scenario.evaluated)
    back = shift(there, now, scenario.evaluated)
    assert back["context"] == request["context"]
    assert back["prefetch"]["obs-labs"] == request["prefetch"]["obs-labs"]


def age(request: dict[str, Any], at: datetime) -> int:
    return age_on(date.fromisoformat(request["prefetch"]["patient"]["birthDate"]), at.date())
