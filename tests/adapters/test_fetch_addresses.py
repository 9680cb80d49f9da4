"""Which addresses are connected to, and what goes along: neither proxy, password nor cookie."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from typing import Any

import pytest
import requests
from calls import call
from fetching import completed, states
from fhir_stub import TOKEN, FhirStub, allowed
from sink import Sink

from cds_service.adapters.fhir.addresses import allowed as may_connect
from cds_service.adapters.fhir.reader import FhirReader
from cds_service.adapters.fhir.resolver import Resolver
from cds_service.adapters.fhir.session import Grant, ServerSession
from cds_service.adapters.fhir.watchdog import Watchdog
from cds_service.client import FhirServer
from cds_service.facts.record.prefetch import State

ADDRESSES = [
    "127.0.0.1", "127.0.0.53", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1",
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "192.0.2.1", "255.255.255.255",
    "::1", "::", "fe80::1", "ff02::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
    "::127.0.0.1", "2002:7f00:1::", "2002:a01:203::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2001:db8::1", "fec0::1", "not an address", "fe80::1%lo",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_name_that_turns_to_an_address_inside_is_not_connected_to(
    reader: FhirReader, sink: Sink, monkeypatch: pytest.MonkeyPatch, address: str
):
    """DNS rebinding: the configured name is good, and what it means is not."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
        return [(family, socket.SOCK_STREAM, 6, "", (address, sink.port))]

    tried: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", lambda _, to: tried.append(to))
    base = f"https://ehr.example:{sink.port}/fhir"
    client = FhirStub().client(fhir_servers=(FhirServer(base),))
    found = states(completed(allowed(call(prefetch={}), base), client, reader))
    assert set(found.values()) == {State.FAILED}
    assert tried == []


@pytest.mark.parametrize(
    ("address", "network", "good"),
    [
        pytest.param("10.20.1.2", "10.20.0.0/16", True, id="inside the named network"),
        pytest.param("::ffff:10.20.1.2", "10.20.0.0/16", True, id="inside it, mapped"),
        pytest.param("10.21.1.2", "10.20.0.0/16", False, id="beside the named network"),
        pytest.param("fd12:3456::1", "fd12:3456::/32", True, id="inside it, IPv6"),
        pytest.param("127.0.0.1", "0.0.0.0/0", False, id="this machine, whatever is named"),
        pytest.param("169.254.169.254", "169.254.0.0/16", False, id="link-local, though named"),
        pytest.param("::1", "::/0", False, id="this machine, IPv6"),
        pytest.param("ff02::1", "::/0", False, id="multicast"),
        pytest.param("93.184.216.34", None, True, id="public"),
        pytest.param("93.184.216.34", "10.20.0.0/16", True, id="public beside a named network"),
        pytest.param("2606:2800:220:1::1", None, True, id="public, IPv6"),
    ],
)
def test_private_addresses_only_inside_the_named_network(
    address: str, network: str | None, good: bool
):
    server = FhirServer("https://ehr.example/fhir", ip_network(network) if network else None)
    assert may_connect(address, server) is good


def test_a_server_on_this_machine_must_be_on_this_machine():
    server = FhirServer("http://localhost:8103/fhir")
    assert may_connect("127.0.0.1", server)
    assert may_connect("::1", server)
    assert not may_connect("93.184.216.34", server)


@pytest.mark.parametrize("patient", ["..", ".", "a/b", "a?b=c", "a%2f", "a b", "é", "x" * 65])
def test_a_patient_id_cannot_lead_to_another_address(
    server: FhirStub, reader: FhirReader, patient: str
):
    body = allowed(call(prefetch={}), server.base, patient=None)
    body["context"] = body["context"] | {"patientId": patient}
    for entry in body["context"]["draftOrders"]["entry"]:
        entry["resource"] = entry["resource"] | {"subject": {"reference": f"Patient/{patient}"}}
    completed(body, server.client(), reader)
    assert server.asked == []


def test_the_environment_adds_neither_proxy_nor_password(
    server: FhirStub, reader: FhirReader, sink: Sink, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{sink.port}")
    completed(allowed(call(prefetch={}), server.base), server.client(), reader)
    assert set(server.tokens) == {f"Bearer {TOKEN}"}


@pytest.fixture
def with_cookie(server: FhirStub, monkeypatch: pytest.MonkeyPatch) -> FhirStub:
    """A server that would know its callers again."""
    plain = BaseHTTPRequestHandler.end_headers

    def end_headers(handler: BaseHTTPRequestHandler) -> None:
        handler.send_header("Set-Cookie", "session=of-the-first-patient; Path=/")
        plain(handler)

    monkeypatch.setattr(BaseHTTPRequestHandler, "end_headers", end_headers)
    return server


def test_no_cookie_of_one_call_goes_with_the_next(with_cookie: FhirStub, reader: FhirReader):
    for _ in range(2):
        completed(allowed(call(prefetch={}), with_cookie.base), with_cookie.client(), reader)
    headers = [name.lower() for headers in with_cookie.headers for name in headers]
    assert headers
    assert "cookie" not in headers


def test_a_cookie_is_not_kept(with_cookie: FhirStub):
    """Requests are made by hand and would not carry it; nor is it there for one that is not."""
    url = f"{with_cookie.base}/Patient/pt-204"
    with_cookie.hold("Patient/pt-204", {"resourceType": "Patient", "id": "pt-204"})
    with (
        closing(Watchdog()) as watchdog,
        closing(ServerSession(with_cookie.server(), watchdog, Resolver())) as session,
    ):
        assert session.get(url, Grant(None, time.monotonic() + 30))
        inner = session._session
        assert len(inner.cookies) == 0
        assert "Cookie" not in inner.prepare_request(requests.Request("GET", url)).headers
