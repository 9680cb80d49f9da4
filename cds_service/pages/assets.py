"""Style sheets, scripts and pictures, read once and addressed by what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What is served; other files of the folder (licences, hashes) are not."""


class Asset(NamedTuple):
    """One file."""

    content: bytes
    content_type: str
    etag: str


class Assets:
    """All files of `static/`, by their path within it; nothing else can be asked for.

    One version, a hash over all of them, is part of every address: modules that import each other
    by relative paths stay together, and a change of any file changes all addresses.
    """

    def __init__(self) -> None:
        self.files = dict(sorted(_read(files("cds_service.pages") / "static")))
        whole = hashlib.sha256()
        for path, asset in self.files.items():
            whole.update(f"{path}\0{asset.etag}\0".encode())
        self.version = whole.hexdigest()[:12]

    def path(self, name: str) -> str:
        """Address of a file below the root of the service. Raises KeyError: no such file."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"


def _read(folder: Traversable, below: str = "") -> Iterator[tuple[str, Asset]]:
    for entry in folder.iterdir():
        path = f"{below}{entry.name}"
        if entry.is_dir():
            yield from _read(entry, f"{path}/")
            continue
        content_type = _TYPES.get(path[path.rfind(".") :])
        if content_type is not None:
            content = entry.read_bytes()
            yield path, Asset(content, content_type, hashlib.sha256(content).hexdigest()[:32])
