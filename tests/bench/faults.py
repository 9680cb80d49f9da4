"""`python -m bench.faults [CALLS]`: a faulty FHIR server under load, and a healthy one beside it.

Every mode of `faulty.py` is called by 16 threads, with the budgets of production; one more thread
calls a healthy server all the while. Servers run in processes of their own. The table goes to
standard output and to build/soak.md; the exit code is 1 when an answer came late, or meant
something else than that nothing, or not everything, could be read.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from calls import call
from faulty import MODES, base
from fetching import make_reader, states
from fhir_stub import allowed
from samples import NOW, evaluator

from cds_service.adapters.fhir import reader as room
from cds_service.adapters.fhir.breaker import Breaker
from cds_service.adapters.fhir.reader import FhirReader
from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import decode
from cds_service.client import Client, FhirServer, make_client
from cds_service.errors import DataNotAvailable

PATIENT = "pt-204"
PARALLEL = 16
LIMIT = 500.0
WHOLE = ("healthy", "stale keep-alive")
PARTLY = (
    "circular next", "foreign next", "later page fails", "endless pages",
    "later page of another patient",
)  # fmt: skip


class Server(NamedTuple):
    port: int
    refusing: int

    def base(self, mode: str) -> str:
        return base(mode, self.port, self.refusing)


@contextmanager
def served() -> Iterator[Server]:
    """A fault server in a process of its own."""
    script = Path(__file__).parents[1] / "faulty.py"
    process = subprocess.Popen(
        [sys.executable, str(script), PATIENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Server(*map(int, process.stdout.readline().split()))
    finally:
        process.terminate()
        process.wait(10)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


class Caller:
    """Makes one call after another at one server, as the service would."""

    def __init__(self, reader: FhirReader, url: str) -> None:
        self._reader = reader
        self._client: Client = make_client("ehr", {}, dev=True, fhir_servers=(FhirServer(url),))
        self._body = encode(allowed(call(prefetch={}), url))

    def __call__(self, _: Any = None) -> tuple[float, str]:
        """Milliseconds to the answer, and how much could be read."""
        started = time.monotonic()
        request = decode(self._body)
        left = self._client.fetch_budget
        request = self._reader.complete(request, self._client, time.monotonic() + left)
        with suppress(DataNotAvailable):
            encode(evaluator().evaluate(request, NOW, self._client))
        spent = (time.monotonic() - started) * 1000
        found = set(states(request).values())
        return spent, found.pop().name if len(found) == 1 else "MIXED"


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def beside(caller: Caller, stop: threading.Event, spent: list[float], pause: float = 0.02) -> None:
    while not stop.wait(pause):
        spent.append(caller()[0])


def run(mode: str, calls: int, faults: Server, well: Server) -> tuple[str, bool]:
    """One row of the table, and whether the goals were met."""
    courses: Counter[str] = Counter()
    reader = make_reader(observe=lambda report: courses.update([report.course]))
    healthy = Caller(reader, well.base("healthy"))
    healthy()
    stop, other = threading.Event(), list[float]()
    neighbour = threading.Thread(target=beside, args=(healthy, stop, other))
    caller = Caller(reader, faults.base(mode))
    courses.clear()
    neighbour.start()
    with ThreadPoolExecutor(PARALLEL) as pool:
        results = list(pool.map(caller, range(calls)))
    stop.set()
    neighbour.join()
    reader.close()
    spent = [milliseconds for milliseconds, _ in results]
    meanings = Counter(found for _, found in results)
    wanted = (
        {"READ", "FAILED"}
        if mode in WHOLE
        else {"MIXED", "FAILED"}
        if mode in PARTLY
        else {"FAILED"}
    )
    late = sum(milliseconds > LIMIT for milliseconds in spent)
    good = late == 0 and set(meanings) <= wanted
    meaning = ", ".join(f"{name.lower()} {count}" for name, count in sorted(meanings.items()))
    row = (
        f"| {mode} | {calls} | {100 * (calls - late) / calls:.1f} % | {percentile(spent, 0.5):.0f} "
        f"| {percentile(spent, 0.99):.0f} | {max(spent):.0f} | {courses['left alone']} "
        f"| {meaning} | {percentile(other or [0], 0.5):.0f} | {percentile(other or [0], 0.99):.0f} |"
    )
    return row, good


def main() -> int:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    if os.environ.get("BREAKER") == "off":
        vars(room)["Breaker"] = partial(Breaker, calls=10**9)
    lines = [
        f"{PARALLEL} calls side by side, in milliseconds. Left alone: not tried, by the breaker.",
        "",
        "| Mode | Calls | within 500 | p50 | p99 | max | left alone | read | beside: p50 | p99 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    good = True
    with served() as faults, served() as well:
        for mode in (*MODES, "refuse", "slow TLS"):
            row, fine = run(mode, calls, faults, well)
            good = good and fine
            lines.append(row)
            print(row, flush=True)
    threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("fhir-f")]
    lines.append(f"\nThreads left: {len(threads)}. {'Goals met.' if good else 'Goals NOT met.'}")
    print(lines[-1])
    folder = Path("build")
    folder.mkdir(exist_ok=True)
    (folder / "soak.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0 if good and not threads else 1


if __name__ == "__main__":
    sys.exit(main())
