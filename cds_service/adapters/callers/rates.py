"""How often each client may call: counted here, in each process for itself.

A safety net for the other clients. The proxy knows addresses only, and several clients may come from
one, or one from many; and what it counts it counts for all workers together.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from cds_service.client import Client

if TYPE_CHECKING:
    from limits.strategies import RateLimiter


class Rates:
    """Calls by client in a minute that begins with the first of them."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._most = {
            client.name: client.calls_per_minute for client in clients if client.calls_per_minute
        }

    def wait(self, client: Client) -> int | None:
        """Count a call; the seconds left of that minute when it is one too many."""
        from limits import RateLimitItemPerMinute

        most = self._most.get(client.name)
        if most is None:
            return None
        item = RateLimitItemPerMinute(most)
        if self._limiter.hit(item, client.name):
            return None
        again = self._limiter.get_window_stats(item, client.name).reset_time
        return max(1, math.ceil(again - time.time()))

    @cached_property
    def _limiter(self) -> RateLimiter:
        # Made at the first call and so after the fork: its storage has a thread.
        from limits.storage import MemoryStorage
        from limits.strategies import FixedWindowRateLimiter

        return FixedWindowRateLimiter(MemoryStorage())
