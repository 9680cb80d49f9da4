"""Shuts sockets down at a deadline, whatever the thread that reads them is doing.

A timeout of `requests` is one of each single read: a server that drips a byte now and then is never
late. Shutting the socket down ends every phase: TLS, headers, body.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class Watch:
    """One socket under watch."""

    def __init__(self, watchdog: Watchdog, sock: socket.socket, deadline: float) -> None:
        self._watchdog = watchdog
        self.deadline = deadline
        # A descriptor of its own: the watched one may be closed, and its number be another's, by then.
        self._copy = socket.fromfd(sock.fileno(), sock.family, sock.type)

    def cancel(self) -> None:
        self._watchdog.forget(self)

    def fire(self) -> None:
        with contextlib.suppress(OSError):  # the other side was faster
            self._copy.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._copy.close()


class Watchdog:
    """Its thread starts with the first socket and ends when none is left to watch."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watches: set[Watch] = set()
        self._running = False
        self._awake_at = 0.0

    def watch(self, sock: socket.socket, deadline: float) -> Watch:
        """`deadline` is a reading of the monotonic clock."""
        watch = Watch(self, sock, deadline)
        with self._changed:
            self._watches.add(watch)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="fhir-watchdog", daemon=True).start()
            elif deadline < self._awake_at:
                self._changed.notify()
        return watch

    def forget(self, watch: Watch) -> None:
        with self._changed:
            if watch in self._watches:
                self._watches.remove(watch)
                watch.close()
            if not self._watches:
                self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while self._watches:
                now = time.monotonic()
                for watch in [one for one in self._watches if one.deadline <= now]:
                    self._watches.remove(watch)
                    watch.fire()
                    watch.close()
                if self._watches:
                    self._awake_at = min(one.deadline for one in self._watches)
                    self._changed.wait(self._awake_at - now)
            self._running = False
