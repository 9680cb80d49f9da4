"""uuids that prove who made them, and for whom.

A card is ours although its row was never written, as when a process dies right after it has answered.
So its uuid carries the proof. In the order of its 128 bits: 32 the second it was made in, 48 random
ones (six of them taken by version and variant of a random UUID, RFC 9562), 48 a message
authentication code over these, the client, and for a suggestion its card.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

WEEK: Final = timedelta(days=7)
_MONDAY: Final = datetime(1969, 12, 29, tzinfo=UTC)
"""Of the week in which ids begin."""
_PROOF_BITS: Final = 48
_PROOF: Final = (1 << _PROOF_BITS) - 1
_FIXED: Final = 0xF << 76 | 0x3 << 62
_VERSION_4: Final = 0x4 << 76 | 0x2 << 62


class Origin:
    """Makes uuids with the newest key, and knows those made with any of its keys."""

    def __init__(
        self, keys: Sequence[bytes], random_bits: Callable[[int], int] = secrets.randbits
    ) -> None:
        """`keys`: the newest last."""
        self._keys = tuple(keys)
        self._bits = random_bits

    def card(self, client: str, at: datetime) -> UUID:
        return self._make(at, "card", client, b"")

    def suggestion(self, client: str, at: datetime, card: UUID) -> UUID:
        return self._make(at, "suggestion", client, card.bytes)

    def is_card(self, client: str, uuid: UUID) -> bool:
        """Whether this card was made here for that client."""
        return self._proven(uuid, "card", client, b"")

    def is_suggestion(self, client: str, card: UUID, uuid: UUID) -> bool:
        """Whether this suggestion was made here, for that card of that client."""
        return self._proven(uuid, "suggestion", client, card.bytes)

    def _make(self, at: datetime, kind: str, client: str, of: bytes) -> UUID:
        number = unproven(at, self._bits)
        return UUID(int=number | _proof(self._keys[-1], number, kind, client, of))

    def _proven(self, uuid: UUID, kind: str, client: str, of: bytes) -> bool:
        number = uuid.int & ~_PROOF
        # Every key is tried, and none is left early: the time says nothing of the key.
        hits = [
            hmac.compare_digest(
                (uuid.int & _PROOF).to_bytes(6), _proof(key, number, kind, client, of).to_bytes(6)
            )
            for key in self._keys
        ]
        return any(hits) and uuid.int & _FIXED == _VERSION_4


def new_key() -> bytes:
    return secrets.token_bytes(32)


def plain(at: datetime) -> UUID:
    """An id that sorts by time and proves nothing."""
    return UUID(int=unproven(at, secrets.randbits) | secrets.randbits(_PROOF_BITS))


def unproven(at: datetime, bits: Callable[[int], int]) -> int:
    """All of an id but its proof."""
    second = int(at.timestamp()) & 0xFFFFFFFF
    return (second << 96 | bits(48) << 48) & ~_FIXED | _VERSION_4


def made_at(uuid: UUID) -> datetime:
    """The second in which one of our uuids was made."""
    return datetime.fromtimestamp(uuid.int >> 96, UTC)


def monday(at: datetime) -> datetime:
    """The beginning of its ISO week (UTC)."""
    return _MONDAY + (at - _MONDAY) // WEEK * WEEK


def first_of(at: datetime) -> UUID:
    """Smaller than every id of that second and later, larger than all before."""
    return UUID(int=(int(at.timestamp()) & 0xFFFFFFFF) << 96)


def _proof(key: bytes, number: int, kind: str, client: str, of: bytes) -> int:
    text = b"\0".join((kind.encode(), client.encode(), number.to_bytes(16), of))
    return int.from_bytes(hmac.digest(key, text, hashlib.sha256)[:6])
