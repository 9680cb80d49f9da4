"""A web server on this machine that answers each path with what it was given."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Pages:
    """`pages[path]` is a body, or a status with headers and a body; other paths are 404."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.pages: dict[str, bytes | tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.delay = 0.0
        """Seconds until an answer."""
        self.open = threading.Event()
        self.open.set()
        self.closed = threading.Event()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Whoever asks gets no answer before the end of the block."""
        self.open.clear()
        try:
            yield
        finally:
            self.open.set()

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def serving() -> Iterator[Pages]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name is the library's
            here.asked.append((self.path, dict(self.headers)))
            here.open.wait()
            here.closed.wait(here.delay)
            page = here.pages.get(self.path, (404, {}, b""))
            status, headers, body = page if isinstance(page, tuple) else (200, {}, page)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            with suppress(OSError):  # it has not waited
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Pages(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield here
    finally:
        here.closed.set()
        server.shutdown()
        thread.join()
        server.server_close()
