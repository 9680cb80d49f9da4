"""`cds-service db`: the schema of the store."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from cds_service.errors import ConfigurationError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from cds_service.settings import Settings

BEHIND: Final = 1
"""Exit code of `db status` when `db upgrade` has to be run."""
_PATIENCE: Final = 60.0
"""Seconds that a step of the schema may wait for those who write."""

ReadSettings = Callable[[argparse.Namespace], "Settings"]


def add_commands(
    commands: Any, common: argparse.ArgumentParser, read_settings: ReadSettings
) -> None:
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


def _status(_: argparse.Namespace, settings: Settings) -> int:
    from cds_service.adapters.databases import is_there, shown, transaction
    from cds_service.adapters.store import schema

    url = _url(settings)
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


def _move(settings: Settings, direction: str, revision: str) -> int:
    from cds_service.adapters.databases import make_file, transaction
    from cds_service.adapters.store import schema

    url = _url(settings)
    make_file(url)
    with transaction(url, wait=_PATIENCE) as connection:
        before = schema.state(connection).current
        getattr(schema, direction)(connection, revision)
        after = schema.state(connection).current
    print(f"revision {before or 'none'} -> {after or 'none'}")
    return 0


def _url(settings: Settings) -> sa.URL:
    """The configured store. Raises ConfigurationError."""
    from cds_service.adapters.store.place import store_url

    url = store_url(settings.store)
    if url is None:
        raise ConfigurationError("store: nothing is stored; name a database")
    return url
