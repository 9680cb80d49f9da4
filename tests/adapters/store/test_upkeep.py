"""Purging, copying and explaining what is in the store."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from calls import NOW
from samples import SAMPLES
from stored import Service, accepted, overridden

from cds_service.adapters import databases
from cds_service.adapters.databases import database_url, transaction
from cds_service.adapters.store import copy as copying
from cds_service.adapters.store import purge as purging
from cds_service.adapters.store import schema
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.copy import copy
from cds_service.adapters.store.purge import purge
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.cli import main
from cds_service.content.fixture_dates import shift
from cds_service.errors import ConfigurationError
from cds_service.reporting.query import report
from cds_service.reporting.span import Span

FOR_EVER = {"ratings": 0, "feedback": 0, "comments": 0, "quarantine": 0, "audit": 0}


def fill(service):
    """Two calls forty days apart, each with everything that can be kept."""
    for days in (40, 0):
        service.now = NOW - timedelta(days=days)
        sample = SAMPLES["V01"]
        (card,) = service.cards(shift(sample.request(), sample.evaluated, service.now))
        service.feedback(
            accepted(card, at=service.now),
            overridden(card, at=service.now, comment="elsewhere"),
            overridden(str(uuid4()), at=service.now),
        )
    service.written()


def numbers(service):
    return {table.name: len(service.rows(table)) for table in t.METADATA.sorted_tables}


@pytest.fixture
def filled(serve):
    service = serve(audit=True, comments=True)
    fill(service)
    return service


@pytest.mark.parametrize(
    ("kind", "shrinks"),
    [
        ("ratings", {"ratings", "cards", "suggestions"}),
        ("feedback", {"feedback", "feedback_suggestions", "feedback_comments"}),
        ("comments", {"feedback_comments"}),
        ("quarantine", {"feedback_quarantine"}),
        ("audit", {"audit", "audit_cards"}),
    ],
)
def test_each_kind_is_kept_as_long_as_its_own_setting_says(filled, kind, shrinks):
    before = numbers(filled)
    list(purge(filled.store.url, FOR_EVER | {kind: 40}, NOW - timedelta(seconds=1)))
    assert numbers(filled) == before
    list(purge(filled.store.url, FOR_EVER | {kind: 39}, NOW))
    after = numbers(filled)
    assert {name for name in before if after[name] != before[name]} == shrinks
    assert all(after[name] * 2 == before[name] for name in shrinks)


def test_many_rows_are_removed_a_few_at_a_time(filled, monkeypatch):
    monkeypatch.setattr(purging, "CHUNK", 2)
    removed = dict(purge(filled.store.url, FOR_EVER | {"ratings": 1}, NOW + timedelta(days=9)))
    assert {name: removed[name] for name in ("suggestions", "ratings")} == {
        "suggestions": 6,
        "ratings": 2,
    }
    assert filled.rows(t.CARDS) == []


def test_a_purge_that_is_under_way_leaves_no_rating_without_its_cards(filled):
    """The report would count them as sent without a uuid."""
    asked = Span(end=NOW + timedelta(days=1))
    for _ in purge(filled.store.url, FOR_EVER | {"ratings": 1}, NOW):
        found = report(filled.store.url, asked, {}, NOW)
        assert (found.without_uuid, min(found.cards.unanswered, 0)) == (0, 0)
        ratings = {row["id"] for row in filled.rows(t.RATINGS)}
        assert {row["rating"] for row in filled.rows(t.CARDS)} == ratings


def test_between_two_transactions_of_a_purge_others_have_as_much_time_to_write(filled, monkeypatch):
    """They would starve otherwise: with SQLite nobody stands in a row."""
    url = filled.store.url
    monkeypatch.setattr(purging, "CHUNK", 2)
    monkeypatch.setattr(databases, "journal_mode", lambda _: "DELETE")
    ticks = itertools.accumulate(itertools.count())
    pauses = []

    def written_meanwhile(seconds):
        pauses.append(seconds)
        if url.get_backend_name() == "sqlite":
            with closing(sqlite3.connect(str(url.database), timeout=0)) as other:
                other.execute("BEGIN EXCLUSIVE")

    late = NOW + timedelta(days=9)
    removed = dict(
        purge(
            url, FOR_EVER | {"ratings": 1}, late, clock=lambda: next(ticks), sleep=written_meanwhile
        )
    )
    assert removed["suggestions"] == 6
    # Each look at the clock is one second later than the last was: all that was measured is slept.
    assert pauses == [5, 7, 9, 13]


def test_by_default_nothing_that_counts_is_ever_removed():
    from cds_service.settings.model import Retention

    assert (Retention().ratings, Retention().feedback) == (0, 0)


@pytest.fixture
def command(filled, monkeypatch, capsys):
    monkeypatch.setenv("CDS_SERVICE_STORE", filled.store.url.render_as_string(hide_password=False))

    def run(*words):
        code = main(list(words))
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return run


def test_purge_is_a_command(command, monkeypatch):
    monkeypatch.setenv("CDS_SERVICE_RETENTION", '{"feedback": 20000}')
    code, text = command("db", "purge")
    assert code == 0
    assert "feedback: 0 removed" in text
    assert "ratings: kept for ever" in text


def test_the_reasoning_of_a_card_is_printed_as_it_was(command, filled, monkeypatch):
    card = filled.rows(t.CARDS)[0]["uuid"]
    code, text = command("explain", "--card", str(card))
    assert code == 0
    sent, order = text.splitlines()[:2]
    profile = filled.rows(t.PROFILES)[0]
    row = filled.rows(t.CARDS)[0]
    at, client = datetime.fromtimestamp(row["at"] / 1000, UTC), row["client"]
    assert sent == f"Sent: {at:%Y-%m-%d %H:%M:%S} UTC to {client}; rules {profile['version']}"
    assert order.startswith("Order: ")
    assert "Outcome: NOT_YET (decided at " in text
    assert "[Condition/" in text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["--card", str(uuid4())], 1, "no audit record", id="a card nobody knows"),
        pytest.param(["--card", "x"], 2, "write the uuid", id="no uuid"),
        pytest.param([], 2, "either", id="nothing to explain"),
        pytest.param(["a.json", "--card", str(uuid4())], 2, "either", id="two things"),
    ],
)
def test_what_cannot_be_explained(command, words, code, said):
    found = command("explain", *words)
    assert (found[0], said in found[1]) == (code, True)


@pytest.fixture
def elsewhere(tmp_path):
    return database_url(f"sqlite:///{tmp_path / 'elsewhere.db'}", "test")


def test_everything_is_copied_and_compared(filled, elsewhere):
    before = numbers(filled)
    copied = {each.table: each.rows for each in copy(filled.store.url, elsewhere)}
    assert copied == before
    there = Store(elsewhere, StoreOptions())
    there.prepare()
    moved = Service(there)
    for name in before:
        table = t.METADATA.tables[name]
        assert sorted(map(str, moved.rows(table))) == sorted(map(str, filled.rows(table)))


def test_feedback_on_cards_of_the_old_database_is_known_in_the_new_one(filled, elsewhere):
    filled.now = NOW
    (card,) = filled.cards()
    filled.written()
    list(copy(filled.store.url, elsewhere))
    there = Store(elsewhere, StoreOptions())
    there.prepare()
    moved = Service(there)
    moved.feedback(accepted(card))
    assert len(moved.rows(t.FEEDBACK)) == len(filled.rows(t.FEEDBACK)) + 1


def test_a_copy_that_is_broken_off_leaves_nothing_and_is_started_again(
    filled, elsewhere, monkeypatch
):
    for _ in copy(filled.store.url, elsewhere):
        break  # the generator is closed half way: as good as a crash for the transaction
    with transaction(elsewhere, writes=False) as connection:
        assert not sa.inspect(connection).get_table_names()
    assert len(list(copy(filled.store.url, elsewhere))) == len(t.METADATA.sorted_tables)


def test_what_arrives_otherwise_than_it_was_sent_is_not_kept(filled, elsewhere, monkeypatch):
    real = copying._look

    def spoilt(connection, table):
        found = real(connection, table)
        return found._replace(rows=0) if table is t.FEEDBACK else found

    monkeypatch.setattr(copying, "_look", spoilt)
    with pytest.raises(ConfigurationError, match=r"feedback: 0 rows arrived of 4"):
        list(copy(filled.store.url, elsewhere))
    with transaction(elsewhere, writes=False) as connection:
        assert not sa.inspect(connection).get_table_names()


@pytest.mark.parametrize(
    ("column", "other"),
    [
        pytest.param(t.FEEDBACK.c.outcome_at, t.FEEDBACK.c.outcome_at + 1, id="a number"),
        pytest.param(t.CARDS.c.code, t.CARDS.c.code + " ", id="a text"),
        pytest.param(t.RATINGS.c.primary_card, ~t.RATINGS.c.primary_card, id="yes for no"),
        pytest.param(t.FEEDBACK_QUARANTINE.c.card, None, id="nothing for something"),
    ],
)
def test_one_value_that_arrives_otherwise_is_found(filled, elsewhere, monkeypatch, column, other):
    """As many rows as were sent, and one of them not as it was."""
    real = copying._look

    def spoilt(connection, table):
        if table is column.table:
            (key,) = table.primary_key
            one = sa.select(sa.func.min(key)).scalar_subquery()
            connection.execute(sa.update(table).where(key == one).values({column: other}))
        return real(connection, table)

    monkeypatch.setattr(copying, "_look", spoilt)
    rows = len(filled.rows(column.table))
    with pytest.raises(
        ConfigurationError,
        match=f"{column.table}: {rows} rows arrived of {rows}, or not as they were",
    ):
        list(copy(filled.store.url, elsewhere))
    with transaction(elsewhere, writes=False) as connection:
        assert not sa.inspect(connection).get_table_names()


def test_a_database_with_rows_is_never_copied_over(filled, elsewhere):
    list(copy(filled.store.url, elsewhere))
    with pytest.raises(ConfigurationError, match="rows already"):
        list(copy(filled.store.url, elsewhere))
    with pytest.raises(ConfigurationError, match="same database"):
        list(copy(elsewhere, elsewhere))


def test_copy_is_a_command(command, elsewhere):
    code, text = command("db", "copy", elsewhere.render_as_string())
    assert code == 0
    assert "feedback: 4 rows, checksum " in text


@pytest.mark.integration
def test_from_sqlite_to_postgresql(tmp_path, postgres_server):
    small = database_url(f"sqlite:///{tmp_path / 'small.db'}", "test")
    kept = Store(small, StoreOptions(audit=True, comments=True))
    kept.prepare()
    service = Service(kept)
    fill(service)
    large = database_url(postgres_server.new_database(), "test")
    copied = {each.table: each.rows for each in copy(small, large)}
    assert copied == numbers(service)
    with transaction(large, writes=False) as connection:
        assert schema.keys(connection)
        assert schema.state(connection).ready


def test_a_backup_made_while_the_service_runs_can_be_put_back(tmp_path):
    file, backup = tmp_path / "store.db", tmp_path / "backup.db"
    url = database_url(f"sqlite:///{file}", "test")
    kept = Store(url, StoreOptions())
    kept.prepare()
    service = Service(kept)
    (card,) = service.cards()
    service.feedback(accepted(card))
    service.store._process().writer.close(5)
    with sqlite3.connect(file) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    source.close()
    target.close()
    (later,) = service.cards()
    service.written()
    backup.replace(file)
    kept = Store(url, StoreOptions())
    kept.prepare()
    restored = Service(kept)
    assert [row["uuid"] for row in restored.rows(t.CARDS)] == [UUID(card["uuid"])]
    restored.feedback(accepted(card), accepted(later))
    assert len(restored.rows(t.FEEDBACK)) == 2  # the later card is ours although its row is lost
    assert restored.rows(t.FEEDBACK_QUARANTINE) == []
    kept.close()


@pytest.mark.integration
def test_a_dump_of_postgresql_can_be_put_back(tmp_path, postgres_server, serve_on):
    first, second = postgres_server.new_database(), postgres_server.new_database()
    service = serve_on(first)
    (card,) = service.cards()
    service.feedback(accepted(card))
    service.written()
    dump = tmp_path / "store.dump"
    postgres_server.tool("pg_dump", "--format=custom", f"--file={dump}", first)
    postgres_server.tool("pg_restore", f"--dbname={second}", dump)
    restored = serve_on(second)
    restored.feedback(accepted(card), overridden(card))
    assert len(restored.rows(t.FEEDBACK)) == 2
    assert restored.rows(t.CARDS) == service.rows(t.CARDS)


@pytest.fixture
def serve_on():
    made = []

    def build(text):
        url = database_url(text, "test")
        with transaction(url) as connection:
            schema.upgrade(connection)
        kept = Store(url, StoreOptions())
        kept.prepare()
        made.append(kept)
        return Service(kept)

    yield build
    for kept in made:
        kept.close()
