"""How the page writes numbers, dates and keys."""

from __future__ import annotations

import re
from datetime import date
from math import sqrt
from typing import Final

from markupsafe import Markup

from cds_service.reporting.interval import Interval

OUTCOMES: Final = {
    "MRI_EMERGENT": "MRI now",
    "MRI_URGENT": "MRI urgent",
    "MRI_ROUTINE": "MRI appropriate",
    "MRI_MAY": "MRI may be appropriate",
    "NOT_YET": "MRI not yet",
    "CT_FIRST": "CT first",
    "DUPLICATE": "Duplicate order",
    "INSUFFICIENT": "Could not be rated",
    "NO_CRITERIA": "No criteria apply",
}
"""Outcome -> our words for it."""

QUARANTINE: Final = {
    "card": "on cards that this service did not issue to the sender",
    "suggestion": "accepting a suggestion that its card did not have",
    "time": "dated before the card or in the future",
}
"""Why an event was set apart -> our words for it."""

# Neither HTML nor XML can hold these, not even escaped.
_UNWRITABLE: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def writable(value: object) -> object:
    """For Jinja's `finalize`: what a page cannot hold becomes U+FFFD; markup stays as it is."""
    if isinstance(value, Markup):
        return value
    return clean(value) if isinstance(value, str) else value


def clean(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)


def count(number: int) -> str:
    return f"{number:,}"


def percent(share: float) -> str:
    """One decimal; a share is never rounded to none or to all."""
    if 0 < share < 0.0005:
        return "<0.1\u00a0%"
    if 0.9995 <= share < 1:
        return ">99.9\u00a0%"
    return f"{100 * share:.1f}\u00a0%"


def share(hits: int, of: int) -> str:
    """A share of nothing is no number."""
    return percent(hits / of) if of else "–"


def between(interval: Interval) -> str:
    return f"{100 * interval.low:.0f}–{100 * interval.high:.0f}\u00a0%"


def day(value: date) -> str:
    """`2 March 2026`, in English whatever the locale is."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def short_day(value: date) -> str:
    return f"{value.day} {_MONTHS[value.month - 1][:3]} {value.year}"


def milliseconds(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:,.1f}"


def points(number: float) -> str:
    """A difference of two shares, in percentage points."""
    rounded = round(100 * number, 1)
    return "0.0" if not rounded else f"{rounded:+.1f}".replace("-", "−")


def difference(
    before: float, before_interval: Interval, after: float, after_interval: Interval
) -> tuple[float, float, float]:
    """Change of a share with both ends of its 95 % interval, each between -1 and 1.

    From the two score intervals (Newcombe 1998, Stat Med 17:873-890, method 10), which holds for
    few cards too.
    """
    change = after - before
    down = sqrt((after - after_interval.low) ** 2 + (before_interval.high - before) ** 2)
    up = sqrt((after_interval.high - after) ** 2 + (before - before_interval.low) ** 2)
    return change, change - down, change + up


_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
