"""Two clients of one service: one whose FHIR server is sick, and its neighbour."""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from typing import Final, NamedTuple

from calls import call
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from fhir_stub import allowed
from tokens import Issuer

from bench.load import Connection

SICK, WELL = Issuer("sick"), Issuer("well")
PARALLEL: Final = 16
PAUSE: Final = 0.02
"""Seconds between two calls of the neighbour."""


class Answer(NamedTuple):
    milliseconds: float
    status: int


class Caller:
    """Calls for one client, whose chart lies on one server."""

    def __init__(self, url: str, issuer: Issuer, server: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self._audience = f"{url}/cds-services/cervical-mri"
        self._issuer = issuer
        self._body = json.dumps(allowed(call(prefetch={}), server)).encode()

    def connect(self) -> Connection:
        return Connection(self._port)

    def token(self) -> str:
        """A line of the head; made before the time runs, as another machine would make it."""
        return f"Authorization: Bearer {self._issuer.current(self._audience)}\r\n"

    def call(self, connection: Connection, token: str) -> Answer:
        started = time.perf_counter()
        status, _ = connection.answer(self._body, token)
        return Answer((time.perf_counter() - started) * 1000, status)

    def side_by_side(
        self, calls: int, parallel: int = PARALLEL, every: float = 0.0
    ) -> list[Answer]:
        """Each connection begins a call every so many seconds, and never before the last is over."""
        answers: list[Answer] = []
        tokens = [self.token() for _ in range(calls)]

        def one_after_another(number: int) -> None:
            turn = time.perf_counter() + every * number / parallel
            with self.connect() as connection:
                while tokens:
                    time.sleep(max(0.0, turn - time.perf_counter()))
                    turn = max(turn, time.perf_counter()) + every
                    try:
                        token = tokens.pop()
                    except IndexError:  # another was faster
                        return
                    answers.append(self.call(connection, token))

        threads = [threading.Thread(target=one_after_another, args=(n,)) for n in range(parallel)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers


def neighbour(pipe: Pipe, url: str, server: str, key: bytes) -> None:
    """Told a number, it makes so many calls; told 0, it calls until the next word. Answers with
    what came of them; None ends it. `key` signs its tokens (PEM).
    """
    WELL.key = load_pem_private_key(key, None)
    caller = Caller(url, WELL, server)
    with caller.connect() as connection:
        while (calls := pipe.recv()) is not None:
            answers: list[Answer] = []
            while len(answers) < calls or not (calls or pipe.poll()):
                token = caller.token()
                time.sleep(PAUSE)
                answers.append(caller.call(connection, token))
            if not calls:
                pipe.recv()
            pipe.send(answers)


@contextmanager
def beside(url: str, server: str) -> Iterator[Pipe]:
    """The neighbour, in a process of its own: its clock must not wait for our threads."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    key = WELL.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    process = context.Process(target=neighbour, args=(there, url, server, key))
    process.start()
    try:
        yield here
    finally:
        here.send(None)
        process.join(30)
