"""`cds-service check`: is what is configured and shipped sound?"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from cds_service.commands.parts import REFUSED, ReadSettings
from cds_service.settings import Settings


def add_check(commands: Any, common: argparse.ArgumentParser, read_settings: ReadSettings) -> None:
    """Hang `check` into the parser of the console script."""
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
    add.set_defaults(run=lambda arguments: _check(arguments, read_settings(arguments)))


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    from cds_service.assembly.adapters import build_vault
    from cds_service.assembly.content import build_evaluator, load_terminology

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
        f"{len(terminology.names)} value sets (their version {terminology.version})"
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
