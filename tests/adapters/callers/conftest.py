"""A service in production mode with two clients whose keys are there, and its log."""

from __future__ import annotations

import io

import pytest
from calls import FakeEvaluator
from flask.testing import FlaskClient
from tokens import NOW, Issuer, Memory, caller

from cds_service.adapters.callers.tokens import Caller, TokenAuthenticator
from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger


@pytest.fixture(scope="session")
def north() -> Issuer:
    return Issuer("north")


@pytest.fixture(scope="session")
def south() -> Issuer:
    return Issuer("south", "RS384")


@pytest.fixture(scope="module")
def callers(north: Issuer, south: Issuer) -> list[Caller]:
    return [
        caller(north, north.jwk(), south.jwk(kid="rsa")),
        caller(south, tenants=("clinic-1", "clinic-2"), token_lifetime=900),
    ]


@pytest.fixture(scope="module")
def seen() -> Memory:
    return Memory()


@pytest.fixture(scope="module")
def authenticator(callers: list[Caller], seen: Memory) -> TokenAuthenticator:
    return TokenAuthenticator(callers, seen, lambda: NOW)


@pytest.fixture(scope="module")
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def service(
    callers: list[Caller], authenticator: TokenAuthenticator, log: io.StringIO
) -> FlaskClient:
    return create_app(
        Settings(base_url="https://cds.example"),
        evaluator=FakeEvaluator(),
        clients=tuple(each.client for each in callers),
        authenticator=authenticator,
        logger=make_logger(log),
    ).test_client()
