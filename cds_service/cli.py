"""The console script: each command calls one function of a room."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cds_service import __version__
from cds_service.commands.catalogue import add_catalogue
from cds_service.commands.check import add_check
from cds_service.commands.db import add_db
from cds_service.commands.orders import add_orders
from cds_service.commands.parts import REFUSED
from cds_service.commands.report import add_report
from cds_service.errors import ConfigurationError, RequestError
from cds_service.ports import require_free
from cds_service.settings import Settings, load_settings

WRONG: Final = 2
"""Settings, content or arguments are wrong; argparse uses the same number."""
STOPPED: Final = 128 + signal.SIGINT
"""By Ctrl-C, as shells have it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Errors go to stderr with place and mend."""
    try:
        try:
            return _run(_parser().parse_args(argv))
        finally:
            # Here, because what is left is written when Python ends, where nobody catches anything.
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has gone, as in `cds-service explain … | head`.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("cds-service: stopped", file=sys.stderr)
        return STOPPED


def _run(arguments: argparse.Namespace) -> int:
    try:
        code: int = arguments.run(arguments)
    except ConfigurationError as why:
        print(f"cds-service: {why}", file=sys.stderr)
        return WRONG
    except RequestError as why:
        text = f"{why.text} ({why.diagnostics})" if why.diagnostics else why.text
        print(f"{arguments.request}: refused with {why.status}: {text}", file=sys.stderr)
        return REFUSED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cds-service", description="CDS Hooks service for cervical-spine MRI orders."
    )
    parser.add_argument("--version", action="version", version=f"cds-service {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="settings file (TOML)")
    common.add_argument(
        "--set",
        action="append",
        default=[],
        type=_pair,
        metavar="KEY=VALUE",
        help="one option, such as ext.radicular=false; repeatable",
    )
    add = commands.add_parser("serve", parents=[common], help="answer CDS Hooks calls")
    add.add_argument(
        "--dev", action="store_const", const=True, help="no authentication, this machine only"
    )
    add.add_argument("--host")
    add.add_argument("--port", type=int)
    add.add_argument("--workers", type=int)
    add.set_defaults(run=_serve)
    for hang in (add_orders, add_check, add_report, add_catalogue, add_db):
        hang(commands, common, _settings)
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    # Nothing that is read at start is garbage; the server takes the collector over.
    gc.disable()
    from cds_service.server import serve

    given = {name: getattr(arguments, name) for name in ("dev", "host", "port", "workers")}
    settings = _settings(arguments, given)
    # A restart by USR2 hands the sockets of the old process on, so they are taken, and that is right.
    if "GUNICORN_FD" not in os.environ:
        for port in (settings.port, settings.metrics_port):
            if port:
                require_free(settings.host, port)
    serve(settings)
    return 0


def _settings(arguments: argparse.Namespace, given: dict[str, Any] | None = None) -> Settings:
    return load_settings(arguments.config, given, dict(arguments.set))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"{text!r}: write KEY=VALUE, such as dup.days=60")
    return key.strip(), value.strip()


if __name__ == "__main__":
    sys.exit(main())
