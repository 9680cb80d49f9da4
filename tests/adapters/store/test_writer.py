"""Many calls share a commit, and none waits for it."""

from __future__ import annotations

import contextlib
import threading

import pytest
from calls import NOW, Remembering
from stored import Service

from cds_service.adapters.databases import database_url
from cds_service.adapters.store import tables as t
from cds_service.adapters.store import writer
from cds_service.adapters.store.store import Store, StoreOptions


@pytest.fixture
def service(tmp_path):
    store = Store(database_url(f"sqlite:///{tmp_path / 'store.db'}", "test"), StoreOptions())
    store.prepare()
    yield Service(store)
    store.close()


@pytest.mark.parametrize(("calls", "commits"), [(500, 1), (501, 2), (1200, 3)])
def test_calls_that_wait_are_written_with_one_commit_for_some_hundred(
    service, monkeypatch, calls, commits
):
    """The first is stuck in the database until all others are there."""
    monkeypatch.setattr(writer, "LINGER", 0.01)
    slips = Remembering()
    monkeypatch.setattr(service.store, "record", slips.record)
    service.cards()
    (slip,) = slips.slips
    behind = service.store._process().writer
    begin, begun, go_on = behind._begin, [], threading.Event()
    first = threading.Event()

    @contextlib.contextmanager
    def slow():
        begun.append(NOW)
        first.set()
        assert go_on.wait(30)
        with begin() as connection:
            yield connection

    behind._begin = slow
    behind.put((slip, 0.1, 0.1))
    assert first.wait(30)
    for _ in range(calls):
        behind.put((slip, 0.1, 0.1))
    go_on.set()
    service.written()
    assert len(service.rows(t.RATINGS)) == calls + 1
    assert len(begun) == commits + 1


def test_when_the_time_to_stop_is_up_the_rest_is_not_tried_any_more(service, monkeypatch):
    """Each try may take as long as a database takes to refuse it."""
    monkeypatch.setattr(writer, "LINGER", 0.01)
    monkeypatch.setattr(writer, "BATCH", 1)
    tries: list[bool] = []
    lost: list[int] = []

    def refused():
        tries.append(behind._closing.is_set())
        raise OSError

    behind = writer.Writer(refused, lambda _, number: lost.append(number), lambda _: None)
    slip = service.store.slip(
        service.settings.development_client(),
        NOW,
        hook="order-sign",
        hook_instance=None,
        patient="p",
        practitioner="d",
    )
    for _ in range(50):
        behind.put((slip, 0.1, 0.1))
    behind.close(0)
    assert lost == [50]
    assert sum(tries) <= 2
