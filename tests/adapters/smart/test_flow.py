"""The authorization code flow against a server that can be told to misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from tokens import jwk, private_key

from cds_service.adapters.smart import transport
from cds_service.adapters.smart.flow import SmartFlow
from cds_service.client import FhirServer, SmartApp
from cds_service.errors import LaunchFailed

APP = SmartApp(client_id="cspine")
REDIRECT = "https://cds.example/smart/app"
KEY = private_key("ES384", "authorization")


class Authorization:
    """What the server answers; tests change it."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}/fhir"
        self.issuer = f"http://127.0.0.1:{port}"
        self.configuration: Any = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "capabilities": ["launch-ehr", "permission-v2"],
            "code_challenge_methods_supported": ["S256"],
        }
        self.jwks: Any = {"keys": [jwk(KEY, "k1", alg="ES384")]}
        self.claims: dict[str, Any] = {}
        self.token: dict[str, Any] = {}
        self.status = 200
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []

    def id_token(self, launched: str, key: Any = KEY, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": "cspine", "sub": "x", "iat": now, "exp": now + 300,
            "nonce": launched, "fhirUser": f"{self.base}/Practitioner/x",
        }  # fmt: skip
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(claims, key, "ES384", headers={"kid": "k1"})

    def body(self, path: str) -> Any:
        return {
            "/fhir/.well-known/smart-configuration": self.configuration,
            "/jwks": self.jwks,
            "/token": self.token,
        }.get(path)


@contextmanager
def authorization() -> Iterator[Authorization]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._answer(parse_qs(self.rfile.read(length).decode()))

        def _answer(self, form: dict[str, list[str]]) -> None:
            here.asked.append((self.path, form, dict(self.headers)))
            found = here.body(self.path)
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(here.status if self.path == "/token" else 200)
            for name, value in (
                {"Content-Type": "application/json", "Content-Length": str(len(body))}
                | here.headers
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Authorization(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server():
    with authorization() as found:
        yield found


@pytest.fixture
def flow():
    made = SmartFlow(REDIRECT, ["Patient", "Condition"])
    yield made
    made.close()


def begun(flow, server, launch="l1"):
    url, pending = flow.begin("north", APP, FhirServer(server.base), launch)
    query = {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
    return url, query, pending


def finished(flow, server, *, id_token: dict[str, Any] | None = None, **token: Any):
    _, _, pending = begun(flow, server)
    made = server.id_token(pending.nonce, **(id_token or {}))
    answer = {
        "access_token": "at", "token_type": "Bearer", "expires_in": 300, "patient": "p1",
        "scope": "launch patient/Patient.rs", "id_token": made,
    }  # fmt: skip
    answer |= token
    server.token = {name: value for name, value in answer.items() if value is not None}
    return flow.finish(APP, FhirServer(server.base), pending, "the-code")


def test_a_launch_says_who_asks_for_what_and_proves_itself_later(flow, server):
    url, query, pending = begun(flow, server)
    assert url.startswith(f"{server.issuer}/authorize?")
    assert query == {
        "response_type": "code",
        "client_id": "cspine",
        "redirect_uri": REDIRECT,
        "scope": "launch openid fhirUser patient/Condition.rs patient/Patient.rs",
        "state": pending.state,
        "aud": server.base,
        "launch": "l1",
        "nonce": pending.nonce,
        "code_challenge": create_s256_code_challenge(pending.verifier),
        "code_challenge_method": "S256",
    }
    assert pending.state.startswith("north.")
    assert len(pending.verifier) >= 43


def test_without_a_launch_the_server_is_asked_for_a_patient(flow, server):
    _, query, _ = begun(flow, server, launch=None)
    assert query["scope"].startswith("launch/patient openid")
    assert "launch" not in query


def test_an_older_server_is_asked_in_its_words(flow, server):
    server.configuration["capabilities"] = ["launch-ehr"]
    _, query, _ = begun(flow, server)
    assert "patient/Condition.read" in query["scope"]


def test_no_two_launches_are_alike(flow, server):
    made = [begun(flow, server)[2] for _ in range(5)]
    for name in ("state", "verifier", "nonce"):
        assert len({getattr(each, name) for each in made}) == 5


def test_the_code_is_exchanged_with_its_proof(flow, server):
    granted = finished(flow, server, encounter="e1", appContext="h1",
                       smart_web_messaging_origin="https://ehr.example",
                       smart_web_messaging_handle="m1")  # fmt: skip
    path, form, headers = next(each for each in server.asked if each[0] == "/token")
    assert form["grant_type"] == ["authorization_code"]
    assert form["code"] == ["the-code"]
    assert form["redirect_uri"] == [REDIRECT]
    assert form["client_id"] == ["cspine"]
    assert len(form["code_verifier"][0]) >= 43
    assert "Authorization" not in headers
    assert (granted.patient, granted.user, granted.encounter) == ("p1", "Practitioner/x", "e1")
    assert (granted.app_context, granted.origin) == ("h1", "https://ehr.example")
    assert (granted.messaging, granted.access_token) == ("m1", "at")
    assert path


def test_the_older_names_of_messaging_are_read(flow, server):
    granted = finished(flow, server, smart_messaging_origin="https://ehr.example")
    assert granted.origin == "https://ehr.example"


def test_a_server_that_does_not_say_who_it_is_grants_to_nobody(flow, server):
    assert finished(flow, server, id_token={"fhirUser": None}).user is None
    _, _, pending = begun(flow, server)
    server.token = {"access_token": "at", "token_type": "Bearer", "patient": "p"}
    assert flow.finish(APP, FhirServer(server.base), pending, "c").user is None


def test_a_user_of_another_server_is_nobody_here(flow, server):
    user = "https://elsewhere.example/fhir/Practitioner/x"
    assert finished(flow, server, id_token={"fhirUser": user}).user is None


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"nonce": "another"}, id="another launch"),
        pytest.param({"nonce": None}, id="no launch"),
        pytest.param({"aud": "another-app"}, id="another app"),
        pytest.param({"iss": "https://elsewhere.example"}, id="another issuer"),
        pytest.param({"exp": 1_600_000_000}, id="expired"),
        pytest.param({"exp": None}, id="never expires"),
        pytest.param({"key": private_key("ES384", "forger")}, id="another key"),
    ],
)
def test_an_id_token_that_is_not_ours_ends_the_launch(flow, server, changes):
    with pytest.raises(LaunchFailed) as failed:
        finished(flow, server, id_token=changes)
    assert failed.value.reason == "id-token"


@pytest.mark.parametrize("raw", ["", "a.b.c", 7, "x" * 10_000])
def test_an_odd_id_token_ends_the_launch(flow, server, raw):
    _, _, pending = begun(flow, server)
    server.token = {"access_token": "at", "patient": "p", "id_token": raw}
    with pytest.raises(LaunchFailed) as failed:
        flow.finish(APP, FhirServer(server.base), pending, "c")
    assert failed.value.reason == "id-token"


def test_an_id_token_without_a_signature_ends_the_launch(flow, server):
    _, _, pending = begun(flow, server)
    now = int(time.time())
    claims = {"iss": server.issuer, "aud": "cspine", "iat": now, "exp": now + 9,
              "nonce": pending.nonce, "fhirUser": "Practitioner/x"}  # fmt: skip
    forged = jwt.encode(claims, "", "none", headers={"kid": "k1"})
    server.token = {"access_token": "at", "patient": "p", "id_token": forged}
    with pytest.raises(LaunchFailed, match="id-token"):
        flow.finish(APP, FhirServer(server.base), pending, "c")


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ({"patient": None}, "patient"),
        ({"patient": 7}, "patient"),
        ({"access_token": None}, "token"),
        ({"access_token": ["at"]}, "token"),
    ],
)
def test_an_answer_that_lacks_something_ends_the_launch(flow, server, token, reason):
    with pytest.raises(LaunchFailed) as failed:
        finished(flow, server, **token)
    assert failed.value.reason == reason


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": "invalid_grant"}', b"x" * 400_000]
)
def test_a_refused_code_ends_the_launch(flow, server, body):
    _, _, pending = begun(flow, server)
    server.status, server.token = 400, body
    with pytest.raises(LaunchFailed) as failed:
        flow.finish(APP, FhirServer(server.base), pending, "c")
    assert failed.value.reason == "token"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"token_endpoint": "http://ehr.example/token"}, id="plain http"),
        pytest.param({"token_endpoint": "file:///etc/passwd"}, id="no address"),
        pytest.param({"authorization_endpoint": "javascript:alert(1)"}, id="a script"),
        pytest.param({"authorization_endpoint": None}, id="none"),
        pytest.param({"code_challenge_methods_supported": ["plain"]}, id="no PKCE"),
    ],
)
def test_a_configuration_that_cannot_be_used_ends_the_launch(flow, server, change):
    server.configuration |= change
    with pytest.raises(LaunchFailed) as failed:
        begun(flow, server)
    assert failed.value.reason == "configuration"


def test_nothing_is_sent_where_an_answer_redirects_to(flow, server):
    _, _, pending = begun(flow, server)
    server.status = 307
    server.headers = {"Location": f"{server.issuer}/elsewhere"}
    with pytest.raises(LaunchFailed):
        flow.finish(APP, FhirServer(server.base), pending, "c")
    assert [path for path, _, _ in server.asked if path == "/elsewhere"] == []


def test_a_server_of_elsewhere_cannot_send_us_to_this_machine(flow, server, monkeypatch):
    """Only the address that is connected to counts, whatever name it has."""
    monkeypatch.setattr(transport, "SECONDS", 1.0)
    with pytest.raises(LaunchFailed):
        flow.begin("north", APP, FhirServer("https://localhost.example/fhir"), None)
    outside = FhirServer("http://0.0.0.0:" + server.base.split(":")[2])
    with pytest.raises(LaunchFailed):
        flow.begin("north", APP, outside, None)
    assert server.asked == []


def test_a_token_or_a_proof_shows_itself_nowhere(flow, server):
    granted = finished(flow, server)
    _, _, pending = begun(flow, server)
    assert "at" not in repr(granted).removeprefix("Granted")
    assert pending.verifier not in repr(pending)
