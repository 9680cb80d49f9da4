"""`cds-service report`: what the store teaches."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cds_service.commands.parts import ReadSettings, write_out
from cds_service.errors import ConfigurationError

if TYPE_CHECKING:
    from cds_service.reporting.model import Report
    from cds_service.settings import Settings

FORMATS: Final = ("text", "html", "csv", "json")


def add_report(commands: Any, common: argparse.ArgumentParser, read_settings: ReadSettings) -> None:
    """Hang `report` into the parser of the console script."""
    words = "say what cards and their feedback teach"
    parser = commands.add_parser("report", parents=[common], help=words, description=words)
    parser.add_argument(
        "--from",
        dest="first",
        type=_day,
        metavar="DATE",
        help="first day (UTC) on which cards were issued (default: the first of all)",
    )
    parser.add_argument(
        "--to",
        dest="last",
        type=_day,
        metavar="DATE",
        help="last day, all of it (default: the last of all)",
    )
    parser.add_argument("--client", metavar="NAME", help="only cards of this client")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, not to the terminal")
    parser.set_defaults(run=lambda arguments: _report(arguments, read_settings(arguments)))


def _report(arguments: argparse.Namespace, settings: Settings) -> int:
    text = render(make_report(arguments, settings, datetime.now(UTC)), arguments.format)
    if arguments.out is None:
        sys.stdout.write(text)
        return 0
    write_out(arguments.out, text)
    return 0


def make_report(arguments: argparse.Namespace, settings: Settings, now: datetime) -> Report:
    """Raises ConfigurationError when dates, client or store are not as they should be."""
    from cds_service.assembly.content import load_library, override_codings
    from cds_service.commands.db import configured_store
    from cds_service.reporting.query import clients, report
    from cds_service.reporting.span import Span

    first, last = arguments.first, arguments.last
    if first is not None and last is not None and first > last:
        raise ConfigurationError(f"--from {first} is after --to {last}; exchange them")
    end = None if last is None or last == date.max else _midnight(last + timedelta(days=1))
    span = Span(None if first is None else _midnight(first), end, arguments.client)
    url = configured_store(settings)
    found = report(url, span, _displays(override_codings(load_library(), settings)), now)
    name = arguments.client
    if name is not None and not (found.orders.evaluated or found.feedback.events):
        known = sorted({each.name for each in settings.clients} | set(clients(url)))
        if name not in known:
            raise ConfigurationError(
                f"--client: {name} is not configured, and nothing was issued to it; "
                f"there are: {', '.join(known) or 'none'}"
            )
    return found


def _displays(codings: Iterable[Mapping[str, str]]) -> dict[tuple[str | None, str], str]:
    """What a code was called on cards: all of it, as one code may stand for several reasons.

    `action-completed` is a CT on one card and conservative treatment on another; the store keeps
    the code alone, so that either name by itself would say more than is known.
    """
    from cds_service.cdshooks.feedback import COMMENT_ONLY

    names: dict[tuple[str | None, str], dict[str, None]] = {}
    names[None, COMMENT_ONLY] = {"Comment only": None}
    for coding in codings:
        names.setdefault((coding["system"], coding["code"]), {})[coding["display"]] = None
    return {key: " / ".join(each) for key, each in names.items()}


def render(report: Report, format_: str) -> str:
    """The report in one of FORMATS."""
    if format_ == "html":
        from cds_service.content.folders import knowledge_dir
        from cds_service.rendering.library import load_statements
        from cds_service.reporting.html import render as html

        statements = load_statements(knowledge_dir())
        return html(report, {name: each.title for name, each in statements.items()})
    if format_ == "text":
        from cds_service.reporting.text import render as text

        return text(report)
    from cds_service.reporting import exports

    return exports.csv_text(report) if format_ == "csv" else exports.json_text(report)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write a date, 2026-03-02") from None
