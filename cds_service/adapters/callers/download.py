"""Small documents from configured addresses: key sets, capability statements."""

from __future__ import annotations

import time
from typing import Final

import requests
import urllib3

from cds_service.errors import CdsServiceError

_SECONDS: Final = 3.0
_CHUNK: Final = 16 * 1024


class DownloadError(CdsServiceError):
    """Nothing usable came. `reason` is a code for the log; the text is for an operator."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def download(url: str, accept: str, most: int, seconds: float = _SECONDS) -> bytes:
    """The body of a 200, of `most` bytes at the most. Raises DownloadError.

    No redirect is followed, nothing of the environment (proxies, .netrc) is used, nothing is
    inflated.
    """
    end = time.monotonic() + seconds
    with requests.Session() as session:
        session.trust_env = False
        try:
            with session.get(
                url,
                headers={"Accept": accept, "Accept-Encoding": "identity"},
                timeout=seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _body(response, most, end)
        except requests.exceptions.SSLError:
            raise DownloadError("tls", "its certificate is not trusted here") from None
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise DownloadError("timeout", f"no answer within {seconds:g} s") from None
        except (OSError, urllib3.exceptions.HTTPError):  # requests' own are OSErrors
            raise DownloadError("unreachable", "it cannot be reached") from None


def _body(response: requests.Response, most: int, end: float) -> bytes:
    if response.is_redirect or 300 <= response.status_code < 400:
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
        if time.monotonic() > end:
            raise DownloadError("timeout", "its answer takes too long")
    return body
