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


def probe(log, **checks):
    app = create_app(
        Settings(dev=True),
        lambda: NOW,
        FakeEvaluator(),
        checks=checks,
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


def test_who_would_rather_have_cards_leaves_the_store_out(log):
    """Cards go out without the store, so a balancer that asks for them must let calls come."""
    web = probe(log, store=down, keys=lambda: None)
    assert web.get("/readyz").status_code == 503
    response = web.get("/readyz?exclude=store")
    assert (response.status_code, response.json["checks"]) == (200, ["content", "keys"])
    assert post(web).status_code == 200


def test_what_is_left_out_hides_nothing_else(log):
    response = probe(log, store=down, keys=down).get("/readyz?exclude=store&exclude=nothing")
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


def test_the_server_is_ready_with_its_store_only(monkeypatch):
    class Down(Remembering):
        def check(self):
            down()

        def __getattr__(self, _):  # whatever else a store can do
            return down

    class Server:
        def __init__(self, _, build):
            self.app = build(NoMeter(), Down())

        def run(self):
            web = self.app.test_client()
            assert web.get("/readyz").status_code == 503
            assert web.get("/readyz?exclude=store").status_code == 200

    monkeypatch.setattr("cds_service.server.Server", Server)
    serve(Settings(dev=True), evaluator=FakeEvaluator())
