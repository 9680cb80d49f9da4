"""The console script: each command calls one function of a room."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

from cds_service import __version__
from cds_service.catalogue_command import add_catalogue
from cds_service.cdshooks.encode import pretty
from cds_service.cdshooks.request import HookRequest, decode
from cds_service.db_commands import add_commands, explain_card
from cds_service.errors import ConfigurationError, RequestError
from cds_service.ports import require_free
from cds_service.report_command import add_command
from cds_service.settings import Settings, load_settings

REFUSED: Final = 1
"""The request was refused, or `check` found something."""
WRONG: Final = 2
"""Settings, content or arguments are wrong; argparse uses the same number."""


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
    for name, run, words in (
        ("evaluate", _evaluate, "print the CDS Hooks response to a request"),
        ("explain", _explain, "print the reasoning behind it"),
    ):
        add = commands.add_parser(name, parents=[common], help=words)
        add.add_argument(
            "request",
            metavar="REQUEST.json",
            nargs="?" if run is _explain else None,
            help="a hook request; - reads stdin",
        )
        if run is _explain:
            add.add_argument(
                "--card",
                metavar="UUID",
                help="instead of a request: why a card that was sent was what it was",
            )
        add.add_argument(
            "--at",
            type=_moment,
            metavar="DATE",
            help="evaluate as of 2026-03-02 (its noon) or 2026-03-02T08:30; without an offset such"
            " as Z or +01:00 it is in eval.timezone, UTC unless set (default: now)",
        )
        add.add_argument(
            "--client",
            metavar="NAME",
            help="answer as to this configured client (default: as in development mode)",
        )
        add.set_defaults(run=run)
    add = commands.add_parser(
        "check",
        parents=[common],
        help="validate cards, statements, value sets, settings, and what is sent for the samples",
    )
    add.add_argument(
        "--online",
        action="store_true",
        help="also ask the clients' key addresses and FHIR servers",
    )
    add.set_defaults(run=_check)
    add_command(commands, common, _settings)
    add_catalogue(commands, common, _settings)
    add_commands(commands, common, _settings)
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


def _evaluate(arguments: argparse.Namespace) -> int:
    def run(evaluator: Any, *call: Any) -> str:
        return pretty(evaluator.evaluate(*call))

    return _answer(arguments, run)


def _explain(arguments: argparse.Namespace) -> int:
    if (arguments.request is None) == (arguments.card is None):
        raise ConfigurationError("explain: give either a request file or --card UUID")
    if arguments.card is not None:
        return explain_card(arguments.card, _settings(arguments))

    def run(evaluator: Any, *call: Any) -> str:
        text: str = evaluator.explain(*call)
        return text

    return _answer(arguments, run)


def _answer(arguments: argparse.Namespace, run: Callable[..., str]) -> int:
    from cds_service.assembly.content import build_evaluator, load_terminology

    settings = _settings(arguments)
    request = _read(arguments.request)
    name = arguments.client
    client = settings.development_client() if name is None else settings.client_named(name)
    now = arguments.at or datetime.now(UTC)
    if now.tzinfo is None:
        now = now.replace(tzinfo=client.criteria.zone)
        print(f"--at: taken as {now.isoformat()} (eval.timezone)", file=sys.stderr)
    evaluator = build_evaluator(settings, load_terminology(settings))
    print(run(evaluator, request, now, client).rstrip())
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from cds_service.assembly.adapters import build_vault
    from cds_service.assembly.content import build_evaluator, load_terminology

    settings = _settings(arguments)
    build_vault(settings)
    if settings.clients:
        from cds_service.adapters.callers.registry import check_offline

        check_offline(settings)
    terminology = load_terminology(settings)
    evaluator = build_evaluator(settings, terminology)
    clients = (settings.development_client(), *settings.runtime_clients())
    # Slower to import than everything else, and needed here only.
    from cds_service.oracle import problems

    found = terminology.conflicts()
    found += problems(terminology, evaluator, clients, settings.value_set_folder)
    for each in found:
        print(each, file=sys.stderr)
    if found:
        print(f"{len(found)} to look at", file=sys.stderr)
        return REFUSED
    print(
        f"ok: settings, {len(settings.clients)} clients, cards, statements and "
        f"{len(terminology.names)} value sets (version {terminology.version})"
    )
    return _ask(settings) if arguments.online else 0


def _ask(settings: Settings) -> int:
    from cds_service.adapters.callers.online import check_online

    code = 0
    for good, text in check_online(settings):
        print(f"{'ok' if good else 'failed'}: {text}")
        code = code if good else REFUSED
    if not settings.clients:
        print("no clients are configured, so there is nobody to ask")
    return code


def _settings(arguments: argparse.Namespace, given: dict[str, Any] | None = None) -> Settings:
    return load_settings(arguments.config, given, dict(arguments.set))


def _read(name: str) -> HookRequest:
    if name == "-":
        return decode(sys.stdin.buffer.read())
    try:
        return decode(Path(name).read_bytes())
    except OSError as why:
        raise ConfigurationError(f"{name}: {why.strerror}; name a request file, or -") from None


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"{text!r}: write KEY=VALUE, such as dup.days=60")
    return key.strip(), value.strip()


def _moment(text: str) -> datetime:
    try:
        if len(text) == len("2026-03-02"):
            return datetime.combine(date.fromisoformat(text), time(12))
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write a date, 2026-03-02, or 2026-03-02T12:00:00Z"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
