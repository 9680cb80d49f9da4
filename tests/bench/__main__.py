"""Measure the service beside the floor; print the tables and write them to build/."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import load, production, report
from bench.bodies import request

ROOT = Path(__file__).parents[2]
CALLS = {10: 2000, 100: 2000, 1000: 500, 5000: 150}
"""Resources -> calls for each number of clients."""
CLIENTS = (1, 8)
STARTS = 3
CHECKS = 200
"""Tokens checked in a round."""
FLOOR = "floor"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the calls")
    parser.add_argument("--sizes", type=int, nargs="+", choices=list(CALLS), default=list(CALLS))
    arguments = parser.parse_args()
    if not shutil.which("taskset") or (os.cpu_count() or 1) < 2:
        print("bench: needs taskset and two cores, to keep load and server apart", file=sys.stderr)
        return 2
    os.sched_setaffinity(0, {load.CLIENT_CORE})
    share = 10 if arguments.quick else 1
    with tempfile.TemporaryDirectory(prefix="cds-service-bench-") as folder:
        measured = _measure(arguments.sizes, share, Path(folder))
    report.write(ROOT / "build", report.markdown(*measured), report.as_json(*measured))
    print(f"\n{report.markdown(*measured)}\nWritten to build/bench.md and build/bench.json")
    return 0


def _measure(
    sizes: Sequence[int], share: int, folder: Path
) -> tuple[report.Runs, dict[str, list[report.Row]], list[production.Check]]:
    """All runs, the targets by server, the token checks."""
    runs: dict[tuple[str, int, int], load.Sample] = {}
    held: dict[str, list[report.Row]] = {}
    bodies = {size: request(size) for size in sizes}
    first = request(10)
    for name, server in _servers(folder):
        with server.running(first):
            for size, body in bodies.items():
                for clients in CLIENTS:
                    calls = max(CALLS[size] // share, 20)
                    run = load.measure(server, body, calls, clients)
                    runs[name, size, clients] = run
                    print(
                        f"{name:16} {size:5} resources {clients} clients "
                        f"p50 {run.p50:8.2f} ms  CPU {run.cpu:7.2f} ms",
                        flush=True,
                    )
            rss = server.rss()
        if name != FLOOR:
            start = statistics.median(_start(server, first) for _ in range(STARTS))
            held[name] = report.targets(runs, name, start, rss)
    checks = [
        production.token_check(algorithm, max(CHECKS // share, 20), folder)
        for algorithm in production.ALGORITHMS
    ]
    return runs, held, checks


def _servers(folder: Path) -> Iterator[tuple[str, load.Server]]:
    port = _free_port()
    yield FLOOR, load.Server([sys.executable, str(ROOT / "tests/bench/floor.py"), str(port)], port)
    port = _free_port()
    command = [sys.executable, "-m", "cds_service", "serve", "--dev", "--port", str(port)]
    yield "service", load.Server(command, port)
    for algorithm in production.ALGORITHMS:
        own = folder / algorithm
        own.mkdir()
        yield f"production {algorithm}", production.Production(_free_port(), algorithm, own)


def _start(server: load.Server, body: bytes) -> float:
    with server.running(body) as seconds:
        return seconds


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
