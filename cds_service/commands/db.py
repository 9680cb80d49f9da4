"""`cds-service db`: the schema of the store."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from cds_service.commands.parts import REFUSED, ReadSettings
from cds_service.errors import ConfigurationError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from cds_service.settings import Settings

BEHIND: Final = 1
"""Exit code of `db status` when `db upgrade` has to be run."""
_PATIENCE: Final = 60.0
"""Seconds that a step of the schema may wait for those who write."""


def add_db(commands: Any, common: argparse.ArgumentParser, read_settings: ReadSettings) -> None:
    """Hang `db` and its commands into the parser of the console script."""
    group = commands.add_parser("db", help="the store of cards and feedback")
    actions = group.add_subparsers(required=True, metavar="ACTION")

    def add(name: str, run: Callable[[argparse.Namespace, Settings], int], words: str) -> Any:
        parser = actions.add_parser(name, parents=[common], help=words, description=words)
        parser.set_defaults(run=lambda arguments: run(arguments, read_settings(arguments)))
        return parser

    add("status", _status, "say where the store is, and whether its schema is up to date")
    parser = add("upgrade", _upgrade, "make the store, or bring its schema up to date")
    parser.add_argument("revision", nargs="?", default="head", help="default: the newest")
    parser = add("downgrade", _downgrade, "take the schema back; dropped tables lose their rows")
    parser.add_argument("revision", help="a revision, -1 for one step, or base for nothing")
    words = (
        "the nightly job: remove what is older than the settings under [retention] allow, "
        "then count the weeks that are over, for reports to come"
    )
    add("purge", _purge, words)
    parser = add("copy", _copy, "copy everything into an empty database; stop the service first")
    parser.add_argument("target", metavar="URL", help="postgresql://… or sqlite:///…")


def _status(_: argparse.Namespace, settings: Settings) -> int:
    from cds_service.adapters.databases import is_there, shown, transaction
    from cds_service.adapters.store import schema

    url = configured_store(settings)
    found = schema.NOTHING
    if is_there(url):
        with transaction(url, writes=False) as connection:
            found = schema.state(connection)
    print(f"{shown(url)}\nrevision {found.current or 'none'}, newest {schema.newest()}")
    if not found.known:
        print("made by a newer version of the service")
    elif not found.ready:
        print("run: cds-service db upgrade")
        return BEHIND
    return 0


def _upgrade(arguments: argparse.Namespace, settings: Settings) -> int:
    return _move(settings, "upgrade", arguments.revision)


def _downgrade(arguments: argparse.Namespace, settings: Settings) -> int:
    return _move(settings, "downgrade", arguments.revision)


def _purge(_: argparse.Namespace, settings: Settings) -> int:
    from cds_service.adapters.store.purge import purge
    from cds_service.reporting.query import count_weeks

    days, url, now = settings.retention.model_dump(), configured_store(settings), datetime.now(UTC)
    for table, rows in purge(url, days, now):
        print(f"{table}: {rows} removed")
    for kind, limit in days.items():
        print(f"[retention] {kind}: kept {f'{limit} days' if limit else 'for ever'}")
    try:
        print(f"weeks: {count_weeks(url, now)} counted anew")
    except ConfigurationError as why:
        print(f"weeks: not counted, so the next report has to: {why}")
    return 0


def _copy(arguments: argparse.Namespace, settings: Settings) -> int:
    from cds_service.adapters.databases import database_url, require_folder
    from cds_service.adapters.store.copy import copy

    target = database_url(arguments.target, "URL")
    require_folder(target, "URL")
    for copied in copy(configured_store(settings), target):
        print(f"{copied.table}: {copied.rows} rows, checksum {copied.checksum} on both sides")
    print("done; name the new database in the setting store, and start the service")
    return 0


def explain_card(card: str, settings: Settings) -> int:
    """Print why a card was what it was."""
    from cds_service.adapters.databases import is_there, transaction
    from cds_service.adapters.store.audit import reasoning

    try:
        uuid = UUID(card)
    except ValueError:
        raise ConfigurationError("--card: write the uuid of a card") from None
    url = configured_store(settings)
    if not is_there(url):
        raise ConfigurationError("store: there is none yet")
    with transaction(url, writes=False) as connection:
        text = reasoning(connection, uuid)
    if text is None:
        print(
            "no audit record of this card: `audit` was off when it was sent, the record has been "
            "purged, or it is no card of ours",
            file=sys.stderr,
        )
        return REFUSED
    print(text)
    return 0


def _move(settings: Settings, direction: str, revision: str) -> int:
    from cds_service.adapters.databases import make_file, transaction
    from cds_service.adapters.store import schema

    url = configured_store(settings)
    make_file(url)
    with transaction(url, wait=_PATIENCE) as connection:
        before = schema.state(connection).current
        getattr(schema, direction)(connection, revision)
        after = schema.state(connection).current
    print(f"revision {before or 'none'} -> {after or 'none'}")
    return 0


def configured_store(settings: Settings) -> sa.URL:
    """The configured store. Raises ConfigurationError."""
    from cds_service.adapters.store.place import store_url

    url = store_url(settings.store)
    if url is None:
        raise ConfigurationError("store: nothing is stored; name a database")
    return url
