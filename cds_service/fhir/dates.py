"""FHIR date, dateTime and instant as intervals of calendar days.

Durations are whole calendar days between date parts; a partial date is the interval of the days it
may mean (clinical criteria, section 0.1).
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(T.+)?)?)?", re.ASCII)


_LONGEST = 64
"""Characters; an instant to the nanosecond with its offset has about half as many."""


class Interval(msgspec.Struct, frozen=True, gc=False, order=True):
    """The days a date may mean, both ends included; `text` is the date part as documented."""

    lo: date
    hi: date
    text: str = ""


class Days(msgspec.Struct, frozen=True, gc=False):
    """A duration in whole days, `lo` proven and `hi` possible; `hi` None is unbounded."""

    lo: int
    hi: int | None

    def at_least(self, days: int) -> bool | None:
        """Whether the duration is ≥ `days`; None when the dates cannot tell."""
        if self.lo >= days:
            return True
        return False if self.hi is not None and self.hi < days else None

    def below(self, days: int) -> bool | None:
        """Whether the duration is < `days`; the complement of `at_least`."""
        answer = self.at_least(days)
        return None if answer is None else not answer

    def within(self, days: int) -> bool | None:
        """Whether the duration is ≤ `days` (windows are inclusive)."""
        return self.below(days + 1)

    def text(self) -> str:
        if self.hi is None:
            return f"at least {self.lo}"
        return str(self.lo) if self.lo == self.hi else f"{self.lo}–{self.hi}"


def parse(text: str | None, zone: ZoneInfo) -> Interval | None:
    """Read a FHIR date; None for none, or for one that is not a date.

    A time with an offset is moved into `zone` before its day is taken; a time without one
    (not valid FHIR, but sent) keeps its date part.
    """
    if not text or len(text) > _LONGEST:
        return None
    return _parse(text, zone)


@lru_cache(maxsize=4096)
def _parse(text: str, zone: ZoneInfo) -> Interval | None:
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, time = match.groups()
    try:
        if day is None:
            first, last = int(month or 1), int(month or 12)
            lo = date(int(year), first, 1)
            return Interval(lo, date(int(year), last, monthrange(int(year), last)[1]), match[0])
        exact = date(int(year), int(month), int(day))
        if time is not None:
            moment = datetime.fromisoformat(match[0])
            if moment.tzinfo is not None:
                exact = moment.astimezone(zone).date()
    except (ValueError, OverflowError):
        return None
    return Interval(exact, exact, exact.isoformat())


def since(start: Interval, today: date) -> Days:
    """Days from `start` to `today`; never negative at the possible end."""
    return Days(max((today - start.hi).days, 0), max((today - start.lo).days, 0))


def until_today(value: Interval | None, today: date) -> Interval | None:
    """The part of `value` up to today; None when all of it lies in the future."""
    if value is None or value.lo > today:
        return None
    return value if value.hi <= today else Interval(value.lo, today, value.text)


def day(value: date) -> Interval:
    return Interval(value, value, value.isoformat())


def later(a: Interval | None, b: Interval | None) -> Interval | None:
    """The later of two dates; one that is missing gives way."""
    if a is None or b is None:
        return a or b
    return max(a, b, key=lambda i: (i.lo, i.hi))


def birthday_interval(born: Interval, years: int) -> Interval | None:
    """The days on which somebody born on `born` may have been `years` old."""
    if not 1 <= born.hi.year + years <= 9998:
        return None
    first, last = _birthday(born.lo, years), _birthday(born.hi, years)
    return Interval(first, last + timedelta(days=365), str(first.year))


def _birthday(born: date, years: int) -> date:
    try:
        return born.replace(year=born.year + years)
    except ValueError:  # 29 February
        return date(born.year + years, 3, 1)


def age_in_years(born: Interval, today: date) -> int:
    """Completed years; with a partial birth date the younger age (criteria, EXT-AGE)."""
    return today.year - born.hi.year - ((today.month, today.day) < (born.hi.month, born.hi.day))
