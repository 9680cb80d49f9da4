"""How long the default report takes on a large store; prints a table and writes build/bench-report.md.

Weeks that are over are counted once, by the nightly `db purge` or by the first report: what that takes
for a whole history stands apart. Before each report after it there is new feedback on the last weeks.
Ends with 1 when one of the later ones took too long.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import postgres

from bench.history import fill, tell
from cds_service.adapters.databases import database_url

ROOT: Final = Path(__file__).parents[2]
TARGET: Final = 10.0
RUNS: Final = 3
WEEKS: Final = 4
"""The last ones, which get feedback between two reports."""
_BYTES: Final = 1500
"""Room on the disk for one card and what goes with it, with some to spare."""


class Measured(NamedTuple):
    database: str
    cards: int
    feedback: int
    filled: float
    first: float
    """Seconds of the report that found nothing counted."""
    seconds: list[float]
    cpu: list[float]
    """Of the command, and of the server where there is one: what a busy machine does not change."""

    @property
    def met(self) -> bool:
        """Whether the slowest run was fast enough."""
        return max(self.seconds) < TARGET


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-report", description=__doc__)
    parser.add_argument("--postgresql", type=int, default=10_000_000, help="cards (0: none)")
    parser.add_argument("--sqlite", type=int, default=1_000_000, help="cards (0: none)")
    parser.add_argument("--feedback", type=float, default=0.2, help="events for each card")
    arguments = parser.parse_args()
    needed = _BYTES * max(arguments.postgresql, arguments.sqlite)
    if shutil.disk_usage(tempfile.gettempdir()).free < needed:
        print(
            f"bench-report: needs {needed / 1e9:.0f} GB in {tempfile.gettempdir()}", file=sys.stderr
        )
        return 2
    found = []
    if arguments.sqlite:
        with tempfile.TemporaryDirectory(prefix="cds-service-bench-") as folder:
            name = f"SQLite {sqlite3.sqlite_version}"
            url = f"sqlite:///{folder}/store.db"
            found.append(_measure(name, url, arguments.sqlite, arguments.feedback))
    if arguments.postgresql and postgres.binaries() is None:
        print("bench-report: PostgreSQL is not installed", file=sys.stderr)
        return 2
    if arguments.postgresql:
        with postgres.server() as server:
            url = server.new_database()
            share = arguments.feedback
            found.append(_measure("PostgreSQL", url, arguments.postgresql, share, server.cpu))
    text = _table(found)
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench-report.md").write_text(text, encoding="utf-8")
    print(f"\n{text}\nWritten to build/bench-report.md")
    return 0 if all(each.met for each in found) else 1


def _measure(
    database: str, url: str, cards: int, share: float, server: Callable[[], float] = lambda: 0.0
) -> Measured:
    """`server`: seconds of processor time of a server so far."""
    feedback = int(cards * share)
    print(f"{database}: making {cards:,} cards", flush=True)
    began = time.monotonic()
    fill(database_url(url, "bench"), cards, feedback)
    filled = time.monotonic() - began
    first, _ = _report(database, url, server)
    seconds, cpu = [], []
    for _ in range(RUNS):
        tell(database_url(url, "bench"), WEEKS)
        took, used = _report(database, url, server)
        seconds.append(took)
        cpu.append(used)
    return Measured(database, cards, feedback, filled, first, seconds, cpu)


def _report(database: str, url: str, server: Callable[[], float]) -> tuple[float, float]:
    """Seconds from start to end, and of processor time."""
    began, used = time.monotonic(), _children() + server()
    subprocess.run(
        [sys.executable, "-m", "cds_service", "report"],
        env=os.environ | {"CDS_SERVICE_STORE": url},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    took, used = time.monotonic() - began, _children() + server() - used
    print(f"{database}: {took:.2f} s, {used:.2f} s of CPU", flush=True)
    return took, used


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _table(found: list[Measured]) -> str:
    lines = [
        f"Default report: the command from start to end on {os.cpu_count()} cores, with no week counted",
        f"yet, and {RUNS} more, each after new feedback on {WEEKS} weeks.",
        "",
        "| database | cards | feedback | filled in | no week counted | fastest | slowest | CPU | target | met |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for each in found:
        met = "yes" if each.met else "NO"
        lines.append(
            f"| {each.database} | {each.cards:,} | {each.feedback:,} | {each.filled:.0f} s "
            f"| {each.first:.2f} s | {min(each.seconds):.2f} s | {max(each.seconds):.2f} s | {min(each.cpu):.1f} s | < {TARGET:g} s | {met} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
