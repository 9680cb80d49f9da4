"""Metrics of all workers on a port of their own."""

import signal
import time
from collections.abc import Iterator

import pytest
import requests
from calls import call
from test_server import Running, free_port, served

CALLS = 40


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("metrics")
    environment = {
        "CDS_SERVICE_METRICS_PORT": str(port),
        "CDS_SERVICE_WORKERS": "2",
        "TMPDIR": str(folder),
    }
    with served(folder / "log", **environment) as running:
        yield running
    assert not list(folder.glob("cds-service-metrics-*")), "left behind"


def figures(server: Running, port: int, name: str) -> float:
    page = server.session.get(f"http://127.0.0.1:{port}/metrics", timeout=5)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/plain")
    return sum(
        float(line.rpartition(" ")[2]) for line in page.text.splitlines() if line.startswith(name)
    )


def wait_for(server: Running, port: int, calls: int) -> None:
    """The last call is counted after its answer has been sent."""
    for _ in range(100):
        if figures(server, port, "cds_calls_total") == calls:
            return
        time.sleep(0.05)
    assert figures(server, port, "cds_calls_total") == calls


def test_all_workers_are_added_up_and_a_reload_loses_nothing(server, port):
    answered = 0
    for _ in range(2):
        for _ in range(CALLS // 2):
            # A connection for each call, so that both workers get some.
            with requests.Session() as session:
                session.trust_env = False
                url = f"{server.url}/cds-services/cervical-mri"
                assert session.post(url, json=call(), timeout=5).status_code == 200
            answered += 1
        wait_for(server, port, answered)
        server.process.send_signal(signal.SIGHUP)
        server.wait()
    wait_for(server, port, CALLS)


def test_metrics_are_on_their_own_port_only(server, port):
    assert server.session.get(f"{server.url}/metrics", timeout=5).status_code == 404
    fake = {"Host": f"127.0.0.1:{port}"}
    assert server.session.get(f"{server.url}/metrics", headers=fake, timeout=5).status_code == 404


def test_the_service_is_not_on_the_port_of_metrics(server, port):
    page = server.session.post(
        f"http://127.0.0.1:{port}/cds-services/cervical-mri", json=call(), timeout=5
    )
    assert page.status_code == 405


def test_the_folder_of_figures_is_private(server):
    (folder,) = server.log.parent.glob("cds-service-metrics-*")
    assert folder.stat().st_mode & 0o077 == 0


def test_what_the_store_kept_is_told_there_too(server, port):
    """Of both workers together."""
    event = {
        "card": "7d4a1c52-6d1f-4d55-9f6c-1d2f3a4b5c6d",
        "outcome": "overridden",
        "outcomeTimestamp": "2026-03-02T12:00:00Z",
    }
    for _ in range(4):
        with requests.Session() as session:
            session.trust_env = False
            url = f"{server.url}/cds-services/cervical-mri/feedback"
            assert session.post(url, json={"feedback": [event]}, timeout=5).status_code == 204
    for what, times in (("set_apart", 1), ("repeated", 3), ("kept", 0)):
        name = f'cds_store_events_total{{event="feedback_{what}"}}'
        assert figures(server, port, name) == times
