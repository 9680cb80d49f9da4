"""From counts to the figures of the report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from cds_service.adapters.store.ids import monday
from cds_service.reporting.model import (
    Feedback,
    Group,
    Missing,
    Orders,
    Reason,
    Report,
    Statement,
    Suggestion,
    Tally,
    Timing,
    Version,
    Week,
)
from cds_service.reporting.review import candidates
from cds_service.reporting.selects import ACCEPTED, DISMISSED, NOT_RATED, OVERRIDDEN, UNANSWERED
from cds_service.reporting.span import Span
from cds_service.reporting.timing import percentiles

Displays = Mapping[tuple[str | None, str], str]
"""Our words for override reasons, by system and code."""
TIMES: Final = ("evaluate", "total")
"""Criteria and rendering; the whole call."""

CARD: Final = "card "
"""Begins the headings of cards among those of orders."""
SENT: Final = "sent"
"""The heading of cards that were sent, with a uuid or without."""

States = Counter[int]
"""What became of cards -> how many."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Some:
    """Orders of one key."""

    orders: int = 0
    silent: int = 0
    first: int | None = None
    last: int | None = None
    """Milliseconds."""

    def add(self, orders: int, silent: int, first: int, last: int) -> None:
        self.orders += orders
        self.silent += silent
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)


def _some() -> defaultdict[str, Some]:
    return defaultdict(Some)


def _states() -> defaultdict[str, States]:
    return defaultdict(Counter)


@dataclass
class OfWeek:
    """Orders and cards of one week."""

    orders: int = 0
    not_rated: int = 0
    cards: States = field(default_factory=Counter)


@dataclass
class Figures:
    """What the questions count, added up over weeks."""

    orders: dict[str, dict[str, Some]] = field(default_factory=lambda: defaultdict(_some))
    """Heading -> key -> orders."""
    cards: dict[str, dict[str, States]] = field(default_factory=lambda: defaultdict(_states))
    """Heading -> key -> what became of the cards."""
    sent: int = 0
    """Cards, with a uuid or without."""
    joined: int = 0
    """Events on cards that have a row."""
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Statement -> reason code -> cards."""
    events: Counter[tuple[str, str | None, str | None]] = field(default_factory=Counter)
    """Outcome, system and code of the reason -> events."""
    offered: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    """Suggestion -> how often."""
    buckets: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    """One of TIMES -> number of a bucket -> calls."""
    weeks: dict[date, OfWeek] = field(default_factory=dict)
    """By their Monday; those without an order or a card are left out."""
    quarantined: dict[str, int] = field(default_factory=dict)

    def add(self, span: Span, answers: Mapping[str, Iterable[Any]]) -> None:
        """Add the rows of each of `selects.QUESTIONS` for a span within one week, which shares no
        card with any that was added before.
        """
        week = OfWeek()
        self._add_orders(answers["orders"], week)
        for heading, key, cards in answers["overlays"]:
            self._issued(heading, key, cards, week)
        self._add_answers(answers["answered"], week)
        for outcome, system, code, events in answers["events"]:
            self.events[outcome, system, code] += events
        for name, offered, accepted in answers["suggestions"]:
            self.offered[name] += offered
            self.accepted[name] += accepted
        if span.start is not None and (week.orders or week.cards.total()):
            self.weeks[monday(span.start).date()] = week

    def _add_orders(self, rows: Iterable[Any], week: OfWeek) -> None:
        for heading, key, number, silent, first, last in rows:
            if heading in TIMES:
                self.buckets[heading][int(key)] += number
                continue
            if heading.startswith(CARD):
                self._issued(heading.removeprefix(CARD), key, number, week)
                continue
            if heading == SENT:
                self.sent += number
                continue
            self.orders[heading][key].add(number, silent, first, last)
            if heading == "outcome":
                week.orders += number
                week.not_rated += number if key == NOT_RATED else 0

    def _add_answers(self, rows: Iterable[Any], week: OfWeek) -> None:
        for heading, key, state, reason, cards, events in rows:
            if heading == "reason":
                self.reasons[key][reason] += cards
                continue
            changed = Counter({state: cards, UNANSWERED: -cards})
            self.cards[heading][key].update(changed)
            if heading == "client":
                week.cards.update(changed)
                self.joined += events

    def _issued(self, heading: str, key: str, cards: int, week: OfWeek) -> None:
        """Not answered, until the answers say otherwise."""
        self.cards[heading][key][UNANSWERED] += cards
        if heading == "client":
            week.cards[UNANSWERED] += cards


def assemble(figures: Figures, span: Span, displays: Displays, made_at: datetime) -> Report:
    cards = figures.cards
    statements = _statements(figures)
    tally = _tally(sum(cards["client"].values(), Counter()))
    return Report(
        made_at=made_at,
        start=span.start,
        end=span.end,
        client=span.client,
        orders=_orders(figures),
        cards=tally,
        # A rating and its cards are written, and removed, in one transaction.
        without_uuid=figures.sent - tally.issued,
        by_outcome=_groups(cards["outcome"]),
        by_overlay=_groups(cards["overlay"]),
        by_statement=statements,
        by_client=_groups(cards["client"]),
        weeks=_weeks(figures),
        versions=_versions(figures),
        suggestions=tuple(
            Suggestion(name, figures.offered[name], figures.accepted[name])
            for name in _by_number(figures.offered)
        ),
        feedback=_feedback(figures, displays),
        timing=_timing(figures),
        candidates=candidates(statements),
    )


def _tally(states: States) -> Tally:
    return Tally(
        issued=states.total(),
        accepted=states[ACCEPTED],
        overridden=states[OVERRIDDEN],
        dismissed=states[DISMISSED],
        unanswered=states[UNANSWERED],
    )


def _by_number(counted: Mapping[str, int]) -> list[str]:
    """The most frequent first; of equal ones the first by name."""
    return sorted(counted, key=lambda key: (-counted[key], key))


def _groups(found: Mapping[str, States]) -> tuple[Group, ...]:
    keys = _by_number({key: states.total() for key, states in found.items()})
    return tuple(Group(key, _tally(found[key])) for key in keys)


def _statements(figures: Figures) -> tuple[Statement, ...]:
    found: dict[str, States] = defaultdict(Counter)
    for heading in ("statement", "overlay"):
        for key, states in figures.cards[heading].items():
            found[key].update(states)
    return tuple(
        Statement(
            group.key,
            group.cards,
            {
                code: figures.reasons[group.key][code]
                for code in _by_number(figures.reasons[group.key])
            },
        )
        for group in _groups(found)
    )


def _orders(figures: Figures) -> Orders:
    outcomes = {key: some.orders for key, some in figures.orders["outcome"].items()}
    evaluated = sum(outcomes.values())
    not_rated = outcomes.get(NOT_RATED, 0)
    questions = {key: some.orders for key, some in figures.orders["question"].items()}
    return Orders(
        evaluated=evaluated,
        silent=sum(some.silent for some in figures.orders["outcome"].values()),
        not_rated=not_rated,
        outcomes={key: outcomes[key] for key in _by_number(outcomes)},
        missing=tuple(
            Missing(key, questions[key], questions[key] / not_rated)
            for key in _by_number(questions)
        ),
    )


def _weeks(figures: Figures) -> tuple[Week, ...]:
    return tuple(
        Week(start, week.orders, week.not_rated, _tally(week.cards))
        for start, week in sorted(figures.weeks.items())
    )


def _versions(figures: Figures) -> tuple[Version, ...]:
    orders, open_ = figures.orders["version"], figures.orders["version not rated"]
    found = []
    for key in orders:
        some = orders[key]
        found.append(
            Version(
                key,
                _day(some.first),
                _day(some.last),
                some.orders,
                open_[key].orders,
                _tally(figures.cards["version"][key]),
            )
        )
    return tuple(sorted(found, key=lambda each: (each.first, each.last, each.version)))


def _day(milliseconds: int | None) -> date:
    return (_EPOCH + timedelta(milliseconds=milliseconds or 0)).date()


def _feedback(figures: Figures, displays: Displays) -> Feedback:
    events = figures.events
    kept: Counter[tuple[str | None, str | None]] = Counter()
    accepted = 0
    for (outcome, system, code), number in events.items():
        if outcome == "accepted":
            accepted += number
        else:
            kept[system, code] += number
    reasons = [
        Reason(system, code, _display(system, code, displays), number)
        for (system, code), number in kept.items()
    ]
    reasons.sort(key=lambda each: (-each.events, each.code or "", each.system or ""))
    return Feedback(
        events=events.total(),
        accepted=accepted,
        overridden=kept.total(),
        reasons=tuple(reasons),
        without_card=events.total() - figures.joined,
        quarantined=dict(sorted(figures.quarantined.items())),
    )


def _display(system: str | None, code: str | None, displays: Displays) -> str:
    if code is None:
        return "No reason given"
    return displays.get((system, code), code)


def _timing(figures: Figures) -> Timing:
    evaluate, total = (figures.buckets[name] for name in TIMES)
    return Timing(total.total(), percentiles(evaluate), percentiles(total))
