"""What probes are told."""

import json

import pytest
from calls import NOW, FakeEvaluator, Remembering, assert_outcome, lines, post

from cds_service import __version__
from cds_service.app import create_app
from cds_service.server import serve
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger
from cds_service.web.seams import NoMeter

SECRET = "postgresql://cds:hush@db.example/cds"


def probe(log, lesser=None, **checks):
    app = create_app(
        Settings(dev=True),
        lambda: NOW,
        FakeEvaluator(),
        checks=checks,
        lesser_checks=lesser,
        logger=make_logger(log),
    )
    return app.test_client()


def down():
    raise ConnectionError(SECRET)


def test_ready_says_versions_and_what_was_looked_at(log):
    response = probe(log, database=lambda: None, keys=lambda: None).get("/readyz")
    assert response.status_code == 200
    assert response.json == {
        "status": "ready",
        "version": __version__,
        "content": FakeEvaluator.version,
        "checks": ["content", "database", "keys"],
    }


def test_one_thing_that_fails_is_enough(log):
    response = probe(log, keys=lambda: None, database=down).get("/readyz")
    assert_outcome(response, 503, "transient")
    assert response.json["issue"][0]["diagnostics"] == "failing: database"
    assert response.headers["Retry-After"] == "1"
    line = lines(log)[-1]
    assert (line["event"], line["check"], line["error"]) == (
        "check failed",
        "database",
        "ConnectionError",
    )
    assert SECRET not in json.dumps(lines(log)) + response.get_data(as_text=True)


def test_what_cards_do_not_need_takes_no_cards_away(log):
    """Cards before analytics: without the store they go out, so a balancer must let calls come."""
    web = probe(log, lesser={"store": down}, keys=lambda: None)
    response = web.get("/readyz")
    assert response.status_code == 200
    assert response.json == {
        "status": "degraded",
        "version": __version__,
        "content": FakeEvaluator.version,
        "checks": ["content", "keys", "store"],
        "failing": ["store"],
    }
    assert (lines(log)[-1]["event"], lines(log)[-1]["check"]) == ("check failed", "store")
    assert post(web).status_code == 200


def test_what_cards_need_does_beside_it(log):
    response = probe(log, lesser={"store": down}, keys=down).get("/readyz")
    assert_outcome(response, 503, "transient")
    assert response.json["issue"][0]["diagnostics"] == "failing: keys"


def test_it_is_ready_again_once_the_thing_is_back(log):
    there = [False]

    def sometimes():
        if not there[0]:
            down()

    web = probe(log, database=sometimes)
    assert web.get("/readyz").status_code == 503
    there[0] = True
    assert web.get("/readyz").status_code == 200


def test_the_process_is_alive_whatever_is_missing(log):
    response = probe(log, database=down).get("/livez")
    assert response.status_code == 200
    assert response.json["status"] == "alive"


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_of_production_need_no_token(production, path):
    assert production.get(path).status_code == 200


def test_the_store_of_cards_is_what_the_server_can_do_without(monkeypatch):
    class Down(Remembering):
        def check(self):
            down()

        def __getattr__(self, _):  # whatever else a store can do
            return down

    class Server:
        def __init__(self, _, build):
            self.app = build(NoMeter(), Down())

        def run(self):
            answer = self.app.test_client().get("/readyz")
            assert (answer.status_code, answer.json["failing"]) == (200, ["store"])

    monkeypatch.setattr("cds_service.server.Server", Server)
    serve(Settings(dev=True), evaluator=FakeEvaluator())
