"""The state of the schema, and the ways up and down.

Alembic is imported by what moves the schema only: a start that finds all in order is not kept
waiting for it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa

from cds_service.adapters.store.ids import new_key
from cds_service.adapters.store.tables import METADATA, ORIGIN_KEYS
from cds_service.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.config import Config


class State(NamedTuple):
    """Revision of a database, and whether this version of the service can work with it."""

    current: str
    """`""`: no schema at all."""
    known: bool
    """False: the database was made by a newer version of the service."""
    ready: bool


_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_VERSION: Final = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), primary_key=True),
)
"""Where Alembic notes the revision of a database."""
NOTHING: Final = State("", known=True, ready=False)


def state(connection: sa.Connection) -> State:
    current = ""
    if sa.inspect(connection).has_table(_VERSION.name):
        current = connection.scalar(sa.select(_VERSION.c.version_num)) or ""
    ready = current == newest()
    known = ready or not current or current in _revisions()
    return State(current, known, ready=ready or not known)


def newest() -> str:
    """The last of `migrations/versions/`, whose files are named by their revision."""
    return max(path.stem[1:5] for path in (_MIGRATIONS / "versions").glob("r*.py"))


def create(connection: sa.Connection) -> None:
    """Everything at once, in a database that has nothing and is not to be kept."""
    METADATA.create_all(connection)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert(), {"version_num": newest()})
    _make_key(connection)


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Raises ConfigurationError when there is no such revision, or the database is newer."""
    _move(connection, revision, up=True)
    if not keys(connection):
        _make_key(connection)


def _make_key(connection: sa.Connection) -> None:
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
    from alembic import command
    from alembic.util import CommandError

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


def _revisions() -> list[str]:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in scripts.walk_revisions()]


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
