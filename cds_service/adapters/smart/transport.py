"""Requests to authorization servers: only where they may go, within a time, of a bounded size."""

from __future__ import annotations

import http.cookiejar
import time
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import requests
from authlib.integrations.requests_client import OAuth2Session
from requests.cookies import RequestsCookieJar

from cds_service.adapters.fhir.connection import ATTEMPT, Attempt, GuardedAdapter
from cds_service.adapters.fhir.resolver import Resolver
from cds_service.adapters.fhir.watchdog import Watchdog
from cds_service.client import FhirServer

SECONDS: Final = 5.0
LARGEST: Final = 256 * 1024
"""Bytes of one answer."""
_CHUNK: Final = 16 * 1024


class GuardedSession(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
    """Authlib's client, on the connections that the FHIR reader uses: addresses are checked when
    they are connected to, and the network is the one configured for the client's FHIR server.

    No redirect, no proxy, no .netrc, no cookies.
    """

    def __init__(
        self, server: FhirServer, watchdog: Watchdog, resolver: Resolver, **options: Any
    ) -> None:
        super().__init__(**options)
        self._server = server
        self._watchdog = watchdog
        self._resolver = resolver
        self.trust_env = False
        self.cookies = RequestsCookieJar(
            policy=http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
        )
        self.adapters.clear()
        for at in ("https://", "http://"):
            self.mount(at, GuardedAdapter(msgspec.structs.replace(server, base=at)))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Raises requests.RequestException."""
        parts = urlsplit(str(request.url))
        at = msgspec.structs.replace(self._server, base=f"{parts.scheme}://{parts.netloc}")
        deadline = time.monotonic() + SECONDS
        attempt = Attempt(at, deadline, self._watchdog, self._resolver)
        here = ATTEMPT.set(attempt)
        request.headers["Accept-Encoding"] = "identity"
        options |= {"stream": True, "allow_redirects": False, "timeout": SECONDS, "proxies": {}}
        try:
            response: requests.Response
            with super().send(request, **options) as response:
                body = bytearray()
                for chunk in response.iter_content(_CHUNK):
                    body += chunk
                    if len(body) > LARGEST or time.monotonic() > deadline:
                        raise requests.RequestException("too large or too late")
            response._content = bytes(body)  # noqa: SLF001  # what `content` gives from now on
        finally:
            attempt.finish()
            ATTEMPT.reset(here)
        return response
