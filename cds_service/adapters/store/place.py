"""Where the store is."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from cds_service.adapters.databases import database_url, require_folder
from cds_service.errors import ConfigurationError

NOTHING: Final = "none"
FILE: Final = "store.db"
_SHORTEST: Final = 32
"""Bytes of a key."""


def store_url(setting: str) -> sa.URL | None:
    """The database of the setting `store`; None: nothing is to be stored.

    Makes the folder of the default. Raises ConfigurationError.
    """
    if setting == NOTHING:
        return None
    if setting:
        url = database_url(setting, "store")
    else:
        folder = state_folder()
        with contextlib.suppress(OSError):  # it is looked at below
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        url = sa.URL.create("sqlite", database=str(folder / FILE))
    require_folder(url, "store")
    return url


def temporary_url() -> sa.URL:
    """A store for as long as the service runs."""
    folder = tempfile.mkdtemp(prefix="cds-service-store-")
    return sa.URL.create("sqlite", database=str(Path(folder) / FILE))


def hash_key(file: Path | None) -> bytes | None:
    """The secret in a file. Raises ConfigurationError when it is short, or cannot be read."""
    if file is None:
        return None
    try:
        key = file.read_bytes().strip()
    except OSError:
        raise ConfigurationError(f"hash_key_file: {file}: cannot be read") from None
    if len(key) < _SHORTEST:
        raise ConfigurationError(
            f"hash_key_file: {file}: too short to keep a secret; make one: openssl rand -hex 32"
        )
    return key


def state_folder() -> Path:
    """systemd's StateDirectory, or the user's own."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "cds-service"
