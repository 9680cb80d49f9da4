"""The app with an evaluator that knows nothing, in development and in production mode."""

from __future__ import annotations

import io
from functools import cache, partial

import pytest
from calls import NOW, ORIGIN, Bouncer, FakeEvaluator, Remembering
from flask import Flask
from flask.testing import FlaskClient

from cds_service import app as rooms
from cds_service.app import create_app
from cds_service.assembly.content import load_terminology
from cds_service.client import make_client
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger

_read = cache(partial(load_terminology, Settings(dev=True)))


@pytest.fixture(autouse=True)
def value_sets_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "load_terminology", lambda _: _read())


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def evaluator() -> FakeEvaluator:
    return FakeEvaluator()


@pytest.fixture
def settings() -> Settings:
    return Settings(dev=True, max_body=200_000)


@pytest.fixture
def store() -> Remembering:
    return Remembering()


@pytest.fixture
def app(
    settings: Settings, evaluator: FakeEvaluator, log: io.StringIO, store: Remembering
) -> Flask:
    return create_app(settings, lambda: NOW, evaluator, store=store, logger=make_logger(log))


@pytest.fixture
def web(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def bouncer() -> Bouncer:
    return Bouncer(make_client("ehr", {}, dev=False, origins=(ORIGIN,)))


@pytest.fixture
def production(evaluator: FakeEvaluator, log: io.StringIO, bouncer: Bouncer) -> FlaskClient:
    return create_app(
        Settings(base_url="https://cds.example/base/"),
        lambda: NOW,
        evaluator,
        clients=(bouncer.client,),
        authenticator=bouncer,
        logger=make_logger(log),
    ).test_client()
