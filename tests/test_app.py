"""Fitting the rooms together, and refusing to."""

import json
from typing import Any

import pytest
from calls import Bouncer, FakeEvaluator, post
from flask import Flask

from cds_service.app import create_app
from cds_service.client import make_client
from cds_service.errors import ConfigurationError
from cds_service.settings import Settings


def published(app: Flask) -> dict[str, Any]:
    """The first service of the discovery document."""
    body = json.loads(app.test_client().get("/cds-services").data)
    first: dict[str, Any] = body["services"][0]
    return first


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
