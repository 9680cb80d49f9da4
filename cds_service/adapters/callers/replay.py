"""Tokens that were seen, in a store that all workers share."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

from cds_service.adapters.callers.tokens import StoreDown
from cds_service.adapters.databases import (
    database_url,
    give_up_after,
    is_there,
    journal_mode,
    locked,
    make_file,
    require_folder,
)
from cds_service.errors import ConfigurationError

_MARGIN: Final = 300
"""Seconds a row is kept beyond its time: the clocks of two hosts may differ."""
_PURGE_EVERY: Final = 60.0
_WAIT: Final = 0.25
"""Seconds to wait for another process that writes: half of a call's usual budget."""
_REST: Final = 1.0
"""Seconds after a failure in which the store is not asked again: a call has no time to wait."""
_MAGIC: Final = b"SQLite format 3\0"


def _tokens(*prefixes: str) -> sa.Table:
    return sa.Table(
        "seen_tokens",
        sa.MetaData(),
        sa.Column("issuer", sa.String(512), primary_key=True),
        # A digest: fixed in length, and nothing that a caller wrote stands in the database.
        sa.Column("jti", sa.String(64), primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False, index=True),
        prefixes=list(prefixes),
    )


_TOKENS: Final = _tokens()
_INSERT: Final = _TOKENS.insert()
"""Made once, not for each call."""


class ReplayStore:
    """Remembers tokens by (issuer, jti). The engine of a process is made on its first call.

    SQLite, in a file of its own, or PostgreSQL. Losing the store reopens young tokens and nothing
    else, so a commit does not wait for the disk: that would cost each call some milliseconds, and
    more where several processes write. What a power failure leaves is looked at in `prepare`.
    """

    def __init__(
        self,
        url: str,
        now: Callable[[], float] = time.time,
        rest: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = database_url(url, "replay_store")
        require_folder(self._url, "replay_store")
        self._now = now
        self._monotonic = rest
        self._lock = threading.Lock()
        self._engine: sa.Engine | None = None
        self._process = 0
        self._purged = 0.0
        self._down_until = 0.0

    def prepare(self) -> Path | None:
        """Before the first process is forked: a file of SQLite's that nobody else may read; a broken one
        is put aside, and where to is returned.

        Raises ConfigurationError when the file is none of SQLite's.
        """
        file = Path(str(self._url.database))
        if not is_there(self._url):
            with contextlib.suppress(OSError):  # calls will tell
                make_file(self._url)
            return None
        if self._url.get_backend_name() != "sqlite":
            return None
        try:
            with file.open("rb") as stream:
                beginning = stream.read(len(_MAGIC))
            if beginning.strip(b"\0") and beginning != _MAGIC:
                raise ConfigurationError(
                    f"replay_store: {file} is not an SQLite file; name another"
                )
            with contextlib.closing(sqlite3.connect(file, timeout=_WAIT)) as connection:
                if connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",):
                    return None
        except (OSError, sqlite3.OperationalError):
            return None  # locked by workers that are at it, or not to be read: calls will tell
        except sqlite3.DatabaseError:
            pass  # so broken that it cannot be looked through
        aside = file.with_name(f"{file.name}.broken")
        file.replace(aside)
        for ending in ("-journal", "-wal", "-shm"):
            file.with_name(file.name + ending).unlink(missing_ok=True)
        return aside

    def first_time(self, issuer: str, jti: str, until: int) -> bool:
        """Remember a token until `until` (seconds since 1970); False when it was seen before.

        Raises StoreDown.
        """
        if self._monotonic() < self._down_until:
            raise StoreDown
        row = {
            "issuer": issuer,
            "jti": hashlib.sha256(jti.encode("utf-8", "surrogatepass")).hexdigest(),
            "until": until + _MARGIN,
        }
        try:
            return self._insert(row)
        except (SQLAlchemyError, OSError) as why:
            if not locked(why):
                self._down_until = self._monotonic() + _REST
            raise StoreDown from None

    @property
    def url(self) -> sa.URL:
        return self._url

    def connect(self) -> sa.Connection:
        """Each statement is a transaction. Raises SQLAlchemyError or OSError."""
        return self._of_this_process().connect()

    def check(self) -> None:
        """Raises when the store cannot be asked."""
        with self.connect() as connection:
            connection.execute(sa.select(_TOKENS.c.until).limit(1))

    def close(self) -> None:
        """Give the connections of this process back."""
        with self._lock:
            if self._engine is not None and self._process == os.getpid():
                self._engine.dispose()
            self._engine = None

    def _insert(self, row: dict[str, object]) -> bool:
        with self.connect() as connection:
            try:
                connection.execute(_INSERT, row)
            except IntegrityError:
                return False
            self._purge(connection)
        return True

    def _purge(self, connection: sa.Connection) -> None:
        """Forget what has expired, now and then."""
        now = self._monotonic()
        if now < self._purged + _PURGE_EVERY:
            return
        self._purged = now
        with contextlib.suppress(SQLAlchemyError):  # the token itself is remembered
            connection.execute(_TOKENS.delete().where(_TOKENS.c.until < int(self._now())))

    def _of_this_process(self) -> sa.Engine:
        """Connections must not be shared with the process this one was forked from."""
        with self._lock:
            if self._engine is None or self._process != os.getpid():
                engine = _engine(self._url)
                _create(engine)
                self._engine, self._process = engine, os.getpid()
            return self._engine


def _engine(url: sa.URL) -> sa.Engine:
    """One statement is one transaction, and no error holds the values of a row."""
    common: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "hide_parameters": True}
    if url.get_backend_name() == "postgresql":
        limits = f"-c statement_timeout={int(_WAIT * 1000)}"
        engine = sa.create_engine(
            url,
            connect_args={"connect_timeout": 2, "options": limits},
            pool_size=4,
            max_overflow=28,
            pool_timeout=_WAIT,
            pool_pre_ping=True,
            **common,
        )
        give_up_after(engine, 2 * _WAIT)
        return engine
    # As many connections as there are threads: waiting for one would cost a call its answer.
    engine = sa.create_engine(
        url, connect_args={"timeout": _WAIT}, pool_size=8, max_overflow=-1, **common
    )
    if journal_mode(sqlite3.sqlite_version_info) == "WAL":
        mode, synchronous = "WAL", "NORMAL"
    else:
        # A rollback journal that stays, for to make and remove a file takes longer than the row.
        mode, synchronous = "PERSIST", "OFF"

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA journal_mode={mode}")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.close()

    return engine


def _create(engine: sa.Engine) -> None:
    table = _tokens("UNLOGGED") if engine.dialect.name == "postgresql" else _TOKENS
    statements: list[sa.schema.ExecutableDDLElement] = [
        sa.schema.CreateTable(table, if_not_exists=True),
        *(sa.schema.CreateIndex(index, if_not_exists=True) for index in table.indexes),
    ]
    for statement in statements:
        # PostgreSQL refuses when two processes create it at one moment, or when the role may not
        # create tables; if it is not there then, the first insert says so.
        with engine.connect() as connection, contextlib.suppress(IntegrityError, ProgrammingError):
            connection.execute(statement)
