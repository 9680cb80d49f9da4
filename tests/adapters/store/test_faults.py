"""A store that is locked, full or gone: cards go out, feedback is told to come again."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
import sqlalchemy as sa
from calls import NOW
from stored import Service, accepted, overridden

from cds_service.adapters import databases
from cds_service.adapters.databases import database_url, transaction
from cds_service.adapters.store import schema, store, writer
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.errors import ConfigurationError


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Waiting for a lock is what is tested elsewhere."""
    monkeypatch.setattr(databases, "WAIT", 0.05)
    monkeypatch.setattr(store, "_PATIENCE", 0.5)
    monkeypatch.setattr(writer, "PAUSE", 0.02)
    monkeypatch.setattr(writer, "LINGER", 0.01)


@pytest.fixture
def url(tmp_path):
    return database_url(f"sqlite:///{tmp_path / 'store.db'}", "test")


@pytest.fixture
def service(url):
    counted: dict[str, int] = {}

    def count(kind, number):
        counted[kind] = counted.get(kind, 0) + number

    kept = Store(url, StoreOptions(), count=count)
    kept.prepare()
    yield Service(kept, counted=counted)
    kept.close()


@pytest.fixture
def locked(url):
    """Somebody else writes, and does not come to an end."""

    @contextlib.contextmanager
    def lock():
        other = sqlite3.connect(str(url.database), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            other.rollback()
            other.close()

    return lock


def assert_come_again(response):
    assert response.headers["Retry-After"] == "5"
    assert response.json["issue"][0]["code"] == "transient"


def test_feedback_on_a_locked_database_is_asked_for_again_and_then_kept(service, locked):
    (card,) = service.cards()
    service.written()
    with locked():
        assert_come_again(service.feedback(accepted(card), status=503))
        assert_come_again(service.feedback(accepted(card), status=503))
        assert service.cards()
    assert service.rows(t.FEEDBACK) == []
    service.written()
    service.feedback(accepted(card))
    assert len(service.rows(t.FEEDBACK)) == 1


def test_after_a_failure_nobody_waits_for_the_database_for_a_while(service, locked, monkeypatch):
    (card,) = service.cards()
    service.written()
    with locked():
        service.feedback(accepted(card), status=503)
    refused = []
    monkeypatch.setattr(sa.Engine, "begin", lambda _: refused.append(1))
    service.feedback(accepted(card), status=503)
    assert refused == []


def test_what_was_issued_while_it_was_locked_is_written_afterwards(service, locked):
    with locked():
        (card,) = service.cards()
        assert "uuid" in card  # nobody knows yet that the database is locked
    service.written()
    assert len(service.rows(t.CARDS)) == 1


def wait_until_down(service):
    """Until the writer has met the fault: it says so by a card without uuid."""
    for _ in range(2000):
        (card,) = service.cards()
        if "uuid" not in card:
            return card
        service.store._here.writer._closing.wait(0.005)
    raise AssertionError("the fault was not noticed")


def test_while_it_is_down_cards_go_out_without_uuid_and_are_counted(service, locked):
    with locked():
        card = wait_until_down(service)
        assert "uuid" not in card["suggestions"][0]
        assert service.counted["card_without_uuid"] == 1
        with pytest.raises(Exception):  # noqa: B017, PT011  # readiness tells
            service.store.check()
    service.written()
    rows = service.rows(t.RATINGS)
    assert len(rows) > len(service.rows(t.CARDS))  # rated all the same
    service.store.check()


def test_a_full_disk_costs_uuids_and_no_cards(service, monkeypatch):
    """`max_page_count` is SQLite's own full disk: the same error on the same path."""
    monkeypatch.setattr(databases, "WAIT", 5)  # nothing is locked here
    monkeypatch.setattr(store, "_PATIENCE", 5)
    (card,) = service.cards()
    service.written()
    real = databases.open_engine

    def full(url, **options):
        engine = real(url, **options)

        @sa.event.listens_for(engine, "connect")
        def limit(connection, _):
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={pages}")

        return engine

    monkeypatch.setattr(store, "open_engine", full)
    for number in range(200):
        items = [overridden(card, code=f"r{number}-{each}") for each in range(50)]
        response = service.web.post("/cds-services/cervical-mri/feedback", json={"feedback": items})
        if response.status_code == 503:
            break
    assert_come_again(response)
    assert len(service.rows(t.FEEDBACK)) == number * 50  # all or nothing, call by call
    assert "uuid" not in wait_until_down(service)
    monkeypatch.setattr(store, "open_engine", real)
    service.store.close()
    service.feedback(overridden(card))
    assert len(service.rows(t.FEEDBACK)) == number * 50 + 1
    with transaction(service.store.url, writes=False) as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_queue_that_is_nearly_full_gives_no_uuids(service, monkeypatch):
    monkeypatch.setattr(writer, "ROOM", 10)
    monkeypatch.setattr(writer, "LINGER", 60)  # nobody takes anything out
    service.store.close()
    cards = [service.cards()[0] for _ in range(15)]
    assert ["uuid" in card for card in cards] == [True] * 10 + [False] * 5  # one is in hand
    assert service.counted["call_lost"] > 0


def test_what_could_not_be_written_before_the_stop_is_counted(service, locked, monkeypatch):
    """Those in hand and those behind them, and the service stops all the same."""
    monkeypatch.setattr(writer, "BATCH", 4)
    with locked():
        for _ in range(10):
            service.cards()
        service.written()
    assert service.counted["call_lost"] == 10
    assert service.rows(t.RATINGS) == []


def test_a_row_no_database_takes_does_not_keep_the_others_out(service):
    service.cards()
    slip = service.store.slip(
        service.settings.development_client(),
        NOW,
        hook="order-sign",
        hook_instance=None,
        patient="p",
        practitioner="d",
    )
    slip.client = None  # a defect, made here
    from samples import SAMPLES, evaluator

    from cds_service.cdshooks.encode import encode
    from cds_service.cdshooks.request import decode

    request = decode(encode(SAMPLES["V02"].request()))
    evaluator().evaluate(request, NOW, service.settings.development_client(), slip=slip)
    service.store.record(slip, 0.1, 0.1)
    service.cards()
    service.written()
    assert len(service.rows(t.RATINGS)) == 2
    assert service.counted["call_lost"] == 1


def test_a_store_that_is_not_there_is_made_when_it_is_sqlite(url):
    Store(url, StoreOptions()).prepare()
    with transaction(url, writes=False) as connection:
        assert schema.state(connection).ready


def test_a_schema_that_is_behind_stops_the_start(url):
    with transaction(url) as connection:
        schema.upgrade(connection)
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(ConfigurationError, match="cds-service db upgrade"):
        Store(url, StoreOptions()).prepare()


def test_a_database_that_does_not_answer_stops_no_start():
    said = []
    gone = database_url("postgresql://cds:hidden@127.0.0.1:1/none", "test")
    kept = Store(gone, StoreOptions(), say=lambda text, why: said.append((text, type(why))))
    kept.prepare()
    assert said[0][0] == "store is down"
    service = Service(kept)
    (card,) = service.cards()
    assert "uuid" not in card
    assert_come_again(service.feedback(overridden("x"), status=503))
    kept.close()
    assert "hidden" not in service.log.getvalue()


def test_a_commit_whose_answer_was_lost_is_not_written_twice(service):
    writer = service.store._process().writer
    begin = writer._begin
    lost: list[bool] = []

    @contextlib.contextmanager
    def losing():
        with begin() as connection:
            yield connection
        if not lost:  # the database has kept it, and the connection breaks
            lost.append(True)
            raise sa.exc.OperationalError("commit", None, ConnectionError())

    writer._begin = losing
    service.cards()
    service.written()
    assert lost
    assert (len(service.rows(t.RATINGS)), len(service.rows(t.CARDS))) == (1, 1)
