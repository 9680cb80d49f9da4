"""Stores on databases of both kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from stored import DEVELOPMENT, Service

from cds_service.adapters.databases import transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.settings import Settings


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
