"""What the workers of a service share of fetched keys, and whose turn it is to fetch them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol, TypeAlias

from cds_service.adapters.callers.key_sets import KeySet

Turn: TypeAlias = Literal["renewed", "asked"]
"""Why keys are fetched: it was time to, or a key id was not known."""


class Found(NamedTuple):
    """What the workers of a service know of one source."""

    stamp: int
    """Another one for each fetched set; 0: nothing that could be used was fetched."""
    age: float
    """Seconds since then."""
    keys: KeySet | None
    """None: they were taken back, or stand under the stamp that is known already."""
    busy: bool
    """A worker is fetching at this moment."""


class Shelf(Protocol):
    """Keys of one source for all workers, and whose turn it is to fetch them. Never raises because
    it is out of reach.
    """

    def look(self, known: int) -> Found | None:
        """`known`: the stamp of the keys that are here already. None: nobody knows anything."""
        ...

    def put(self, keys: KeySet | None) -> int:
        """Fetched now, None: and not to be used any more. The stamp; 0: it was not kept."""
        ...

    def take_turn(self, why: Turn, spacing: float) -> bool:
        """Whether to fetch: no worker has taken such a turn for `spacing` seconds."""
        ...


class Alone:
    """The shelf of a worker that shares with nobody."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._taken: dict[Turn, float] = {}

    def look(self, known: int) -> None:  # noqa: ARG002
        return None

    def put(self, keys: KeySet | None) -> int:  # noqa: ARG002
        return 0

    def take_turn(self, why: Turn, spacing: float) -> bool:
        now = self._now()
        if now - self._taken.get(why, -spacing) < spacing:
            return False
        self._taken[why] = now
        return True
