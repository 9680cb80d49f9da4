"""Why a fetch brought nothing; a closed list, so that it may be counted and logged."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Why: TypeAlias = Literal[
    "timeout", "connection", "tls", "server-error", "refused", "redirect", "not-fhir", "too-large",
    "other-patient", "scope", "address",
]  # fmt: skip

OF_THE_SERVER: Final[frozenset[Why]] = frozenset(("timeout", "connection", "tls", "server-error"))
"""Faults that speak against the server as a whole; the breaker counts them."""
ANSWERS: Final[frozenset[Why]] = frozenset(
    ("refused", "redirect", "not-fhir", "too-large", "other-patient")
)
"""Faults of one query: the server is there."""


class FetchError(Exception):
    """A query that is not available. Holds one word of the list and the HTTP status, if there was
    one; nothing else of request or answer.
    """

    def __init__(self, why: Why, status: int | None = None) -> None:
        super().__init__(why)
        self.why: Why = why
        self.status = status
