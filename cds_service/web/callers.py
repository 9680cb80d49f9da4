"""Who calls, in development mode: anybody on this machine."""

from __future__ import annotations

from flask import Request

from cds_service.client import Client


class Anybody:
    """Authenticator of development mode; production brings its own."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def authenticate(self, request: Request, url: str) -> Client:  # noqa: ARG002  # nobody is refused
        return self._client
