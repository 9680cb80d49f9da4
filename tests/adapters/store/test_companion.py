"""Handles and answers of the companion app: whose they are, how long they live, what shows of them."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta

import msgspec
import pytest
import sqlalchemy as sa
from calls import MARK, NOW
from cryptography.fernet import Fernet

from cds_service.adapters.databases import transaction
from cds_service.adapters.store import bounded, companion
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.purge import purge
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.adapters.vault import Vault
from cds_service.errors import StoreUnavailable
from cds_service.handles import Answers, Handle
from cds_service.issued import Rated, Slip

KEY = Fernet.generate_key()
WHOSE = {
    "client": "north",
    "patient": f"{MARK}-1",
    "user": f"Practitioner/{MARK}",
    "order": f"ServiceRequest/{MARK}",
}
DAY = timedelta(hours=24)
SOON = 5.0


def handle(expires=NOW + DAY, **other):
    draft = msgspec.Raw(b'{"resourceType": "ServiceRequest", "quantityQuantity": {"value": 1.10}}')
    return Handle(**WHOSE | other, expires=expires, consult_ids=("urn:uuid:1",), draft=draft)


def answers(expires=NOW + DAY, consult_ids=("urn:uuid:1",), **other):
    response = msgspec.Raw(
        b'{"resourceType": "QuestionnaireResponse", "id": "r1", "status": "completed"}'
    )
    return Answers(**WHOSE | other, expires=expires, consult_ids=consult_ids, response=response)


def rated():
    return Rated("72141", "INSUFFICIENT", None, "P12", "1", (), (), (), 1, ())


@pytest.fixture
def store(serve):
    return serve(vault=Vault([KEY])).store


def put(store, token="secret", made=None, at=NOW):
    slip = Slip(client="north", hook="order-select", hook_instance=None, at=at, identities=None)
    slip.rated = (rated(),)
    slip.handles.append((token, made or handle()))
    store.record(slip, 0.0, 0.0)
    store.close()  # waits for the writer


def find(store, now=NOW, wait=SOON, **other):
    whose = WHOSE | other
    return store.companion.find(
        whose["client"], whose["patient"], whose["user"], [whose["order"]], now, wait
    )


def rows(store, table):
    with transaction(store.url, writes=False) as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def test_a_handle_brings_back_what_it_was_made_for(store):
    put(store)
    found = store.companion.handle("secret", NOW)
    assert (found.order, found.consult_ids) == (WHOSE["order"], ("urn:uuid:1",))
    assert bytes(found.draft).endswith(b'"value": 1.10}}')


@pytest.mark.parametrize(
    ("token", "later"),
    [
        pytest.param("another", timedelta(0), id="nobody made it"),
        pytest.param("", timedelta(0), id="empty"),
        pytest.param("\ud800", timedelta(0), id="no text at all"),
        pytest.param("secret", DAY, id="expired"),
    ],
)
def test_any_other_handle_is_nothing(store, token, later):
    put(store)
    assert store.companion.handle(token, NOW + later) is None


def test_a_handle_is_good_for_one_answer(store):
    put(store)
    assert store.companion.keep("secret", answers())
    assert store.companion.handle("secret", NOW) is None
    assert not store.companion.keep("secret", answers())
    assert rows(store, t.COMPANION_HANDLES) == []


def test_of_many_at_once_one_uses_the_handle(store):
    put(store)
    used: list[bool] = []
    companion = store.companion
    threads = [
        threading.Thread(target=lambda: used.append(companion.keep("secret", answers())))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(used) == [False] * 5 + [True]


def test_answers_are_found_for_their_order(store):
    put(store)
    store.companion.keep("secret", answers())
    found = find(store)[WHOSE["order"]]
    assert found.consult_ids == {"urn:uuid:1"}
    assert found.response.id == "r1"


@pytest.mark.parametrize(
    "other",
    [
        {"client": "south"},
        {"patient": "p2"},
        {"user": "Practitioner/other"},
        {"order": "ServiceRequest/other"},
    ],
    ids=["another client", "another patient", "another user", "another order"],
)
def test_answers_are_found_for_nothing_else(store, other):
    put(store)
    store.companion.keep("secret", answers())
    assert find(store, **other) == {}


def test_answers_expire(store):
    put(store)
    store.companion.keep("secret", answers())
    assert find(store, NOW + DAY - timedelta(seconds=1))
    assert find(store, NOW + DAY) == {}


def test_later_answers_take_the_place_of_the_earlier_ones_they_name(store):
    for token, replaces in (("one", None), ("two", "r1")):
        put(store, token)
        expires = NOW + DAY + timedelta(hours=token == "two")
        assert store.companion.keep(token, answers(expires=expires), replaces)
    assert len(rows(store, t.COMPANION_ANSWERS)) == 1
    assert find(store, NOW + DAY)


@pytest.mark.parametrize("known", [None, "r0"])
def test_answers_that_were_not_seen_stay(store, known):
    for token in ("one", "two"):
        put(store, token)
    assert store.companion.keep("one", answers())
    assert not store.companion.keep("two", answers(consult_ids=("urn:uuid:2",)), known)
    assert find(store)[WHOSE["order"]].consult_ids == {"urn:uuid:1"}


def test_answers_that_have_expired_are_in_nobodys_way(store):
    for token in ("one", "two"):
        put(store, token)
    store.companion.keep("one", answers())
    assert store.companion.keep("two", answers(expires=NOW + 2 * DAY))


def test_of_two_windows_at_once_one_is_kept(store):
    tokens = [f"t{number}" for number in range(6)]
    for token in tokens:
        put(store, token)
    with ThreadPoolExecutor(len(tokens)) as threads:
        kept = list(threads.map(lambda token: store.companion.keep(token, answers()), tokens))
    assert sorted(kept) == [False] * 5 + [True]


def test_a_row_that_was_moved_to_another_patient_is_not_believed(store):
    put(store)
    store.companion.keep("secret", answers())
    elsewhere = Vault([KEY]).marks("north", "p2", WHOSE["user"], WHOSE["order"])[0]
    with transaction(store.url) as connection:
        connection.execute(sa.update(t.COMPANION_ANSWERS).values(id=elsewhere))
    assert find(store, patient="p2") == {}


def test_a_handle_does_not_pass_for_answers(store):
    put(store)
    sealed = rows(store, t.COMPANION_HANDLES)[0]["sealed"]
    store.companion.keep("secret", answers())
    with transaction(store.url) as connection:
        connection.execute(sa.update(t.COMPANION_ANSWERS).values(sealed=sealed))
    assert find(store) == {}


def test_nothing_of_it_can_be_read_in_the_database(store):
    put(store)
    put(store, "other")
    store.companion.keep("secret", answers())
    kept = str(rows(store, t.COMPANION_HANDLES)) + str(rows(store, t.COMPANION_ANSWERS))
    for word in (MARK, "north", "secret", "other", "ServiceRequest"):
        assert word not in kept


def test_keys_change_while_answers_live(store):
    put(store)
    store.companion.keep("secret", answers())
    later = Store(store.url, StoreOptions(vault=Vault([Fernet.generate_key(), KEY])))
    later.prepare()
    assert find(later)
    put(later, "next")
    again = later.companion
    assert again is not None
    again.keep("next", answers())
    assert len(rows(later, t.COMPANION_ANSWERS)) == 1
    later.close()


def test_without_a_key_nothing_is_kept(serve):
    store = serve().store
    put(store)
    assert rows(store, t.COMPANION_HANDLES) == []
    assert store.companion is None


def test_what_has_expired_goes_while_the_service_runs(store):
    put(store, "old")
    put(store, "new", handle(NOW + 3 * DAY), at=NOW + 2 * DAY)  # a later process
    assert len(rows(store, t.COMPANION_HANDLES)) == 1


def test_purge_removes_what_has_expired_whatever_the_settings_say(store):
    put(store)
    store.companion.keep("secret", answers())
    put(store, "second")
    never = dict.fromkeys(("ratings", "feedback", "comments", "quarantine", "audit"), 0)
    assert dict(purge(store.url, never, NOW)) == {"companion_handles": 0, "companion_answers": 0}
    gone = dict(purge(store.url, never, NOW + DAY + timedelta(seconds=1)))
    assert gone == {"companion_handles": 1, "companion_answers": 1}


@contextmanager
def held(url):
    """Somebody has taken the table, or the file, for himself."""
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database), isolation_level=None)) as other:
            # Without it, readers of a write-ahead log would not be kept waiting.
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            yield
    else:
        with transaction(url) as connection:
            connection.exec_driver_sql("LOCK TABLE companion_answers")
            yield


def test_a_database_that_fails_is_no_answer_and_is_left_alone_for_a_while(store, monkeypatch):
    monkeypatch.setattr(companion, "_REST", 60.0)
    with transaction(store.url) as connection:
        t.COMPANION_ANSWERS.drop(connection)
    assert find(store) is None
    monkeypatch.setattr(store.companion, "_answers", None)  # to ask it would be an error
    assert find(store) is None


def test_one_slow_look_up_is_no_failure_and_the_next_is_answered(store):
    put(store)
    store.companion.keep("secret", answers())
    store.close()
    with held(store.url):
        for _ in range(companion._PATIENCE):
            assert find(store, wait=0.01) is None
    assert find(store)


def test_a_database_that_goes_on_hanging_is_left_alone_for_a_while(store, monkeypatch):
    monkeypatch.setattr(companion, "_REST", 60.0)
    put(store)
    with held(store.url):
        for _ in range(companion._PATIENCE + 1):
            assert find(store, wait=companion._FAIR) is None
    monkeypatch.setattr(store.companion, "_answers", None)  # to ask it would be an error
    assert find(store) is None


def test_calls_that_have_no_time_to_wait_take_no_answers_from_others(store, monkeypatch):
    monkeypatch.setattr(companion, "_REST", 60.0)
    put(store)
    store.companion.keep("secret", answers())
    store.close()
    with held(store.url):
        for _ in range(2 * companion._PATIENCE):
            assert find(store, wait=0.0) is None
    assert find(store)


def test_slow_look_ups_with_good_ones_between_them_are_no_failure(store):
    put(store)
    store.companion.keep("secret", answers())
    store.close()
    for _ in range(companion._PATIENCE + 1):
        with held(store.url):
            assert find(store, wait=0.01) is None
        assert find(store)


def test_a_database_that_hangs_is_no_answer_until_it_is_there_again(store, monkeypatch):
    monkeypatch.setattr(companion, "_REST", 0.0)
    put(store)
    store.companion.keep("secret", answers())
    store.close()
    with held(store.url):
        assert find(store, wait=0.01) is None
    assert find(store)


def test_a_database_that_hangs_takes_few_threads(store, monkeypatch):
    monkeypatch.setattr(companion, "_REST", 0.0)
    put(store)
    with held(store.url):
        before = threading.active_count()
        found = [find(store, wait=0.01) for _ in range(3 * bounded.AT_ONCE)]
        more = threading.active_count() - before
    assert found == [None] * len(found)
    assert more <= bounded.AT_ONCE + 1  # and the writer


def test_of_many_calls_at_once_each_gets_its_turn(store):
    put(store)
    store.companion.keep("secret", answers())
    with ThreadPoolExecutor(6 * bounded.AT_ONCE) as threads:
        found = list(threads.map(lambda _: find(store), range(20 * bounded.AT_ONCE)))
    assert all(found)


def test_a_call_with_many_drafts_and_keys_finds_the_one_that_was_answered(serve):
    store = serve(vault=Vault([Fernet.generate_key(), KEY, Fernet.generate_key()])).store
    put(store)
    store.companion.keep("secret", answers())
    orders = [*(f"ServiceRequest/{number}" for number in range(19)), WHOSE["order"]]
    whose = (WHOSE["client"], WHOSE["patient"], WHOSE["user"])
    assert list(store.companion.find(*whose, orders, NOW, SOON)) == [WHOSE["order"]]


def test_the_app_is_told_when_the_database_is_down(store):
    put(store)
    with transaction(store.url) as connection:
        t.COMPANION_HANDLES.drop(connection)
    with pytest.raises(StoreUnavailable):
        store.companion.handle("secret", NOW)
    with pytest.raises(StoreUnavailable):
        store.companion.keep("secret", answers())


def test_whose_it_is_never_reaches_a_log():
    assert MARK not in repr(handle()) + repr(answers())
