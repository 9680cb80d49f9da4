"""SIGKILL while feedback is written: to workers, to the service, to the database. What was
acknowledged must be there afterwards, once.

    python -m soak.kill [CYCLES_SQLITE CYCLES_POSTGRESQL]
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import postgres
import requests
import sqlalchemy as sa
from samples import SAMPLES

from cds_service.adapters.databases import database_url, transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store import tables as t
from cds_service.content.fixture_dates import shift
from cds_service.ports import free_port

WRITERS = 4
BATCH = 5
PATIENCE = 60.0

_SERVE = """
import os, resource, sys
from cds_service.adapters import databases
mode = sys.argv.pop(1)
limit = int(os.environ.pop("TESTS_FILE_LIMIT", "0"))
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if mode != "own":
    databases.journal_mode = lambda _: mode
from cds_service.cli import main
sys.exit(main(sys.argv[1:]))
"""

Key = tuple[str, str, int, str]
"""Card, outcome, moment in milliseconds, and the reason or the accepted suggestions."""


@dataclass
class Figures:
    """What one run came to."""

    name: str
    cycles: int = 0
    acknowledged: int = 0
    refused: int = 0
    missing: int = 0
    twice: int = 0
    strange: int = 0
    report: str = ""
    """What `cds-service report` tells otherwise than was acknowledged; empty: nothing."""
    cards: int = 0
    integrity: str = ""
    kills: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return (
            self.acknowledged > 0
            and self.integrity == "ok"
            and not (self.missing or self.twice or self.strange or self.report)
        )

    def __str__(self) -> str:
        kills = ", ".join(f"{number} {what}" for what, number in self.kills.items())
        return (
            f"{self.name}: {self.cycles} cycles ({kills}) in {self.seconds:.0f} s, "
            f"{self.acknowledged} events on {self.cards} cards acknowledged, {self.missing} missing, "
            f"{self.twice} twice, {self.strange} never sent, integrity {self.integrity}, "
            f"report {self.report or 'the same'}"
        )


class Service:
    """The service in a process group of its own."""

    def __init__(self, url: str, mode: str = "own", file_limit: int = 0) -> None:
        """`file_limit`: bytes that a file may have; beyond it the disk is as good as full."""
        self.port = free_port(0)
        self.address = f"http://127.0.0.1:{self.port}"
        self._url, self._mode, self._limit = url, mode, file_limit
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, self._mode, "serve", "--dev", "--workers", "2",
             "--port", str(self.port)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            env=os.environ
            | {"CDS_SERVICE_STORE": self._url, "TESTS_FILE_LIMIT": str(self._limit)},
        )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.address}/livez", timeout=1).ok:
                    return
            time.sleep(0.05)
        self._log.seek(0)
        raise RuntimeError(self._log.read().decode())

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def workers(self) -> list[int]:
        assert self._process is not None
        text = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in text.split()]

    def kill_worker(self, number: int) -> None:
        workers = self.workers()
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(workers[number % len(workers)], signal.SIGKILL)

    def stop(self) -> int:
        """As an operator does; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(PATIENCE)
        self.kill()
        return code

    def kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE)
            self._process = None
            self._log.close()


class Clients:
    """Clients that send what was not acknowledged again, as clients do, until it is."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.sent: set[Key] = set()
        self.acknowledged: set[Key] = set()
        self.refused = 0
        self.cards: list[dict[str, Any]] = []
        self._moments = [0] * WRITERS
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(WRITERS)]

    def start(self) -> None:
        for _ in range(WRITERS):
            self.cards.append(card(self._address))
        for thread in self._threads:
            thread.start()

    def get_card(self) -> None:
        """One more to give feedback on; none while the service is away or has no uuid to give."""
        with contextlib.suppress(requests.RequestException, KeyError):
            found = card(self._address)
            if "uuid" in found:
                self.cards.append(found)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _run(self, writer: int) -> None:
        number = 0
        session = requests.Session()
        while not self._stop.is_set():
            number += 1
            items = [self._item(writer, number * BATCH + each) for each in range(BATCH)]
            keys = {_key(item) for item in items}
            with self._lock:
                self.sent |= keys
            while not self._stop.is_set():
                if self._send(session, items):
                    with self._lock:
                        self.acknowledged |= keys
                    break
                session.close()
                session = requests.Session()
                self._stop.wait(0.02)
            if writer == 0:
                self.get_card()  # so that there are cards of every moment between two kills
        session.close()

    def _item(self, writer: int, number: int) -> dict[str, Any]:
        """On the newest cards first: the rows of some will never be written."""
        on = self.cards[-1 - number % len(self.cards[-2 * BATCH :])]
        at = self._moment(writer)
        item = {"card": on["uuid"], "outcomeTimestamp": at.isoformat(timespec="milliseconds")}
        if number % 2:
            offered = [each["uuid"] for each in on["suggestions"]]
            taken = offered[: 1 + number % len(offered)]
            return item | {
                "outcome": "accepted",
                "acceptedSuggestions": [{"id": uuid} for uuid in taken],
            }
        reason = {"code": f"w{writer}-{number % 3}"}
        return item | {"outcome": "overridden", "overrideReason": {"reason": reason}}

    def _moment(self, writer: int) -> datetime:
        """One that no other event has, however fast they come: what is told of one card at one
        moment may be one event. Beyond 250 a second it runs ahead of the clock, of which minutes
        are allowed.
        """
        now = time.time_ns() // 1_000_000
        now += (writer - now) % WRITERS
        self._moments[writer] = max(now, self._moments[writer] + WRITERS)
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=self._moments[writer])

    def _send(self, session: requests.Session, items: list[dict[str, Any]]) -> bool:
        try:
            answer = session.post(
                f"{self._address}/cds-services/cervical-mri/feedback",
                json={"feedback": items},
                timeout=10,
            )
        except requests.RequestException:
            answer = None
        done = answer is not None and answer.status_code == 204
        if not done:
            with self._lock:
                self.refused += 1
        return done


def card(address: str) -> dict[str, Any]:
    """The card of a sample order, with or without uuid."""
    scenario = SAMPLES["V01"]
    body = shift(scenario.request(), scenario.evaluated, datetime.now(UTC))
    answer = requests.post(f"{address}/cds-services/cervical-mri", json=body, timeout=5)
    first: dict[str, Any] = answer.json()["cards"][0]
    return first


def _key(item: dict[str, Any]) -> Key:
    at = datetime.fromisoformat(item["outcomeTimestamp"])
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    if item["outcome"] == "accepted":
        what = " ".join(sorted(each["id"] for each in item["acceptedSuggestions"]))
    else:
        what = item["overrideReason"]["reason"]["code"]
    return item["card"], item["outcome"], milliseconds, what


def run(
    name: str,
    url: str,
    cycles: int,
    *,
    mode: str = "own",
    database: postgres.Postgres | None = None,
    pause: float = 0.3,
) -> Figures:
    """Kill so many times under load, and count what became of what was acknowledged."""
    figures = Figures(name, cycles)
    began = time.monotonic()
    service = Service(url, mode)
    service.start()
    clients = Clients(service.address)
    try:
        clients.start()
        for cycle in range(cycles):
            time.sleep(pause)
            what = _victim(cycle, database)
            figures.kills[what] = figures.kills.get(what, 0) + 1
            if what == "workers":
                service.kill_worker(cycle)
            elif what == "service":
                service.kill()
                service.start()
            elif database is not None:
                database.kill()
                database.start()
        time.sleep(2 * pause)
        clients.stop()
    finally:
        clients.stop()
        service.kill()
    figures.seconds = time.monotonic() - began
    figures.acknowledged, figures.refused = len(clients.acknowledged), clients.refused
    figures.cards = len({key[0] for key in clients.acknowledged})
    _count(figures, url, clients)
    return figures


def _victim(cycle: int, database: postgres.Postgres | None) -> str:
    if database is not None and cycle % 3 == 2:
        return "database"
    return "service" if cycle % 4 == 3 else "workers"


def _count(figures: Figures, url: str, clients: Clients) -> None:
    f, taken = t.FEEDBACK.c, t.FEEDBACK_SUGGESTIONS
    with transaction(database_url(url, "soak"), wait=PATIENCE) as connection:
        rows = connection.execute(
            sa.select(f.id, f.card, f.outcome, f.outcome_at, f.reason_code)
        ).all()
        accepted: dict[Any, list[str]] = {}
        for event, suggestion in connection.execute(sa.select(taken)):
            accepted.setdefault(event, []).append(str(suggestion))
        if connection.dialect.name == "sqlite":
            figures.integrity = str(connection.exec_driver_sql("PRAGMA integrity_check").scalar())
        else:
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS amcheck")
            connection.exec_driver_sql(
                "SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam "
                "WHERE a.amname = 'btree' AND c.relpersistence = 'p'"
            )
            figures.integrity = "ok"  # it raises when it is not
    found = [
        (str(card), outcome, at, code or " ".join(sorted(accepted.get(event, ()))))
        for event, card, outcome, at, code in rows
    ]
    figures.missing = len(clients.acknowledged - set(found))
    figures.twice = len(found) - len(set(found))
    figures.strange = len(set(found) - clients.sent)
    # What was written and whose answer was lost is told too.
    figures.report = _told_otherwise(url, clients.acknowledged | set(found))


def _told_otherwise(url: str, events: set[Key]) -> str:
    """Where the report that an operator gets differs from these events."""
    words = [sys.executable, "-m", "cds_service", "report", "--format", "json"]
    environment = os.environ | {"CDS_SERVICE_STORE": url}
    done = subprocess.run(words, capture_output=True, env=environment, check=True)
    told = json.loads(done.stdout)["feedback"]
    reasons = Counter(what for _, outcome, _, what in events if outcome == "overridden")
    expected = {
        "events": len(events),
        "accepted": sum(outcome == "accepted" for _, outcome, _, _ in events),
        "overridden": reasons.total(),
        "byReason": dict(reasons),
        "quarantined": 0,
    }
    return ", ".join(
        f"{name} {told[name]} for {value}"
        for name, value in expected.items()
        if told[name] != value
    )


@contextlib.contextmanager
def sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="cds-service-soak-") as folder:
        yield f"sqlite:///{folder}/store.db"


def on_sqlite(mode: str, cycles: int) -> Figures:
    with sqlite() as url:
        return run(f"SQLite {mode}", url, cycles, mode=mode)


def on_postgresql(cycles: int) -> Figures:
    with postgres.server(durable=True) as database:
        with transaction(database_url(database.url(), "soak"), wait=PATIENCE) as connection:
            schema.upgrade(connection)
        return run("PostgreSQL", database.url(), cycles, database=database)


def main() -> int:
    many, some = (int(text) for text in (*sys.argv[1:], "200", "100")[:2])
    runs: list[Callable[[], Figures]] = [
        lambda: on_sqlite("DELETE", many),
        lambda: on_sqlite("WAL", many),
    ]
    if postgres.binaries() is None:
        print("PostgreSQL is not installed: left out")
    else:
        runs.append(lambda: on_postgresql(some))
    good = True
    for each in runs:
        figures = each()
        print(figures, flush=True)
        good = good and figures.good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
