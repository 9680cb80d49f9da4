"""Nobody but the configured server is ever contacted, and nobody else ever sees a token."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from calls import call
from fetching import KEYS, completed, states
from fhir_stub import EMPTY, FhirStub, allowed
from sink import Sink

from cds_service.adapters.fhir.reader import FhirReader
from cds_service.errors import BadRequest
from cds_service.facts.record.prefetch import State

URLS = {
    "another port": "http://127.0.0.1:{sink}/fhir",
    "no port": "http://127.0.0.1/fhir",
    "another scheme": "https://127.0.0.1:{good}/fhir",
    "localhost": "http://localhost:{sink}/fhir",
    "localhost at the good port": "http://localhost:{good}/fhir",
    "localhost with a dot": "http://localhost.:{sink}/fhir",
    "a name below localhost": "http://ehr.localhost:{sink}/fhir",
    "decimal": "http://2130706433:{sink}/fhir",
    "decimal at the good port": "http://2130706433:{good}/fhir",
    "hexadecimal": "http://0x7f000001:{sink}/fhir",
    "hexadecimal in parts": "http://0x7f.0x0.0x0.0x1:{sink}/fhir",
    "octal": "http://0177.0.0.1:{sink}/fhir",
    "octal, long": "http://017700000001:{sink}/fhir",
    "two parts": "http://127.1:{sink}/fhir",
    "three parts": "http://127.0.1:{sink}/fhir",
    "another loopback address": "http://127.0.0.2:{sink}/fhir",
    "unspecified": "http://0.0.0.0:{sink}/fhir",
    "zero": "http://0:{sink}/fhir",
    "leading zeros": "http://127.000.000.001:{sink}/fhir",
    "full-width digits": "http://１２７.０.０.１:{sink}/fhir",
    "full-width dot": "http://127。0。0。1:{sink}/fhir",
    "IPv6 loopback": "http://[::1]:{sink}/fhir",
    "IPv6 unspecified": "http://[::]:{sink}/fhir",
    "IPv4 mapped": "http://[::ffff:127.0.0.1]:{sink}/fhir",
    "IPv4 mapped, hexadecimal": "http://[::ffff:7f00:1]:{sink}/fhir",
    "IPv4 compatible": "http://[::127.0.0.1]:{sink}/fhir",
    "IPv4 mapped at the good port": "http://[::ffff:127.0.0.1]:{good}/fhir",
    "6to4": "http://[2002:7f00:1::]:{sink}/fhir",
    "NAT64": "http://[64:ff9b::7f00:1]:{sink}/fhir",
    "IPv6 with a zone": "http://[fe80::1%25lo]:{sink}/fhir",
    "cloud metadata": "http://169.254.169.254/latest/meta-data",
    "cloud metadata, decimal": "http://2852039166/latest/meta-data",
    "cloud metadata, mapped": "http://[::ffff:169.254.169.254]/fhir",
    "cloud metadata, IPv6": "http://[fd00:ec2::254]/fhir",
    "user before the sink": "http://127.0.0.1:{good}@127.0.0.1:{sink}/fhir",
    "user and password": "http://127.0.0.1:{good}:x@127.0.0.1:{sink}/fhir",
    "user at the good server": "http://user@127.0.0.1:{good}/fhir",
    "user and password at the good server": "http://user:password@127.0.0.1:{good}/fhir",
    "empty user": "http://@127.0.0.1:{good}/fhir",
    "escaped at sign": "http://127.0.0.1:{good}%40127.0.0.1:{sink}/fhir",
    "backslash before at": "http://127.0.0.1:{good}\\@127.0.0.1:{sink}/fhir",
    "backslash as slash": "http:\\\\127.0.0.1:{sink}\\fhir",
    "hash before at": "http://127.0.0.1:{good}#@127.0.0.1:{sink}/fhir",
    "question mark before at": "http://127.0.0.1:{good}?@127.0.0.1:{sink}/fhir",
    "longer path": "http://127.0.0.1:{good}/fhir-evil",
    "path below": "http://127.0.0.1:{good}/fhir/evil",
    "path above": "http://127.0.0.1:{good}/",
    "upper-case path": "http://127.0.0.1:{good}/FHIR",
    "two slashes": "http://127.0.0.1:{good}//fhir",
    "way up": "http://127.0.0.1:{good}/fhir/../evil",
    "way up, escaped": "http://127.0.0.1:{good}/fhir/%2e%2e/evil",
    "way up and back": "http://127.0.0.1:{good}/evil/../fhir",
    "path with a slash escaped": "http://127.0.0.1:{good}/fhir%2Fevil",
    "matrix parameter": "http://127.0.0.1:{good}/fhir;evil",
    "query": "http://127.0.0.1:{good}/fhir?redirect=http://127.0.0.1:{sink}",
    "fragment": "http://127.0.0.1:{good}/fhir#x",
    "look-alike before": "http://evil127.0.0.1:{sink}/fhir",
    "look-alike behind": "http://127.0.0.1.evil.example:{sink}/fhir",
    "port with a sign": "http://127.0.0.1:+{good}/fhir",
    "port with a zero": "http://127.0.0.1:0{sink}/fhir",
    "port too large": "http://127.0.0.1:1{good}/fhir",
    "port of letters": "http://127.0.0.1:http/fhir",
    "tab within": "http://127.0.0.1:{sink}\t/fhir",
    "line break": "http://127.0.0.1:{good}/fhir\r\nHost: evil",
    "blank before": " http://127.0.0.1:{sink}/fhir",
    "no scheme": "//127.0.0.1:{sink}/fhir",
    "scheme twice": "http://http://127.0.0.1:{sink}/fhir",
    "file": "file:///etc/passwd",
    "ftp": "ftp://127.0.0.1:{sink}/fhir",
    "gopher": "gopher://127.0.0.1:{sink}/_GET",
    "data": "data:application/fhir+json,{{}}",
    "dict": "dict://127.0.0.1:{sink}/x",
    "upper-case scheme of another": "HTTPS://127.0.0.1:{good}/fhir",
    "a name of words": "http://metadata.google.internal/fhir",
    "not a URL": "fhir",
    "very long": "http://127.0.0.1:{sink}/" + "a" * 20_000,
    "unclosed bracket": "http://[127.0.0.1:{sink}/fhir",
}


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Look-ups that were made; every name means this machine."""
    asked: list[Any] = []

    def getaddrinfo(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def written(name: str, server: FhirStub, sink: Sink) -> str:
    good = server.base.rsplit(":", 1)[1].removesuffix("/fhir")
    return URLS[name].format(good=good, sink=sink.port)


@pytest.mark.parametrize("name", URLS)
def test_a_fhir_server_that_is_not_the_configured_one_is_not_contacted(
    server: FhirStub, reader: FhirReader, sink: Sink, no_names: list[Any], name: str
):
    body = allowed(call(), written(name, server, sink))
    before = states(completed(call(), server.client(), reader))
    assert states(completed(body, server.client(), reader)) == before
    assert server.asked == []
    assert no_names == []


@pytest.mark.parametrize("name", URLS)
def test_a_next_link_that_leaves_the_server_is_not_followed(
    server: FhirStub, reader: FhirReader, sink: Sink, no_names: list[Any], name: str
):
    page = EMPTY | {"link": [{"relation": "next", "url": written(name, server, sink)}]}
    server.hold("Procedure?patient=pt-204&_sort=-date&_count=500", page)
    body = allowed(call(prefetch={}), server.base)
    found = completed(body, server.client(), reader)
    assert states(found)["procedures"] is State.PARTIAL
    # Links that stay below the base are followed there, and nowhere else.
    assert all(path.startswith(("/fhir/", "/fhir?")) for path in server.asked)
    assert no_names == []


@pytest.mark.parametrize("name", URLS)
def test_a_next_link_of_a_prefetched_list_is_not_followed_elsewhere(
    server: FhirStub, reader: FhirReader, sink: Sink, no_names: list[Any], name: str
):
    page = EMPTY | {"link": [{"relation": "next", "url": written(name, server, sink)}]}
    everything = dict.fromkeys(KEYS)
    body = allowed(call(prefetch=everything | {"procedures": page}), server.base)
    found = completed(body, server.client(), reader)
    assert states(found)["procedures"] is State.PARTIAL
    assert all(path.startswith(("/fhir/", "/fhir?")) for path in server.asked)
    assert no_names == []


def test_an_address_with_nul_is_refused_in_a_call_and_spoils_a_page(
    server: FhirStub, reader: FhirReader, sink: Sink, no_names: list[Any]
):
    address = f"http://127.0.0.1:{sink.port}/fhir\0"
    with pytest.raises(BadRequest):
        completed(allowed(call(), address), server.client(), reader)
    assert server.asked == []
    page = EMPTY | {"link": [{"relation": "next", "url": address}]}
    server.hold("Procedure?patient=pt-204&_sort=-date&_count=500", page)
    found = completed(allowed(call(prefetch={}), server.base), server.client(), reader)
    assert states(found)["procedures"] is State.FAILED
    assert no_names == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300])
def test_a_redirect_is_not_followed(
    server: FhirStub, reader: FhirReader, sink: Sink, monkeypatch: pytest.MonkeyPatch, status: int
):
    plain = BaseHTTPRequestHandler.end_headers

    def with_location(handler: BaseHTTPRequestHandler) -> None:
        handler.send_header("Location", f"http://127.0.0.1:{sink.port}/fhir")
        plain(handler)

    monkeypatch.setattr(BaseHTTPRequestHandler, "end_headers", with_location)
    server.hold("Procedure?patient=pt-204&_sort=-date&_count=500", (status, "text/plain", b""))
    body = allowed(call(prefetch={}), server.base)
    found = completed(body, server.client(), reader)
    assert states(found)["procedures"] is State.FAILED
