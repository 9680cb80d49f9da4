"""Issuers of tokens for tests, and the tokens they make: good unless told otherwise."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from cds_service.adapters.callers.key_sets import KeySet, read_key_set
from cds_service.adapters.callers.tokens import Caller, StoreDown
from cds_service.settings.clients import ClientSettings

URL = "https://cds.example/cds-services/cervical-mri"
NOW = 1_772_452_800  # 2026-03-02T12:00:00Z

CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


@cache
def private_key(algorithm: str = "ES384", name: str = "") -> Any:
    """A key pair that lives as long as the test run; another `name`, another pair."""
    if algorithm in CURVES:
        return ec.generate_private_key(CURVES[algorithm])
    return rsa.generate_private_key(65537, 2048)


def jwk(key: Any, kid: str | None = "k1", **members: Any) -> dict[str, Any]:
    """The public half as a JWK; a member given as None is left out."""
    public = key.public_key() if hasattr(key, "public_key") else key
    kind = RSAAlgorithm if isinstance(public, rsa.RSAPublicKey) else ECAlgorithm
    found = kind.to_jwk(public, as_dict=True)
    found.pop("key_ops", None)
    found |= {"kid": kid, "use": "sig"} | members
    return {name: value for name, value in found.items() if value is not None}


def jwks(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def b64(data: bytes | str | dict[str, Any]) -> str:
    if isinstance(data, dict):
        data = json.dumps(data)
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Issuer:
    """One client's signer."""

    def __init__(self, name: str = "north", algorithm: str = "ES384", kid: str = "k1") -> None:
        self.name = name
        self.issuer = f"https://{name}.example"
        self.jku = f"{self.issuer}/jwks.json"
        self.algorithm = algorithm
        self.kid = kid
        self.key = private_key(algorithm, name)

    def jwk(self, **members: Any) -> dict[str, Any]:
        return jwk(self.key, **({"kid": self.kid} | members))

    def header(self, **changes: Any) -> dict[str, Any]:
        return _without_none(
            {"alg": self.algorithm, "typ": "JWT", "kid": self.kid, "jku": self.jku} | changes
        )

    def claims(self, **changes: Any) -> dict[str, Any]:
        claims = {
            "iss": self.issuer, "aud": URL, "iat": NOW, "exp": NOW + 300, "jti": str(uuid4())
        }  # fmt: skip
        return _without_none(claims | changes)

    def token(
        self,
        header: dict[str, Any] | bytes | None = None,
        claims: dict[str, Any] | bytes | None = None,
        key: Any = None,
        **changes: Any,
    ) -> str:
        """A signed token. `header` and `claims` as bytes are signed as they are; `changes` are
        claims that differ from a good token's, None: left out.
        """
        head = header if isinstance(header, bytes) else self.header(**(header or {}))
        body = claims if isinstance(claims, bytes) else (claims or self.claims(**changes))
        return self.sign(f"{b64(head)}.{b64(body)}", key)

    def current(self, audience: str) -> str:
        """A good token for a service with pinned keys, by the real clock."""
        now = int(time.time())
        return self.token({"jku": None}, iat=now, exp=now + 300, aud=audience)

    def sign(self, text: str, key: Any = None, algorithm: str | None = None) -> str:
        signer = jwt.get_algorithm_by_name(algorithm or self.algorithm)
        return f"{text}.{b64(signer.sign(text.encode(), key or self.key))}"


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


class Ring:
    """Keys that are simply there."""

    def __init__(self, data: bytes, algorithms: Sequence[str]) -> None:
        self.keys: KeySet | None = read_key_set(data, algorithms)
        self.asked: list[str] = []

    def find(self, kid: str, patience: float) -> KeySet | None:
        self.asked.append(kid)
        return self.keys


class Memory:
    """Tokens seen, in this process; `down`: as if the store could not be asked."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], int] = {}
        self.down = False

    def first_time(self, issuer: str, jti: str, until: int) -> bool:
        if self.down:
            raise StoreDown
        first = (issuer, jti) not in self.rows
        self.rows[issuer, jti] = until
        return first


class Incoming:
    """A request with nothing but headers."""

    def __init__(self, token: str | None) -> None:
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}


def caller(issuer: Issuer, *keys: dict[str, Any], **table: Any) -> Caller:
    """A client whose keys are there: those given, or the issuer's own."""
    settings = ClientSettings(
        name=issuer.name,
        issuer=issuer.issuer,
        **({"jwks_url": issuer.jku} if "keys_file" not in table else {}),
        **table,
    )
    ring = Ring(jwks(*(keys or (issuer.jwk(),))), settings.algorithms)
    return Caller(settings.client({}), settings, ring)
