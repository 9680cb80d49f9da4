"""How databases are opened here: SQLite beside the service, or PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from cds_service.adapters.mounts import share_of
from cds_service.errors import ConfigurationError

WAIT: Final = 2.0
"""Seconds that a statement waits for another writer, or for a server that does not answer.

Who waits holds one of the threads that cards are answered by, and a client that is told to come again
loses nothing. Commits of several writers take some ten milliseconds each: what is not free after two
seconds is held by something else, which five would not outlast either.
"""
GRACE: Final = 0.5
"""Seconds that a server gets beyond those, to say itself that it took too long."""


def database_url(text: str, key: str) -> sa.URL:
    """Raises ConfigurationError when such a database could never work here; opens nothing.

    `key` names the setting or argument. The text is not repeated: it may hold a password.
    """
    try:
        url = sa.make_url(text)
        kind = url.get_backend_name()
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        kind = ""
    if kind == "sqlite":
        if url.database in (None, "", ":memory:") or url.query:
            raise ConfigurationError(
                f"{key}: name a file that all workers share, without further settings: "
                "sqlite:////var/lib/cds-service/FILE.db"
            )
        return url.set(drivername="sqlite")
    if kind == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
        try:
            url.get_dialect().import_dbapi()
        except ImportError:
            raise ConfigurationError(
                f"{key}: PostgreSQL needs its driver: pip install 'cds-service[postgresql]'"
            ) from None
        return url
    raise ConfigurationError(
        f"{key}: write an SQLAlchemy URL, sqlite:////var/lib/cds-service/FILE.db or "
        "postgresql://user@host/database"
    )


def shown(url: sa.URL) -> str:
    """The URL for messages, without its password."""
    return url.render_as_string(hide_password=True)


def require_folder(url: sa.URL, key: str) -> None:
    """Raises ConfigurationError when a file of SQLite's cannot be written, or would not be safe."""
    if url.get_backend_name() != "sqlite":
        return
    file = Path(str(url.database)).absolute()
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"{key}: {file.parent} is no folder that can be written to; make it, or name another"
        )
    share = share_of(file)
    if share is not None:
        raise ConfigurationError(
            f"{key}: {file} lies on a network share ({share.kind} at {share.at}), where two who write "
            "to SQLite can destroy it; name a file on a local disk, or PostgreSQL"
        )


def is_there(url: sa.URL) -> bool:
    """False: a file of SQLite's that does not exist; connecting would make it."""
    return url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()


def make_file(url: sa.URL) -> None:
    """An empty file for SQLite that nobody but this user may read, if there is none yet."""
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).touch(mode=0o600, exist_ok=True)


def only_ours(url: sa.URL) -> bool:
    """Whether nobody else on this machine can write into a file of SQLite's, or put another, or
    its journal, in its place; of PostgreSQL its own rights say who may.
    """
    if url.get_backend_name() != "sqlite":
        return True
    file = Path(str(url.database)).absolute()
    try:
        return all(_is_ours(place.stat()) for place in (file, file.parent))
    except OSError:
        return False


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def journal_mode(version: tuple[int, ...]) -> str:
    """WAL where SQLite is free of the WAL-reset bug, which corrupts a file that several
    connections write: mended in 3.51.3, and in 3.50.7 and 3.44.6 for those lines.
    """
    mended = version >= (3, 51, 3) or (
        version[:2] in ((3, 50), (3, 44)) and version[2] >= {50: 7, 44: 6}[version[1]]
    )
    return "WAL" if mended else "DELETE"


def locked(why: Exception) -> bool:
    """Whether another has SQLite's file: the wait for it is over, and it is there."""
    code = getattr(getattr(why, "orig", why), "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def open_engine(
    url: sa.URL, *, wait: float | None = None, writes: bool = True, autocommit: bool = False
) -> sa.Engine:
    """An engine whose commits are on the disk when they return, and whose errors hold no values.

    `writes` False: transactions of SQLite that only read, and so never keep a writer waiting.
    `autocommit`: each statement is a transaction, without words before and after it.
    Connections must not be shared with a forked process: make one engine for each.
    """
    wait = WAIT if wait is None else wait
    common: dict[str, Any] = {"hide_parameters": True}
    if autocommit:
        common["isolation_level"] = "AUTOCOMMIT"
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, wait, common, writes=writes)
    limits = f"-c statement_timeout={int(wait * 1000)}" if writes else ""
    engine = sa.create_engine(
        url,
        connect_args={
            "connect_timeout": 2,
            "options": f"{limits} -c timezone=UTC".strip(),
            "tcp_user_timeout": int(wait * 2000),
        },
        pool_size=4,
        max_overflow=12,
        pool_timeout=wait,
        pool_pre_ping=True,
        **common,
    )
    if writes or autocommit:
        give_up_after(engine, wait + GRACE)
    return engine


def give_up_after(engine: sa.Engine, seconds: float) -> None:
    """End the wait for a statement of PostgreSQL's from this side, whatever the server does."""
    from cds_service.adapters.postgresql import connect

    @sa.event.listens_for(engine, "do_connect")
    def impatient(_dialect: Any, _record: Any, arguments: Any, options: Any) -> object:
        return connect(seconds, *arguments, **options)


def _sqlite(url: sa.URL, wait: float, common: Mapping[str, Any], *, writes: bool) -> sa.Engine:
    engine = sa.create_engine(
        url,
        # The driver's own idea of when a transaction begins is switched off.
        connect_args={"timeout": wait, "isolation_level": None},
        pool_size=4,
        max_overflow=12,
        **common,
    )
    mode = journal_mode(sqlite3.sqlite_version_info)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        # The mode stays with the file. It cannot be changed while others are at it, and waiting
        # does not help: the next connection tries again.
        with contextlib.suppress(sqlite3.OperationalError):
            cursor.execute(f"PRAGMA journal_mode={mode}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    # A transaction that reads first and then writes could fail after all its work was done.
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @sa.event.listens_for(engine, "begin")
    def start(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


Begin = Callable[[], AbstractContextManager[sa.Connection]]
"""Begins a transaction."""


@contextlib.contextmanager
def transactions(url: sa.URL, *, wait: float | None = None, writes: bool = True) -> Iterator[Begin]:
    """Transactions of a command, one after another, on an engine of its own.

    Raises ConfigurationError naming the database when it cannot be reached or does not do what
    was asked; never with the driver's text, which quotes rows.
    """
    engine = open_engine(url, wait=wait, writes=writes)
    try:
        yield engine.begin
    except sa.exc.SQLAlchemyError as why:
        cause = type(getattr(why, "orig", None) or why).__name__
        raise ConfigurationError(
            f"{shown(url)}: cannot be used now ({cause}): is it there, may it be written, "
            "and is nobody else holding it?"
        ) from None
    finally:
        engine.dispose()


@contextlib.contextmanager
def transaction(
    url: sa.URL, *, wait: float | None = None, writes: bool = True
) -> Iterator[sa.Connection]:
    """One of `transactions`, with what they raise."""
    with transactions(url, wait=wait, writes=writes) as begin, begin() as connection:
        yield connection
