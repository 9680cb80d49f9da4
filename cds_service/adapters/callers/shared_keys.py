"""Fetched key sets in the database of the tokens seen: what one worker fetched, all have."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

from cds_service.adapters.callers.key_cache import KEEP_FOR, Log
from cds_service.adapters.callers.key_sets import KeySet, KeySetError
from cds_service.adapters.callers.key_shelf import Alone, Found, Turn

T = TypeVar("T")
_REST: Final = 5.0
"""Seconds after a failure in which the database is not asked again."""
_AHEAD: Final = 60_000
"""Milliseconds by which the clocks of two hosts may differ; what is from later is not believed."""
_FETCHING: Final = 4_000
"""Milliseconds after its turn in which a worker has keys, or will have none."""

_SETS: Final = sa.Table(
    "key_sets",
    sa.MetaData(),
    # By both: keys from another address prove nothing, also after the settings were changed.
    sa.Column("issuer", sa.String(512), primary_key=True),
    sa.Column("url", sa.String(2048), primary_key=True),
    sa.Column("fetched", sa.BigInteger, nullable=False),
    sa.Column("renewed", sa.BigInteger, nullable=False),
    sa.Column("asked", sa.BigInteger, nullable=False),
    sa.Column("document", sa.LargeBinary),
)
"""`fetched`: when `document` came, the JWK Set as it was received; null: it is not to be used any
more. `renewed`, `asked`: when a worker last took its turn. Milliseconds since 1970; 0: never.
"""
_NEVER: Final = {"fetched": 0, "renewed": 0, "asked": 0, "document": None}


class SharedKeys:
    """The table. While it cannot be asked, each worker is on its own."""

    def __init__(
        self,
        connect: Callable[[], sa.Connection],
        log: Log,
        wall: Callable[[], float] = time.time,
        rest: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self.log = log
        self._wall = wall
        self._monotonic = rest
        self._lock = threading.Lock()
        self._made_in = 0
        self._down_until = 0.0
        self._down = False

    def of(self, client: str, issuer: str, url: str, read: Callable[[bytes], KeySet]) -> SharedSet:
        """The keys of a client's one address. `read` raises KeySetError; what it refuses is not used."""
        return SharedSet(self, client, issuer, url, read)

    def now(self) -> int:
        return int(self._wall() * 1000)

    def ask(self, work: Callable[[sa.Connection], T]) -> T | None:
        """What `work` returns; None: the database cannot be asked. Raises IntegrityError."""
        with self._lock:
            if self._monotonic() < self._down_until:
                return None
        try:
            with self._connect() as connection:
                self._make(connection)
                found = work(connection)
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as why:
            with self._lock:
                self._down_until = self._monotonic() + _REST
                known, self._down = self._down, True
            if not known:
                self.log.warning("shared keys out of reach", error=type(why).__name__)
            return None
        self._down = False
        return found

    def _make(self, connection: sa.Connection) -> None:
        if self._made_in == os.getpid():
            return
        try:
            connection.execute(sa.schema.CreateTable(_SETS, if_not_exists=True))
        except (IntegrityError, ProgrammingError):
            # PostgreSQL refuses when two processes create it at one moment, or when the role may
            # not; if it is not there then, the statement itself says so.
            return
        self._made_in = os.getpid()


class SharedSet:
    """See `key_shelf.Shelf`."""

    def __init__(
        self,
        table: SharedKeys,
        client: str,
        issuer: str,
        url: str,
        read: Callable[[bytes], KeySet],
    ) -> None:
        self._table = table
        self._client = client
        self._read = read
        self._row = {"issuer": issuer, "url": url}
        self._here = sa.and_(_SETS.c.issuer == issuer, _SETS.c.url == url)
        self._alone = Alone()
        self._refused = 0

    def look(self, known: int) -> Found | None:
        query = sa.select(_SETS).where(self._here)
        row = self._table.ask(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        now = self._table.now()
        fetched = _number(row.fetched)
        turn = max(_number(row.renewed), _number(row.asked))
        busy = turn > fetched and 0 <= now - turn < _FETCHING
        age = max(0, now - fetched) / 1000
        if fetched - now > _AHEAD or age > KEEP_FOR or fetched == self._refused:
            return Found(0, age, None, busy)
        if row.document is None or fetched == known:
            return Found(fetched, age, None, busy)
        try:
            return Found(fetched, age, self._read(row.document), busy)
        except KeySetError as why:
            reason = why.reason
        except Exception as why:  # noqa: BLE001  # whoever wrote it, the next fetch mends it
            reason = type(why).__name__
        # No worker writes what is refused: somebody else did, or the file is broken.
        self._refused = fetched
        self._table.log.error("shared keys refused", client=self._client, reason=reason)
        return Found(0, age, None, busy)

    def put(self, keys: KeySet | None) -> int:
        stamp = self._table.now()
        values = {"fetched": stamp, "document": None if keys is None else keys.document}
        change = _SETS.update().where(self._here).values(values)
        new = _SETS.insert().values(_NEVER | self._row | values)

        def write(connection: sa.Connection) -> int:
            if not connection.execute(change).rowcount:
                connection.execute(new)
            return stamp

        try:
            return self._table.ask(write) or 0
        except IntegrityError:  # another worker was faster by a moment
            return 0

    def take_turn(self, why: Turn, spacing: float) -> bool:
        now = self._table.now()
        last = _SETS.c[why]
        free = sa.or_(last <= now - int(spacing * 1000), last > now + _AHEAD)
        change = _SETS.update().where(self._here, free).values({why: now})
        first = _SETS.insert().values(_NEVER | self._row | {why: now})

        def write(connection: sa.Connection) -> bool:
            if not connection.execute(change).rowcount:
                connection.execute(first)
            return True

        try:
            taken = self._table.ask(write)
        except IntegrityError:  # the row is there, and its turn is taken
            return False
        return self._alone.take_turn(why, spacing) if taken is None else taken


def _number(stored: object) -> int:
    """SQLite keeps what is put into a column; what is no number there is as good as never."""
    return stored if isinstance(stored, int) else 0
