"""What the views need from other rooms, as small protocols; app.py fits them together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from flask import Request

from cds_service.cdshooks.request import HookRequest
from cds_service.client import Client

Clock: TypeAlias = Callable[[], datetime]
"""The moment a call is evaluated for, with its zone."""


class EvaluatorProtocol(Protocol):
    """The use case."""

    def evaluate(self, request: HookRequest, now: datetime, client: Client) -> dict[str, Any]:
        """The CDS Hooks response. Raises RequestError when the request cannot be answered."""
        ...

    def explain(self, request: HookRequest, now: datetime, client: Client) -> str:
        """The reasoning as text for people."""
        ...


class Authenticator(Protocol):
    """Who calls."""

    def authenticate(self, request: Request, url: str) -> Client:
        """The caller, from the headers alone; `url` is the public URL that was called.

        Raises RequestError with status 401; the body of that answer stays empty (SEC-10).
        """
        ...


class FhirReader(Protocol):
    """Reads what the client did not prefetch, where the client allows it (CDS Hooks, F-1)."""

    def complete(self, request: HookRequest, client: Client, deadline: float) -> HookRequest:
        """The request with absent prefetch keys filled as far as they could be read in time.

        `deadline` is a reading of the monotonic clock; nothing is awaited beyond it.
        """
        ...
