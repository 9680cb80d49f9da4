"""Whatever was issued and told, the report says what a count by hand says, on both databases."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from unittest import mock

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from past import CALLS, CLIENTS, DATES, Call, Card, Order, counted, nearest, write

from cds_service.adapters import databases
from cds_service.adapters.databases import transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store.ids import monday
from cds_service.reporting import query
from cds_service.reporting.interval import wilson
from cds_service.reporting.query import report
from cds_service.reporting.span import Span

NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def url(empty):
    with transaction(empty) as connection:
        schema.upgrade(connection)
    return empty


def span(first, last, client):
    start = first and datetime.combine(first, time(), UTC)
    return Span(start, last and datetime.combine(last + timedelta(days=1), time(), UTC), client)


def states(tally):
    assert tally.issued == tally.answered + tally.unanswered
    names = ("accepted", "overridden", "dismissed", "unanswered")
    return +Counter({name: getattr(tally, name) for name in names})


def groups(found):
    for each in found:
        assert each.cards.override_interval == wilson(
            each.cards.overridden + each.cards.dismissed, each.cards.answered
        )
    return {each.key: states(each.cards) for each in found}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=CALLS, first=DATES, last=DATES, client=st.none() | st.sampled_from(sorted(CLIENTS)))
def test_the_report_says_what_a_count_by_hand_says(url: sa.URL, calls, first, last, client):
    write(url, calls)
    asked = span(first, last, client)
    found, by_hand = report(url, asked, {}, NOW), counted(calls, asked)

    assert states(found.cards) == by_hand["cards"]
    assert found.without_uuid == by_hand["without uuid"]
    assert groups(found.by_outcome) == by_hand["outcome"]
    assert groups(found.by_overlay) == by_hand["overlay"]
    assert groups(found.by_client) == by_hand["client"]
    assert {each.id: states(each.cards) for each in found.by_statement} == by_hand["statement"]
    reasons = {each.id: each.reasons for each in found.by_statement if each.reasons}
    assert reasons == by_hand["reasons"]

    orders = found.orders
    assert orders.outcomes == by_hand["outcomes"]
    assert (orders.evaluated, orders.silent) == (by_hand["outcomes"].total(), by_hand["silent"])
    assert orders.not_rated == by_hand["outcomes"]["INSUFFICIENT"]
    assert {each.question: each.orders for each in orders.missing} == by_hand["missing"]

    assert {each.start: each.orders for each in found.weeks} == by_hand["weeks"]
    assert (
        +Counter({each.start: each.not_rated for each in found.weeks}) == by_hand["weeks not rated"]
    )
    assert {each.start: states(each.cards) for each in found.weeks if each.cards.issued} == by_hand[
        "week"
    ]
    assert {
        each.version: (each.first, each.last, each.orders, each.not_rated)
        for each in found.versions
    } == by_hand["versions"]
    assert {
        each.version: states(each.cards) for each in found.versions if each.cards.issued
    } == by_hand["version"]

    assert {each.name: each.offered for each in found.suggestions} == by_hand["offered"]
    assert +Counter({each.name: each.accepted for each in found.suggestions}) == by_hand["taken"]
    told = by_hand["events"]
    assert found.feedback.events == told.total()
    assert found.feedback.accepted == told["accepted", None, None]
    assert found.feedback.without_card == by_hand["without card"]
    assert found.feedback.quarantined == by_hand["apart"]
    assert {
        ("overridden", each.system, each.code): each.events for each in found.feedback.reasons
    } == {key: number for key, number in told.items() if key[0] == "overridden"}

    assert found.timing.calls == len(by_hand["total"])
    for name in ("evaluate", "total"):
        shown, durations = getattr(found.timing, name), by_hand[name]
        if durations:
            assert (shown.p50, shown.p95, shown.p99, shown.longest) == tuple(
                nearest(durations, percent) for percent in (50, 95, 99, 100)
            )
        else:
            assert shown is None


FAR = (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), NOW, datetime(2106, 2, 6, tzinfo=UTC))


def call_at(at):
    order = Order("MRI_ROUTINE", "1", ("SUP-GENERAL",), (), [Card("MRI_ROUTINE", True, ())])
    return Call("north", at, [order], lost=False, unsure=False, evaluate=1, total=1)


def test_a_clock_that_once_was_wrong_costs_one_week_more(url: sa.URL):
    """Thousands of empty weeks between its cards and the others are not asked for."""
    write(url, [call_at(at) for at in FAR])
    real = query._Asker.__call__
    with mock.patch.object(query._Asker, "__call__", autospec=True, side_effect=real) as asked:
        found = report(url, Span(), {}, NOW)
    assert [each.start for each in found.weeks] == [monday(at).date() for at in FAR]
    assert found.cards.issued == asked.call_count == 3


def test_who_writes_gets_in_between_two_weeks(url: sa.URL, monkeypatch):
    """With a rollback journal nobody can write while anybody reads."""
    monkeypatch.setattr(databases, "journal_mode", lambda _: "DELETE")
    write(url, [call_at(NOW - timedelta(weeks=week)) for week in range(6)])
    sqlite = url.get_backend_name() == "sqlite"
    threads: set[int] = set()
    writes: list[Span] = []

    def then_written(asker, week):
        found = real(asker, week)
        threads.add(threading.get_ident())
        if sqlite:
            with closing(sqlite3.connect(str(url.database), timeout=0)) as other:
                assert other.execute("PRAGMA journal_mode").fetchone() == ("delete",)
                other.execute("BEGIN EXCLUSIVE")
                writes.append(week)
        return found

    real = query._Asker.__call__
    with mock.patch.object(query._Asker, "__call__", then_written):
        assert report(url, Span(), {}, NOW).orders.evaluated == 6
    assert (threads == {threading.get_ident()}) is sqlite
    assert len(writes) == (6 if sqlite else 0)


@pytest.mark.parametrize(
    "asked",
    [
        Span(start=datetime(2106, 2, 8, tzinfo=UTC)),
        Span(start=datetime(2300, 1, 1, tzinfo=UTC)),
        Span(end=datetime(1970, 1, 1, tzinfo=UTC)),
        Span(end=datetime(1, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_span_beyond_all_ids_is_empty(url: sa.URL, asked):
    """Ids have 32 bits of seconds: a day beyond them is not one that they come round to."""
    write(url, [call_at(at) for at in FAR])
    assert report(url, asked, {}, NOW).orders.evaluated == 0
