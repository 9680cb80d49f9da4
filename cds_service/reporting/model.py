"""The figures of a report, as every format shows them.

A card counts once, however often feedback on it arrives: accepted when any event accepted a
suggestion of it, else overridden when a reason was given, else dismissed. Duplicates are no rows in
the store; quarantined events stand apart and count nowhere else.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from cds_service.reporting.interval import Interval, wilson


class Tally(msgspec.Struct, frozen=True):
    """What became of cards; `issued` is the sum of the other four."""

    issued: int
    accepted: int
    overridden: int
    """Kept the order, and said why."""
    dismissed: int
    """Kept the order without a reason."""
    unanswered: int

    @property
    def answered(self) -> int:
        return self.accepted + self.overridden + self.dismissed

    @property
    def put_aside(self) -> int:
        """Answered cards that were overridden or dismissed."""
        return self.overridden + self.dismissed

    @property
    def override_rate(self) -> float | None:
        """Share of answered cards that were put aside; None: none was answered."""
        return self.put_aside / self.answered if self.answered else None

    @property
    def override_interval(self) -> Interval | None:
        """Of the override rate; None: none was answered."""
        return wilson(self.put_aside, self.answered)


class Group(msgspec.Struct, frozen=True):
    """Cards that share a key."""

    key: str
    cards: Tally


class Statement(msgspec.Struct, frozen=True):
    """A statement id with the primary cards it fired on, or the overlay cards it is the topic of."""

    id: str
    cards: Tally
    reasons: dict[str, int]
    """Override reason code -> overridden cards."""


class Week(msgspec.Struct, frozen=True):
    """`start` is a Monday (ISO week, UTC)."""

    start: date
    orders: int
    not_rated: int
    cards: Tally


class Version(msgspec.Struct, frozen=True):
    """One version of rules, value sets and options, with the first and last day (UTC) of its use."""

    version: str
    first: date
    last: date
    orders: int
    not_rated: int
    cards: Tally


class Missing(msgspec.Struct, frozen=True):
    """A datum whose absence left orders without a rating, in the words of the card."""

    question: str
    orders: int
    share: float
    """Of the orders that could not be rated; an order may lack several."""


class Orders(msgspec.Struct, frozen=True):
    """Orders that were evaluated."""

    evaluated: int
    silent: int
    """Nothing was said about them."""
    not_rated: int
    """Outcome INSUFFICIENT: a fact was missing, or could not be read."""
    outcomes: dict[str, int]
    missing: tuple[Missing, ...]

    @property
    def not_rated_interval(self) -> Interval | None:
        """Of the share that was not rated; None: none was evaluated."""
        return wilson(self.not_rated, self.evaluated)


class Suggestion(msgspec.Struct, frozen=True):
    """`name` as in cards/suggestions.toml."""

    name: str
    offered: int
    accepted: int


class Reason(msgspec.Struct, frozen=True):
    """An override reason; `code` None: none was given. `display` is ours, or the code again."""

    system: str | None
    code: str | None
    display: str
    events: int


class Feedback(msgspec.Struct, frozen=True):
    """Distinct acknowledged events on cards of ours that were issued in the span."""

    events: int
    accepted: int
    overridden: int
    """With or without a reason."""
    reasons: tuple[Reason, ...]
    """Of the overridden events; their sum is `overridden`."""
    without_card: int
    """Events on cards whose row was lost with the process that sent them, or purged; part of `events`."""
    quarantined: dict[str, int]
    """Why -> events that count nowhere."""


class Percentiles(msgspec.Struct, frozen=True):
    """Milliseconds, rounded up to a tenth."""

    p50: float
    p95: float
    p99: float
    longest: float


class Timing(msgspec.Struct, frozen=True):
    """Of the calls in which an order was evaluated; None: there was none."""

    calls: int
    evaluate: Percentiles | None
    total: Percentiles | None


class Candidate(msgspec.Struct, frozen=True):
    """A statement that the CDS team should look at, and why, in a sentence with its figures."""

    statement: str
    why: str


class Report(msgspec.Struct, frozen=True):
    """Everything, for cards issued in the span `[start, end)`, both UTC."""

    made_at: datetime
    start: datetime | None
    end: datetime | None
    client: str | None
    """None: all clients."""
    orders: Orders
    cards: Tally
    without_uuid: int
    """Cards that were sent while the store was down or busy: no feedback can name them, and no other
    figure counts them."""
    by_outcome: tuple[Group, ...]
    """Primary cards by outcome."""
    by_overlay: tuple[Group, ...]
    """Overlay cards by the id of their extension."""
    by_statement: tuple[Statement, ...]
    by_client: tuple[Group, ...]
    weeks: tuple[Week, ...]
    versions: tuple[Version, ...]
    suggestions: tuple[Suggestion, ...]
    feedback: Feedback
    timing: Timing
    candidates: tuple[Candidate, ...]

    @property
    def last_day(self) -> date | None:
        """The last day of the span, all of it; None: no limit."""
        return None if self.end is None else (self.end - timedelta(days=1)).date()
