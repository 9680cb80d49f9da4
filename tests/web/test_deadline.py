"""One deadline for each call: what may be spent on reading from the FHIR server, and what is left of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from calls import NOW, Bouncer, FakeEvaluator, call, lines, post
from faulty import faulty
from fetching import KEYS, make_reader
from fhir_stub import allowed

from cds_service.adapters.fhir.reader import Report
from cds_service.app import create_app
from cds_service.cdshooks.request import HookRequest
from cds_service.client import Client, make_client
from cds_service.settings import Settings
from cds_service.web import invoke as room
from cds_service.web.call_log import make_logger


class Clock:
    """A monotonic clock that moves when somebody takes their time."""

    def __init__(self) -> None:
        self.time = 5000.0

    def __call__(self) -> float:
        return self.time

    def slow(self, work: Callable[..., Any], seconds: float) -> Callable[..., Any]:
        """`work`, which takes so long now."""

        def worked(*args: Any, **named: Any) -> Any:
            self.time += seconds
            return work(*args, **named)

        return worked


class Reader:
    """Notes until when it may read."""

    def __init__(self) -> None:
        self.deadlines: list[float] = []

    def complete(self, request: HookRequest, client: Client, deadline: float) -> HookRequest:
        self.deadlines.append(deadline)
        return request


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(room, "time", SimpleNamespace(monotonic=made))
    return made


@pytest.mark.parametrize(
    ("fetch", "waits", "verifies", "receives", "left"),
    [
        pytest.param(0.35, 0, 0, 0, 0.35, id="as long as the client lets it"),
        pytest.param(0.35, 0.05, 0.05, 0.05, 0.35, id="also when enough of the budget is left"),
        pytest.param(0.45, 0.09, 0, 0, 0.41, id="less after a wait for a thread"),
        pytest.param(0.35, 0, 0.3, 0, 0.2, id="less when the token took long"),
        pytest.param(0.35, 0, 0, 0.4, 0.1, id="less when the body took long"),
        pytest.param(0.35, 0.09, 0.2, 0.1, 0.11, id="less by all of it"),
        pytest.param(0.35, 0.05, 0.6, 0, -0.15, id="none when the budget is spent"),
    ],
)
def test_reading_may_take_until(monkeypatch, clock, fetch, waits, verifies, receives, left):
    client = make_client("ehr", {}, dev=False, budget=0.5, fetch_budget=fetch)
    bouncer, reader = Bouncer(client), Reader()
    monkeypatch.setattr(bouncer, "authenticate", clock.slow(bouncer.authenticate, verifies))
    monkeypatch.setattr(room, "read_body", clock.slow(room.read_body, receives))
    web = create_app(
        Settings(base_url="https://cds.example"),
        lambda: NOW,
        FakeEvaluator(),
        clients=(client,),
        authenticator=bouncer,
        reader=reader,
    ).test_client()
    headers = {"Authorization": "Bearer please"}
    answer = post(web, headers=headers, environ_overrides={room.WAITED: waits})
    assert answer.status_code == 200
    assert reader.deadlines == [pytest.approx(clock.time + left)]


@pytest.mark.parametrize("mode", ["hang", "slow drip"])
def test_a_server_that_never_comes_to_an_end_is_answered_for_as_one_that_failed(mode):
    log = io.StringIO()
    reports: list[Report] = []
    reader = make_reader(loopback=True, observe=reports.append)
    app = create_app(Settings(dev=True), lambda: NOW, reader=reader, logger=make_logger(log))
    supplied = call()["prefetch"]
    with ThreadPoolExecutor(1) as thread, faulty("pt-204") as faults:
        body = allowed(call(), faults.base(mode))
        # Bounded for the sake of a defect: the server ends only with the block.
        answer = thread.submit(post, app.test_client(), body).result(60)
    reader.close()
    assert answer.status_code == 200
    assert answer.json["cards"]
    line = next(each for each in lines(log) if each["event"] == "call")
    assert set(line["failed"]) == set(KEYS) - set(supplied)
    assert [report.failed for report in reports] == [{"timeout": len(KEYS) - len(supplied)}]
