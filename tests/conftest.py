"""What every room's tests share."""

from collections.abc import Callable
from datetime import datetime
from functools import cache

import pytest
from flask.testing import FlaskClient


@pytest.fixture(scope="session")
def client_at() -> Callable[[datetime], FlaskClient]:
    """Flask client of a service in development mode whose clock stands at the given moment."""
    from cds_service.app import create_app
    from cds_service.settings import Settings

    @cache
    def client(moment: datetime) -> FlaskClient:
        return create_app(Settings(dev=True), clock=lambda: moment).test_client()

    return client
