"""JWK Sets: which key of a client may verify which tokens."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from jwt import PyJWK, PyJWTError

from cds_service.errors import CdsServiceError

_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_MEMBERS: Final = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
"""By key type, the members that make the key (RFC 7638, 3.2)."""
_PRIVATE: Final = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_RSA_BITS: Final = range(2048, 8193)
_MOST_KEYS: Final = 100

PUBLISHED: Final = {"s9fOe-KDYD1myZ8YCzleUqJQgrYZL49kVijBxhnZvZc": "the public CDS Hooks Sandbox"}
"""RFC 7638 thumbprints of keys whose private half anybody can read (CDS Hooks, SEC-13)."""


class KeySetError(CdsServiceError):
    """A set that must not be used. `reason` is a code for the log; the text is for an operator."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class KeySet(NamedTuple):
    """The usable keys of one client."""

    keys: Mapping[tuple[str, str], PyJWK]
    """By key id and algorithm: a key without `alg` stands under each algorithm it can serve."""
    kids: frozenset[str]
    """Every id in the set, also of keys that cannot be used."""
    notes: tuple[str, ...]
    """What was left out and should not have been there."""
    document: bytes
    """The set as it was received."""


def read_key_set(data: bytes, algorithms: Sequence[str], *, published: bool = False) -> KeySet:
    """The keys in a JWK Set that may verify tokens of `algorithms`.

    `published`: also keys whose private half is public, for tests on one machine.

    Raises KeySetError when it is no JWK Set or holds private keys.
    """
    members = _members(data)
    kids = Counter(kid for member in members if isinstance(kid := member.get("kid"), str))
    keys: dict[tuple[str, str], PyJWK] = {}
    notes = []
    for number, member in enumerate(members, 1):
        kid = member.get("kid")
        if _PRIVATE & member.keys():
            raise KeySetError(
                "keys-private",
                f"key #{number} is published with its private half and proves nothing; "
                "make a new pair and publish its public half only",
            )
        owner = PUBLISHED.get(_thumbprint(member))
        if owner and not published:
            raise KeySetError(
                "keys-published",
                f"key #{number} belongs to {owner}, whose private half anybody can read; "
                "it serves tests on this machine only",
            )
        if not _for_signatures(member):
            continue
        if not isinstance(kid, str) or not kid:
            notes.append(f"key #{number} has no kid; give it one")
        elif kids[kid] > 1:
            notes.append(f"key #{number} shares its kid with another; each needs its own")
        else:
            usable = _by_algorithm(member, algorithms)
            keys |= {(kid, algorithm): key for algorithm, key in usable.items()}
            if not usable:
                notes.append(f"key #{number} serves none of {', '.join(algorithms)}")
    return KeySet(keys, frozenset(kids), tuple(notes), data)


def _members(data: bytes) -> list[dict[str, Any]]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise KeySetError("keys-malformed", "not JSON") from None
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list) or not all(isinstance(each, dict) for each in members):
        raise KeySetError("keys-malformed", 'not a JWK Set: write {"keys": [...]}')
    if len(members) > _MOST_KEYS:
        raise KeySetError("keys-malformed", f"more than {_MOST_KEYS} keys")
    return members


def _thumbprint(member: dict[str, Any]) -> str:
    names = _MEMBERS.get(str(member.get("kty")), ())
    canonical = orjson.dumps({name: member.get(name) for name in names})
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).decode().rstrip("=")


def _for_signatures(member: dict[str, Any]) -> bool:
    operations = member.get("key_ops")
    return member.get("use", "sig") == "sig" and (
        operations is None or (isinstance(operations, list) and "verify" in operations)
    )


def _by_algorithm(member: dict[str, Any], algorithms: Sequence[str]) -> dict[str, PyJWK]:
    kind = member.get("kty")
    parts = [member.get(name) for name in _MEMBERS.get(str(kind), ())]
    if not parts or not all(isinstance(part, str) for part in parts):
        return {}
    found = {}
    for algorithm in algorithms:
        fits = (
            kind == "EC" and member["crv"] == _CURVES.get(algorithm)
            if algorithm in _CURVES
            else kind == "RSA"
        )
        if fits and member.get("alg", algorithm) == algorithm:
            try:
                key = PyJWK(member, algorithm)
            except PyJWTError:
                return {}
            if kind == "RSA" and key.key.key_size not in _RSA_BITS:
                return {}
            found[algorithm] = key
    return found
