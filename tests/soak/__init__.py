"""Reload and restart the service under load in production mode, and count the calls that got no card."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import requests
from pages import Pages, serving
from tokens import Issuer, jwks

ROOT = Path(__file__).parents[2]
SAMPLE = (ROOT / "fixtures" / "V12.json").read_bytes()
URL = "/cds-services/cervical-mri"
CLIENT = Issuer("north")
KEYS_TAKE = 0.4
"""Seconds in which the client's key server answers: longer than a call may wait for keys."""


class Service:
    """`cds-service serve` in production on a free port; its first process may be followed by others."""

    def __init__(self, folder: Path, workers: int, keys: Pages) -> None:
        self.keys = keys
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        config = folder / "cds.toml"
        config.write_text(
            f"""
base_url = "{self.url}"
port = {self.port}
workers = {workers}
store = "sqlite:///{folder / "store.db"}"
replay_store = "sqlite:///{folder / "seen.db"}"
[[clients]]
name = "north"
issuer = "{CLIENT.issuer}"
jwks_url = "{keys.url}/jwks.json"
"""
        )
        script = Path(sys.executable).with_name("cds-service")
        with self.log.open("w") as stream:
            self._first = subprocess.Popen(
                [sys.executable, str(script), "serve", "--config", str(config)],
                stdout=stream, stderr=stream,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        self.master = self._first.pid

    def wait(self) -> None:
        """Until it says that it is ready."""
        with requests.Session() as session:
            session.trust_env = False

            def ready() -> bool:
                if self._first.poll() is not None:
                    raise RuntimeError(self.log.read_text())
                try:
                    return session.get(f"{self.url}/readyz", timeout=5).ok
                except requests.ConnectionError:
                    return False

            self._until(ready, "not ready in time")

    @contextmanager
    def without_keys(self) -> Iterator[None]:
        """The client's key server is down for as long as the block lasts."""
        page = self.keys.pages.pop("/jwks.json")
        try:
            yield
        finally:
            self.keys.pages["/jwks.json"] = page

    def children(self, pid: int) -> list[int]:
        """Processes that were forked by this one; none when it has gone."""
        try:
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except OSError:
            return []
        return [int(each) for each in text.split()]

    def reload(self) -> None:
        """HUP, and wait until other workers have taken over."""
        before = set(self.children(self.master))
        os.kill(self.master, signal.SIGHUP)
        self._until(lambda: not before & set(self.children(self.master)), "the old workers stayed")

    def replace(self) -> None:
        """Stop one worker, and wait for the next."""
        one = min(self.children(self.master))
        os.kill(one, signal.SIGTERM)
        self._until(lambda: one not in self.children(self.master), "the old worker stayed")

    def restart(self) -> None:
        """USR2: a new master takes over the socket; then the old one finishes and goes."""
        old = self.master
        asked = [0.0]
        found: list[int] = []

        def started() -> bool:
            # A master that has just succeeded another ignores the signal for a moment.
            if time.monotonic() - asked[0] > 3:
                os.kill(old, signal.SIGUSR2)
                asked[0] = time.monotonic()
            found[:] = [child for child in self.children(old) if self.children(child)]
            return bool(found)

        self._until(started, "no new master")
        self.master = found[0]
        os.kill(old, signal.SIGTERM)
        if old == self._first.pid:
            self._first.wait(timeout=90)
        self._until(lambda: not self.children(old), "the old master stayed")

    def stop(self) -> None:
        """End the processes that were started here, and wait until they have gone."""
        for pid in {self.master, self._first.pid}:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue
        self._first.wait(timeout=60)
        self._until(lambda: not self.children(self.master), "the last master stayed")

    def _until(self, holds: Callable[[], bool], otherwise: str) -> None:
        until = time.monotonic() + 90
        while time.monotonic() < until:
            if holds():
                return
            time.sleep(0.05)
        raise RuntimeError(otherwise)


class Load:
    """Clients with keep-alive connections: busy ones, and ones that pause between calls."""

    def __init__(self, url: str, busy: int, idle: int, pause: float) -> None:
        self._url = url + URL
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()
        """Status, or the name of the error -> calls."""
        self.times: list[float] = []
        self._threads = [
            threading.Thread(target=self._client, args=(wait,), daemon=True)
            for wait in [0.0] * busy + [pause] * idle
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=30)

    @property
    def calls(self) -> int:
        return self.answers.total()

    @property
    def failed(self) -> dict[str, int]:
        return {name: count for name, count in self.answers.items() if name != "200"}

    def milliseconds(self) -> tuple[float, float]:
        """Median and 99th percentile."""
        cuts = statistics.quantiles(self.times, n=100)
        return cuts[49] * 1000, cuts[98] * 1000

    def _client(self, pause: float) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._stop.wait(pause):
                token = CLIENT.current(self._url)
                begun = time.perf_counter()
                try:
                    response = session.post(
                        self._url,
                        data=SAMPLE,
                        headers={
                            "Content-Type": "application/json",
                            "Authorization": f"Bearer {token}",
                        },
                        timeout=30,
                    )
                    name = str(response.status_code)
                    if name == "200" and not response.json()["cards"]:
                        name = "no card"
                except (requests.RequestException, ValueError) as error:
                    name = type(error).__name__
                with self._lock:
                    self.answers[name] += 1
                    self.times.append(time.perf_counter() - begun)


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Service]:
    with serving() as keys:
        keys.pages["/jwks.json"] = jwks(CLIENT.jwk())
        keys.delay = KEYS_TAKE
        service = Service(folder, workers, keys)
        try:
            service.wait()
            yield service
        finally:
            service.stop()
