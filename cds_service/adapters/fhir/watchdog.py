"""Shuts sockets down at a deadline, whatever the thread that reads them is doing.

A timeout of `requests` is one of each single read: a server that drips a byte now and then is never
late. Shutting the socket down ends every phase: TLS, headers, body.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import socket
import threading
import time


class Watch:
    """One socket under watch."""

    def __init__(self, sock: socket.socket) -> None:
        # A descriptor of its own: the watched one may be closed, and its number be another's, by then.
        self._copy: socket.socket | None = socket.fromfd(sock.fileno(), sock.family, sock.type)
        self._lock = threading.Lock()

    def cancel(self) -> None:
        with self._lock:
            if self._copy is not None:
                self._copy.close()
                self._copy = None

    def fire(self) -> None:
        with self._lock:
            if self._copy is not None:
                with contextlib.suppress(OSError):  # the other side was faster
                    self._copy.shutdown(socket.SHUT_RDWR)
                self._copy.close()
                self._copy = None


class Watchdog:
    """Its thread starts with the first socket and ends when none is left to watch."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: list[tuple[float, int, Watch]] = []
        self._numbers = itertools.count()
        self._running = False

    def watch(self, sock: socket.socket, deadline: float) -> Watch:
        """`deadline` is a reading of the monotonic clock."""
        watch = Watch(sock)
        with self._changed:
            heapq.heappush(self._queue, (deadline, next(self._numbers), watch))
            if self._running:
                self._changed.notify()
            else:
                self._running = True
                threading.Thread(target=self._run, name="fhir-watchdog", daemon=True).start()
        return watch

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._queue:
                    self._running = False
                    return
                left = self._queue[0][0] - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                _, _, watch = heapq.heappop(self._queue)
            watch.fire()
