"""A healthy FHIR server of our own on loopback: it answers the queries of discovery, and no others."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cds_service.client import Client, FhirServer, make_client

Json = dict[str, Any]
TOKEN = "stub-token-2f6a5b1f"
EMPTY: Json = {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": []}
UNKNOWN: Json = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}


def question(url: str) -> tuple[str, str]:
    """A URL or template in a form that does not depend on how it is escaped."""
    parts = urlsplit(url)
    return parts.path, json.dumps(parse_qs(parts.query), sort_keys=True)


class FhirStub:
    """Holds what to answer to which question, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Any] = {}
        self.otherwise: Any = None
        """The answer to every other question; None: 404."""
        self.gate: Callable[[str], AbstractContextManager[Any]] = nullcontext
        """Entered with the path for as long as a request is in hand."""
        self.asked: list[str] = []
        self.tokens: list[str | None] = []
        self.headers: list[dict[str, str]] = []
        self.base = ""

    def hold(self, path: str, answer: Any) -> None:
        """`path` below the base, with its query; `answer` JSON, or (status, type, bytes)."""
        self.answers[question(f"/fhir/{path}")] = answer

    def hold_chart(self, request: Json, templates: Mapping[str, str]) -> None:
        """What a request prefetched, as answers to the templates."""
        patient = request["context"]["patientId"]
        for key, template in templates.items():
            value = request["prefetch"].get(key)
            path = template.replace("{{context.patientId}}", patient)
            self.hold(path, EMPTY if value is None else value)
            for entry in (value or {}).get("entry", []):
                resource = entry["resource"]
                self.hold(f"{resource['resourceType']}/{resource['id']}", resource)

    def answer(self, path: str, headers: Any) -> tuple[int, str, bytes]:
        self.asked.append(path)
        self.tokens.append(headers.get("Authorization"))
        self.headers.append(dict(headers))
        with self.gate(path):
            found = self.answers.get(question(path), self.otherwise)
        if isinstance(found, tuple):
            return found
        body = json.dumps(UNKNOWN if found is None else found).encode()
        return (404 if found is None else 200), "application/fhir+json; charset=utf-8", body

    def server(self, **members: Any) -> FhirServer:
        return FhirServer(self.base, **members)

    def client(self, *, options: Mapping[str, Any] | None = None, **members: Any) -> Client:
        """A client that lets this server be read."""
        # A budget that no busy machine exhausts: these tests are about meaning, not about time.
        defaults = {"fhir_servers": (self.server(),), "budget": 60.0, "fetch_budget": 50.0}
        return make_client("ehr", options or {}, dev=True, **(defaults | members))


@contextmanager
def listening(
    handle: Callable[[str, Any], tuple[int, str, bytes]], tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """The port of an HTTP/1.1 server that answers GETs by `handle(path, headers)`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, kind, body = handle(self.path, self.headers)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, *_: Any) -> None:
            """A client that goes away is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def stub() -> Iterator[FhirStub]:
    made = FhirStub()
    with listening(made.answer) as port:
        made.base = f"http://127.0.0.1:{port}/fhir"
        yield made


def allowed(request: Json, server: str, **members: Any) -> Json:
    """The request with leave to read from a server."""
    granted = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "cds-service",
        "patient": request["context"]["patientId"],
    }
    return request | {
        "fhirServer": server,
        "fhirAuthorization": {k: v for k, v in (granted | members).items() if v is not None},
    }


def without(request: Json, *keys: str) -> Json:
    """The request with these prefetch keys left out."""
    kept = {key: value for key, value in request["prefetch"].items() if key not in keys}
    return request | {"prefetch": kept}
