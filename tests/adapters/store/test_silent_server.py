"""A PostgreSQL that takes connections and answers nothing: cards go out, everything else comes to an end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from silent_postgres import silent
from stored import Service, accepted, overridden

from cds_service.adapters import databases
from cds_service.adapters.callers import replay
from cds_service.adapters.callers.replay import ReplayStore
from cds_service.adapters.callers.tokens import StoreDown
from cds_service.adapters.databases import database_url
from cds_service.adapters.store import schema, writer
from cds_service.adapters.store import store as stores
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.store import Store, StoreOptions

LONG = 60
"""Seconds after which a test calls a wait endless."""


def in_the_end(job):
    """What it returns or raises, if it ever does."""
    threads = ThreadPoolExecutor(1)
    try:
        return threads.submit(job).result(LONG)
    finally:
        threads.shutdown(wait=False)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(databases, "WAIT", 0.1)
    monkeypatch.setattr(stores, "_PATIENCE", 0.1)
    monkeypatch.setattr(stores, "_REST", 0.0)
    monkeypatch.setattr(writer, "PAUSE", 0.02)
    monkeypatch.setattr(writer, "LINGER", 0.01)


@pytest.fixture
def url():
    pytest.importorskip("psycopg")
    with silent() as found:
        yield found


def test_a_server_that_never_answers_costs_uuids_and_no_cards(url):
    said = []
    store = Store(database_url(url, "test"), StoreOptions(), say=lambda text, _: said.append(text))
    in_the_end(store.prepare)
    service = in_the_end(lambda: Service(store))
    (card,) = in_the_end(service.cards)
    assert "uuid" not in card
    for _ in range(2):
        answer = in_the_end(lambda: service.feedback(overridden("x"), status=503))
        assert answer.headers["Retry-After"] == "5"
    with pytest.raises(Exception):  # noqa: B017, PT011  # readiness tells
        in_the_end(store.check)
    in_the_end(store.close)
    assert {"store is down", "feedback refused"} <= set(said)


def test_a_connection_that_was_given_up_is_not_used_again(url):
    engine = databases.open_engine(database_url(url, "test"))
    with pytest.raises(sa.exc.OperationalError) as first:
        in_the_end(engine.connect)
    assert first.value.connection_invalidated
    engine.dispose()


def test_tokens_that_cannot_be_looked_up_are_refused_in_time(url, monkeypatch):
    monkeypatch.setattr(replay, "_WAIT", 0.1)
    store = ReplayStore(url)
    with pytest.raises(StoreDown):
        in_the_end(lambda: store.first_time("issuer", "jti", 9**9))
    store.close()


@pytest.mark.integration
def test_a_server_that_freezes_and_goes_on(postgres_server, monkeypatch):
    """Its connections wait in the pool, as good as ever to look at."""
    monkeypatch.setattr(databases, "WAIT", 1.0)
    url = database_url(postgres_server.new_database(), "test")
    with databases.transaction(url) as connection:
        schema.upgrade(connection)
    store = Store(url, StoreOptions())
    store.prepare()
    service = Service(store)
    try:
        cards = [service.cards()[0] for _ in range(3)]
        service.feedback(overridden(cards[0]))
        with postgres_server.frozen():
            for _ in range(3):
                in_the_end(lambda: service.feedback(accepted(cards[1]), status=503))
            assert in_the_end(service.cards)
        in_the_end(lambda: service.feedback(accepted(cards[1])))
        assert len(service.rows(t.FEEDBACK)) == 2
    finally:
        in_the_end(store.close)


@pytest.mark.integration
def test_a_server_that_is_killed_has_no_process_left():
    import postgres

    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres.server() as running:
        import psycopg

        with psycopg.connect(running.url()) as connection:
            backend = connection.info.backend_pid
            assert postgres._runs(backend)
            running.kill()
            assert not postgres._runs(backend)
            connection.close()
        running.start()
