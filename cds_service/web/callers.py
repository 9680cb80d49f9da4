"""Who calls. In development mode: anybody on this machine."""

from __future__ import annotations

from flask import Request, g, request

from cds_service.client import Client
from cds_service.web.call_log import note
from cds_service.web.seams import Authenticator


class Anybody:
    """Authenticator of development mode; production brings its own."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def authenticate(self, request: Request, url: str) -> Client:  # noqa: ARG002  # nobody is refused
        return self._client


def admit(authenticator: Authenticator, url: str) -> Client:
    """The caller of this request, for the log and the CORS headers too. Raises RequestError."""
    client = authenticator.authenticate(request, url)
    g.caller = client
    note(client=client.name)
    return client


def caller() -> Client | None:
    """Who was admitted, once that is known."""
    client: Client | None = g.get("caller")
    return client
