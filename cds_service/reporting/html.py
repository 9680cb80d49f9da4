"""The report as one HTML file: nothing is fetched, no script runs, it reads on paper too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cds_service.reporting.interval import wilson
from cds_service.reporting.model import Report, Statement, Version
from cds_service.reporting.page import drawing, plots, trend, words

FEW_ANSWERS: Final = 0.5
"""Below this share of answered cards the page warns that the rates speak of the answered ones."""


class Change(msgspec.Struct, frozen=True):
    """A share compared with that of the version before: difference and the ends of its interval."""

    by: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """The interval leaves out "no change"."""
        return self.low > 0 or self.high < 0


class Numbered(msgspec.Struct, frozen=True):
    """A version with its number in the drawing, from 1, and how it differs from the one before."""

    number: int
    version: Version
    override: Change | None
    """Of the override rate; None: nothing to compare."""
    not_rated: Change | None
    """Of the share of orders that could not be rated; None: nothing to compare."""


def render(report: Report, titles: Mapping[str, str] | None = None) -> str:
    """The page, ending in a line break. `titles`: statement id -> its title, where there is one.

    Well-formed as HTML and as XML. Raises ConfigurationError when matplotlib is not installed.
    """
    drawing.require()
    page = _environment().get_template("report.html")
    named = frozenset(each.statement for each in report.candidates)
    versions = compare(report.versions)
    return page.render(
        report=report,
        titles=titles or {},
        named=named,
        versions=versions,
        answered=wilson(report.cards.answered, report.cards.issued),
        rated=wilson(report.orders.evaluated - report.orders.not_rated, report.orders.evaluated),
        few_answers=report.cards.answered < FEW_ANSWERS * report.cards.issued,
        outcomes=_outcomes(report),
        drawn=_drawings(report, named, versions),
        most=plots.MOST,
    )


def compare(versions: Sequence[Version]) -> tuple[Numbered, ...]:
    """The versions in the order in which they came into use, each held against the one before."""
    ordered = sorted(versions, key=lambda each: (each.first, each.last, each.version))
    found = []
    before: Version | None = None
    for number, after in enumerate(ordered, 1):
        override = not_rated = None
        if before is not None:
            override = _change(_put_aside(before), _put_aside(after))
            not_rated = _change((before.not_rated, before.orders), (after.not_rated, after.orders))
        found.append(Numbered(number, after, override, not_rated))
        before = after
    return tuple(found)


def ranked(statements: Sequence[Statement]) -> list[Statement]:
    """Those with answers, the surest to be overridden first; of many, those with most answers."""
    answered = [each for each in statements if each.cards.answered]
    if len(answered) > plots.MOST:
        answered = sorted(answered, key=lambda each: -each.cards.answered)[: plots.MOST]

    def sure(each: Statement) -> tuple[float, str]:
        interval = each.cards.override_interval
        return (interval.low if interval else 0.0, each.id)

    return sorted(answered, key=sure, reverse=True)


def _put_aside(version: Version) -> tuple[int, int]:
    return version.cards.put_aside, version.cards.answered


def _change(before: tuple[int, int], after: tuple[int, int]) -> Change | None:
    first, second = wilson(*before), wilson(*after)
    if first is None or second is None:
        return None
    return Change(*words.difference(before[0] / before[1], first, after[0] / after[1], second))


def _outcomes(report: Report) -> list[tuple[str, int, Any]]:
    """(outcome, orders, its primary cards or None), in the order of the report."""
    groups = {group.key: group for group in report.by_outcome}
    names = [*report.orders.outcomes, *(key for key in groups if key not in report.orders.outcomes)]
    return [(name, report.orders.outcomes.get(name, 0), groups.get(name)) for name in names]


def _drawings(
    report: Report, named: frozenset[str], versions: Sequence[Numbered]
) -> dict[str, Markup]:
    """Name -> the drawing; one that would show nothing is left out."""
    drawn = {}
    if any(group.cards.issued for group in report.by_outcome):
        drawn["outcomes"] = plots.both(plots.outcomes, "outcomes", report.by_outcome)
    if rows := ranked(report.by_statement):
        overall = report.cards.override_rate
        drawn["statements"] = plots.both(plots.statements, "statements", rows, named, overall)
    if report.weeks:
        # The first version did not change anything.
        starts = [(each.number, each.version) for each in versions[1:]]
        drawn["weeks"] = plots.both(trend.weeks, "weeks", report.weeks, starts)
    if report.orders.missing:
        drawn["missing"] = plots.both(plots.missing, "missing", report.orders.missing)
    return drawn


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=words.writable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for function in (
        words.between,
        words.count,
        words.day,
        words.milliseconds,
        words.percent,
        words.points,
        words.short_day,
    ):
        environment.filters[function.__name__] = function
    environment.globals |= {
        "OUTCOMES": words.OUTCOMES,
        "QUARANTINE": words.QUARANTINE,
        "share": words.share,
    }
    return environment
