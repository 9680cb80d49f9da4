"""Sealing with configured keys, for what must not lie about in the clear: Fernet by `cryptography`."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from cds_service.errors import ConfigurationError

_SMALL: Final = 1
"""zlib's fastest level: a chart shrinks to a tenth."""
_MAKE: Final = "make one: openssl rand -base64 32 | tr '+/' '-_'"


class Vault:
    """Seals with the newest key, opens with any; so keys can be changed while sealed things live."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """`keys`: Fernet keys, the newest first. Raises ValueError when one is none."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._secrets = tuple(urlsafe_b64decode(key) for key in keys)

    def __repr__(self) -> str:
        return "Vault(hidden)"

    def seal(self, kind: str, content: bytes) -> str:
        """Text that nobody else can read or change; `kind` keeps one use from passing for another."""
        packed = kind.encode() + b"\0" + zlib.compress(content, _SMALL)
        return self._fernet.encrypt(packed).decode()

    def open(self, kind: str, sealed: str) -> bytes | None:
        """What was sealed; None when it was not sealed here, for this use, or was changed."""
        try:
            packed = self._fernet.decrypt(sealed)
        except (InvalidToken, TypeError, ValueError):
            return None
        before, _, content = packed.partition(b"\0")
        return zlib.decompress(content) if before == kind.encode() else None

    def marks(self, *parts: str) -> tuple[str, ...]:
        """Keyed digests of a text in parts, one for each key, the newest first: they find a row
        without saying whose it is.
        """
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return tuple(
            hmac.digest(secret, b"mark\0" + text, hashlib.sha256).hex() for secret in self._secrets
        )


def new_vault() -> Vault:
    """With a key that goes when the process does."""
    return Vault([Fernet.generate_key()])


def vault_from(file: Path) -> Vault:
    """One key a line, the newest first. Raises ConfigurationError; no key is repeated in it."""
    try:
        lines = file.read_bytes().split()
    except OSError:
        raise ConfigurationError(f"smart_keys_file: {file}: cannot be read") from None
    if not lines:
        raise ConfigurationError(f"smart_keys_file: {file}: holds no key; {_MAKE}")
    try:
        return Vault(lines)
    except ValueError:
        raise ConfigurationError(
            f"smart_keys_file: {file}: one line is no key of 32 bytes in URL-safe base64; {_MAKE}"
        ) from None
