"""Small documents from configured addresses: key sets."""

from __future__ import annotations

import time
from typing import Final

import requests
import urllib3

from cds_service.adapters.fhir.connection import ATTEMPT, Attempt, GuardedAdapter, scheme
from cds_service.adapters.fhir.resolver import Resolver
from cds_service.adapters.fhir.session import PlainSession
from cds_service.adapters.fhir.watchdog import Watchdog
from cds_service.client import Peer
from cds_service.errors import CdsServiceError

_SECONDS: Final = 3.0
_CHUNK: Final = 16 * 1024
_RESOLVER: Final = Resolver()


class DownloadError(CdsServiceError):
    """Nothing usable came. `reason` is a code for the log; the text is for an operator."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def download(peer: Peer, accept: str, most: int, seconds: float = _SECONDS) -> bytes:
    """The body of a 200 at `peer.base`, of `most` bytes at the most. Raises DownloadError.

    As guarded as the reading of charts: no address that the peer may not have, no byte after the
    deadline, no redirect, nothing of the environment (proxies, .netrc), nothing inflated.
    """
    watchdog = Watchdog()
    attempt = Attempt(peer, time.monotonic() + seconds, watchdog, _RESOLVER)
    here = ATTEMPT.set(attempt)
    try:
        with PlainSession() as session:
            session.adapters.clear()
            session.mount(f"{scheme(peer)}://", GuardedAdapter(peer))
            with session.get(
                peer.base,
                headers={"Accept": accept, "Accept-Encoding": "identity"},
                timeout=seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _body(response, most, attempt, seconds)
    except (OSError, urllib3.exceptions.HTTPError) as error:  # requests' own are OSErrors
        failed = _why(error, attempt, seconds)
    finally:
        attempt.finish()
        ATTEMPT.reset(here)
        watchdog.close()
    # Raised out here, so that the other error goes: its text quotes the address.
    raise failed


def _why(error: Exception, attempt: Attempt, seconds: float) -> DownloadError:
    if attempt.forbidden:
        return DownloadError(
            "address",
            "it has an address that is not public; name its private network with `network`",
        )
    late = isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError)
    if late or not attempt.left:
        return DownloadError("timeout", f"no answer within {seconds:g} s")
    if isinstance(error, requests.exceptions.SSLError):
        return DownloadError(
            "tls", "its certificate is not trusted here; name its authority with `ca`"
        )
    return DownloadError("unreachable", "it cannot be reached")


def _body(response: requests.Response, most: int, attempt: Attempt, seconds: float) -> bytes:
    if 300 <= response.status_code < 400:
        raise DownloadError("redirect", "it redirects; configure the final address")
    if response.status_code != 200:
        raise DownloadError("status", f"it answers {response.status_code}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise DownloadError("encoding", "it sends a compressed body although asked not to")
    body = b""
    while chunk := response.raw.read(_CHUNK, decode_content=False):
        body += chunk
        if len(body) > most:
            raise DownloadError("too-large", f"it sends more than {most // 1024} KiB")
    # A connection that was shut down at the deadline looks like the end of a body without length.
    if not attempt.left:
        raise DownloadError("timeout", f"its answer takes longer than {seconds:g} s")
    return body
