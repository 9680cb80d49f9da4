"""What every room's tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import browser as chromium
import postgres
import pytest
import sqlalchemy as sa
from calls import NOW, Remembering, post
from flask.testing import FlaskClient
from wire import assert_valid_response

from cds_service.adapters.databases import database_url
from cds_service.demo import service

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Send = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test writes to the store of whoever runs it."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="session")
def client_at() -> Callable[[datetime], FlaskClient]:
    """Flask client of a service in development mode whose clock stands at the given moment."""
    from cds_service.app import create_app
    from cds_service.settings import Settings

    @cache
    def client(moment: datetime) -> FlaskClient:
        return create_app(
            Settings(dev=True), clock=lambda: moment, store=Remembering()
        ).test_client()

    return client


@pytest.fixture
def send(client_at: Callable[[datetime], FlaskClient]) -> Send:
    """Answer to a body, with its HTTP status checked."""

    def answered(body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        response = post(client_at(NOW), body)
        assert response.status_code == status, response.get_data(as_text=True)
        answer: dict[str, Any] = response.get_json()
        if status == 200:
            assert_valid_response(answer)
        return answer

    return answered


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    # A server of its own, gone with its files afterwards.
    with postgres.server() as running:
        yield running


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)],
    ids=["on SQLite", "on PostgreSQL"],
)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> sa.URL:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return database_url(f"sqlite:///{tmp_path / 'store.db'}", "test")
    running = request.getfixturevalue("postgres_server")
    return database_url(running.new_database(), "test")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a service in development mode, in a process of its own."""
    with service() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.running() as found:
        yield found


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., AbstractContextManager[Page]]]:
    """Opens pages, of a width; afterwards nothing may have failed, been blocked, or been asked for
    elsewhere.
    """
    wrong: list[str] = []
    yield partial(chromium.watched, browser, wrong)
    assert wrong == []
