"""Calls made up from the OpenAPI description: sound ones, broken ones and odd ones.

CDS_FUZZ_CASES sets how many are generated for each operation, beside some 10,000 at the bounds of
what is described (CDS_FUZZ_BOUNDS=no leaves those out, which are the same for every seed); addresses
without parameters have only a few different calls. `make fuzz` makes 200,000 in all, in batches with
a seed of their own.
"""

from __future__ import annotations

import io
import os
import time
import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import pytest
import schemathesis
from calls import NOW, Bouncer, Remembering
from hypothesis import HealthCheck, Phase, settings
from samples import evaluator
from schemathesis import checks

from cds_service.app import create_app
from cds_service.client import make_client
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger
from cds_service.web.description import document

CASES = int(os.environ.get("CDS_FUZZ_CASES", "2000"))
BOUNDS = os.environ.get("CDS_FUZZ_BOUNDS", "yes") == "yes"
SLOW = 1.0
"""Seconds. Reported, not asserted: the machine may be busy."""

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


class Figures:
    """What was answered, and how fast."""

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.slowest = 0.0
        self.slow = 0

    def add(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.slowest = max(self.slowest, seconds)
        self.slow += seconds > SLOW


@pytest.fixture(scope="module")
def figures(pytestconfig: pytest.Config) -> Iterator[dict[str, Figures]]:
    found: dict[str, Figures] = {}
    yield found
    capture: Any = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        for name, of in found.items():
            print(
                f"\n{name}: {sum(of.statuses.values())} calls, by status {of.statuses}, "
                f"slowest {of.slowest * 1000:.0f} ms, {of.slow} slower than {SLOW:.0f} s",
                end="",
            )


@cache
def service() -> Any:
    bouncer = Bouncer(make_client("ehr", {}, dev=False))
    return create_app(
        Settings(base_url="https://cds.example"),
        lambda: NOW,
        evaluator(),
        clients=(bouncer.client,),
        authenticator=bouncer,
        store=Remembering(),
        logger=make_logger(io.StringIO()),
    )


def app(*call: Any) -> Any:
    """Made when it is first called, not when the test is collected."""
    return service()(*call)


described = document("https://cds.example")
outcomes = jsonschema.Draft202012Validator(
    {
        "$ref": "#/components/schemas/OperationOutcome",
        "components": described["components"],
    }
)
schema = schemathesis.openapi.from_dict(described)
schema.app = app


@pytest.mark.integration
@schema.parametrize()
@settings(
    max_examples=CASES,
    deadline=None,
    derandomize="CDS_FUZZ_CASES" not in os.environ,
    database=None,
    phases=[*([Phase.explicit] if BOUNDS else []), Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_described(case: Any, figures: dict[str, Figures]) -> None:
    headers = {"Authorization": "Bearer please", "Host": "cds.example"}
    begun = time.perf_counter()
    response = case.call(headers=headers)
    seconds = time.perf_counter() - begun
    figures.setdefault(case.operation.label, Figures()).add(response.status_code, seconds)
    case.validate_response(response, checks=CHECKS)
    if response.status_code == 401:
        assert response.content == b""
    elif not 200 <= response.status_code < 300:
        outcome = response.json()
        outcomes.validate(outcome)
        uuid.UUID(outcome["id"])
