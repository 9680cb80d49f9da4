"""The service in production, with two clients: the FHIR server of one is faulty, that of the other
is well.

    python -m bench.faults [CALLS] [--every SECONDS]

Every mode of `faulty.py` is called for by 16 connections side by side. The client whose server is
well calls on one connection, first alone, then beside each mode, and never twice within 20 ms. It, the
service and the FHIR servers are processes of their own. BREAKER=off: no server is left alone.

As fast as they are answered, 16 connections keep all cores busy, and the other client waits for those.
`--every` has each connection begin a call at most so often: what a fault does to the other client then
shows by itself. Either way it is held against that client beside 16 connections whose server is well.

The table goes to standard output and to build/soak.md, or build/soak-every.md. The exit code is 1 when an answer took more than 600 ms (500
and what the machine adds, as calls, service and faulty server share its cores), or meant something else than that nothing, or not everything, could be read; how much slower the other
client got is reported only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from faulty import MODES, base
from production import in_production
from tokens import jwks

from bench.callers import PARALLEL, SICK, WELL, Answer, Caller, beside

PATIENT = "pt-204"
LIMIT: Final = 500.0
"""Milliseconds for an answer."""
NOISE: Final = 100.0
"""Allowed beyond LIMIT: the calls, the service and the faulty server share the cores."""
PARTLY = (
    "circular next", "foreign next", "later page fails", "endless pages",
    "later page of another patient",
)  # fmt: skip
ALL = (*MODES, "refuse", "slow TLS")

NEVER_LEFT_ALONE = """
import sys
from functools import partial
from cds_service.adapters.fhir import reader
from cds_service.adapters.fhir.breaker import Breaker
reader.Breaker = partial(Breaker, calls=10**9)
from cds_service.cli import main
sys.exit(main(sys.argv[1:]))
"""


class Server(NamedTuple):
    """A fault server."""

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


@contextmanager
def service(folder: Path, faults: Server, well: Server) -> Iterator[str]:
    """The address of the service, with both clients and two workers."""
    settings = "workers = 2\n"
    for issuer, bases in (
        (SICK, [faults.base(mode) for mode in ALL]),
        (WELL, [well.base("healthy")]),
    ):
        (folder / f"{issuer.name}.json").write_bytes(jwks(issuer.jwk()))
        settings += f"""
[[clients]]
name = "{issuer.name}"
issuer = "{issuer.issuer}"
keys_file = "{issuer.name}.json"
"""
        settings += "".join(f'[[clients.fhir_servers]]\nurl = "{each}"\n' for each in bases)
    program = ("-c", NEVER_LEFT_ALONE) if os.environ.get("BREAKER") == "off" else ()
    with in_production(folder, settings, *program) as url:
        yield url


def percentile(answers: Sequence[Answer], share: float) -> float:
    ordered = sorted(answer.milliseconds for answer in answers)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def lines_of(log: Path, begin: int, calls: int) -> list[dict[str, Any]]:
    """What the service wrote about these calls: a line may come after its answer."""
    for _ in range(200):
        with log.open("rb") as stream:
            stream.seek(begin)
            whole, _, _ = stream.read().rpartition(b"\n")
        found = [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]
        mine = [line for line in found if line.get("client") == SICK.name and "status" in line]
        if len(mine) == calls:
            return mine
        time.sleep(0.05)
    raise RuntimeError(f"{len(mine)} lines in the log about {calls} calls")


def meaning(line: dict[str, Any]) -> str:
    """How much could be read."""
    if line["status"] == 412:
        return "FAILED"
    if line["status"] != 200:
        return str(line["status"])
    return "MIXED" if any(key in line for key in ("absent", "failed", "partial")) else "READ"


def wanted(mode: str) -> set[str]:
    """What a mode may mean. Only what is well has to be read: all else may also take too long."""
    if mode == "healthy":
        return {"READ"}
    if mode == "stale keep-alive":
        return {"READ", "MIXED", "FAILED"}
    return {"MIXED", "FAILED"} if mode in PARTLY else {"FAILED"}


class Table:
    """The report, line by line."""

    def __init__(self, alone: Sequence[Answer], every: float) -> None:
        self.lines: list[str] = []
        self.good = True
        self._file = "soak-every.md" if every else "soak.md"
        self._beside_well: dict[float, float] = {}
        pace = f", each every {every * 1000:.0f} at most" if every else ""
        self._say(
            f"{PARALLEL} calls side by side{pace}, in milliseconds. Left alone: by the breaker."
        )
        self._say(
            f"The other client, alone: p50 {percentile(alone, 0.5):.1f}, "
            f"p99 {percentile(alone, 0.99):.1f} ({len(alone)} calls). "
            "×: multiples of what it was beside `healthy`.\n"
        )
        self._say(
            "| Mode | Calls | within 500 | p50 | p99 | max | left alone | read "
            "| beside: calls | p50 | p99 | p50 × | p99 × |"
        )
        self._say("|" + "---|" * 13)

    def add(
        self,
        mode: str,
        answers: Sequence[Answer],
        lines: Sequence[dict[str, Any]],
        others: Sequence[Answer],
    ) -> None:
        times = {share: percentile(others, share) for share in (0.5, 0.99)}
        if mode == "healthy":
            self._beside_well = times
        meanings = Counter(map(meaning, lines))
        late = sum(answer.milliseconds > LIMIT for answer in answers)
        left_alone = sum(line.get("fetch") == "left alone" for line in lines)
        unread = sum(answer.status != 200 for answer in others)
        words = ", ".join(f"{name.lower()} {count}" for name, count in sorted(meanings.items()))
        cells = [
            mode,
            len(answers),
            f"{100 * (len(answers) - late) / len(answers):.1f} %",
            *(f"{percentile(answers, share):.0f}" for share in (0.5, 0.99, 1)),
            left_alone,
            words,
            f"{len(others)}, {unread} not read" if unread else len(others),
            *(f"{ms:.1f}" for ms in times.values()),
            *(f"{ms / self._beside_well[share]:.2f}" for share, ms in times.items()),
        ]
        self._say("| " + " | ".join(map(str, cells)) + " |")
        too_late = percentile(answers, 1) > LIMIT + NOISE
        self.good = self.good and not too_late and set(meanings) <= wanted(mode) and not unread

    def end(self) -> None:
        self._say(f"\nGoals {'met' if self.good else 'NOT met'}.")
        folder = Path("build")
        folder.mkdir(exist_ok=True)
        (folder / self._file).write_text("\n".join(self.lines) + "\n", encoding="utf-8")

    def _say(self, line: str) -> None:
        self.lines.append(line)
        print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("calls", nargs="?", type=int, default=500, help="of each mode")
    parser.add_argument("--every", type=float, default=0.0, metavar="SECONDS")
    arguments = parser.parse_args()
    calls, every = arguments.calls, arguments.every
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        faults, well = stack.enter_context(served()), stack.enter_context(served())
        url = stack.enter_context(service(folder, faults, well))
        other = stack.enter_context(beside(url, well.base("healthy")))
        other.send(max(calls // 10, 10))  # the first calls make connections, and are not counted
        other.recv()
        other.send(calls)
        table = Table(other.recv(), every)
        for mode in ALL:
            begin = (folder / "log").stat().st_size
            other.send(0)
            answers = Caller(url, SICK, faults.base(mode)).side_by_side(calls, every=every)
            other.send(0)
            others = other.recv()
            table.add(mode, answers, lines_of(folder / "log", begin, calls), others)
        table.end()
    return 0 if table.good else 1


if __name__ == "__main__":
    sys.exit(main())
