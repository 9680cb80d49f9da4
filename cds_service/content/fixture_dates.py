"""Move a request in time: same patient, same intervals, another day of evaluation."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

BIRTH = "birthDate"

_ELEMENTS = """
    birthDate deceasedDateTime
    onsetDateTime abatementDateTime recordedDate assertedDate lastOccurrence
    effectiveDateTime effectiveInstant issued
    performedDateTime occurrenceDateTime event
    authoredOn authored dateAsserted whenPrepared whenHandedOver
    started date recorded created lastUpdated timestamp sent received time
    start end
    manufactureDate expirationDate approvalDate lastReviewDate
    valueDate valueDateTime valueInstant
"""
DATE_KEYS = frozenset(_ELEMENTS.split())
"""Names of FHIR R4 elements of type date, dateTime or instant. Periods come in by start and end."""

_FHIR_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(T.+)?)?)?")


def shift(request: dict[str, Any], evaluated: datetime, now: datetime) -> dict[str, Any]:
    """A copy of `request`, made for `evaluated`, as it would look if made at `now`.

    Every FHIR date moves by the whole number of calendar days between the two moments (days of
    the zone of `evaluated`); the time of day and its offset stay as written. A partial date stays
    partial: `2019` and `2026-02` become the year or month in which their first day lands.
    `birthDate` moves so that the patient's age in years is the same: see `same_age`. Ids, codes,
    versions and text stay. A value that is not a date is left alone.

    Both moments carry a zone. Raises ValueError otherwise, OverflowError outside years 1–9999.
    """
    if evaluated.tzinfo is None or now.tzinfo is None:
        raise ValueError("both moments need a time zone")
    before, after = evaluated.date(), now.astimezone(evaluated.tzinfo).date()
    days = after - before

    def plain(text: str) -> str:
        return _replaced(text, lambda day: day + days)

    def birth(text: str) -> str:
        return same_age(text, before, after)

    def moved(key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: moved(name, member) for name, member in value.items()}
        if isinstance(value, list):
            return [moved(key, item) for item in value]
        if isinstance(value, str) and key in DATE_KEYS:
            return birth(value) if key == BIRTH else plain(value)
        return value

    copy: dict[str, Any] = moved("", request)
    return copy


def age_on(birth: date, day: date) -> int:
    """Age in completed years; someone born on 29 February has the birthday on 1 March."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def same_age(text: str, before: date, after: date) -> str:
    """A birth date of the same precision that makes the patient as old on `after` as on `before`.

    The days since the last birthday are kept too, where leap days allow. The age of a partial
    birth date is that of its last day: the youngest the patient can be.
    """
    parts = _parts(text)
    if parts is None:
        return text
    born = _last_day(parts)
    age = age_on(born, before)
    since_birthday = before - _anniversary(born, born.year + age)
    birthday = after - since_birthday
    moved = _cut(_anniversary(birthday, birthday.year - age), parts)
    while age_on(_last_day(moved), after) > age:
        moved = _cut(_last_day(moved) + timedelta(days=1), parts)
    while age_on(_last_day(moved), after) < age:
        moved = _cut(_first_day(moved) - timedelta(days=1), parts)
    return _written(moved)


def _replaced(text: str, move: Callable[[date], date]) -> str:
    parts = _parts(text)
    if parts is None:
        return text
    written = _written(_cut(move(_first_day(parts)), parts))
    return written + text[len(written) :]


def _parts(text: str) -> tuple[int, ...] | None:
    """Year, month, day as far as given; None if this is not a FHIR date."""
    match = _FHIR_DATE.fullmatch(text)
    if match is None:
        return None
    parts = tuple(int(part) for part in match.groups()[:3] if part)
    try:
        _first_day(parts)
    except ValueError:
        return None
    return parts


def _first_day(parts: tuple[int, ...]) -> date:
    year, month, day = (*parts, 1, 1)[:3]
    return date(year, month, day)


def _last_day(parts: tuple[int, ...]) -> date:
    if len(parts) == 3:
        return _first_day(parts)
    year, month = (*parts, 12)[:2]
    return date(year, month, calendar.monthrange(year, month)[1])


def _anniversary(day: date, year: int) -> date:
    if (day.month, day.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 3, 1)
    return day.replace(year=year)


def _cut(day: date, like: tuple[int, ...]) -> tuple[int, ...]:
    return (day.year, day.month, day.day)[: len(like)]


def _written(parts: tuple[int, ...]) -> str:
    return "-".join(f"{part:0{4 if place == 0 else 2}}" for place, part in enumerate(parts))
