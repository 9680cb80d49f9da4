"""One GET after another from one FHIR server: bytes of a FHIR answer, or why there are none."""

from __future__ import annotations

import http.client
import http.cookiejar
import logging
import threading
import time
from typing import Final

import requests
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from cds_service import __version__
from cds_service.adapters.fhir.connection import ATTEMPT, Attempt, GuardedAdapter, scheme
from cds_service.adapters.fhir.errors import FetchError, Why
from cds_service.adapters.fhir.resolver import Resolver
from cds_service.adapters.fhir.watchdog import Watchdog
from cds_service.cdshooks.request import AccessToken
from cds_service.client import FhirServer

CHUNK: Final = 16 * 1024
MAX_ANSWER: Final = 2 * 1024 * 1024
"""Bytes of one answer, decoded."""
MAX_CALL: Final = 16 * 1024 * 1024
"""Bytes of all answers for one call: as much as a body with prefetch may have."""
_MEDIA_TYPES: Final = ("application/fhir+json", "application/json")
_HEADERS: Final = {
    "Accept": "application/fhir+json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"cds-service/{__version__}",
}
_ENCODINGS: Final = ("", "identity", "gzip")
_FAULTS: Final = (
    requests.RequestException,
    HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,  # numbers in headers that are none
)


# What they write quotes the URL, and with it the patient, down to their warnings.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Grant:
    """What one call may read with: its token, its time and its share of memory."""

    def __init__(self, token: AccessToken | None, deadline: float) -> None:
        self.token = token
        self.deadline = deadline
        self._lock = threading.Lock()
        self._left = MAX_CALL

    def take(self, size: int) -> None:
        """Raises FetchError when the call has had its share."""
        with self._lock:
            if size > self._left:
                raise FetchError("too-large")
            self._left -= size

    def give_back(self, size: int) -> None:
        """What was taken for an answer that is thrown away."""
        with self._lock:
            self._left += size

    def __repr__(self) -> str:
        return "Grant(hidden)"


class PlainSession(requests.Session):
    """Knows no redirects. Told not to follow one, `requests` still reads the body that came with it,
    to its end, and prepares the next request.
    """

    def __init__(self) -> None:
        super().__init__()
        # No proxy and no .netrc: the latter would replace the token by a password of ours.
        self.trust_env = False

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None


class ServerSession:
    """Connections to one server, kept alive; safe for threads."""

    def __init__(self, server: FhirServer, watchdog: Watchdog, resolver: Resolver) -> None:
        self._server = server
        self._watchdog = watchdog
        self._resolver = resolver
        self._session = PlainSession()
        # One patient's call must not leave a cookie for the next one's.
        self._session.cookies = RequestsCookieJar(
            policy=http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
        )
        self._session.adapters.clear()
        self._session.mount(f"{scheme(server)}://", GuardedAdapter(server, server.parallel))

    def close(self) -> None:
        self._session.close()

    def get(self, url: str, grant: Grant, most: int = MAX_ANSWER) -> bytes:
        """The body of a FHIR answer, of `most` bytes at the most. Raises FetchError."""
        attempt = self._attempt(grant)
        try:
            return self._get(url, grant, attempt, most)
        except FetchError as error:
            # The server closed a kept connection while it was idle: that is no answer to this
            # request, so it is put once more, on a new connection. Nothing else is repeated.
            stale = attempt.reused and not attempt.answered and error.why == "connection"
            if not stale:
                raise
        return self._get(url, grant, self._attempt(grant, fresh=True), most)

    def _attempt(self, grant: Grant, *, fresh: bool = False) -> Attempt:
        return Attempt(self._server, grant.deadline, self._watchdog, self._resolver, fresh=fresh)

    def _get(self, url: str, grant: Grant, attempt: Attempt, most: int) -> bytes:
        left = attempt.left
        if not left:
            raise FetchError("timeout")
        here = ATTEMPT.set(attempt)
        why: Why
        try:
            asked = _request(url, grant)
            with self._session.send(
                asked, stream=True, allow_redirects=False, timeout=left, verify=True, proxies={}
            ) as response:
                return _body(response, grant, most)
        except _FAULTS as error:
            late = isinstance(error, requests.Timeout) or not attempt.left
            untrusted = isinstance(error, requests.exceptions.SSLError)
            why = "tls" if untrusted else "connection"
            why = "address" if attempt.forbidden else "timeout" if late else why
        finally:
            attempt.finish()
            ATTEMPT.reset(here)
        # Raised out here, so that the other error goes: its text quotes address and headers, and its
        # frames hold the connection.
        raise FetchError(why)


def _request(url: str, grant: Grant) -> requests.PreparedRequest:
    """Made by hand: merging it with a session's defaults would take a fifth of the whole GET."""
    made = requests.PreparedRequest()
    made.prepare_method("GET")
    made.prepare_url(url, None)
    made.prepare_cookies({})
    made.headers = CaseInsensitiveDict(_HEADERS)
    if grant.token is not None:
        made.headers["Authorization"] = f"Bearer {grant.token.reveal()}"
    return made


def _body(response: requests.Response, grant: Grant, most: int) -> bytes:
    status = response.status_code
    if status >= 500:
        raise FetchError("server-error", status)
    if 300 <= status < 400:
        raise FetchError("redirect", status)
    if status >= 400:
        raise FetchError("refused", status)
    kind, _, parameters = response.headers.get("Content-Type", "").lower().partition(";")
    charset = parameters.partition("charset=")[2].strip(' "')
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if (
        status != 200
        or kind.strip() not in _MEDIA_TYPES
        or charset not in ("", "utf-8", "utf8", "us-ascii")
        or encoding not in _ENCODINGS
    ):
        raise FetchError("not-fhir")
    body = bytearray()
    try:
        for chunk in response.iter_content(CHUNK):
            grant.take(len(chunk))
            body += chunk
            if len(body) > most:
                raise FetchError("too-large")
            if time.monotonic() > grant.deadline:
                break
    except FetchError:
        grant.give_back(len(body))
        raise
    # A connection that was shut down at the deadline looks like the end of a body without length.
    if time.monotonic() > grant.deadline:
        raise FetchError("timeout")
    return bytes(body)
