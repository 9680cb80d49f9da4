"""The store of tokens that were seen: one time each, for all workers, and never on a doubt."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from tokens import NOW

from cds_service.adapters.callers import replay
from cds_service.adapters.callers.replay import ReplayStore
from cds_service.adapters.callers.tokens import StoreDown
from cds_service.adapters.databases import journal_mode
from cds_service.errors import ConfigurationError

LATER = 4_000_000_000
"""Beyond the clock of this machine."""


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def wall(self) -> float:
        return NOW + self.time - 1000

    def monotonic(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "seen.db"


@pytest.fixture
def store(file: Path, clock: Clock) -> Iterator[ReplayStore]:
    made = ReplayStore(f"sqlite:///{file}", clock.wall, clock.monotonic)
    yield made
    made.close()


def rows(file: Path) -> list[tuple[str, str, int]]:
    with sqlite3.connect(file) as connection:
        found = connection.execute("SELECT issuer, jti, until FROM seen_tokens").fetchall()
    connection.close()
    return found


def test_a_token_is_new_once(store):
    assert [store.first_time("a", "1", NOW) for _ in range(3)] == [True, False, False]
    assert store.first_time("b", "1", NOW)
    assert store.first_time("a", "2", NOW)


def test_another_store_on_the_same_file_knows_it(store, file):
    store.first_time("a", "1", LATER)
    other = ReplayStore(f"sqlite:///{file}")
    assert not other.first_time("a", "1", LATER)
    other.close()


def test_what_a_caller_wrote_is_not_in_the_file(store, file):
    for jti in ("Xylocanth", "\x00", "\ud800", "é" * 9000):
        assert store.first_time("a", jti, NOW)
        assert not store.first_time("a", jti, NOW)
    assert {len(jti) for _, jti, _ in rows(file)} == {64}
    assert b"Xylocanth" not in file.read_bytes()


def test_expired_tokens_are_forgotten_in_passing_after_a_margin(store, file, clock):
    store.first_time("a", "old", NOW + 60)
    clock.time += 60 + 300
    store.first_time("a", "on the edge", NOW + 1000)
    assert len(rows(file)) == 2
    clock.time += 60
    store.first_time("a", "new", NOW + 1000)
    assert len(rows(file)) == 2
    assert not store.first_time("a", "new", NOW + 1000)


def race(url: str, ready: object, results: object) -> None:
    with patch.object(replay, "_WAIT", 60.0):  # a busy machine is not what is tested
        store = ReplayStore(url)
        ready.wait()  # type: ignore[attr-defined]
        results.put([number for number in range(300) if store.first_time("a", str(number), LATER)])  # type: ignore[attr-defined]


def test_two_processes_racing_on_the_same_tokens_admit_each_once(file):
    """Also the making of the table is a race: neither process has prepared it."""
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(2), context.Queue()
    processes = [
        context.Process(target=race, args=(f"sqlite:///{file}", ready, results)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    admitted = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(timeout=60)
    assert sorted(admitted[0] + admitted[1]) == list(range(300))


def test_a_forked_process_opens_the_file_anew(store, monkeypatch):
    assert store.first_time("a", "1", NOW)
    before = store._engine
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert not store.first_time("a", "1", NOW)
    assert store._engine is not before
    before.dispose()


class TestDown:
    def test_a_folder_that_went_away(self, clock, tmp_path):
        folder = tmp_path / "data"
        folder.mkdir()
        store = ReplayStore(f"sqlite:///{folder / 'seen.db'}", clock.wall, clock.monotonic)
        folder.rmdir()
        with pytest.raises(StoreDown):
            store.first_time("a", "1", NOW)
        folder.mkdir()
        with pytest.raises(StoreDown):  # not asked again at once
            store.first_time("a", "1", NOW)
        clock.time += 1
        assert store.first_time("a", "1", NOW)
        store.close()

    def test_a_file_that_another_process_holds_is_busy_and_no_longer(
        self, store, file, monkeypatch
    ):
        monkeypatch.setattr(replay, "_WAIT", 0.001)
        store.first_time("a", "1", NOW)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreDown):
            store.first_time("a", "2", NOW)
        other.execute("ROLLBACK")
        other.close()
        assert store.first_time("a", "2", NOW)

    def test_nothing_of_the_row_is_in_the_error(self, store, file):
        store.first_time("a", "1", NOW)
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE seen_tokens")
        connection.close()
        with pytest.raises(StoreDown) as caught:
            store.first_time("https://north.example", "Xylocanth", NOW)
        assert str(caught.value) == ""
        assert caught.value.__suppress_context__
        assert "Xylocanth" not in repr(caught.value.__context__)


class TestPrepare:
    def test_a_sound_file_and_none_at_all(self, store, file):
        assert store.prepare() is None
        store.first_time("a", "1", NOW)
        assert store.prepare() is None
        assert not store.first_time("a", "1", NOW)

    def test_what_a_power_failure_broke_is_put_aside(self, store, file, tmp_path):
        for number in range(500):
            store.first_time("a", str(number), NOW)
        store.close()
        raw = bytearray(file.read_bytes())
        raw[4096:12288] = b"\xff" * 8192
        file.write_bytes(raw)
        assert store.prepare() == tmp_path / "seen.db.broken"
        assert not file.exists()
        assert store.first_time("a", "1", NOW)

    def test_zeros_are_what_a_power_failure_left(self, store, file, tmp_path):
        file.write_bytes(bytes(8192))
        assert store.prepare() == tmp_path / "seen.db.broken"

    def test_a_file_that_may_not_be_read_is_left_to_the_calls(self, store, file):
        file.mkdir()
        assert store.prepare() is None
        with pytest.raises(StoreDown):
            store.first_time("a", "1", NOW)

    def test_somebody_elses_file_is_left_alone(self, store, file):
        text = "a letter\n" * 1000
        file.write_text(text)
        with pytest.raises(ConfigurationError, match=r"seen\.db is not an SQLite file"):
            store.prepare()
        assert file.read_text() == text

    def test_a_file_in_use_is_not_judged(self, store, file, monkeypatch):
        monkeypatch.setattr(replay, "_WAIT", 0.001)
        store.first_time("a", "1", NOW)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        assert store.prepare() is None
        other.close()
        assert not store.first_time("a", "1", NOW)


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "DELETE"), ((3, 44, 5), "DELETE"), ((3, 44, 6), "WAL"), ((3, 45, 3), "DELETE"),
        ((3, 50, 6), "DELETE"), ((3, 50, 7), "WAL"), ((3, 51, 2), "DELETE"), ((3, 51, 3), "WAL"),
        ((3, 52, 0), "WAL"), ((4, 0, 0), "WAL"),
    ],
    ids=str,
)  # fmt: skip
def test_wal_only_where_sqlite_is_free_of_its_reset_bug(version, mode):
    assert journal_mode(version) == mode


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_both_journals(file, monkeypatch, mode):
    monkeypatch.setattr(replay, "journal_mode", lambda _: mode)
    store = ReplayStore(f"sqlite:///{file}")
    assert [store.first_time("a", "1", LATER) for _ in range(2)] == [True, False]
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == (mode.lower(),)
    connection.close()
    store.close()


def test_nobody_else_may_read_the_file(file):
    store = ReplayStore(f"sqlite:///{file}")
    assert store.prepare() is None
    assert store.first_time("a", "1", LATER)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    store.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("seen.db", "write an SQLAlchemy URL"),
        ("sqlite://", "name a file that all workers share"),
        ("sqlite:///:memory:", "name a file that all workers share"),
        ("sqlite:///x.db?mode=ro", "without further settings"),
        ("sqlite:////nowhere/at/all/seen.db", "/nowhere/at/all is no folder that can be written"),
        ("mysql://u:secret@h/d", "write an SQLAlchemy URL"),
        ("postgresql+nothing://u:secret@h/d", "write an SQLAlchemy URL"),
        ("nothing at all://", "write an SQLAlchemy URL"),
    ],
)
def test_addresses_that_could_never_work(url, words):
    with pytest.raises(ConfigurationError) as caught:
        ReplayStore(url)
    assert str(caught.value).startswith("replay_store: ")
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_postgresql_is_opened_only_when_it_is_needed():
    ReplayStore("postgresql://u@127.0.0.1:1/d").close()
