"""The real server in production mode: two worker processes, one store of tokens seen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import requests
from calls import call
from pages import Pages, serving
from tokens import Issuer, jwk, jwks, private_key

from cds_service.ports import free_port

pytestmark = pytest.mark.integration
N = Issuer("north")
linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")


class Running:
    """A server process with two workers, and its key server."""

    def __init__(self, folder: Path, pages: Pages) -> None:
        self.port = free_port(0)
        self.url = f"http://127.0.0.1:{self.port}"
        self.pages = pages
        self.log = folder / "log"
        config = folder / "cds.toml"
        config.write_text(
            f"""
base_url = "{self.url}"
port = {self.port}
workers = 2
replay_store = "sqlite:///{folder / "seen.db"}"
[[clients]]
name = "north"
issuer = "{N.issuer}"
jwks_url = "{pages.url}/jwks.json"
"""
        )
        with self.log.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cds_service", "serve", "--config", str(config)],
                cwd=Path(__file__).parents[1],
                stdout=stream,
                stderr=stream,
            )

    def wait(self) -> None:
        """Until a good token is answered: the content is read and the keys are there."""
        for _ in range(600):
            assert self.process.poll() is None, self.log.read_text()
            try:
                if self.post(self.token()) == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def workers(self) -> set[int]:
        """Processes that answer calls (Linux)."""
        pid = self.process.pid
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))

    def has_replaced(self, lost: set[int]) -> bool:
        """Whether others stand in for these workers."""
        return not lost & self.workers() and len(self.workers()) == 2

    def answers_until(self, holds: Callable[[], bool]) -> None:
        """Good tokens are answered 200 for as long as it takes."""
        until = time.monotonic() + 60
        while not holds():
            assert self.answers(1) == {200}
            assert time.monotonic() < until

    def answers(self, calls: int) -> set[int]:
        return {self.post(self.token()) for _ in range(calls)}

    def get(self, path: str) -> int:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"{self.url}{path}", timeout=30).status_code

    def token(self, issuer: Issuer = N) -> str:
        return issuer.current(f"{self.url}/cds-services/cervical-mri")

    def post(self, token: str) -> int:
        with requests.Session() as session:  # a connection of its own, so that workers take turns
            session.trust_env = False
            answer = session.post(
                f"{self.url}/cds-services/cervical-mri",
                json=call(),
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
            )
        return answer.status_code


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving() as pages:
        pages.pages["/jwks.json"] = jwks(N.jwk())
        running = Running(tmp_path_factory.mktemp("production"), pages)
        try:
            running.wait()
            yield running
            running.process.terminate()
            assert running.process.wait(timeout=30) == 0
        finally:
            running.process.kill()


def test_every_token_is_answered_once_whichever_worker_gets_it(server):
    tokens = [server.token() for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda token: (token, server.post(token)), tokens * 3))
    assert Counter(status for _, status in answers) == {200: 40, 401: 80}
    assert Counter(token for token, status in answers if status == 200) == Counter(tokens)


def test_a_new_key_reaches_every_worker(server):
    new = Issuer("north", kid="k2")
    new.key = private_key("ES384", "k2")
    server.pages.pages["/jwks.json"] = jwks(N.jwk(), jwk(new.key, "k2"))
    answers: list[int] = []
    for _ in range(100):  # a call waits for new keys for a moment only, and the next one has them
        answers.append(server.post(server.token(new)))
        if answers[-10:] == [200] * 10:
            break
    assert answers[-10:] == [200] * 10


@linux
def test_a_reload_loses_nobody_and_forgets_nothing(server):
    used = server.token()
    assert server.post(used) == 200
    old = server.workers()
    with server.pages.holding():  # what new workers ask for comes when nobody waits any more
        os.kill(server.process.pid, signal.SIGHUP)
        server.answers_until(partial(server.has_replaced, old))
        assert server.answers(20) == {200}
    assert [server.post(used) for _ in range(10)] == [401] * 10


@linux
def test_while_the_key_server_is_down_reloads_and_lost_workers_lose_no_call(server):
    page = server.pages.pages.pop("/jwks.json")
    for sign, one in ((signal.SIGHUP, False), (signal.SIGKILL, True), (signal.SIGTERM, True)):
        old = server.workers()
        lost = {min(old)} if one else old
        os.kill(min(old) if one else server.process.pid, sign)
        server.answers_until(partial(server.has_replaced, lost))
        assert server.answers(20) == {200}
    assert server.get("/readyz") == 200
    server.pages.pages["/jwks.json"] = page


def test_the_log_has_reasons_and_no_tokens(server):
    token = server.token().replace(".", ".A", 1)
    assert server.post(token) == 401
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {"replayed"} <= {line["reason"] for line in lines if "reason" in line}
    assert token.rpartition(".")[2] not in server.log.read_text()
