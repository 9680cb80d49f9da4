"""What probes are told."""

import json

import pytest
from calls import NOW, FakeEvaluator, assert_outcome, lines

from cds_service import __version__
from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger

SECRET = "postgresql://cds:hush@db.example/cds"


def probe(log, **checks):
    app = create_app(
        Settings(dev=True), lambda: NOW, FakeEvaluator(), checks=checks, logger=make_logger(log)
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
        "not ready",
        "database",
        "ConnectionError",
    )
    assert SECRET not in json.dumps(lines(log)) + response.get_data(as_text=True)


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
