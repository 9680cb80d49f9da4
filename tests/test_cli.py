"""The console script: answers on stdout, mistakes on stderr with place and mend, exit codes."""

import io
import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from calls import CARD, FakeEvaluator, call

from cds_service import __version__
from cds_service.cli import main

ROOT = Path(__file__).parents[1]


class FakeTerminology:
    names = frozenset({"VS-ONE"})
    version = "abc"
    found: tuple[str, ...] = ()

    def conflicts(self) -> list[str]:
        return list(self.found)


@pytest.fixture
def evaluator(monkeypatch: pytest.MonkeyPatch) -> FakeEvaluator:
    fake = FakeEvaluator()
    monkeypatch.setattr("cds_service.assembly.content.build_evaluator", lambda *_: fake)
    monkeypatch.setattr(
        "cds_service.assembly.content.load_terminology", lambda _: FakeTerminology()
    )
    monkeypatch.setattr("cds_service.oracle.problems", lambda *_: iter(()))
    return fake


@pytest.fixture
def request_file(tmp_path: Path) -> str:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(call()))
    return str(file)


def write(file: str, body: Any) -> None:
    Path(file).write_text(json.dumps(body))


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.integration
@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["check"], 0, "ok: settings, 0 clients, cards, statements and "),
        (["evaluate", "/nowhere"], 2, "cds-service: /nowhere: No such file"),
    ],
)
def test_the_package_runs_as_the_console_script(argv, code, said):
    done = subprocess.run(
        [sys.executable, "-m", "cds_service", *argv],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == code
    assert (done.stdout + done.stderr).startswith(said)


@pytest.mark.parametrize("argv", [[], ["serv"], ["evaluate"], ["serve", "--port", "x"]])
def test_wrong_usage(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err


class TestEvaluate:
    def test_prints_the_response(self, evaluator, request_file, capsys):
        assert main(["evaluate", request_file]) == 0
        out, err = capsys.readouterr()
        assert json.loads(out) == {"cards": [CARD]}
        assert err == ""
        ((_, now, client),) = evaluator.asked
        assert abs((datetime.now(UTC) - now).total_seconds()) < 60
        assert client.name == "development"

    def test_reads_standard_input(self, evaluator, monkeypatch, capsys):
        stdin = io.TextIOWrapper(io.BytesIO(json.dumps(call()).encode()))
        monkeypatch.setattr("sys.stdin", stdin)
        assert main(["evaluate", "-"]) == 0
        assert json.loads(capsys.readouterr().out)["cards"]

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("2026-03-02", "2026-03-02T12:00:00+01:00"),
            ("2026-03-02T08:30", "2026-03-02T08:30:00+01:00"),
            ("2026-03-02T08:30:00Z", "2026-03-02T08:30:00+00:00"),
        ],
    )
    def test_as_of_another_day(self, evaluator, request_file, at, expected, capsys):
        zone = "eval.timezone=Europe/Berlin"
        assert main(["evaluate", request_file, "--at", at, "--set", zone]) == 0
        assert evaluator.asked[0][1].isoformat() == expected
        said = f"--at: taken as {expected} (eval.timezone)\n"
        assert capsys.readouterr().err == ("" if at.endswith("Z") else said)

    def test_a_day_that_is_none(self, request_file, capsys):
        with pytest.raises(SystemExit):
            main(["evaluate", request_file, "--at", "2026-02-30"])
        assert "write a date" in capsys.readouterr().err

    def test_options(self, evaluator, request_file):
        options = ["--set", "ext.radicular=false", "--set", "cards.showAppropriate = false"]
        assert main(["evaluate", request_file, *options]) == 0
        client = evaluator.asked[0][2]
        assert not client.criteria["ext.radicular"]
        assert not client.show_appropriate

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--set", "ext.radiculr=false"], "unknown key ext.radiculr"),
            (["--config", "/nowhere.toml"], "/nowhere.toml: cannot be read"),
        ],
    )
    def test_wrong_settings(self, request_file, options, words, capsys):
        assert main(["evaluate", request_file, *options]) == 2
        assert words in capsys.readouterr().err

    def test_an_option_without_value(self, request_file, capsys):
        with pytest.raises(SystemExit):
            main(["evaluate", request_file, "--set", "dup.days"])
        assert "KEY=VALUE" in capsys.readouterr().err

    def test_no_such_file(self, evaluator, capsys):
        assert main(["evaluate", "/nowhere.json"]) == 2
        assert "/nowhere.json: No such file" in capsys.readouterr().err

    def test_refused_requests(self, evaluator, request_file, capsys):
        write(request_file, call(hook=None))
        assert main(["evaluate", request_file]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err == f"{request_file}: refused with 400: hook: send a non-empty string\n"
        write(request_file, call(prefetch={}))
        assert main(["evaluate", request_file]) == 1
        assert "refused with 412" in capsys.readouterr().err


def test_explain(evaluator, request_file, capsys):
    assert main(["explain", request_file, "--at", "2026-03-02T12:00:00Z"]) == 0
    assert capsys.readouterr().out == "NOT_YET as of 2026-03-02T12:00:00+00:00\n"


class TestCheck:
    def test_all_well(self, evaluator, capsys):
        assert main(["check"]) == 0
        assert capsys.readouterr().out.startswith("ok: ")

    def test_overlaps_are_printed(self, evaluator, monkeypatch, capsys):
        monkeypatch.setattr(FakeTerminology, "found", ("VS-ONE: code 1 stands in VS-TWO too",))
        assert main(["check"]) == 1
        assert "VS-ONE: code 1" in capsys.readouterr().err

    def test_what_is_no_fhir_is_printed(self, evaluator, monkeypatch, capsys):
        said = "answer to V01: status: Field required"
        monkeypatch.setattr("cds_service.oracle.problems", lambda *_: iter((said,)))
        assert main(["check"]) == 1
        assert capsys.readouterr() == ("", f"{said}\n1 to look at\n")

    def test_wrong_content(self, monkeypatch, capsys):
        from cds_service.errors import ConfigurationError

        def fail(_):
            raise ConfigurationError("cards/x.toml: unknown placeholder $becuase")

        monkeypatch.setattr("cds_service.assembly.content.load_terminology", fail)
        assert main(["check"]) == 2
        assert "cards/x.toml: unknown placeholder" in capsys.readouterr().err


class TestServe:
    @pytest.fixture
    def served(self, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        served: list[Any] = []
        monkeypatch.setattr("cds_service.server.serve", served.append)
        return served

    def test_settings_reach_the_server(self, served):
        assert main(["serve", "--dev", "--port", "0", "--workers", "3"]) == 0
        (settings,) = served
        assert (settings.dev, settings.port, settings.workers) == (True, 0, 3)

    def test_production_is_the_default(self, served):
        main(["serve", "--port", "0"])
        assert not served[0].dev

    def test_production_refuses_without_a_client(self, capsys):
        assert main(["serve", "--port", "0"]) == 2
        assert "no client is configured" in capsys.readouterr().err

    def test_a_taken_port(self, served, capsys):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            assert main(["serve", "--dev", "--port", str(port)]) == 2
        assert "choose another with --port" in capsys.readouterr().err
        assert served == []

    def test_development_mode_on_every_address_is_refused(self, served, capsys):
        assert main(["serve", "--dev", "--host", "0.0.0.0"]) == 2
        assert "this machine only" in capsys.readouterr().err


def test_ctrl_c_is_no_mistake(monkeypatch, capsys):
    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cds_service.server.serve", interrupted)
    assert main(["serve", "--dev", "--port", "0"]) == 130
    assert capsys.readouterr().err == "cds-service: stopped\n"


@pytest.mark.integration
@pytest.mark.parametrize(
    "argv",
    [["explain", "fixtures/V03.json"], ["evaluate", "fixtures/V03.json"], ["serve", "--help"]],
)
def test_a_reader_that_goes_away_is_no_mistake(argv):
    """`cds-service explain … | head`: no trace, also not of what Python writes at its end."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "cds_service", *argv],
            cwd=ROOT, check=False, stdout=writes, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    finally:
        os.close(writes)
    assert (done.returncode, done.stderr) == (0, "")
