"""How often a client may call: 429 for the one that calls too often, and for nobody else."""

import pytest
from calls import Bouncer, FakeEvaluator, assert_outcome, lines, post

from cds_service.adapters.callers.rates import Rates
from cds_service.app import create_app
from cds_service.client import make_client
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger

BUSY = make_client("busy", {}, dev=False, calls_per_minute=3, origins=("https://busy.example",))
QUIET = make_client("quiet", {}, dev=False)


class Clock:
    """Stands until it is told to go on."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_calls_of_a_minute_are_counted_for_each_client(clock):
    other = make_client("other", {}, dev=False, calls_per_minute=1)
    rates = Rates((BUSY, other, QUIET), clock)
    assert [rates.wait(BUSY) for _ in range(3)] == [None] * 3
    assert 1 <= (rates.wait(BUSY) or 0) <= 60
    assert rates.wait(other) is None
    assert [rates.wait(QUIET) for _ in range(1000)] == [None] * 1000


def test_who_waits_as_long_as_told_is_answered(clock):
    rates = Rates((BUSY,), clock)
    for _ in range(3):
        rates.wait(BUSY)
    clock.now += rates.wait(BUSY) or 0
    assert rates.wait(BUSY) is None
    clock.now += 120
    assert [rates.wait(BUSY) for _ in range(3)] == [None] * 3


def test_the_call_beyond_is_a_429_before_its_body_is_read(log):
    evaluator = FakeEvaluator()
    web = create_app(
        Settings(),
        evaluator=evaluator,
        clients=(BUSY, QUIET),
        authenticator=Bouncer(BUSY),
        logger=make_logger(log),
    ).test_client()
    headers = {"Authorization": "Bearer please", "Origin": "https://busy.example"}
    for _ in range(3):
        assert post(web, headers=headers).status_code == 200
    for body in (None, b"{", b"x" * 200_000):
        answer = post(web, body, headers=headers)
        assert_outcome(answer, 429, "throttled")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert answer.headers["Access-Control-Allow-Origin"] == "https://busy.example"
    assert_outcome(web.get("/cds-services", headers=headers), 429, "throttled")
    assert len(evaluator.asked) == 3
    line = lines(log)[-1]
    assert (line["client"], line["status"]) == ("busy", 429)
    assert line["refused"] == "too many calls; wait and try again"
    assert post(web, headers={"Authorization": "Bearer x"}).status_code == 401, "nobody is counted"


def test_without_a_limit_nothing_is_counted():
    app = create_app(
        Settings(), evaluator=FakeEvaluator(), clients=(QUIET,), authenticator=Bouncer(QUIET)
    )
    answers = [
        post(app.test_client(), headers={"Authorization": "Bearer please"}) for _ in range(20)
    ]
    assert {answer.status_code for answer in answers} == {200}
