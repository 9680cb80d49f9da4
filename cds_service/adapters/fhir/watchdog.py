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
    """Its thread starts with the first socket, so that it is there after a fork too."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watches: set[Watch] = set()
        self._thread: threading.Thread | None = None
        self._awake_at: float | None = None

    def watch(self, sock: socket.socket, deadline: float) -> Watch:
        """`deadline` is a reading of the monotonic clock."""
        watch = Watch(self, sock, deadline)
        with self._changed:
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fhir-watchdog", daemon=True)
                self._thread.start()
            elif self._awake_at is None or deadline < self._awake_at:
                self._changed.notify()
        return watch

    def forget(self, watch: Watch) -> None:
        with self._changed:
            if watch in self._watches:
                self._watches.remove(watch)
                watch.close()

    def close(self) -> None:
        """Ends the thread; a later watch starts another."""
        with self._changed:
            thread, self._thread = self._thread, None
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        with self._changed:
            while self._thread is threading.current_thread():
                now = time.monotonic()
                for watch in [one for one in self._watches if one.deadline <= now]:
                    self._watches.remove(watch)
                    watch.fire()
                    watch.close()
                self._awake_at = min((one.deadline for one in self._watches), default=None)
                self._changed.wait(None if self._awake_at is None else self._awake_at - now)
