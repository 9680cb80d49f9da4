"""How often each client may call: counted here, in each process for itself.

A safety net for the other clients. The proxy knows addresses only, and several clients may come from
one, or one from many; and what it counts it counts for all workers together.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

from cds_service.client import Client

_MINUTE: Final = 60.0


class Rates:
    """Calls by client in a minute that begins with the first of them, by a clock nobody sets back."""

    def __init__(
        self, clients: Iterable[Client], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = {
            client.name: client.calls_per_minute for client in clients if client.calls_per_minute
        }
        self._now = now
        self._lock = threading.Lock()
        self._minutes: dict[str, tuple[float, int]] = {}

    def wait(self, client: Client) -> int | None:
        """Count a call; the seconds left of that minute when it is one too many."""
        most = self._most.get(client.name)
        if most is None:
            return None
        with self._lock:
            now = self._now()
            began, calls = self._minutes.get(client.name, (now, 0))
            if now - began >= _MINUTE:
                began, calls = now, 0
            if calls >= most:
                return max(1, math.ceil(began + _MINUTE - now))
            self._minutes[client.name] = began, calls + 1
            return None
