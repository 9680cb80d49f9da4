"""Leaves a server alone for a while when it does not answer."""

from __future__ import annotations

import threading
from typing import Final

from purgatory import SyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

CALLS: Final = 5
"""Calls in a row in which nothing was answered, until the server is left alone."""
SECONDS: Final = 10.0
"""How long; then calls try again, and the first that is answered ends it."""


class Unanswered(Exception):  # noqa: N818  (what happened)
    """Nothing was answered in this call: it timed out, broke off or was a server error."""


class Breaker:
    """`purgatory` under a lock, which it lacks between threads; never held during a call."""

    def __init__(self, calls: int = CALLS, seconds: float = SECONDS) -> None:
        factory = SyncCircuitBreakerFactory(default_threshold=calls, default_ttl=seconds)
        self._breaker = factory.get_breaker("fhir")
        self._lock = threading.Lock()

    def closed(self) -> bool:
        """Whether the server may be asked."""
        with self._lock:
            try:
                self._breaker.__enter__()
            except OpenedState as state:
                # It raises one object again and again, which would gather every call's frames.
                state.__traceback__ = None
                return False
            return True

    def note(self, *, answered: bool) -> None:
        why = None if answered else Unanswered()
        with self._lock:
            self._breaker.__exit__(type(why) if why else None, why, None)
