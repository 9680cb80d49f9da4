"""What several commands need."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cds_service.errors import ConfigurationError
from cds_service.settings import Settings

REFUSED: Final = 1
"""Exit code: what was asked for was refused or is not there, or `check` found something."""

ReadSettings = Callable[[argparse.Namespace], Settings]


def write_out(path: Path, text: str) -> None:
    """Line ends stay as they are: those of a CSV file are its own. Raises ConfigurationError."""
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as why:
        raise ConfigurationError(
            f"--out: {path}: {why.strerror}; name a file that can be written"
        ) from None
