"""Keys that are fetched: when, how often, how long they are good, and what a call waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tokens import Issuer, jwk, jwks, private_key

from cds_service.adapters.callers.download import DownloadError
from cds_service.adapters.callers.key_cache import FetchedKeys, Keeper, PinnedKeys
from cds_service.adapters.callers.key_sets import KeySet, KeySetError, read_key_set

MINUTE, HOUR = 60.0, 3600.0
OLD = read_key_set(jwks(Issuer().jwk()), ("ES384",))
NEW = read_key_set(jwks(Issuer().jwk(), jwk(private_key("ES384", "2"), "k2")), ("ES384",))


class House:
    """A client's side and a clock: what its JWKS URL answers, and when."""

    def __init__(self) -> None:
        self.answer: KeySet | Exception = OLD
        self.fetched = 0
        self.time = 1000.0
        self.log: list[tuple[str, dict[str, Any]]] = []
        self.jobs: list[Callable[[], None]] = []
        self.held = False
        self.asked = threading.Event()
        self.keys = FetchedKeys("north", self.fetch, self, self.run, lambda: self.time)

    def fetch(self) -> KeySet:
        self.fetched += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def run(self, job: Callable[[], None]) -> None:
        """At once, or, when held, later."""
        if self.held:
            self.jobs.append(job)
            self.asked.set()
        else:
            job()

    def info(self, event: str, **fields: Any) -> None:
        self.log.append((event, fields))

    warning = error = info

    def find(self, kid: str = "k1") -> KeySet | None:
        return self.keys.find(kid, 0)


@pytest.fixture
def house() -> House:
    return House()


DOWN = DownloadError("unreachable", "it cannot be reached")


def test_the_first_call_fetches_and_later_ones_do_not(house):
    assert [house.find() for _ in range(5)] == [OLD] * 5
    assert house.fetched == 1
    assert house.log == [("keys changed", {"client": "north", "keys": 1})]


def test_keys_are_renewed_beside_the_calls(house):
    house.find()
    house.time += 15 * MINUTE
    house.answer, house.held = NEW, True
    assert house.find() is OLD
    assert house.find() is OLD
    (job,) = house.jobs
    job()
    assert house.find() is NEW


def test_a_new_key_is_there_for_the_call_that_names_it(house):
    house.find()
    house.answer = NEW
    house.time += 1
    assert house.find("k2") is NEW
    assert house.fetched == 2


def test_a_key_that_was_taken_back_is_gone_with_the_next_renewal(house):
    house.answer = NEW
    house.find()
    house.answer = OLD
    house.time += 15 * MINUTE
    house.find("k2")
    found = house.find("k2")
    assert found is not None
    assert "k2" not in found.kids


def test_unknown_key_ids_fetch_once_a_minute_and_no_more(house):
    house.find()
    for seconds in range(180):
        house.find(f"made up {seconds}")
        house.time += 1
    assert house.fetched == 1 + 3


def test_a_call_waits_for_a_renewal_only_as_long_as_it_may(house):
    house.find()
    house.held = True
    assert house.keys.find("k2", 0.01) is OLD
    house.answer = NEW
    threading.Timer(0.01, house.jobs[0]).start()
    assert house.keys.find("k2", 30) is NEW


def test_keys_are_good_for_a_day_while_their_host_is_down(house):
    house.find()
    house.answer = DOWN
    for _ in range(24 * 60):
        house.time += MINUTE
        assert house.find() is OLD
    house.time += 1
    assert house.find() is None
    assert ("keys not renewed", {"client": "north", "reason": "unreachable"}) in house.log


def test_a_host_that_is_down_is_asked_once_a_minute(house):
    house.find()
    house.answer = DOWN
    house.time += 15 * MINUTE
    for _ in range(600):
        house.find()
        house.time += 1
    assert house.fetched == 1 + 10


def test_without_any_keys_the_host_is_asked_every_few_seconds(house):
    house.answer = DOWN
    for _ in range(60):
        assert house.find() is None
        house.time += 1
    assert house.fetched == 12
    house.answer = OLD
    house.time += 5
    assert house.find() is OLD


def test_after_a_quiet_day_the_first_call_gets_new_keys(house):
    house.find()
    house.answer = NEW
    house.time += 30 * HOUR
    assert house.find() is NEW


def test_nonsense_leaves_the_old_keys(house):
    house.find()
    house.answer = KeySetError("keys-malformed", "not JSON")
    house.time += 15 * MINUTE
    house.find()
    assert house.find() is OLD
    assert house.log[-1] == ("keys refused", {"client": "north", "reason": "keys-malformed"})


@pytest.mark.parametrize("reason", ["keys-private", "keys-published"])
def test_private_keys_take_the_old_keys_with_them(house, reason):
    house.find()
    house.answer = KeySetError(reason, "")
    house.time += 15 * MINUTE
    house.find()
    assert house.find() is None
    assert house.log[-1] == ("keys refused", {"client": "north", "reason": reason})


def test_an_empty_set_takes_all_keys_back(house):
    house.find()
    house.answer = read_key_set(b'{"keys": []}', ("ES384",))
    house.time += 15 * MINUTE
    house.find()
    found = house.find()
    assert found is not None
    assert found.keys == {}


def test_a_defect_leaves_the_old_keys_and_the_next_attempt(house):
    house.find()
    house.answer = ZeroDivisionError("secret")
    house.time += 15 * MINUTE
    house.find()
    assert house.find() is OLD
    assert house.log[-1] == ("keys not renewed", {"client": "north", "error": "ZeroDivisionError"})
    house.answer = NEW
    house.time += MINUTE
    house.find()
    assert house.find() is NEW


def test_no_thread_to_be_had_is_not_the_end(house, monkeypatch):
    def none(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(house.keys, "_run", none)
        assert house.find() is None
    house.time += 5
    assert house.find() is OLD


def test_calls_at_one_time_share_one_renewal(house):
    house.held = True
    threads = [threading.Thread(target=house.keys.find, args=("k1", 30)) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert house.asked.wait(30)
    house.jobs[0]()
    for thread in threads:
        thread.join()
    assert house.fetched == 1


def test_the_keeper_fetches_before_anybody_calls():
    fetched = threading.Event()
    house = House()

    def run(job: Callable[[], None]) -> None:
        job()
        fetched.set()

    house.keys = FetchedKeys("north", house.fetch, house, run)
    keeper = Keeper([house.keys])
    keeper.start()
    assert fetched.wait(30)
    keeper.stop()
    assert house.keys.find("k1", 0) is OLD
    assert house.fetched == 1


def test_a_thread_of_its_own_by_default():
    house = House()
    keys = FetchedKeys("north", house.fetch, house)
    assert keys.find("k1", 30) is OLD


def test_pinned_keys_are_simply_there():
    assert PinnedKeys(OLD).find("anything", 0) is OLD
