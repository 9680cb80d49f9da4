"""Keys that one worker fetched, and another begins with: for how long, whose, and what is not believed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tokens import Issuer, jwk, jwks, private_key

from cds_service.adapters.callers import shared_keys
from cds_service.adapters.callers.download import DownloadError
from cds_service.adapters.callers.key_cache import FetchedKeys, Keeper
from cds_service.adapters.callers.key_sets import KeySet, KeySetError, read_key_set
from cds_service.adapters.callers.registry import register
from cds_service.adapters.callers.replay import ReplayStore
from cds_service.adapters.callers.shared_keys import SharedKeys
from cds_service.settings import load_settings

MINUTE, HOUR = 60.0, 3600.0
N = Issuer("north")
OLD = jwks(N.jwk())
NEW = jwks(N.jwk(), jwk(private_key("ES384", "2"), "k2"))
EVIL = jwks(jwk(private_key("ES384", "evil"), "evil"))
DOWN = DownloadError("unreachable", "it cannot be reached")
read = partial(read_key_set, algorithms=("ES384",))


class Service:
    """Workers of one service, the address of their keys, and one clock for all."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answer: bytes | Exception = OLD
        self.fetched = 0
        self.time = 1_772_452_800.0
        self.log: list[tuple[str, dict[str, Any]]] = []
        self.stores: list[ReplayStore] = []

    def worker(
        self,
        issuer: str = N.issuer,
        address: str = N.jku,
        run: Callable[[Callable[[], None]], None] = lambda job: job(),
        pause: Callable[[float], None] = lambda _: None,
        begin: bool = True,
    ) -> FetchedKeys:
        store = ReplayStore(self.url)
        self.stores.append(store)
        table = SharedKeys(store.connect, self, lambda: self.time, lambda: self.time)
        keys = FetchedKeys(
            "north", self.fetch, self, run, lambda: self.time - 1_772_000_000,
            shelf=table.of("north", issuer, address, read), pause=pause,
        )  # fmt: skip
        if begin:
            keys.begin()
        return keys

    def fetch(self) -> KeySet:
        self.fetched += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return read(self.answer)

    def info(self, event: str, **fields: Any) -> None:
        self.log.append((event, fields))

    warning = error = info

    def change(self, **values: Any) -> None:
        """By somebody who may write to the database."""
        with self.stores[0].connect() as connection:
            connection.execute(shared_keys._SETS.update().values(**values))

    def now(self) -> int:
        return int(self.time * 1000)


@pytest.fixture
def service(empty: sa.URL) -> Iterator[Service]:
    made = Service(empty.render_as_string(hide_password=False))
    yield made
    for store in made.stores:
        store.close()


def kids(found: KeySet | None) -> set[str]:
    return set() if found is None else {kid for kid, _ in found.keys}


def test_another_worker_begins_with_what_one_fetched(service):
    service.worker().tick()
    service.answer = DOWN
    other = service.worker()
    assert other.loaded
    assert kids(other.find("k1", 0)) == {"k1"}
    assert service.fetched == 1


def test_their_age_counts_on_in_every_worker_that_follows(service):
    service.worker().tick()
    service.answer = DOWN
    for _ in range(4):
        service.time += 6 * HOUR
        assert kids(service.worker().find("k1", 0)) == {"k1"}
    service.time += 1
    assert service.worker().find("k1", 0) is None


def test_a_worker_that_begins_renews_them_beside_its_calls_once_for_all(service):
    service.worker().tick()
    service.answer = NEW
    service.time += 2 * MINUTE
    held: list[Callable[[], None]] = []
    first = service.worker(run=held.append)
    assert kids(first.find("k1", 0)) == {"k1"}
    held[0]()
    assert kids(first.find("k1", 0)) == {"k1", "k2"}
    for _ in range(3):
        assert kids(service.worker().find("k1", 0)) == {"k1", "k2"}
    assert service.fetched == 2


def test_of_workers_that_start_together_one_fetches_and_all_have_keys(service):
    waits, goes_on = threading.Event(), threading.Event()

    def wait(_: float) -> None:
        waits.set()
        assert goes_on.wait(30)

    def fetch() -> KeySet:
        thread.start()
        assert waits.wait(30), "the second neither has its turn nor gives up"
        return read(OLD)

    second = service.worker(pause=wait)
    thread = threading.Thread(target=second.tick)
    service.fetch = fetch
    first = service.worker()
    first.tick()
    goes_on.set()
    thread.join(30)
    assert first.loaded
    assert second.loaded


def test_renewals_are_one_for_all_workers(service):
    workers = [service.worker() for _ in range(3)]
    for minutes in range(61):
        for worker in workers:
            worker.tick()
            assert kids(worker.find("k1", 0)) == {"k1"}
        assert service.fetched == 1 + minutes // 15
        service.time += MINUTE


def test_a_host_that_is_down_is_asked_once_a_minute_by_all(service):
    workers = [service.worker() for _ in range(3)]
    for worker in workers:
        worker.tick()
    service.answer = DOWN
    service.time += 15 * MINUTE
    for _ in range(600):
        for worker in workers:
            worker.tick()
        service.time += 1
    assert service.fetched == 1 + 10


def test_unknown_key_ids_fetch_once_a_minute_by_all_workers(service):
    workers = [service.worker() for _ in range(3)]
    for worker in workers:
        worker.tick()
    for seconds in range(180):
        for number, worker in enumerate(workers):
            worker.find(f"made up {seconds} {number}", 0)
        service.time += 1
    assert service.fetched == 1 + 3


def test_a_new_key_that_one_worker_fetched_is_there_in_the_others(service):
    workers = [service.worker() for _ in range(3)]
    for worker in workers:
        worker.tick()
    service.time += 1
    service.answer = NEW
    for worker in workers:
        assert kids(worker.find("k2", 0)) == {"k1", "k2"}
    assert service.fetched == 2


@pytest.mark.parametrize("reason", ["keys-private", "keys-published"])
def test_keys_that_prove_nothing_any_more_are_in_no_worker_that_follows(service, reason):
    first, second = service.worker(), service.worker()
    for worker in (first, second):
        worker.tick()
    service.answer = KeySetError(reason, "")
    service.time += 15 * MINUTE
    first.tick()
    assert service.worker().find("k1", 0) is None
    second.tick()
    assert not second.loaded


def test_an_empty_set_takes_all_keys_back_in_every_worker(service):
    first = service.worker()
    first.tick()
    service.answer = b'{"keys": []}'
    service.time += 15 * MINUTE
    first.tick()
    assert kids(service.worker().find("k1", 0)) == set()


@pytest.mark.parametrize(
    ("issuer", "address"),
    [("https://south.example", N.jku), (N.issuer, "https://elsewhere.example/jwks.json")],
    ids=["another issuer", "another address"],
)
def test_keys_of_another_source_are_not_taken_over(service, issuer, address):
    service.worker().tick()
    service.answer = DOWN
    assert service.worker(issuer, address).find("k1", 0) is None


PRIVATE = json.dumps({"keys": [N.jwk() | {"d": "AAAA"}]}).encode()
SYMMETRIC = json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}]}).encode()


@pytest.mark.parametrize(
    "document",
    [b"", b"\x00\xff nonsense", b"[]", b'{"keys": [1]}', b"[" * 10_000, PRIVATE, SYMMETRIC],
    ids=["empty", "nonsense", "a list", "no keys", "deep", "a private key", "a shared secret"],
)
def test_a_set_that_would_not_be_accepted_from_its_address_is_not_from_the_database(
    service, document
):
    service.worker().tick()
    service.change(document=document)
    service.answer = DOWN
    assert service.worker().find("k1", 0) is None
    assert "shared keys refused" in [event for event, _ in service.log]
    service.answer = OLD
    service.time += MINUTE
    assert kids(service.worker().find("k1", 0)) == {"k1"}  # fetched, and mended for all
    service.answer = DOWN
    assert kids(service.worker().find("k1", 0)) == {"k1"}


def test_what_is_dated_later_than_now_is_not_believed(service):
    service.worker().tick()
    service.change(fetched=service.now() + 61_000, document=EVIL)
    service.answer = DOWN
    assert service.worker().find("evil", 0) is None


def test_a_turn_that_is_dated_later_than_now_holds_nobody_up(service):
    service.worker().tick()
    late = service.now() + 10**9
    service.change(fetched=0, renewed=late, asked=late, document=None)
    assert kids(service.worker().find("k1", 0)) == {"k1"}


@pytest.mark.parametrize("column", ["fetched", "renewed", "asked"])
def test_a_row_that_holds_no_numbers_stops_no_renewal(service, column):
    """SQLite keeps text in a column of numbers."""
    service.worker().tick()
    with service.stores[0].connect() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("PostgreSQL refuses it")
        connection.exec_driver_sql(f"UPDATE key_sets SET {column} = 'yesterday'")
    service.answer, service.time = NEW, service.time + 1000
    other = service.worker()
    other.tick()
    assert service.fetched == 2
    assert kids(other.find("any", 0)) == kids(read(NEW))


def test_while_the_database_is_down_each_worker_is_on_its_own(service, monkeypatch):
    def down(self: ReplayStore) -> sa.Connection:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(ReplayStore, "connect", down)
        workers = [service.worker() for _ in range(2)]
        for worker in workers:
            for _ in range(30):
                worker.find("made up", 0)
                service.time += 1
            assert kids(worker.find("k1", 0)) == {"k1"}
    assert service.fetched == 4  # at first, and once for unknown key ids
    said = [event for event, _ in service.log if event == "shared keys out of reach"]
    assert len(said) == 2
    service.time += MINUTE
    service.answer = NEW
    workers[0].find("k2", 0)
    assert kids(service.worker().find("k2", 0)) == {"k1", "k2"}


def test_a_keeper_begins_before_it_returns(service):
    service.worker().tick()
    service.answer = DOWN
    held: list[Callable[[], None]] = []
    later = service.worker(run=held.append, begin=False)
    assert not later.loaded
    keeper = Keeper([later])
    keeper.start()
    keeper.stop()
    assert later.loaded


def test_a_defect_in_taking_over_does_not_stop_a_worker(service):
    class Broken:
        def look(self, known: int) -> None:
            raise ZeroDivisionError

    keys = FetchedKeys("north", service.fetch, service, shelf=Broken())  # type: ignore[arg-type]
    keys.begin()
    assert service.log == [
        ("keys not taken over", {"client": "north", "error": "ZeroDivisionError"})
    ]


class TestWhoMayWrite:
    """Whoever can write the file could put a key of theirs into it."""

    @pytest.fixture
    def configured(self, tmp_path: Path) -> Callable[[], Any]:
        log = Service("")
        folder = tmp_path / "data"
        folder.mkdir(mode=0o700)
        config = tmp_path / "cds.toml"
        config.write_text(
            f"""
base_url = "https://cds.example"
replay_store = "sqlite:///{folder / "seen.db"}"
[[clients]]
name = "north"
issuer = "{N.issuer}"
jwks_url = "{N.jku}"
"""
        )

        def events() -> list[str]:
            register(load_settings(config), log)
            return [event for event, _ in log.log]

        return events

    def test_a_file_of_our_own_in_a_folder_of_our_own(self, configured):
        assert configured() == []

    @pytest.mark.parametrize(("folder", "file"), [(0o777, 0o600), (0o1777, 0o600), (0o700, 0o666)])
    def test_where_others_may_write_nothing_is_shared(self, configured, tmp_path, folder, file):
        configured()
        (tmp_path / "data").chmod(folder)
        (tmp_path / "data" / "seen.db").chmod(file)
        assert configured() == [
            "fetched keys are not shared: others may write to this file or its folder"
        ]
