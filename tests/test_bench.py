"""What `make bench` measures is the service as it would be started."""

from __future__ import annotations

import pytest
from bench import report
from bench.load import Sample
from bench.production import ALGORITHMS, Production
from tokens import URL, Incoming

from cds_service.adapters.callers.registry import register
from cds_service.errors import CallerRefused
from cds_service.settings import load_settings
from cds_service.web.call_log import make_logger


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_call_in_production_mode_has_a_good_token_of_its_own(tmp_path, algorithm):
    server = Production(5005, algorithm, tmp_path)
    settings = load_settings(tmp_path / "cds-service.toml", {}, {})
    authenticator = register(settings, make_logger()).authenticator
    tokens = [head.strip().removeprefix("Authorization: Bearer ") for head in server.heads(3)]
    assert [authenticator.authenticate(Incoming(token), URL).name for token in tokens] == [
        "bench"
    ] * 3
    with pytest.raises(CallerRefused):
        authenticator.authenticate(Incoming(tokens[0]), URL)


def test_targets_of_a_size_that_was_not_run_are_left_out():
    sample = Sample(1, 1, 1, 1, 1)
    runs = {(name, 5000, 1): sample for name in ("floor", "service")}
    assert [row.what for row in report.targets(runs, "service", 0.5, 90)] == [
        "start to first answer",
        "p50 at 5,000, one client",
        "p99 at 5,000, one client",
        "memory of the worker after 5,000",
    ]
