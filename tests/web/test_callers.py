"""What a caller sees of being admitted or not: statuses, bodies, browser headers, the log."""

import io
from typing import Any

import pytest
from calls import NOW, SERVICE, FakeEvaluator, call, lines, post
from flask import Request
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.client import Client, make_client
from cds_service.errors import CallerRefused
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger

NORTH, SOUTH, NOBODY = "https://north.example", "https://south.example", "https://evil.example"


class Door:
    """Admits the client that the header names; refuses with what else it says."""

    def __init__(self, *clients: Client) -> None:
        self.clients = {client.name: client for client in clients}
        self.urls: list[str] = []

    def authenticate(self, request: Request, url: str) -> Client:
        self.urls.append(url)
        word = request.headers.get("Authorization", "")
        if word in self.clients:
            return self.clients[word]
        if word == "tenant":
            raise CallerRefused(403, "tenant", "north")
        if word == "down":
            raise CallerRefused(503, "replay-store", "north", retry_after=2)
        raise CallerRefused(401, word or "token-missing", None)


@pytest.fixture
def door() -> Door:
    return Door(
        make_client("north", {}, dev=False, origins=(NORTH,)),
        make_client("south", {}, dev=False, origins=(SOUTH,)),
    )


@pytest.fixture
def open_or_not() -> bool:
    return True


@pytest.fixture
def service(
    door: Door, evaluator: FakeEvaluator, log: io.StringIO, open_or_not: bool
) -> FlaskClient:
    return create_app(
        Settings(base_url="https://cds.example", max_body=50_000, discovery_open=open_or_not),
        lambda: NOW,
        evaluator,
        clients=tuple(door.clients.values()),
        authenticator=door,
        logger=make_logger(log),
    ).test_client()


def test_a_refusal_never_says_why(service, log):
    answers = [post(service, headers={"Authorization": word}) for word in ("", "signature", "x")]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.data for answer in answers} == {b""}
    first, *others = [[*answer.headers] for answer in answers]
    assert all(other == first for other in others)
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"
    assert [line["reason"] for line in lines(log)] == ["token-missing", "signature", "x"]
    assert all("client" not in line for line in lines(log))


def test_a_tenant_that_may_not_call(service, log):
    answer = post(service, headers={"Authorization": "tenant"})
    assert answer.status_code == 403
    assert answer.json["issue"][0]["code"] == "forbidden"
    (line,) = lines(log)
    assert (line["client"], line["reason"]) == ("north", "tenant")


def test_a_caller_that_cannot_be_verified_now_is_told_when_to_come_back(service):
    answer = post(service, headers={"Authorization": "down"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json["issue"][0]["code"] == "transient"


def test_the_body_is_not_looked_at_before_the_caller_is_known(service):
    answer = service.post(SERVICE, data=b"x" * 60_000, content_type="text/plain")
    assert answer.status_code == 401


ANSWERS: dict[int, dict[str, Any]] = {
    200: {},
    400: {"body": b"{}"},
    401: {"headers": {"Authorization": "nobody"}},
    403: {"headers": {"Authorization": "tenant"}},
    404: {"path": "/cds-services/unknown"},
    412: {"body": call(prefetch={})},
    413: {"body": b" " * 60_000},
    415: {"content_type": "text/plain"},
    503: {"headers": {"Authorization": "down"}},
}


@pytest.mark.parametrize("status", [*ANSWERS, 500])
def test_every_answer_can_be_read_by_the_clients_own_page(service, evaluator, status):
    if status == 500:
        evaluator.fails = ValueError()
    options = dict(ANSWERS.get(status, {}))
    headers = {"Authorization": "north", "Origin": NORTH} | options.pop("headers", {})
    answer = post(service, options.pop("body", None), headers=headers, **options)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == NORTH
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [SOUTH, NOBODY, None])
def test_no_other_page_can_read_it(service, origin):
    headers = {"Authorization": "north"} | ({"Origin": origin} if origin else {})
    answer = post(service, headers=headers)
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "allowed"), [(NORTH, NORTH), (SOUTH, SOUTH), (NOBODY, None)], ids=str
)
def test_preflights_need_no_token(service, door, origin, allowed):
    for path in (SERVICE, "/cds-services", "/cds-services/", f"{SERVICE}/feedback"):
        answer = service.options(path, headers={"Origin": origin})
        assert answer.status_code == 204
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert door.urls == []


def test_discovery_is_open_by_default(service, door):
    assert service.get("/cds-services").status_code == 200
    assert door.urls == []


@pytest.mark.parametrize("open_or_not", [False])
@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/"])
def test_closed_discovery_needs_a_token_for_the_discovery_url(service, door, path):
    refused = service.get(path, headers={"Origin": NORTH})
    assert (refused.status_code, refused.data) == (401, b"")
    assert refused.headers["Access-Control-Allow-Origin"] == NORTH
    answer = service.get(path, headers={"Authorization": "south", "Origin": SOUTH})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SOUTH
    assert door.urls == ["https://cds.example/cds-services"] * 2


@pytest.mark.parametrize("open_or_not", [True, False])
def test_who_shows_a_token_gets_the_discovery_of_its_own_options(door, open_or_not, log):
    """One client of CDS Hooks 2.0 takes nothing from the others; the unknown get what suits all."""
    old = make_client("south", {"discovery.hookVersion": False}, dev=False)
    door = Door(make_client("north", {}, dev=False), old)
    web = create_app(
        Settings(base_url="https://cds.example", discovery_open=open_or_not),
        evaluator=FakeEvaluator(),
        clients=tuple(door.clients.values()),
        authenticator=door,
        logger=make_logger(log),
    ).test_client()

    def fields(word):
        answer = web.get("/cds-services", headers={"Authorization": word} if word else {})
        if answer.status_code != 200:
            return answer.status_code
        assert answer.json
        return "hookVersion" in answer.json["services"][0]

    unknown = False if open_or_not else 401
    found = [fields(word) for word in ("north", "south", None, "signature")]
    assert found == [True, False, unknown, unknown]
