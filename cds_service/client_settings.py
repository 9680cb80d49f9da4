"""The `[[clients]]` tables of the configuration file: who may call, how they prove it, what they may
let us read, and how the criteria are set for them.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from cds_service.client import Client, FhirServer, flatten, make_client
from cds_service.errors import ConfigurationError

LOOPBACK: Final = frozenset(("127.0.0.1", "::1", "localhost"))
Algorithm = Literal["ES384", "RS384", "ES256", "ES512", "RS256", "RS512", "PS256", "PS384", "PS512"]
_ORIGIN: Final = re.compile(r"https?://[^/?#@\\s*]+")


def https_url(value: str) -> str:
    """An absolute https URL without user, query or fragment; plain http on this machine only."""
    parts = urlsplit(value)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.scheme == "https" or plain) or not parts.hostname:
        raise ValueError("write an https URL (http only for this machine)")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("write the URL without user, query and fragment")
    return value.rstrip("/")


class Table(BaseModel):
    """A table of the file: unknown keys stop the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FhirServerSettings(Table):
    url: str
    network: IPv4Network | IPv6Network | None = None
    """A private network the server lies in, `10.20.0.0/16`."""
    open: bool = False
    """Read without an access token: for test servers."""

    _url = field_validator("url")(https_url)


class ClientSettings(Table):
    """One client. Keys come from `jwks_url` or, pinned, from `keys_file`."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    issuer: Annotated[str, Field(min_length=1, max_length=512)]
    """Compared letter by letter with the claim `iss`."""
    jwks_url: str | None = None
    keys_file: Path | None = None
    """A JWK Set of public keys, beside the configuration file."""
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("ES384", "RS384")
    audiences: tuple[str, ...] = ()
    """Further values of `aud` that are accepted beside the public URL that is called."""
    tenants: tuple[str, ...] = ()
    """Tenants that may call; empty: the claim is not looked at."""
    token_lifetime: Annotated[int, Field(ge=30, le=86_400)] = 3600
    """Seconds from `iat` to `exp` at the most."""
    replay: Literal["strict", "off"] = "strict"
    """`strict`: a `jti` is good for one call."""
    origins: tuple[str, ...] = ()
    fhir_servers: tuple[FhirServerSettings, ...] = ()
    budget_ms: Annotated[int, Field(ge=50, le=10_000)] = 500
    fetch_ms: Annotated[int, Field(ge=0, le=10_000)] = 350
    options: Annotated[dict[str, Any], AfterValidator(flatten)] = {}
    """Dotted keys as in [options]; they win over those."""

    @field_validator("jwks_url")
    @classmethod
    def _jwks(cls, value: str | None) -> str | None:
        return None if value is None else https_url(value)

    @field_validator("origins")
    @classmethod
    def _exact(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError("write origins as browsers send them: https://ehr.example")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.jwks_url is None) == (self.keys_file is None):
            raise ValueError("give either jwks_url or keys_file")
        if self.fetch_ms >= self.budget_ms:
            raise ValueError("fetch_ms: must be smaller than budget_ms, which holds it")
        return self

    def client(self, shared: dict[str, Any]) -> Client:
        """The runtime record; `shared` are the options of all clients, in dotted keys.

        Raises ConfigurationError naming client and key.
        """
        try:
            return make_client(
                self.name,
                shared | self.options,
                dev=False,
                origins=self.origins,
                fhir_servers=tuple(
                    FhirServer(each.url, each.network, each.open) for each in self.fhir_servers
                ),
                budget=self.budget_ms / 1000,
                fetch_budget=self.fetch_ms / 1000,
            )
        except ConfigurationError as why:
            raise ConfigurationError(f"client {self.name}: {why}") from None
