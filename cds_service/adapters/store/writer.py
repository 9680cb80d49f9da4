"""Rows of issued cards, written behind the calls: many calls share one commit."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from cds_service.adapters.store.rows import ORDER, Rows, insert_new, issued_rows
from cds_service.issued import Slip

Item: TypeAlias = tuple[Slip, float, float]
Count: TypeAlias = Callable[[str, int], None]
Also: TypeAlias = Callable[[sa.Connection, list[Item]], None]

ROOM: Final = 10_000
"""Calls that may wait to be written: minutes of a busy service whose database is down."""
FULL: Final = 0.9
"""Share of the room beyond which cards go out without uuid: what is taken down may get lost."""
BATCH: Final = 500
LINGER: Final = 0.2
"""Seconds that a call waits for others to share its commit."""
PAUSE: Final = 1.0
"""Seconds between tries while the database is down."""
LAST: Final = 6.0
"""Seconds in which a try that began in time comes to its end, so that what it loses is counted."""


class Writer:
    """A thread that takes calls from a bounded queue. `put` never waits."""

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[sa.Connection]],
        count: Count,
        failed: Callable[[BaseException | None], None],
        also: tuple[Also, ...] = (),
    ) -> None:
        """`failed` is told what went wrong, and None when the database is there again; `also`
        write what else belongs to a batch, in its commit.
        """
        self._also = also
        self._begin = begin
        self._count = count
        self._failed = failed
        self._queue: queue.Queue[Item] = queue.Queue(ROOM)
        self._high = int(ROOM * FULL)
        self._closing = threading.Event()
        self._deadline = float("inf")
        self.down = False
        self._thread = threading.Thread(target=self._run, name="store writer", daemon=True)
        self._thread.start()

    @property
    def sure(self) -> bool:
        """Whether what is put now will be written, as far as anybody can tell."""
        return not self.down and self._queue.qsize() < self._high

    def put(self, item: Item) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self._count("call_lost", 1)

    def close(self, patience: float) -> None:
        """Write what is there, for at most so many seconds."""
        self._deadline = time.monotonic() + patience
        self._closing.set()
        self._thread.join(patience + LAST)

    def _run(self) -> None:
        while True:
            batch = self._batch()
            if batch:
                self._write(batch)
            elif self._closing.is_set():
                return

    def _batch(self) -> list[Item]:
        try:
            batch = [self._queue.get(timeout=LINGER)]
        except queue.Empty:
            return []
        self._closing.wait(LINGER)
        while len(batch) < BATCH:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return batch

    def _write(self, batch: list[Item]) -> None:
        """Until it is written, or closing has taken too long."""
        # Once, with their ids: a commit whose answer was lost must not be written a second time.
        rows = issued_rows(batch)
        while True:
            try:
                self._commit(batch, rows)
            except (IntegrityError, DataError) as why:
                self._failed(why)
                self._one_by_one(batch)
                return
            except (SQLAlchemyError, OSError) as why:
                self._set_down(why)
                if time.monotonic() > self._deadline:
                    # There is no time to try the others one batch after another.
                    self._count("call_lost", len(batch) + self._given_up())
                    return
                self._closing.wait(PAUSE)
                if self._closing.is_set():
                    time.sleep(PAUSE / 5)
            else:
                self._set_down(None)
                return

    def _given_up(self) -> int:
        """How many calls were still waiting; they wait no more."""
        lost = 0
        with contextlib.suppress(queue.Empty):
            while True:
                self._queue.get_nowait()
                lost += 1
        return lost

    def _one_by_one(self, batch: list[Item]) -> None:
        """A row that no database takes must not keep the others out."""
        for item in batch:
            try:
                self._commit([item], issued_rows([item]))
            except (SQLAlchemyError, OSError):
                self._count("call_lost", 1)

    def _commit(self, batch: list[Item], rows: Rows) -> None:
        with self._begin() as connection:
            for table in ORDER:
                insert_new(connection, table, rows[table])
            for write in self._also:
                write(connection, batch)

    def _set_down(self, why: BaseException | None) -> None:
        if self.down != (why is not None):
            self.down = why is not None
            self._failed(why)
