"""The code that decides what an order is answered, as one digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cds_service.content.folders import PACKAGE
from cds_service.errors import ConfigurationError

DECIDES: Final = (
    "fhir", "cdshooks", "facts", "criteria", "rendering", "companion", "client.py", "drafts.py", "evaluate.py",
    "knowledge/questionnaire.json", "knowledge/questions.toml",
)  # fmt: skip
"""Rooms between a request and its cards, with the defaults of all options; and what may be asked, which
says where a card leads to the companion app. Cards, statements and value sets tell their own versions.
"""


def rules_version(package: Path = PACKAGE) -> str:
    """Changes with every change of that code, be it of a comment only: better one version too many
    than two sets of rules under one name. The same in a checkout and in a wheel made from it.

    Raises ConfigurationError when the sources are not there.
    """
    digest = hashlib.sha256()
    for room in DECIDES:
        files = [(file.relative_to(package).as_posix(), file) for file in _sources(package / room)]
        if not files:
            raise ConfigurationError(
                f"{package / room}: the source of the rules is not there, so that their version "
                "cannot be told; install the package with its .py files"
            )
        for name, file in sorted(files):
            digest.update(b"%b\0%b\0" % (name.encode(), file.read_bytes()))
    return digest.hexdigest()[:12]


def _sources(room: Path) -> Iterator[Path]:
    if room.suffix:  # a file
        yield from [room] if room.is_file() else []
    else:
        yield from room.rglob("*.py")
