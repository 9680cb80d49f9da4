"""Names to addresses within a deadline: the system's own look-up cannot be interrupted."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import Future
from ipaddress import ip_address
from typing import Any, TypeAlias

Place: TypeAlias = tuple[socket.AddressFamily, Any]
"""Family and socket address."""


class Resolver:
    """Everybody who asks for the same host waits for the same look-up, so that a name server that
    hangs holds one thread for each configured host and never a thread that fetches.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[tuple[str, int], Future[list[Place]]] = {}

    def find(self, host: str, port: int, deadline: float) -> list[Place]:
        """Raises OSError when there is no such host, TimeoutError at the deadline."""
        try:
            version = ip_address(host).version
        except ValueError:
            return self._look_up(host, port, deadline)
        return [(socket.AF_INET if version == 4 else socket.AF_INET6, (host, port))]

    def _look_up(self, host: str, port: int, deadline: float) -> list[Place]:
        with self._lock:
            answer = self._asked.get((host, port))
            if answer is None:
                answer = self._asked[host, port] = Future()
                threading.Thread(
                    target=self._ask, args=(host, port, answer), name="fhir-resolver", daemon=True
                ).start()
        return answer.result(max(0.0, deadline - time.monotonic()))

    def _ask(self, host: str, port: int, answer: Future[list[Place]]) -> None:
        places: list[Place] = []
        error: Exception | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            places = [(family, address) for family, _, _, _, address in found]
        except (OSError, UnicodeError):
            error = OSError("no such host")
        with self._lock:
            self._asked.pop((host, port), None)
        if error is None:
            answer.set_result(places)
        else:
            answer.set_exception(error)
