"""A FHIR server with every fault we know, on plain sockets: `/{mode}/fhir/…` misbehaves in its way.

`python faulty.py PATIENT` serves it by itself and prints its port and a port nobody listens on.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from typing import Any

Json = dict[str, Any]
FHIR = "application/fhir+json"
BOMB = gzip.compress(b"[" + b" " * (64 << 20))
DRIP = 0.02
"""Seconds from one byte to the next."""
LONGEST = 2000
"""Chunks of an endless body: no test waits for the last."""


class Connection:
    """One client: what it asked, and ways to answer."""

    def __init__(self, server: FaultServer, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.path = ""
        self.served = 0

    @property
    def below(self) -> str:
        """The path below the base, without its query."""
        return self.path.partition("/fhir/")[2].partition("?")[0]

    def send(
        self, body: bytes | Json, kind: str = FHIR, status: int = 200, *more: str, length: int = -1
    ) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = [
            f"HTTP/1.1 {status} Status",
            f"Content-Type: {kind}",
            f"Content-Length: {len(data) if length < 0 else length}",
            *more,
        ]
        self.sock.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + data)

    def drip(self, data: bytes) -> None:
        """Byte after byte, and the last of them again and again, until the server stops."""
        for byte in chain(data, repeat(data[-1])):
            self.sock.sendall(bytes([byte]))
            if self.server.stopped.wait(DRIP):
                return

    def healthy(self, patient: str | None = None) -> Json:
        """The right answer, or the same about another patient."""
        patient = patient or self.server.patient
        kind, _, name = self.below.partition("/")
        if name:
            return {"resourceType": kind, "id": patient, "birthDate": "1979-03-02"}
        whose = "patient" if kind in ("Device", "AllergyIntolerance") else "subject"
        one = {"resourceType": kind, "id": "one", whose: {"reference": f"Patient/{patient}"}}
        if kind == "Condition":
            system = "http://hl7.org/fhir/sid/icd-10-cm"
            one |= {"code": {"coding": [{"system": system, "code": "M54.2"}]}}
            one |= {"onsetDateTime": "2026-02-20"}
        return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one}]}

    def with_next(self, url: str) -> Json:
        found = self.healthy()
        if found["resourceType"] == "Bundle":
            found["link"] = [{"relation": "next", "url": url}]
        return found


def _hang(c: Connection) -> None:
    while c.sock.recv(65536):  # until the other side has enough, or the server stops
        pass


def _slow_headers(c: Connection) -> None:
    c.drip(b"HTTP/1.1 200 OK\r\nX-Long: a")


def _endless_headers(c: Connection) -> None:
    c.sock.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(LONGEST):
        c.sock.sendall(f"X-{number}: {'a' * 1000}\r\n".encode())


def _slow_body(c: Connection) -> None:
    c.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n")
    c.sock.sendall(b"Content-Length: 100000\r\n\r\n")
    c.drip(b"[ ")


def _until_close(c: Connection) -> None:
    c.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n\r\n")
    c.drip(b"[ ")


def _endless_body(c: Connection, status: str = "200 OK") -> None:
    c.sock.sendall(f"HTTP/1.1 {status}\r\nContent-Type: application/fhir+json\r\n".encode())
    c.sock.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    for _ in range(LONGEST):
        c.sock.sendall(chunk)
    c.server.read_to_the_end.append(c.path)


def _cut_off(c: Connection) -> None:
    c.send(b'{"resourceType": "Bundle", "entry": [', length=100_000)
    c.sock.close()


def _malformed_header(c: Connection) -> None:
    c.sock.sendall(b"HTTP/1.1 200 OK\r\nthis is no header\r\nX: y\r\n\r\n{}")
    c.sock.close()


def _reset(c: Connection) -> None:
    c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.sock.close()


def _stale(c: Connection) -> None:
    if c.served > 1:
        _reset(c)
    else:
        c.send(c.healthy())


def _later_page_fails(c: Connection) -> None:
    if "page=2" in c.path:
        c.send({}, status=500)
    else:
        c.send(c.with_next(f"?page=2&of={c.below}"))


def _later_page_of_another(c: Connection) -> None:
    if "page=2" not in c.path:
        c.send(c.with_next(f"?page=2&of={c.below}"))
        return
    other = {"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/other"}}
    c.send({"resourceType": "Bundle", "entry": [{"resource": other}]})


def _endless_pages(c: Connection) -> None:
    c.send(c.with_next(f"?page={len(c.path)}{'0' * (c.served % 7)}&of={c.path[-9:]}"))


OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception"}],
}
HTML = b"<!DOCTYPE html><html><body>Please log in</body></html>"

MODES: dict[str, Callable[[Connection], None]] = {
    "healthy": lambda c: c.send(c.healthy()),
    "stale keep-alive": _stale,
    "hang": _hang,
    "slow headers": _slow_headers,
    "slow drip": _slow_body,
    "slow drip without length": _until_close,
    "endless headers": _endless_headers,
    "endless body": _endless_body,
    "gzip bomb": lambda c: c.send(BOMB, FHIR, 200, "Content-Encoding: gzip"),
    "unknown encoding": lambda c: c.send(BOMB, FHIR, 200, "Content-Encoding: gzip, gzip"),
    "truncated": _cut_off,
    "truncated JSON": lambda c: c.send(b'{"resourceType": "Bundle", "entry": ['),
    "not UTF-8": lambda c: c.send(b'{"resourceType": "Bundle", "x": "\xff"}'),
    "null": lambda c: c.send(b"null"),
    "HTML": lambda c: c.send(HTML, "text/html"),
    "HTML that says it is FHIR": lambda c: c.send(HTML),
    "wrong media type": lambda c: c.send(c.healthy(), "application/xml"),
    "wrong charset": lambda c: c.send(c.healthy(), f"{FHIR}; charset=utf-16"),
    "OperationOutcome with 200": lambda c: c.send(OUTCOME),
    "another type": lambda c: c.send({"resourceType": "Medication", "id": "x"}),
    "redirect with an endless body": lambda c: _endless_body(c, f"302 Found\r\nLocation: {c.path}"),
    "redirect": lambda c: c.send(b"", FHIR, 302, f"Location: {c.server.sink}"),
    "not authorised": lambda c: c.send(OUTCOME, FHIR, 401),
    "429": lambda c: c.send(OUTCOME, FHIR, 429, "Retry-After: 1"),
    "500": lambda c: c.send(OUTCOME, FHIR, 500),
    "204": lambda c: c.send(b"", FHIR, 204),
    "reset": _reset,
    "closed at once": lambda c: c.sock.close(),
    "not HTTP": lambda c: c.sock.sendall(b"\x00\x01\x02 nonsense\r\n\r\n"),
    "malformed header": _malformed_header,
    "nonsense length": lambda c: c.send(b"{}", FHIR, 200, "Content-Length: minus-one"),
    "wrong patient": lambda c: c.send(c.healthy("other")),
    "circular next": lambda c: c.send(c.with_next(c.path)),
    "foreign next": lambda c: c.send(c.with_next(f"{c.server.sink}/fhir/Condition?page=2")),
    "later page fails": _later_page_fails,
    "later page of another patient": _later_page_of_another,
    "endless pages": _endless_pages,
}
"""Besides these: `refuse` and `slow TLS`, which are addresses of their own."""


class FaultServer:
    """Every mode on one port; a TLS client meets a handshake that never ends."""

    sink: str

    def __init__(self, patient: str, sink: str = "http://127.0.0.1:9") -> None:
        self.patient = patient
        self.sink = sink
        self.stopped = threading.Event()
        self.ill: str | None = None
        """A mode that all addresses are in for as long as it is set."""
        self.requests: dict[str, int] = {}
        self.turns: dict[str, list[int]] = {}
        """Of each mode, the how manieth of its connection each request was."""
        self.handshakes: list[Connection] = []
        """Those that tried TLS."""
        self.read_to_the_end: list[str] = []
        """Endless bodies somebody took to their end."""
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        self.port: int = self._listener.getsockname()[1]
        self.refusing: int = self._nobody.getsockname()[1]
        self._start(self._accept)

    def base(self, mode: str) -> str:
        return base(mode, self.port, self.refusing)

    def stop(self) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            held = list(self._sockets)
        for sock in held:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()
        self._nobody.close()

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, name="fault-server", daemon=True)
        with self._lock:
            self._threads = [one for one in self._threads if one.is_alive() or one.ident is None]
            self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._sockets.add(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        connection = Connection(self, sock)
        try:
            with contextlib.suppress(OSError, ValueError):
                while self._one(connection):
                    pass
        finally:
            with self._lock:
                self._sockets.discard(sock)
            sock.close()

    def _one(self, connection: Connection) -> bool:
        request = b""
        while b"\r\n\r\n" not in request:
            more = connection.sock.recv(65536)
            if not more:
                return False
            if not request and more[0] == 0x16:
                self.handshakes.append(connection)
                connection.drip(b"\x16\x03\x03\x40\x00\x00")
                return False
            request += more
        path = request.split(b" ", 2)[1].decode()
        mode = self.ill or path.split("/")[1].replace("%20", " ")
        connection.path = path
        connection.served += 1
        with self._lock:
            self.requests[mode] = self.requests.get(mode, 0) + 1
            self.turns.setdefault(mode, []).append(connection.served)
        MODES[mode](connection)
        return not self.stopped.is_set()


def base(mode: str, port: int, refusing: int) -> str:
    """Base URL of a mode."""
    name = mode.replace(" ", "%20")
    if mode == "refuse":
        return f"http://127.0.0.1:{refusing}/refuse/fhir"
    if mode == "slow TLS":
        return f"https://127.0.0.1:{port}/healthy/fhir"
    return f"http://127.0.0.1:{port}/{name}/fhir"


@contextmanager
def faulty(patient: str, sink: str = "http://127.0.0.1:9") -> Iterator[FaultServer]:
    server = FaultServer(patient, sink)
    try:
        yield server
    finally:
        server.stop()


if __name__ == "__main__":
    with faulty(sys.argv[1]) as alone:
        print(alone.port, alone.refusing, flush=True)
        sys.stdin.read()
