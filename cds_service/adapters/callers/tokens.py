"""Who calls, by the token in the Authorization header (CDS Hooks, Trusting CDS Clients).

Signature, algorithm, issuer and audience are PyJWT's work. Times are compared here: a plain integer
is wanted, a lifetime is limited, and one clock serves all of it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

import jwt

from cds_service.adapters.callers.key_sets import KeySet
from cds_service.client import Client
from cds_service.errors import CallerRefused
from cds_service.settings.clients import ClientSettings

LEEWAY: Final = 60
"""Seconds by which the clocks of two houses may differ."""
_LONGEST_TOKEN: Final = 8192
_PATIENCE: Final = 0.25
"""Seconds a call may wait for keys, and at most half of the client's budget."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
"""Without padding: the last character counts, so that one token has one spelling."""
_SCHEME: Final = "bearer "
_KEYS_RETRY: Final = 5
_STORE_RETRY: Final = 2
_CLAIMS: Final = ["iss", "aud", "exp", "iat", "jti"]


class Reason(StrEnum):
    """Why a caller was refused, for the log."""

    ABSENT = "token-missing"
    SIZE = "token-size"
    MALFORMED = "token-malformed"
    TYP = "header-typ"
    CRIT = "header-crit"
    KID = "header-kid"
    ISSUER = "issuer"
    JKU = "jku"
    ALGORITHM = "algorithm"
    KEY = "key-unknown"
    SIGNATURE = "signature"
    AUDIENCE = "audience"
    CLAIMS = "claims"
    EXPIRED = "expired"
    EARLY = "not-yet-valid"
    LIFETIME = "lifetime"
    TENANT = "tenant"
    REPLAYED = "replayed"
    NO_KEYS = "keys-unavailable"
    STORE = "replay-store"


class Headers(Protocol):
    """Headers of a request."""

    def get(self, key: str, /) -> str | None: ...


class Incoming(Protocol):
    """A request, of which nothing but the headers is looked at."""

    @property
    def headers(self) -> Headers: ...


class Keys(Protocol):
    """The keys of one issuer."""

    def find(self, kid: str, patience: float) -> KeySet | None:
        """The present keys, renewed once if `kid` is not among them; None: there are none to be had.

        Waits for `patience` seconds at the most.
        """
        ...


class StoreDown(Exception):  # noqa: N818  (what happened, not what it is)
    """The store of tokens seen cannot be asked."""


class Seen(Protocol):
    """Tokens that were used already, for all workers together."""

    def first_time(self, issuer: str, jti: str, until: int) -> bool:
        """Remember a token until `until` (seconds since 1970); False when it was seen before.

        Raises StoreDown.
        """
        ...


class Caller(NamedTuple):
    """One client as the authenticator knows it."""

    client: Client
    settings: ClientSettings
    keys: Keys


class TokenAuthenticator:
    """Admits callers whose token is good, from the headers alone."""

    def __init__(
        self, callers: Sequence[Caller], seen: Seen, now: Callable[[], float] = time.time
    ) -> None:
        self._callers = {caller.settings.issuer: caller for caller in callers}
        self._seen = seen
        self._now = now

    def authenticate(self, request: Incoming, url: str) -> Client:
        """The caller; `url` is the public URL that was called. Raises CallerRefused."""
        token = _token(request.headers.get("Authorization"))
        header, caller = self._sender(token)
        key = _key(header, caller)
        claims = _verified(token, key, caller, url)
        self._check_times(claims, caller)
        tenants = caller.settings.tenants
        if tenants and claims.get("tenant") not in tenants:
            raise CallerRefused(403, Reason.TENANT, caller.client.name)
        if caller.settings.replay == "strict":
            self._check_first_time(claims, caller)
        return caller.client

    def _sender(self, token: str) -> tuple[dict[str, Any], Caller]:
        """The header, and the client that the token claims to be from: nothing is proven yet."""
        try:
            unproven = jwt.decode_complete(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            raise CallerRefused(401, Reason.MALFORMED) from None
        header, issuer = unproven["header"], unproven["payload"].get("iss")
        if header.get("typ") != "JWT":
            raise CallerRefused(401, Reason.TYP)
        if "crit" in header or "b64" in header:
            raise CallerRefused(401, Reason.CRIT)
        if not isinstance(header.get("kid"), str):
            raise CallerRefused(401, Reason.KID)
        caller = self._callers.get(issuer) if isinstance(issuer, str) else None
        if caller is None:
            raise CallerRefused(401, Reason.ISSUER)
        # The header never leads anywhere: a foreign jku is refused, jwk, x5u and x5c are not read.
        configured = caller.settings.jwks_url
        if configured is not None and header.get("jku", configured) != configured:
            raise CallerRefused(401, Reason.JKU, caller.client.name)
        if header.get("alg") not in caller.settings.algorithms:
            raise CallerRefused(401, Reason.ALGORITHM, caller.client.name)
        return header, caller

    def _check_times(self, claims: dict[str, Any], caller: Caller) -> None:
        issued, expires, start = claims["iat"], claims["exp"], claims.get("nbf", 0)
        now = self._now()
        if not all(type(value) is int for value in (issued, expires, start)):
            reason = Reason.CLAIMS
        elif not 0 < expires - issued <= caller.settings.token_lifetime:
            reason = Reason.LIFETIME
        elif expires + LEEWAY <= now:
            reason = Reason.EXPIRED
        elif max(issued, start) - LEEWAY > now:
            reason = Reason.EARLY
        else:
            return
        raise CallerRefused(401, reason, caller.client.name)

    def _check_first_time(self, claims: dict[str, Any], caller: Caller) -> None:
        try:
            first = self._seen.first_time(
                caller.settings.issuer, claims["jti"], claims["exp"] + LEEWAY
            )
        except StoreDown:
            raise CallerRefused(
                503, Reason.STORE, caller.client.name, retry_after=_STORE_RETRY
            ) from None
        if not first:
            raise CallerRefused(401, Reason.REPLAYED, caller.client.name)


def _token(header: str | None) -> str:
    if not header:
        raise CallerRefused(401, Reason.ABSENT)
    if len(header) > len(_SCHEME) + _LONGEST_TOKEN:
        raise CallerRefused(401, Reason.SIZE)
    token = header[len(_SCHEME) :]
    if header[: len(_SCHEME)].lower() != _SCHEME or not _TOKEN.fullmatch(token):
        raise CallerRefused(401, Reason.MALFORMED)
    return token


def _key(header: dict[str, Any], caller: Caller) -> jwt.PyJWK:
    """The key of this issuer that the header names."""
    kid, algorithm = header["kid"], header["alg"]
    known = caller.keys.find(kid, min(_PATIENCE, caller.client.budget / 2))
    if known is None:
        raise CallerRefused(503, Reason.NO_KEYS, caller.client.name, retry_after=_KEYS_RETRY)
    key = known.keys.get((kid, algorithm))
    if key is None:
        raise CallerRefused(401, Reason.KEY, caller.client.name)
    return key


def _verified(token: str, key: jwt.PyJWK, caller: Caller, url: str) -> dict[str, Any]:
    """The claims of a token with a good signature that is meant for us."""
    settings = caller.settings
    # Feedback is not spelled out by the specification: the service's own URL is good for it too.
    audience = {url, url.removesuffix("/feedback"), *settings.audiences}
    try:
        # The key itself, not its bytes: it carries the one algorithm it may be used with.
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=list(settings.algorithms),
            issuer=settings.issuer,
            audience=audience,
            options={
                "require": _CLAIMS,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.InvalidAudienceError:
        reason = Reason.AUDIENCE
    except jwt.InvalidSignatureError:
        reason = Reason.SIGNATURE
    except jwt.PyJWTError:
        reason = Reason.CLAIMS
    else:
        if claims["jti"]:
            return claims
        reason = Reason.CLAIMS
    raise CallerRefused(401, reason, caller.client.name)
