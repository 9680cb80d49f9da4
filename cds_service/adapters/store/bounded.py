"""Reads of the store that a call waits for: short, and over in time whatever the database does."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import cache
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from cds_service.adapters.databases import locked, open_engine
from cds_service.errors import StoreUnavailable

AT_ONCE: Final = 4
"""Reads of one process at one time; what hangs must not take the threads of others."""

Found = Sequence[Sequence[Any]]


class TooSlow(StoreUnavailable):
    """Nothing is known to be wrong; the rows did not come in time."""


class Reads(Protocol):
    """Reads rows of one table by their ids."""

    def read(self, ids: Sequence[str], wait: float) -> Found:
        """Rows with these ids. Raises TooSlow when they did not come in `wait` seconds, another
        StoreUnavailable when the database failed.
        """
        ...

    def close(self) -> None: ...


def reads(url: sa.URL, *columns: sa.Column[Any]) -> Reads:
    """Of these columns, on connections of its own, which keep no writer waiting. The first is the id."""
    ids: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
    select = sa.select(*columns).where(columns[0].in_(ids))
    return (_File if url.get_backend_name() == "sqlite" else _Server)(url, select)


class _File:
    """SQLite: by the thread of the call. It waits for locks only, and SQLite ends that wait itself.

    Statements go straight to the driver, for SQLAlchemy's own way costs ten times the read; without
    a transaction, for one statement is one.
    """

    def __init__(self, url: sa.URL, select: sa.Select[Any]) -> None:
        # Making a connection waits for nobody.
        self._engine = open_engine(url, wait=0.0, writes=False, autocommit=True)
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        dialect = self._engine.dialect

        @cache
        def statement(count: int) -> str:
            """The driver keeps what it has prepared under its text, one for each number of ids."""
            given = select.params(ids=[""] * count)
            return str(given.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))

        self._statement: Callable[[int], str] = statement

    def read(self, ids: Sequence[str], wait: float) -> Found:
        until = time.monotonic() + wait
        if not self._turns.acquire(timeout=wait):
            raise TooSlow
        try:
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                left = max(0, int((until - time.monotonic()) * 1000))
                cursor.execute(f"PRAGMA busy_timeout = {left}")
                cursor.execute(self._statement(len(ids)), tuple(ids))
                return cursor.fetchall()
            finally:
                connection.close()
        except (SQLAlchemyError, sqlite3.Error, OSError) as why:
            raise TooSlow if locked(why) else StoreUnavailable from None
        finally:
            self._turns.release()

    def close(self) -> None:
        self._engine.dispose()


class _Server:
    """PostgreSQL: by threads of its own, for a server that hangs says nothing to who waits for it."""

    def __init__(self, url: sa.URL, select: sa.Select[Any]) -> None:
        self._engine = open_engine(url, writes=False, autocommit=True)
        self._select = select
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="answers")
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def read(self, ids: Sequence[str], wait: float) -> Found:
        until = time.monotonic() + wait
        if not self._turns.acquire(timeout=wait):
            raise TooSlow
        running = self._threads.submit(self._read, ids)
        running.add_done_callback(lambda _: self._turns.release())
        try:
            return running.result(max(0.0, until - time.monotonic()))
        except FutureTimeout:
            raise TooSlow from None
        except (SQLAlchemyError, OSError):
            raise StoreUnavailable from None

    def _read(self, ids: Sequence[str]) -> Found:
        with self._engine.connect() as connection:
            return connection.execute(self._select, {"ids": ids}).all()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()
