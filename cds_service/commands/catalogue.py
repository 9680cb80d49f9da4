"""`cds-service catalogue`: what the service goes by, in one file for people."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cds_service.commands.parts import ReadSettings, write_out
from cds_service.errors import ConfigurationError

if TYPE_CHECKING:
    from cds_service.settings import Settings


def add_catalogue(
    commands: Any, common: argparse.ArgumentParser, read_settings: ReadSettings
) -> None:
    """Hang `catalogue` into the parser of the console script."""
    words = "write the criteria into one file for people"
    parser = commands.add_parser("catalogue", parents=[common], help=words, description=words)
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="FILE",
        help="ending in .html (everything, to read and print) or .md (without the codes)",
    )
    parser.add_argument(
        "--client",
        metavar="NAME",
        help="with the thresholds of this configured client (default: those all share)",
    )
    parser.set_defaults(run=lambda arguments: _catalogue(arguments, read_settings(arguments)))


def _catalogue(arguments: argparse.Namespace, settings: Settings) -> int:
    from cds_service.assembly.content import build_catalogue, load_terminology
    from cds_service.catalogue.markdown import markdown
    from cds_service.pages.export import html

    out: Path = arguments.out
    if out.suffix not in (".html", ".md"):
        raise ConfigurationError(f"--out: {out}: end the name in .html or .md")
    name = arguments.client
    client = None if name is None else settings.client_named(name)
    found = build_catalogue(settings, load_terminology(settings), client)
    whose = "this installation" if name is None else f"client {name}"
    made = datetime.now(UTC).date()
    text = markdown(found) if out.suffix == ".md" else html(found, whose, made)
    write_out(out, text)
    print(f"{out}: {len(found.entries)} statements with the thresholds of {whose}")
    return 0
