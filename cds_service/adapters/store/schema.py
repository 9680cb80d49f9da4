"""The state of the schema, and the ways up and down."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from cds_service.adapters.store.ids import new_key
from cds_service.adapters.store.tables import ORIGIN_KEYS
from cds_service.errors import ConfigurationError


class State(NamedTuple):
    """Revision of a database, and whether this version of the service can work with it."""

    current: str
    """`""`: no schema at all."""
    known: bool
    """False: the database was made by a newer version of the service."""
    ready: bool


NOTHING: Final = State("", known=True, ready=False)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def state(connection: sa.Connection) -> State:
    current = MigrationContext.configure(connection).get_current_revision() or ""
    known = not current or current in _revisions()
    return State(current, known, ready=current == newest() or not known)


def newest() -> str:
    return _revisions()[0]


def _revisions() -> list[str]:
    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in scripts.walk_revisions()]


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Raises ConfigurationError when there is no such revision, or the database is newer."""
    _move(connection, revision, up=True)
    if not keys(connection):
        row = {"id": 1, "made_at": int(time.time() * 1000), "secret": new_key().hex()}
        connection.execute(ORIGIN_KEYS.insert(), row)


def keys(connection: sa.Connection) -> tuple[bytes, ...]:
    """Those that uuids are made with, the newest last."""
    found = connection.scalars(sa.select(ORIGIN_KEYS.c.secret).order_by(ORIGIN_KEYS.c.id))
    return tuple(bytes.fromhex(secret) for secret in found)


def downgrade(connection: sa.Connection, revision: str) -> None:
    """`revision` is one of `versions/`, `-1` for one step, or `base`. Data of dropped tables are
    lost.
    """
    _move(connection, revision, up=False)


def _move(connection: sa.Connection, revision: str, *, up: bool) -> None:
    now = state(connection)
    if not now.known:
        raise ConfigurationError(
            f"the database is at {now.current}, which this version does not know: "
            "use the newer version of the service that made it"
        )
    config = _config()
    config.attributes["connection"] = connection
    try:
        (command.upgrade if up else command.downgrade)(config, revision)
    except CommandError:
        known = ", ".join(_revisions())
        raise ConfigurationError(
            f"no way to revision {revision}; there are: {known}, and base"
        ) from None
