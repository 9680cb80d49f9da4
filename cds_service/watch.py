"""What one call took, stage by stage, and which data it had to do without."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

STAGES: Final = ("verify", "read", "decode", "fetch", "evaluate", "render")
"""Token, body from the wire, JSON, FHIR server, criteria, cards and JSON."""


class Watch:
    """One for each call; a reading of the clock at the end of each stage."""

    __slots__ = ("_last", "began", "gaps", "stages")

    def __init__(self) -> None:
        self.began = self._last = time.perf_counter()
        self.stages: dict[str, float] = {}
        """Seconds of each stage that was reached."""
        self.gaps: Mapping[str, str] = {}
        """Prefetch keys that were not read to their end: `absent`, `failed` or `partial`."""

    def lap(self, stage: str) -> None:
        """That stage is over; the next one begins."""
        now = time.perf_counter()
        self.stages[stage] = now - self._last
        self._last = now

    def elapsed(self) -> float:
        """Seconds since the call began."""
        return time.perf_counter() - self.began
