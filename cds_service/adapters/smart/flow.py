"""The authorization code flow with PKCE (SMART App Launch 2), on the server's side.

The browser never sees an access token: the code is exchanged here, the chart is read here, and the
token is forgotten.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
import msgspec
import orjson
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from cds_service.adapters.fhir.resolver import Resolver
from cds_service.adapters.fhir.watchdog import Watchdog
from cds_service.adapters.smart.transport import GuardedSession
from cds_service.client import FhirServer, SmartApp, on_this_machine
from cds_service.errors import LaunchFailed
from cds_service.fhir.references import relative
from cds_service.launches import Granted, Pending

ALGORITHMS: Final = ("RS256", "RS384", "ES256", "ES384", "PS256", "PS384")
LEEWAY: Final = 60
"""Seconds by which two clocks may differ."""
_FAULTS: Final = (requests.RequestException, AuthlibBaseError, OSError, ValueError, KeyError)


class Endpoints(msgspec.Struct, frozen=True):
    """What we use of `.well-known/smart-configuration`."""

    authorization_endpoint: str
    token_endpoint: str
    issuer: str | None = None
    jwks_uri: str | None = None
    capabilities: tuple[str, ...] = ()
    code_challenge_methods_supported: tuple[str, ...] = ()


class SmartFlow:
    """Begins and ends launches. Holds no patient data and no token."""

    def __init__(self, redirect_uri: str, kinds: Iterable[str]) -> None:
        """`kinds`: resource types that are read."""
        self._redirect = redirect_uri
        self._kinds = tuple(sorted(set(kinds)))
        self._watchdog = Watchdog()
        self._resolver = Resolver()

    def begin(
        self, client: str, app: SmartApp, server: FhirServer, launch: str | None
    ) -> tuple[str, Pending]:
        """The address to send the browser to, and what has to be known when it is back.

        Raises LaunchFailed.
        """
        with self._session(app, server) as session:
            found = self._discover(session, server)
            # The client's name is no secret; it tells the page that comes back who may frame it.
            state = f"{client}.{secrets.token_urlsafe(24)}"
            pending = Pending(
                client=client,
                server=server.base,
                state=state,
                verifier=secrets.token_urlsafe(64),
                nonce=secrets.token_urlsafe(16),
            )
            more = {"launch": launch} if launch else {}
            url, _ = session.create_authorization_url(
                found.authorization_endpoint,
                state=state,
                aud=server.base,
                nonce=pending.nonce,
                code_challenge=create_s256_code_challenge(pending.verifier),
                code_challenge_method="S256",
                scope=self._scope(found, standalone=not launch),
                **more,
            )
        return url, pending

    def finish(self, app: SmartApp, server: FhirServer, pending: Pending, code: str) -> Granted:
        """Exchange the code. Raises LaunchFailed."""
        with self._session(app, server) as session:
            found = self._discover(session, server)
            try:
                token = dict(
                    session.fetch_token(
                        found.token_endpoint,
                        grant_type="authorization_code",
                        code=code,
                        code_verifier=pending.verifier,
                    )
                )
            except _FAULTS:
                raise LaunchFailed("token") from None
            user = self._user(session, found, app, server, pending, token)
        return _granted(token, user)

    def close(self) -> None:
        self._watchdog.close()

    def _session(self, app: SmartApp, server: FhirServer) -> GuardedSession:
        return GuardedSession(
            server,
            self._watchdog,
            self._resolver,
            client_id=app.client_id,
            token_endpoint_auth_method="none",  # noqa: S106  # a public client
            redirect_uri=self._redirect,
        )

    def _discover(self, session: GuardedSession, server: FhirServer) -> Endpoints:
        try:
            raw = _get(session, f"{server.base}/.well-known/smart-configuration")
            found = msgspec.convert(raw, Endpoints)
        except (*_FAULTS, msgspec.ValidationError):
            raise LaunchFailed("configuration") from None
        plain = on_this_machine(server.base)
        addresses = [found.authorization_endpoint, found.token_endpoint, found.jwks_uri or ""]
        if not all(_is_good(url, plain=plain) for url in addresses if url):
            raise LaunchFailed("configuration")
        methods = found.code_challenge_methods_supported
        if methods and "S256" not in methods:
            raise LaunchFailed("configuration")
        return found

    def _scope(self, found: Endpoints, *, standalone: bool) -> str:
        # SMART 1 servers know `read` only; SMART 2 servers say that they know more.
        right = "rs" if not found.capabilities or "permission-v2" in found.capabilities else "read"
        reads = [f"patient/{kind}.{right}" for kind in self._kinds]
        return " ".join(
            ["launch/patient" if standalone else "launch", "openid", "fhirUser", *reads]
        )

    def _user(
        self,
        session: GuardedSession,
        found: Endpoints,
        app: SmartApp,
        server: FhirServer,
        pending: Pending,
        token: Mapping[str, Any],
    ) -> str | None:
        """`Practitioner/x` of a verified id_token; None: it names nobody."""
        raw = token.get("id_token")
        if raw is None or found.jwks_uri is None:
            return None
        try:
            keys = jwt.PyJWKSet.from_dict(_get(session, found.jwks_uri))
            kid = jwt.get_unverified_header(raw).get("kid")
            fitting = [key for key in keys.keys if kid is None or key.key_id == kid]
            claims = jwt.decode(
                raw,
                fitting[0],
                algorithms=list(ALGORITHMS),
                audience=app.client_id,
                issuer=found.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "aud", "iss"]},
            )
        except (*_FAULTS, jwt.PyJWTError, IndexError, AttributeError, TypeError):
            raise LaunchFailed("id-token") from None
        if claims.get("nonce") != pending.nonce:
            raise LaunchFailed("id-token")
        user = claims.get("fhirUser")
        return relative(user, server.base) if isinstance(user, str) else None


def _granted(token: Mapping[str, Any], user: str | None) -> Granted:
    patient = token.get("patient")
    if not isinstance(patient, str) or not patient:
        raise LaunchFailed("patient")
    access = token.get("access_token")
    if not isinstance(access, str) or not access:
        raise LaunchFailed("token")
    expires = token.get("expires_in")
    text: Callable[[str], str | None] = lambda name: (  # noqa: E731
        value if isinstance(value := token.get(name), str) and value else None
    )
    return Granted(
        access_token=access,
        scope=text("scope"),
        expires_in=expires if isinstance(expires, int) else None,
        patient=patient.removeprefix("Patient/"),
        user=user,
        encounter=text("encounter"),
        app_context=text("appContext"),
        # Named anew in SMART Web Messaging 1.0; both are in use.
        origin=text("smart_web_messaging_origin") or text("smart_messaging_origin"),
        messaging=text("smart_web_messaging_handle") or text("smart_messaging_handle"),
    )


def _get(session: GuardedSession, url: str) -> Any:
    answer = session.get(url, headers={"Accept": "application/json"}, withhold_token=True)
    if answer.status_code != 200:
        raise ValueError("status")
    return orjson.loads(answer.content)


def _is_good(url: str, *, plain: bool) -> bool:
    parts = urlsplit(url)
    here = parts.scheme == "http" and on_this_machine(url) and plain
    return bool(parts.hostname) and (parts.scheme == "https" or here) and not parts.fragment
