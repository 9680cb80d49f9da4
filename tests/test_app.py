"""Fitting the rooms together, and refusing to."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from calls import Bouncer, FakeEvaluator, lines, post
from flask import Flask

from cds_service.app import create_app
from cds_service.client import make_client
from cds_service.errors import ConfigurationError
from cds_service.pages.site import BANNER
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger


def published(app: Flask) -> dict[str, Any]:
    """The first service of the discovery document."""
    body = json.loads(app.test_client().get("/cds-services").data)
    first: dict[str, Any] = body["services"][0]
    return first


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


CLIENT = make_client("ehr", {}, dev=False)


@pytest.mark.parametrize(
    "seams",
    [{}, {"clients": (CLIENT,)}, {"authenticator": Bouncer(CLIENT)}],
    ids=["nobody", "no authenticator", "no client"],
)
def test_production_without_a_client_refuses_to_start(seams):
    with pytest.raises(ConfigurationError, match=r"no client is configured.*serve --dev"):
        create_app(Settings(), evaluator=FakeEvaluator(), **seams)


def test_the_clock_has_a_zone():
    evaluator = FakeEvaluator()
    app = create_app(Settings(dev=True), evaluator=evaluator)
    assert post(app.test_client()).status_code == 200
    assert evaluator.asked[0][1].tzinfo is not None


def test_one_client_of_2_0_takes_the_ballot_fields_from_discovery():
    old = make_client("old", {"discovery.hookVersion": False}, dev=False)
    app = create_app(
        Settings(), evaluator=FakeEvaluator(), clients=(CLIENT, old), authenticator=Bouncer(old)
    )
    service = published(app)
    assert "hookVersion" not in service


def test_white_cells_are_fetched_when_a_client_reads_them():
    client = make_client("x", {"ext.wbc": True}, dev=False)
    texts = []
    for clients in ((CLIENT,), (CLIENT, client)):
        app = create_app(
            Settings(), evaluator=FakeEvaluator(), clients=clients, authenticator=Bouncer(client)
        )
        service = published(app)
        texts.append(service["prefetch"]["obs-labs"])
    assert len(texts[0]) < len(texts[1])


def write_value_set(folder: Path, name: str, system: str, code: str) -> None:
    include = {"system": system, "concept": [{"code": code, "display": "x"}]}
    document = {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}}
    (folder / f"{name}.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("VS-MALIG", "C44.90 (site file VS-MALIG.json) is added to VS-MALIG, but VS-NMSC takes"),
        ("VS-NECKPIAN", "VS-NECKPIAN.json: unknown concept name; name the file like a concept"),
    ],
)
def test_value_sets_of_a_site_that_contradict_are_logged_at_the_start(tmp_path, log, name, words):
    """The service starts: one doubtful code must not take the advice away. But not without a word."""
    write_value_set(tmp_path, name, "http://hl7.org/fhir/sid/icd-10-cm", "C44.90")
    settings = Settings(dev=True, value_set_folder=tmp_path)
    create_app(settings, evaluator=FakeEvaluator(), logger=make_logger(log))
    (line,) = [line for line in lines(log) if line["event"] == "value sets to look at"]
    assert line["level"] == "warning"
    assert words in line["problem"]


def test_a_broken_value_set_of_a_site_stops_the_start(tmp_path):
    (tmp_path / "VS-MALIG.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"VS-MALIG\.json: is not JSON"):
        create_app(Settings(dev=True, value_set_folder=tmp_path), evaluator=FakeEvaluator())


def test_our_own_value_sets_need_no_look(log):
    create_app(Settings(dev=True), evaluator=FakeEvaluator(), logger=make_logger(log))
    assert [line["event"] for line in lines(log)] == [BANNER]
