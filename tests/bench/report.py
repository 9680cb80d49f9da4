"""The measurements as a table, held against the targets."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.load import Sample
from bench.production import Check

Runs = Mapping[tuple[str, int, int], Sample]
"""(server, resources, clients) -> what was measured."""


class Row(NamedTuple):
    """One line of the table of targets."""

    what: str
    measured: float
    target: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def targets(runs: Runs, server: str, start: float, rss: float) -> list[Row]:
    """Every target, held against one server; those of a size that was not run are left out."""
    rows = [Row("start to first answer", start, 0.6, "s")]
    if (server, 1000, 1) in runs:
        one, eight = runs[server, 1000, 1], runs[server, 1000, 8]
        floor = runs["floor", 1000, 1]
        rows += [
            Row("CPU at 1,000 resources, ratio to floor", one.cpu / floor.cpu, 0.6, "x"),
            Row("p50 at 1,000, one client", one.p50, 5, "ms"),
            Row("p95 at 1,000, one client", one.p95, 10, "ms"),
            Row("p99 at 1,000, one client", one.p99, 20, "ms"),
            Row("p95 at 1,000, eight clients", eight.p95, 75, "ms"),
            Row("calls per second at 1,000", eight.per_second, 200, "/s", at_least=True),
        ]
    if (server, 100, 8) in runs:
        rate = runs[server, 100, 8].per_second
        rows.append(Row("calls per second at 100", rate, 900, "/s", at_least=True))
    if (server, 5000, 1) in runs:
        large = runs[server, 5000, 1]
        rows += [
            Row("p50 at 5,000, one client", large.p50, 25, "ms"),
            Row("p99 at 5,000, one client", large.p99, 60, "ms"),
            Row("memory of the worker after 5,000", rss, 150, "MiB"),
        ]
    if (server, 5000, 1) in runs and (server, 1000, 1) in runs:
        times = runs[server, 5000, 1].cpu / runs[server, 1000, 1].cpu
        rows.append(Row("CPU from 1,000 to 5,000, times", times, 6, "x"))
    return rows


def markdown(runs: Runs, held: Mapping[str, Sequence[Row]], checks: Iterable[Check]) -> str:
    """`held`: the targets by server."""
    lines = [
        (
            f"{platform.python_implementation()} {platform.python_version()}, "
            f"{os.cpu_count()} cores, one worker on one core, load from another."
        ),
        "",
        "`service`: development mode. `production`: a token of its own for each call, checked and remembered",
        "(SQLite), a line in the log, cards kept, the companion app on.",
        "",
        "| resources | clients | server | p50 ms | p95 ms | p99 ms | calls/s | CPU ms | ratio to floor |",
        "|--:|--:|---|--:|--:|--:|--:|--:|--:|",
    ]
    for (server, size, clients), run in sorted(runs.items(), key=lambda item: item[0][1:]):
        floor = runs["floor", size, clients]
        lines.append(
            f"| {size:,} | {clients} | {server} | {run.p50:.2f} | {run.p95:.2f} | {run.p99:.2f} "
            f"| {run.per_second:,.0f} | {run.cpu:.2f} | {run.cpu / floor.cpu:.2f} |"
        )
    lines += [
        "",
        "| token check, CPU ms | signature and claims | and the store of tokens seen |",
        "|---|--:|--:|",
    ]
    lines += [f"| {each.algorithm} | {each.token:.2f} | {each.remembered:.2f} |" for each in checks]
    for server, rows in held.items():
        lines += ["", f"| {server} | measured | target | met |", "|---|--:|--:|---|"]
        for row in rows:
            sign = "≥" if row.at_least else "≤"
            lines.append(
                f"| {row.what} | {row.measured:.2f} {row.unit} | {sign} {row.target:g} {row.unit} "
                f"| {'yes' if row.met else 'NO'} |"
            )
    return "\n".join(lines) + "\n"


def as_json(
    runs: Runs, held: Mapping[str, Sequence[Row]], checks: Iterable[Check]
) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "runs": [
            {"server": server, "resources": size, "clients": clients} | run._asdict()
            for (server, size, clients), run in runs.items()
        ],
        "token checks": [each._asdict() for each in checks],
        "targets": {
            server: [row._asdict() | {"met": row.met} for row in rows]
            for server, rows in held.items()
        },
    }


def write(folder: Path, text: str, values: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "bench.md").write_text(text, encoding="utf-8")
    (folder / "bench.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
