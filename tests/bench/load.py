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
    "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n"
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

    def __init__(self, command: Sequence[str], port: int) -> None:
        self.port = port
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def running(self, body: bytes) -> Iterator[float]:
        """Yields the seconds from the start of the process to its first answer."""
        started = time.perf_counter()
        self._process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *self._command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield self._first_answer(body, started)
        finally:
            self._process.terminate()
            self._process.wait(timeout=60)

    def _first_answer(self, body: bytes, started: float) -> float:
        assert self._process is not None
        while time.perf_counter() - started < 60:
            if self._process.poll() is not None:
                raise RuntimeError(f"stopped at once: {' '.join(self._command)}")
            try:
                with Connection(self.port) as connection:
                    connection.call(body)
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

    def call(self, body: bytes) -> bytes:
        """Body of the answer; anything but 200 with a card is an error of the benchmark."""
        self._socket.sendall(_HEAD.format(len(body)).encode())
        self._socket.sendall(body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, answer = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        while len(answer) < length:
            answer += self._more()
        if not head.startswith(b"HTTP/1.1 200") or b'"summary"' not in answer:
            raise RuntimeError(f"not a card: {head[:40]!r} {answer[:200]!r}")
        return answer

    def _more(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise ConnectionResetError
        return data


def measure(server: Server, body: bytes, calls: int, clients: int) -> Sample:
    """`calls` calls over `clients` connections, after a short warm-up."""
    share = max(calls // clients, 1)
    times: list[float] = []
    errors: list[BaseException] = []
    barrier = threading.Barrier(clients + 1)

    def client() -> None:
        mine = []
        try:
            with Connection(server.port) as connection:
                for _ in range(max(share // 20, 2)):
                    connection.call(body)
                barrier.wait()
                for _ in range(share):
                    begun = time.perf_counter()
                    connection.call(body)
                    mine.append((time.perf_counter() - begun) * 1000)
        except BaseException as error:  # noqa: BLE001  # handed to the main thread
            errors.append(error)
            barrier.abort()
        times.extend(mine)

    threads = [threading.Thread(target=client) for _ in range(clients)]
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
