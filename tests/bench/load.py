"""Start a server on one core, call it from the other, and read what it cost."""

from __future__ import annotations

import contextlib
import os
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

SERVER_CORE, CLIENT_CORE = 0, 1
_TICK = os.sysconf("SC_CLK_TCK")
_HEAD = (
    "POST /cds-services/cervical-mri HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Content-Type: application/json\r\n{}Content-Length: {}\r\n\r\n"
)


class Sample(NamedTuple):
    """What a run of calls took."""

    p50: float
    p95: float
    p99: float
    """Milliseconds."""
    per_second: float
    cpu: float
    """Milliseconds of the worker for each call."""


class Server:
    """A server process pinned to one core."""

    def __init__(self, command: Sequence[str], port: int, log: Path | None = None) -> None:
        self.port = port
        self._log = log or Path(os.devnull)
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def running(self, body: bytes) -> Iterator[float]:
        """Yields the seconds from the start of the process to its first answer."""
        (head,) = self.heads(1)
        started = time.perf_counter()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["taskset", "-c", str(SERVER_CORE), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            yield self._first_answer(body, head, started)
        finally:
            self._process.terminate()
            self._process.wait(timeout=60)

    def heads(self, calls: int) -> list[str]:
        """What each call has in its head beyond the least: whole lines."""
        return [""] * calls

    def _first_answer(self, body: bytes, head: str, started: float) -> float:
        assert self._process is not None
        while time.perf_counter() - started < 60:
            if self._process.poll() is not None:
                raise RuntimeError(f"stopped at once: {' '.join(self._command)}")
            try:
                with Connection(self.port) as connection:
                    connection.call(body, head)
            except OSError:
                time.sleep(0.005)
            else:
                return time.perf_counter() - started
        raise RuntimeError(f"no answer within a minute: {' '.join(self._command)}")

    @property
    def worker(self) -> int:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        (pid,) = children.read_text().split()
        return int(pid)

    def cpu(self) -> float:
        """Seconds the worker has computed, in all its threads."""
        fields = Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def rss(self) -> float:
        """MiB of memory the worker holds."""
        for line in Path(f"/proc/{self.worker}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def call(self, body: bytes, head: str) -> bytes:
        """Body of the answer; anything but 200 with a card is an error of the benchmark."""
        status, answer = self.answer(body, head)
        if status != 200 or b'"summary"' not in answer:
            raise RuntimeError(f"not a card: {status} {answer[:200]!r}")
        return answer

    def answer(self, body: bytes, head: str) -> tuple[int, bytes]:
        """Status and body, whatever they are."""
        self._socket.sendall(_HEAD.format(head, len(body)).encode())
        self._socket.sendall(body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        status, _, answer = received.partition(b"\r\n\r\n")
        length = int(status.lower().partition(b"content-length:")[2].split()[0])
        while len(answer) < length:
            answer += self._more()
        return int(status.split(b" ", 2)[1]), answer

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise ConnectionResetError
        return data


def measure(server: Server, body: bytes, calls: int, clients: int) -> Sample:
    """`calls` calls over `clients` connections, after a short warm-up."""
    share = max(calls // clients, 1)
    warm_up = max(share // 20, 2)
    # Made before: to sign a token takes longer than to check it.
    heads = [server.heads(warm_up + share) for _ in range(clients)]
    times: list[float] = []
    errors: list[BaseException] = []
    barrier = threading.Barrier(clients + 1)

    def client(heads: list[str]) -> None:
        mine = []
        try:
            with Connection(server.port) as connection:
                for head in heads[:warm_up]:
                    connection.call(body, head)
                barrier.wait()
                for head in heads[warm_up:]:
                    begun = time.perf_counter()
                    connection.call(body, head)
                    mine.append((time.perf_counter() - begun) * 1000)
        except BaseException as error:  # noqa: BLE001  # handed to the main thread
            errors.append(error)
            barrier.abort()
        times.extend(mine)

    threads = [threading.Thread(target=client, args=(each,)) for each in heads]
    for thread in threads:
        thread.start()
    with contextlib.suppress(threading.BrokenBarrierError):
        barrier.wait()
    cpu, begun = server.cpu(), time.perf_counter()
    for thread in threads:
        thread.join()
    took, cpu = time.perf_counter() - begun, server.cpu() - cpu
    if errors:
        raise errors[0]
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return Sample(cuts[49], cuts[94], cuts[98], len(times) / took, cpu * 1000 / len(times))
