"""Documents from configured addresses: what is taken, and what each failure is called."""

import gzip
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
import responses
from pages import serving

from cds_service.adapters.callers import download as module
from cds_service.adapters.callers.download import DownloadError, download

URL = "https://north.example/jwks.json"
MOST = 64 * 1024


def fetch(url: str = URL) -> bytes:
    return download(url, "application/json", MOST)


def test_a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing of the environment goes along: no proxy, no credentials."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving() as pages:
        pages.pages["/jwks.json"] = b"x" * MOST
        assert fetch(f"{pages.url}/jwks.json") == b"x" * MOST
        ((_, headers),) = pages.asked
    assert "Authorization" not in headers
    assert headers["Accept"] == "application/json"
    assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
def test_redirects_are_not_followed(status):
    with serving() as pages:
        pages.pages["/a"] = (status, {"Location": "/b"}, b"")
        pages.pages["/b"] = b"{}"
        with pytest.raises(DownloadError) as caught:
            fetch(f"{pages.url}/a")
        assert pages.paths() == ["/a"]
    assert caught.value.reason == "redirect"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ((404, {}, b""), "status"),
        ((500, {}, b"{}"), "status"),
        ((204, {}, b""), "status"),
        (b"x" * (MOST + 1), "too-large"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(b"{}")), "encoding"),
        ((200, {"Content-Length": "100"}, b"{}"), "unreachable"),
    ],
    ids=["not there", "an error", "nothing", "too large", "compressed", "cut off"],
)
def test_what_is_not_taken(page, reason):
    with serving() as pages:
        pages.pages["/a"] = page
        with pytest.raises(DownloadError) as caught:
            fetch(f"{pages.url}/a")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (requests.ConnectTimeout("secret"), "timeout"),
        (requests.ReadTimeout("secret"), "timeout"),
        (requests.exceptions.SSLError("secret"), "tls"),
        (requests.ConnectionError("secret"), "unreachable"),
        (requests.exceptions.InvalidURL("secret"), "unreachable"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_faults_on_the_way(fault, reason):
    with responses.RequestsMock() as network:
        network.get(URL, body=fault)
        with pytest.raises(DownloadError) as caught:
            fetch()
    assert caught.value.reason == reason
    assert "secret" not in str(caught.value)


def test_nobody_there():
    with serving() as pages:
        url = pages.url
    with pytest.raises(DownloadError) as caught:
        fetch(url)
    assert caught.value.reason == "unreachable"


def test_a_body_that_drips_is_late(monkeypatch):
    moments = iter([0.0, 1.0, 3.1])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    with responses.RequestsMock() as network:
        network.get(URL, body=b"x" * 40_000)
        with pytest.raises(DownloadError) as caught:
            fetch()
    assert caught.value.reason == "timeout"
