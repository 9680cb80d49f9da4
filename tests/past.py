"""A past of cards and feedback: written through the store, and counted by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st

from cds_service.adapters.databases import transaction
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.adapters.store.tables import METADATA, ORIGIN_KEYS
from cds_service.cdshooks.feedback import Event, Reason
from cds_service.client import make_client
from cds_service.issued import IssuedCard, Rated
from cds_service.reporting.span import Span

BEGIN = datetime(2026, 2, 27, 22, tzinfo=UTC)
"""A Friday; four weeks and the beginning of a fifth follow."""
DAYS = 24
CLIENTS = {name: make_client(name, {}, dev=True) for name in ("north", "south")}


@dataclass
class Told:
    outcome: str
    reason: Reason | None
    suggestions: tuple[UUID, ...]
    late: int
    """Minutes after the card; below zero it cannot have been."""


@dataclass
class Card:
    code: str
    primary: bool
    names: tuple[str, ...]
    uuid: UUID = field(default_factory=lambda: UUID(int=0))
    suggestions: tuple[UUID, ...] = ()
    told: list[Told] = field(default_factory=list)


@dataclass
class Order:
    outcome: str
    version: str
    fired: tuple[str, ...]
    missing: tuple[str, ...]
    cards: list[Card]


@dataclass
class Call:
    client: str
    at: datetime
    orders: list[Order]
    lost: bool
    """Its rows never reached the database."""
    unsure: bool
    """The store was down or busy: its cards were sent without a uuid."""
    evaluate: int
    total: int
    """Microseconds."""


REASONS = st.sampled_from(
    [None, Reason("urn:x", "other"), Reason(None, "other"), Reason("urn:x", "red-flag-not-coded")]
)
TELLS = st.builds(
    Told,
    outcome=st.sampled_from(["accepted", "overridden"]),
    reason=REASONS,
    suggestions=st.just(()),
    late=st.sampled_from([0, 0, 1, 7, -10]),
)
OUTCOMES = st.sampled_from(["NOT_YET", "INSUFFICIENT", "MRI_URGENT"])


@st.composite
def orders(draw: st.DrawFn) -> Order:
    outcome = draw(OUTCOMES)
    kinds = draw(st.sampled_from([[], [True], [True, False], [True, False, False]]))
    cards = [
        Card(
            outcome if primary else draw(st.sampled_from(["EXT-A", "EXT-B"])),
            primary,
            tuple(draw(st.lists(st.sampled_from(["add-ct", "remove-order"]), max_size=2))),
            told=draw(st.lists(TELLS, max_size=4)),
        )
        for primary in kinds
    ]
    some = st.lists(st.sampled_from(["ONE", "TWO:X", "EXT-A"]), max_size=3, unique=True)
    missing = st.lists(st.sampled_from(["who?", "when?"]), max_size=2, unique=True)
    return Order(
        outcome, draw(st.sampled_from(["1", "2"])), tuple(draw(some)), tuple(draw(missing)), cards
    )


CALLS = st.lists(
    st.builds(
        Call,
        client=st.sampled_from(sorted(CLIENTS)),
        at=st.integers(0, DAYS * 24 * 60 * 4).map(lambda n: BEGIN + n * timedelta(seconds=15.25)),
        orders=st.lists(orders(), min_size=1, max_size=2),
        lost=st.sampled_from([False, False, False, True]),
        unsure=st.sampled_from([False, False, False, True]),
        evaluate=st.integers(0, 9_000),
        total=st.integers(0, 3_000_000),
    ),
    max_size=12,
)
DATES = st.none() | st.integers(0, DAYS).map(lambda n: (BEGIN + timedelta(days=n)).date())


def write(url: sa.URL, calls: list[Call]) -> None:
    """Nothing but these calls."""
    with transaction(url) as connection:
        for table in reversed(METADATA.sorted_tables):
            if table is not ORIGIN_KEYS:
                connection.execute(sa.delete(table))
    add(url, calls)


def add(url: sa.URL, calls: list[Call]) -> None:
    """Through the store, every event twice; and one event for each call that is not ours."""
    store = Store(url, StoreOptions())
    store.prepare()
    try:
        for call in calls:
            _call(store, call)
    finally:
        store.close()


def _call(store: Store, call: Call) -> None:
    client = CLIENTS[call.client]
    slip = store.slip(
        client, call.at, hook="order-sign", hook_instance=None, patient="", practitioner=""
    )
    identities = slip.identities
    assert identities is not None
    if call.unsure:
        slip.identities = None
    for order in call.orders:
        for card in order.cards:
            card.uuid = UUID(identities.card())
            card.suggestions = tuple(
                UUID(identities.suggestion(str(card.uuid))) for _ in card.names
            )
    slip.rated = tuple(_rated(order, kept=not call.unsure) for order in call.orders)
    if not call.lost:
        store.record(slip, call.evaluate / 1e6, call.total / 1e6)
    for card in (card for order in call.orders for card in order.cards):
        if call.unsure:
            card.told = []  # nothing can be told of what has no name
        for told in card.told:
            if told.outcome == "accepted":
                told.reason, told.suggestions = None, card.suggestions[:1]
            event = Event(
                card.uuid,
                told.outcome,  # type: ignore[arg-type]
                call.at + timedelta(minutes=told.late),
                # One that is not ours is set apart; the event counts if another one is.
                (*told.suggestions, UUID(int=1)) if told.outcome == "accepted" else (),
                told.reason,
            )
            store.keep([event, event], client, call.at + timedelta(minutes=30))
    store.keep([Event(UUID(int=1), "overridden", call.at)], client, call.at)


def _rated(order: Order, *, kept: bool) -> Rated:
    return Rated(
        order_code="72141",
        outcome=order.outcome,
        rating=None,
        step="P1",
        version=order.version,
        fired=order.fired,
        advisory=("ADVICE",),
        missing=order.missing,
        sent=len(order.cards),
        cards=tuple(
            IssuedCard(
                str(card.uuid),
                card.code,
                "info",
                card.primary,
                tuple(zip(map(str, card.suggestions), card.names, strict=True)),
            )
            for card in (order.cards if kept else ())
        ),
    )


Tallies = dict[str, Counter[str]]


def counted(calls: list[Call], span: Span) -> dict[str, Any]:
    """What the report has to say, counted card by card."""
    inside = [
        call for call in calls if span.client in (None, call.client) and within(call.at, span)
    ]
    kept = [call for call in inside if not call.lost]
    found: dict[str, Any] = {
        name: defaultdict(Counter)
        for name in ("outcome", "overlay", "statement", "client", "version", "week", "reasons")
    }
    found["cards"] = Counter()
    for call in (call for call in kept if not call.unsure):
        for order in call.orders:
            for card in order.cards:
                state, reasons = became(card)
                found["cards"][state] += 1
                found["client"][call.client][state] += 1
                found["version"][order.version][state] += 1
                found["week"][monday(call.at)][state] += 1
                found["outcome" if card.primary else "overlay"][card.code][state] += 1
                for statement in order.fired if card.primary else (card.code,):
                    found["statement"][statement][state] += 1
                    if state == "overridden":
                        found["reasons"][statement].update(reasons)
    rated = [(call, order) for call in kept for order in call.orders]
    found["without uuid"] = sum(len(order.cards) for call, order in rated if call.unsure)
    found["outcomes"] = Counter(order.outcome for _, order in rated)
    found["silent"] = sum(not order.cards for _, order in rated)
    open_ = [(call, order) for call, order in rated if order.outcome == "INSUFFICIENT"]
    found["missing"] = Counter(each for _, order in open_ for each in order.missing)
    found["weeks"] = Counter(monday(call.at) for call, _ in rated)
    found["weeks not rated"] = Counter(monday(call.at) for call, _ in open_)
    found["versions"] = {
        version: (
            min(call.at.date() for call, order in rated if order.version == version),
            max(call.at.date() for call, order in rated if order.version == version),
            sum(order.version == version for _, order in rated),
            sum(order.version == version for _, order in open_),
        )
        for version in {order.version for _, order in rated}
    }
    found["evaluate"] = sorted(int(call.evaluate / 1e6 * 1_000_000) for call in kept)
    found["total"] = sorted(int(call.total / 1e6 * 1_000_000) for call in kept)
    found["offered"], found["taken"] = Counter(), Counter()
    for order in (order for call, order in rated if not call.unsure):
        for card in order.cards:
            found["offered"].update(card.names)
            if any(told.suggestions for told in events(card)):
                found["taken"][card.names[0]] += 1
    every = [
        (call, told)
        for call in inside
        for order in call.orders
        for card in order.cards
        for told in events(card)
    ]
    found["events"] = Counter(
        (told.outcome, told.reason and told.reason.system, told.reason and told.reason.code)
        for _, told in every
    )
    found["apart"] = Counter(
        why for why, received in set_apart(calls, span) if within(received, span)
    )
    found["without card"] = sum(call.lost for call, _ in every)
    return found


def within(at: datetime, span: Span) -> bool:
    return (span.start is None or at >= span.start) and (span.end is None or at < span.end)


def set_apart(calls: list[Call], span: Span) -> list[tuple[str, datetime]]:
    """Why, and when it arrived, of every event that counts nowhere."""
    found = {}
    for call in calls:
        if span.client not in (None, call.client):
            continue
        found[call.client, "nobody's", "", call.at] = "card", call.at
        for card in (card for order in call.orders for card in order.cards):
            for told in card.told:
                why = "time" if told.late < -5 else "suggestion"
                if why == "time" or told.outcome == "accepted":
                    key = (
                        str(card.uuid),
                        told.outcome,
                        why,
                        call.at + timedelta(minutes=told.late),
                    )
                    found[key] = why, call.at + timedelta(minutes=30)
    return list(found.values())


def events(card: Card) -> list[Told]:
    """Those that count, each once."""
    once = {}
    for told in card.told:
        if told.late >= -5 and (told.outcome == "overridden" or told.suggestions):
            once[
                told.outcome, told.reason and (told.reason.system, told.reason.code), told.late
            ] = told
    return list(once.values())


def became(card: Card) -> tuple[str, set[str]]:
    said = events(card)
    reasons = {told.reason.code for told in said if told.reason}
    if any(told.outcome == "accepted" for told in said):
        return "accepted", set()
    if reasons:
        return "overridden", reasons
    return ("dismissed" if said else "unanswered"), set()


def monday(at: datetime) -> date:
    return at.date() - timedelta(days=at.weekday())


def nearest(sorted_micros: list[int], percent: int) -> float:
    """Nearest rank, rounded up to a tenth of a millisecond."""
    rank = -(-len(sorted_micros) * percent // 100)
    return (sorted_micros[rank - 1] // 100 + 1) / 10
