"""Connections to PostgreSQL that end a wait themselves.

A server that hangs answers nothing, and nothing ends the wait for it: `statement_timeout` is its own
clock, and its machine acknowledges what is sent, so that `tcp_user_timeout` and keep-alives see a peer
in good health. libpq has no limit for a statement, and psycopg none but for connecting.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")


class Impatient(psycopg.Connection[Any]):
    """Gives up a statement that takes longer than `patience` seconds, and itself with it."""

    patience = float("inf")

    def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **options: Any) -> T:
        """All of psycopg's waits for an answer come by here.

        Raises psycopg.OperationalError; the connection is closed then, so that no pool keeps it.
        """
        return super().wait(self._in_time(gen), *arguments, **options)

    def _in_time(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """`gen`, which psycopg wakes when there is something to read, and every tenth of a second."""
        until = time.monotonic() + self.patience
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                # What has arrived is looked at first: it may be the answer.
                wanted = gen.send(ready)
                if time.monotonic() > until:
                    self.close()
                    raise psycopg.OperationalError("no answer in time")
        except StopIteration as end:
            value: T = end.value
            return value


def connect(patience: float, *arguments: Any, **options: Any) -> Impatient:
    """A connection with so many seconds for each statement. Raises psycopg.OperationalError."""
    connection = Impatient.connect(*arguments, **options)
    connection.patience = patience
    return connection
