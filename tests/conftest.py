"""What every room's tests share."""

import os
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from calls import NOW, Remembering, post
from flask.testing import FlaskClient
from wire import assert_valid_response

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
