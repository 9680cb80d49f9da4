"""A server that lets clients in as PostgreSQL does, and never answers a statement."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

_ENCRYPT = (80877103, 80877104)  # SSLRequest, GSSENCRequest
_TOLD = {"server_version": "16.0", "client_encoding": "UTF8", "standard_conforming_strings": "on"}


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """Its URL, while it runs."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        guests: list[socket.socket] = []
        threads = [threading.Thread(target=_let_in, args=(door, guests)) for _ in range(8)]
        for thread in threads:
            thread.start()
        try:
            yield f"postgresql://cds@127.0.0.1:{door.getsockname()[1]}/x"
        finally:
            door.shutdown(socket.SHUT_RDWR)
            for guest in tuple(guests):
                with contextlib.suppress(OSError):
                    guest.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(10)


def _let_in(door: socket.socket, guests: list[socket.socket]) -> None:
    with contextlib.suppress(OSError):
        while True:
            guest, _ = door.accept()
            guests.append(guest)
            with guest, contextlib.suppress(OSError):
                _welcome(guest)
                while guest.recv(4096):
                    pass


def _welcome(guest: socket.socket) -> None:
    """https://www.postgresql.org/docs/current/protocol-flow.html, Start-up."""
    while True:
        length, code = struct.unpack("!II", guest.recv(8))
        if code not in _ENCRYPT:
            break
        guest.sendall(b"N")
    guest.recv(length - 8)
    told = b"".join(_message(b"S", f"{name}\0{value}\0".encode()) for name, value in _TOLD.items())
    guest.sendall(_message(b"R", struct.pack("!I", 0)) + told + _message(b"Z", b"I"))


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!I", len(content) + 4) + content
