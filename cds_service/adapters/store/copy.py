"""From one database to another, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from cds_service.adapters.databases import is_there, make_file, shown, transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store.tables import METADATA, ORIGIN_KEYS
from cds_service.errors import ConfigurationError

_CHUNK: Final = 5000
_PATIENCE: Final = 24 * 3600.0
_ALL: Final = (1 << 128) - 1


class Copied(NamedTuple):
    table: str
    rows: int
    checksum: str


def copy(source: sa.URL, target: sa.URL) -> Iterator[Copied]:
    """Copy every table; yields what was compared on both sides.

    All of it is one transaction of the target: when it is broken off, nothing is there, and it is
    started again. Raises ConfigurationError when the target holds rows already, or when what
    arrived is not what was sent.
    """
    if source == target:
        raise ConfigurationError("both are the same database; name another to copy to")
    if not is_there(source):
        raise ConfigurationError(f"{shown(source)}: is not there")
    make_file(target)
    with (
        transaction(source, wait=_PATIENCE, writes=False) as old,
        transaction(target, wait=_PATIENCE) as new,
    ):
        if old.dialect.name == "postgresql":
            old.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if not schema.state(old).ready:
            raise ConfigurationError(f"{shown(source)}: run cds-service db upgrade first")
        schema.upgrade(new)
        _require_empty(new, target)
        new.execute(sa.delete(ORIGIN_KEYS))  # those that made the copied uuids come with them
        for table in METADATA.sorted_tables:
            sent = _send(old, new, table)
            arrived = _look(new, table)
            if sent != arrived:
                raise ConfigurationError(
                    f"{table.name}: {arrived.rows} rows arrived of {sent.rows}, or not as they "
                    "were; nothing was copied"
                )
            yield arrived


def _require_empty(new: sa.Connection, target: sa.URL) -> None:
    for table in METADATA.sorted_tables:
        if table is not ORIGIN_KEYS and new.execute(sa.select(table).limit(1)).first():
            raise ConfigurationError(
                f"{shown(target)}: {table.name} has rows already; copy to an empty database"
            )


def _send(old: sa.Connection, new: sa.Connection, table: sa.Table) -> Copied:
    total = count = 0
    for rows in _chunks(old, table):
        new.execute(sa.insert(table), [dict(row._mapping) for row in rows])  # noqa: SLF001
        total, count = total + _sum(rows), count + len(rows)
    return Copied(table.name, count, f"{total & _ALL:032x}")


def _look(new: sa.Connection, table: sa.Table) -> Copied:
    total = count = 0
    for rows in _chunks(new, table):
        total, count = total + _sum(rows), count + len(rows)
    return Copied(table.name, count, f"{total & _ALL:032x}")


def _chunks(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[sa.Row[Any]]]:
    found = connection.execute(sa.select(table), execution_options={"yield_per": _CHUNK})
    yield from found.partitions(_CHUNK)


def _sum(rows: Sequence[sa.Row[Any]]) -> int:
    """Sum of digests: the two databases do not sort alike."""
    return sum(
        int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest()[:16]) for row in rows
    )
