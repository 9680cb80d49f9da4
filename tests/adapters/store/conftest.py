"""Stores on databases of both kinds. PostgreSQL is a server of its own, where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import postgres
import pytest
import sqlalchemy as sa
from stored import DEVELOPMENT, Service

from cds_service.adapters.databases import database_url, transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.settings import Settings


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
    return database_url(running.new_database(), "test")


@pytest.fixture
def serve(empty: sa.URL) -> Iterator[Callable[..., Service]]:
    """A service on a store of its own; keyword arguments are options of the store."""
    with transaction(empty) as connection:
        schema.upgrade(connection)
    made: list[Store] = []

    def build(settings: Settings = DEVELOPMENT, **options: Any) -> Service:
        counted: dict[str, int] = {}

        def count_(kind: str, number: int) -> None:
            counted[kind] = counted.get(kind, 0) + number

        store = Store(empty, StoreOptions(**options), count=count_)
        store.prepare()
        made.append(store)
        return Service(store, settings=settings, counted=counted)

    yield build
    for store in made:
        store.close()


@pytest.fixture
def service(serve: Callable[..., Service]) -> Service:
    return serve()
