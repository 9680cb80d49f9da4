"""Documents from configured addresses: what is taken, and what each failure is called."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from certificates import HERE, certificate, tls
from faulty import faulty
from fhir_stub import listening
from pages import serving

from cds_service.adapters.callers.download import DownloadError, download
from cds_service.client import Peer

URL = "https://north.example/jwks.json"
MOST = 64 * 1024


def fetch(url: str = URL, **members: Any) -> bytes:
    return download(Peer(url, **members), "application/json", MOST)


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


@pytest.mark.parametrize(
    "mode", ["hang", "slow headers", "slow drip", "slow drip without length", "endless body"]
)
def test_a_server_that_never_comes_to_an_end_holds_nobody(mode):
    """A timeout of requests is one of each single read: the renewal of keys would hang for good."""
    with ThreadPoolExecutor(1) as thread, faulty("pt") as server:
        peer = Peer(f"{server.base(mode)}/Condition?patient=pt")
        with pytest.raises(DownloadError) as caught:  # and not when the server stops
            thread.submit(download, peer, "application/json", 1 << 30, 0.25).result(30)
    assert caught.value.reason == "timeout"


def test_addresses_inside_are_asked_only_where_their_network_is_named(monkeypatch):
    asked: list[object] = []

    def refuse(_: object, address: object) -> None:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.socket.connect", refuse)
    for inside in ("https://10.1.2.3/jwks.json", "https://169.254.169.254/latest"):
        with pytest.raises(DownloadError) as caught:
            fetch(inside)
        assert (caught.value.reason, asked) == ("address", [])
    with pytest.raises(DownloadError) as caught:
        fetch("https://10.1.2.3/jwks.json", network=ip_network("10.1.0.0/16"))
    assert (caught.value.reason, asked) == ("unreachable", [("10.1.2.3", 443)])


def test_a_private_authority_may_be_named(tmp_path):
    context = tls(certificate(tmp_path, HERE))
    with listening(lambda *_: (200, "application/json", b"{}"), context) as port:
        url = f"https://127.0.0.1:{port}/jwks.json"
        with pytest.raises(DownloadError, match="name its authority with `ca`") as caught:
            fetch(url)
        assert caught.value.reason == "tls"
        assert fetch(url, authorities=(tmp_path / "ca.pem").read_text()) == b"{}"
