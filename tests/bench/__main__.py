"""Measure the service beside the floor; print the tables and write them to build/."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import sys
from pathlib import Path

from bench import load, report
from bench.bodies import request

ROOT = Path(__file__).parents[2]
CALLS = {10: 2000, 100: 2000, 1000: 500, 5000: 150}
"""Resources -> calls for each number of clients."""
CLIENTS = (1, 8)
STARTS = 3


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
    runs: dict[tuple[str, int, int], load.Sample] = {}
    bodies = {size: request(size) for size in arguments.sizes}
    first = request(10)
    rss = 0.0
    for name, make in (("floor", _floor), ("service", _service)):
        server = make(_free_port())
        with server.running(first):
            for size, body in bodies.items():
                for clients in CLIENTS:
                    calls = max(CALLS[size] // share, 20)
                    run = load.measure(server, body, calls, clients)
                    runs[name, size, clients] = run
                    print(
                        f"{name:8} {size:5} resources {clients} clients "
                        f"p50 {run.p50:8.2f} ms  CPU {run.cpu:7.2f} ms",
                        flush=True,
                    )
            rss = server.rss()
    start = statistics.median(_start(first) for _ in range(STARTS))
    rows = report.targets(runs, start, rss)
    text = report.markdown(runs, rows)
    report.write(ROOT / "build", text, report.as_json(runs, rows))
    print(f"\n{text}\nWritten to build/bench.md and build/bench.json")
    return 0


def _service(port: int) -> load.Server:
    command = [sys.executable, "-m", "cds_service", "serve", "--dev", "--port", str(port)]
    return load.Server(command, port)


def _floor(port: int) -> load.Server:
    return load.Server([sys.executable, str(ROOT / "tests/bench/floor.py"), str(port)], port)


def _start(body: bytes) -> float:
    with _service(_free_port()).running(body) as seconds:
        return seconds


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
