"""Who calls. In development mode: anybody on this machine."""

from __future__ import annotations

from collections.abc import Callable

from flask import Request, g, request

from cds_service.client import Client
from cds_service.errors import Throttled
from cds_service.web.call_log import note
from cds_service.web.seams import Authenticator


class Anybody:
    """Authenticator of development mode; production brings its own."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def authenticate(self, request: Request, url: str) -> Client:  # noqa: ARG002  # nobody is refused
        return self._client


class Throttle:
    """Authenticator that turns a client away which calls more often than it may.

    Its token is used up all the same: whether it is good must be known before whose it is.
    """

    def __init__(self, inner: Authenticator, wait: Callable[[Client], int | None]) -> None:
        """`wait` counts a call of the client, and says for how many seconds it has to wait."""
        self._inner = inner
        self._wait = wait

    def authenticate(self, request: Request, url: str) -> Client:
        client = self._inner.authenticate(request, url)
        seconds = self._wait(client)
        if seconds is not None:
            _remember(client)
            raise Throttled(seconds)
        return client


def admit(authenticator: Authenticator, url: str) -> Client:
    """The caller of this request, for the log and the CORS headers too. Raises RequestError."""
    client = authenticator.authenticate(request, url)
    _remember(client)
    return client


def _remember(client: Client) -> None:
    g.caller = client
    note(client=client.name)


def caller() -> Client | None:
    """Who was admitted, once that is known."""
    client: Client | None = g.get("caller")
    return client
