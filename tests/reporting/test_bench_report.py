"""`make bench-report` says by its exit code whether the report is fast enough."""

from __future__ import annotations

import pytest
from bench import large
from bench.large import TARGET, Measured, main


@pytest.mark.parametrize(
    ("slowest", "code", "met"),
    [
        pytest.param(TARGET - 0.01, 0, "yes", id="all in time"),
        pytest.param(TARGET, 1, "NO", id="one too late"),
    ],
)
def test_a_missed_target_is_an_error(monkeypatch, tmp_path, capsys, slowest, code, met):
    measured = Measured("SQLite", 10, 2, 1.0, TARGET + 1, [1.0, slowest, 2.0], [1.0])
    monkeypatch.setattr(large, "_measure", lambda *_: measured)
    monkeypatch.setattr(large, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["bench-report", "--postgresql", "0", "--sqlite", "10"])
    assert main() == code
    assert f"| {met} |" in capsys.readouterr().out
    assert f"| {met} |" in (tmp_path / "build" / "bench-report.md").read_text(encoding="utf-8")
