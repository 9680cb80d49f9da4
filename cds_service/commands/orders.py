"""`cds-service evaluate` and `explain`: the answer to one request, or the reasoning behind it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from cds_service.cdshooks.encode import pretty
from cds_service.cdshooks.request import HookRequest, decode
from cds_service.commands.db import explain_card
from cds_service.commands.parts import ReadSettings
from cds_service.errors import ConfigurationError
from cds_service.settings import Settings


def add_orders(commands: Any, common: argparse.ArgumentParser, read_settings: ReadSettings) -> None:
    """Hang `evaluate` and `explain` into the parser of the console script."""
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
        add.set_defaults(run=lambda arguments, run=run: run(arguments, read_settings(arguments)))


def _evaluate(arguments: argparse.Namespace, settings: Settings) -> int:
    def run(evaluator: Any, *call: Any) -> str:
        return pretty(evaluator.evaluate(*call))

    return _answer(arguments, settings, run)


def _explain(arguments: argparse.Namespace, settings: Settings) -> int:
    if (arguments.request is None) == (arguments.card is None):
        raise ConfigurationError("explain: give either a request file or --card UUID")
    if arguments.card is not None:
        return explain_card(arguments.card, settings)

    def run(evaluator: Any, *call: Any) -> str:
        text: str = evaluator.explain(*call)
        return text

    return _answer(arguments, settings, run)


def _answer(arguments: argparse.Namespace, settings: Settings, run: Callable[..., str]) -> int:
    from cds_service.assembly.content import build_evaluator, load_terminology

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


def _read(name: str) -> HookRequest:
    if name == "-":
        return decode(sys.stdin.buffer.read())
    try:
        return decode(Path(name).read_bytes())
    except OSError as why:
        raise ConfigurationError(f"{name}: {why.strerror}; name a request file, or -") from None


def _moment(text: str) -> datetime:
    try:
        if len(text) == len("2026-03-02"):
            return datetime.combine(date.fromisoformat(text), time(12))
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write a date, 2026-03-02, or 2026-03-02T12:00:00Z"
        ) from None
