"""gunicorn around the app, for real: start, answers, limits, reload, stop."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from calls import CARD, call

from cds_service.server import CollectorControl

TESTS = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """A server process and its address."""

    def __init__(self, log: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.session = requests.Session()
        self.session.trust_env = False
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "fake_server.py", str(self.port)],
                cwd=TESTS,
                env=os.environ | {"PYTHONPATH": str(TESTS.parent)} | environment,
                stdout=stream,
                stderr=stream,
            )

    def wait(self) -> None:
        for _ in range(300):
            assert self.process.poll() is None, self.log.read_text()
            try:
                self.session.get(f"{self.url}/readyz", timeout=2)
            except requests.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.log.read_text())

    def logged(self, event: str) -> dict[str, Any]:
        """The last line of that event, once it is there."""
        for _ in range(300):
            for text in reversed(self.log.read_text().splitlines()):
                line: dict[str, Any] = json.loads(text)
                if line["event"] == event:
                    return line
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def post(self, **options) -> requests.Response:
        return self.session.post(f"{self.url}/cds-services/cervical-mri", timeout=5, **options)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with served(tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@contextmanager
def served(log: Path, **environment: str) -> Iterator[Running]:
    running = Running(log, **environment)
    try:
        running.wait()
        yield running
        running.process.terminate()
        assert running.process.wait(timeout=10) == 0
    finally:
        running.process.kill()
        running.session.close()


def test_a_call(server):
    response = server.post(json=call())
    assert response.status_code == 200
    assert response.json() == {"cards": [CARD]}
    assert "gunicorn/" not in response.headers.get("Server", "")


def test_chunked_bodies_are_read_and_limited(server):
    def pieces(size: int) -> Iterator[bytes]:
        yield json.dumps(call()).encode()
        for _ in range(size):
            yield b" " * 1000

    headers = {"Content-Type": "application/json"}
    assert server.post(data=pieces(10), headers=headers).status_code == 200
    refused = server.post(data=pieces(200), headers=headers)
    assert refused.status_code == 413
    assert refused.headers["Connection"] == "close"


def test_declared_bodies_are_limited_before_they_are_read(server):
    headers = {"Content-Type": "application/json"}
    response = server.post(data=b" " * 100_001, headers=headers)
    assert response.status_code == 413
    assert response.json()["resourceType"] == "OperationOutcome"


def test_preflight_is_not_redirected(server):
    response = server.session.options(
        f"{server.url}/cds-services//cervical-mri", allow_redirects=False, timeout=5
    )
    assert response.status_code == 204


def test_reload_goes_on_answering(server):
    server.process.send_signal(signal.SIGHUP)
    for _ in range(20):
        assert server.post(json=call()).status_code == 200
        time.sleep(0.05)


def test_reload_with_wrong_content_keeps_the_old(tmp_path):
    """The log names the file and the mistake; calls are answered as before."""
    site = tmp_path / "site"
    site.mkdir()
    environment = {"CDS_SERVICE_VALUE_SET_FOLDER": str(site)}
    with served(tmp_path / "log", **environment) as server:
        (site / "broken.json").write_text("{")
        server.process.send_signal(signal.SIGHUP)
        line = server.logged("reload refused, the old content stays")
        assert line["level"] == "error"
        assert "broken.json" in line["refused"]
        assert server.post(json=call()).json() == {"cards": [CARD]}


def test_log_is_json_lines_only(server):
    events = [json.loads(line)["event"] for line in server.log.read_text().splitlines()]
    assert "ready" in events
    assert "call" in events


def test_collector_is_kept_out_of_the_calls():
    control = CollectorControl()
    try:
        control.take()
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 0
        for _ in range(201):
            control.between_calls()
    finally:
        gc.unfreeze()
        gc.enable()
