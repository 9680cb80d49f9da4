"""`make demo`: a service in its own process, one sample order, the card on the terminal."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from cds_service import demo
from cds_service.demo import main
from cds_service.ports import free_port

ROOT = Path(__file__).parents[1]


def test_unknown_scenario(capsys):
    assert main(["--scenario", "V99"]) == 2
    assert "no scenario V99; there are V01, " in capsys.readouterr().err


@pytest.mark.integration
def test_a_card_as_a_person_reads_it(capsys):
    assert main(["--scenario", "V01", "--once"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("DEVELOPMENT MODE")
    assert "Sample order V01" in out
    assert "Source: When to Order Cervical MRI" in out
    assert "Answered in " in out
    for markup in ("**", "\\", "`"):
        assert markup not in out


@pytest.mark.integration
def test_a_service_that_cannot_start_says_why(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert main(["--port", str(other.getsockname()[1]), "--once"]) == 2
    assert "choose another with --port" in capsys.readouterr().err


@pytest.mark.integration
def test_a_service_with_wrong_settings_says_why(capsys, monkeypatch):
    monkeypatch.setenv("CDS_SERVICE_WORKERS", "many")
    assert main(["--once"]) == 2
    err = capsys.readouterr().err
    assert "the service did not start" in err
    assert "CDS_SERVICE_WORKERS" in err


@pytest.mark.integration
def test_a_service_that_never_answers_is_given_up(capsys, monkeypatch):
    monkeypatch.setattr(demo, "PATIENCE", 0.0)
    assert main(["--once"]) == 2
    assert "the service did not answer within 0 s at http://127.0.0.1:" in capsys.readouterr().err


@pytest.mark.integration
def test_a_refused_order_is_shown_as_it_came(capsys, monkeypatch):
    monkeypatch.setenv("CDS_SERVICE_MAX_BODY", "1024")
    assert main(["--once"]) == 1
    assert "larger than this service accepts" in capsys.readouterr().out


@contextmanager
def running(port: int) -> Iterator[subprocess.Popen[str]]:
    """The demo as `make demo` starts it, in a process of its own."""
    command = [sys.executable, "-m", "cds_service.demo", "--scenario", "V02", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], last: str) -> str:
    """Standard output up to the line that holds `last`."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if last in line:
            return seen
    raise AssertionError(seen)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("stop", "code"),
    [
        pytest.param(signal.SIGINT, 0, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, 143, id="terminated"),
    ],
)
def test_it_runs_until_it_is_stopped_and_takes_the_service_along(stop, code):
    port = free_port(0)
    url = f"http://127.0.0.1:{port}"
    with running(port) as process, requests.Session() as session:
        session.trust_env = False
        seen = until(process, "until Ctrl-C")
        assert f"Open    {url}/workbench " in seen
        (title,) = re.findall(r'README.md, "(.+)"', seen)
        assert f"### {title}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
        (again,) = re.findall(r"-d @(.+)", seen)
        body = Path(shlex.split(again)[0]).read_bytes()
        headers = {"Content-Type": "application/json"}
        response = session.post(
            f"{url}/cds-services/cervical-mri", data=body, headers=headers, timeout=10
        )
        assert response.json()["cards"][0]["source"]["topic"]["code"] == "MRI_URGENT"
        process.send_signal(stop)
        assert process.wait(timeout=30) == code
        assert not Path(again).exists()
        with pytest.raises(requests.ConnectionError):
            session.get(f"{url}/readyz", timeout=2)
