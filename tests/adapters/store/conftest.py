"""Empty databases of both kinds. PostgreSQL is a server of its own, where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import postgres
import pytest
import sqlalchemy as sa

from cds_service.adapters.databases import database_url, open_engine

_numbers = count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed")
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
    return new_database(running)


def new_database(running: postgres.Postgres) -> sa.URL:
    name = f"store{next(_numbers)}"
    engine = open_engine(database_url(running.url(), "test"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return database_url(running.url(name), "test")
