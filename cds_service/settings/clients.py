"""The `[[clients]]` tables of the configuration file: who may call, how they prove it, what they may
let us read, and how the criteria are set for them.
"""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from cds_service.client import (
    LOOPBACK_HOSTS,
    Client,
    FhirServer,
    Peer,
    SmartApp,
    first_option,
    flatten,
    make_client,
    meant,
)
from cds_service.errors import ConfigurationError

Algorithm = Literal["ES384", "RS384", "ES256", "ES512", "RS256", "RS512", "PS256", "PS384", "PS512"]
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_ORIGIN: Final = re.compile(
    r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
)
_DEFAULT_PORT: Final = re.compile(r"http://.*:80|https://.*:443")
_UNPRINTED: Final = re.compile(r"[\s\x00-\x1f\x7f\\]")


def https_url(value: str) -> str:
    """An absolute https URL without user, query or fragment; plain http on this machine only."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  # raises when it is no port
    except ValueError:
        parts = urlsplit("")
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    if not (parts.scheme == "https" or plain) or not parts.hostname or _UNPRINTED.search(value):
        raise ValueError("write an https URL (http only for this machine)")
    if "@" in parts.netloc or "?" in value or "#" in value:
        raise ValueError("write the URL without user, query and fragment")
    return value.rstrip("/")


class Table(BaseModel):
    """A table of the file: unknown keys stop the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("write 1 to 64 of a-z, 0-9 and -, such as north-hospital")
    return value


def _one_word(value: str) -> str:
    if _UNPRINTED.search(value):
        raise ValueError("write it as it stands in the token, without blanks")
    return value


def authorities(file: str) -> str:
    """The certificates in a file, as PEM. Raises ValueError."""
    try:
        text = Path(file).read_text("ascii")
        SSLContext(PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except FileNotFoundError:
        raise ValueError(f"{file} is not there; name a file of certificates (PEM)") from None
    except (OSError, ValueError):  # what ssl raises is an OSError
        raise ValueError(f"{file} holds no certificates that can be read; PEM is taken") from None
    return text


Authorities = Annotated[str, AfterValidator(authorities)]
"""In the file, where the certificates lie; read once, what they are."""


class FhirServerSettings(Table):
    url: str
    network: IPv4Network | IPv6Network | None = None
    """A private network the server lies in, `10.20.0.0/16`; else that of the client."""
    ca: Authorities | None = None
    """Certificates of the authorities that may vouch for it, beside the configuration file; else
    those of the client."""
    open: bool = False
    """Read without an access token: for test servers."""
    parallel: Annotated[int, Field(ge=1, le=128)] = 16
    """Requests to it at one time, and calls it is read for at one time, in each process."""

    _url = field_validator("url")(https_url)


def _exact(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        if not _ORIGIN.fullmatch(origin) or _DEFAULT_PORT.fullmatch(origin):
            raise ValueError("write origins as browsers send them: https://ehr.example")
    return value


Origins = Annotated[tuple[str, ...], AfterValidator(_exact)]


class SmartSettings(Table):
    """The companion app at one client: with this table its cards offer it."""

    client_id: Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_one_word)]
    """What the client's authorization server calls the app: a public client with PKCE."""
    origins: Origins = ()
    """Pages that may show the app in a frame and are sent what was answered (SMART Web Messaging)."""

    def app(self) -> SmartApp:
        return SmartApp(client_id=self.client_id, origins=self.origins)


class ClientSettings(Table):
    """One client. Keys come from `jwks_url` or, pinned, from `keys_file`."""

    name: Annotated[str, AfterValidator(_name)]
    issuer: Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_one_word)]
    """Compared letter by letter with the claim `iss`."""
    jwks_url: str | None = None
    keys_file: Path | None = None
    """A JWK Set of public keys, beside the configuration file."""
    network: IPv4Network | IPv6Network | None = None
    """A private network that `jwks_url` and the FHIR servers lie in."""
    ca: Authorities | None = None
    """Certificates of the only authorities that may vouch for them, beside the configuration file;
    None: the public ones."""
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("ES384", "RS384")
    audiences: tuple[Annotated[str, Field(min_length=1), AfterValidator(_one_word)], ...] = ()
    """Further values of `aud` that are accepted beside the public URL that is called."""
    tenants: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Tenants that may call; empty: the claim is not looked at."""
    token_lifetime: Annotated[int, Field(ge=30, le=86_400)] = 3600
    """Seconds from `iat` to `exp` at the most."""
    replay: Literal["strict", "off"] = "strict"
    """`strict`: a `jti` is good for one call."""
    origins: Origins = ()
    fhir_servers: tuple[FhirServerSettings, ...] = ()
    fhir_subject: str | None = None
    """Our OAuth client id with this client; a token that names another `subject` is not used."""
    smart: SmartSettings | None = None
    """The companion app is offered to this client."""
    calls_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Calls with a token that are answered, in each process; None: all."""
    budget_ms: Annotated[int, Field(ge=50, le=10_000)] = 500
    fetch_ms: Annotated[int, Field(ge=0, le=10_000)] = 350
    options: Annotated[dict[str, Any], AfterValidator(flatten)] = {}
    """Dotted keys as in [options]; they win over those."""

    @field_validator("jwks_url")
    @classmethod
    def _jwks(cls, value: str | None) -> str | None:
        return None if value is None else https_url(value)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.jwks_url is None) == (self.keys_file is None):
            raise ValueError("keys: give either jwks_url or keys_file")
        if self.fetch_ms >= self.budget_ms:
            raise ValueError("fetch_ms: must be smaller than budget_ms, which holds it")
        if self.smart is not None and not self.fhir_servers:
            raise ValueError(
                "smart: add the FHIR server the app is launched from, [[clients.fhir_servers]]"
            )
        return self

    def peer(self) -> Peer:
        """Where the keys are fetched."""
        return Peer(str(self.jwks_url), self.network, self.ca)

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
                    FhirServer(
                        each.url,
                        each.network or self.network,
                        each.ca or self.ca,
                        each.open,
                        each.parallel,
                    )
                    for each in self.fhir_servers
                ),
                fhir_subject=self.fhir_subject,
                smart=self.smart and self.smart.app(),
                calls_per_minute=self.calls_per_minute,
                budget=self.budget_ms / 1000,
                fetch_budget=self.fetch_ms / 1000,
            )
        except ConfigurationError as why:
            raise ConfigurationError(f"client {self.name}: options: {why}") from None


def sharing(clients: tuple[Client, ...]) -> tuple[Client, ...]:
    """The clients; the companion app of those that share a FHIR server knows that they do."""
    launched: Counter[tuple[Any, ...]] = Counter()
    for client in clients:
        launched.update(_launched_from(client))
    return tuple(
        msgspec.structs.replace(client, smart=msgspec.structs.replace(client.smart, shares=True))
        if client.smart and any(launched[server] > 1 for server in _launched_from(client))
        else client
        for client in clients
    )


def _launched_from(client: Client) -> set[tuple[Any, ...]]:
    """The FHIR servers of the app, taken apart as `iss` is when it is compared with them."""
    servers = [urlsplit(each.base) for each in client.fhir_servers if client.smart]
    ports = {"http": 80, "https": 443}
    return {
        (each.scheme, each.hostname, each.port or ports[each.scheme], each.path) for each in servers
    }


def explain(loc: tuple[int | str, ...], kind: str, message: str, tables: Any) -> str:
    """A mistake in the tables in words: which client, which key, and what to write.

    `loc`, `kind` and `message` are pydantic's place, type and text; `tables` is what was read.
    """
    if kind == "tuple_type" and len(loc) == 1:
        return "clients: write each client as a table of its own, [[clients]]"
    place = []
    if len(loc) > 1:
        place.append(f"client {_called(tables, loc[1])}")
    for part in loc[2:]:
        if isinstance(part, int):
            place[-1] += f" #{part + 1}"
        else:
            place.append(part)
    if kind == "extra_forbidden" and (option := first_option(place[-1])):
        return ": ".join([*place, f"options such as {option} stand in [clients.options]"])
    if kind == "extra_forbidden":
        table: type[Table] = ClientSettings
        if "fhir_servers" in loc:
            table = FhirServerSettings
        elif "smart" in loc[:-1]:
            table = SmartSettings
        near = meant(place[-1], table.model_fields)
        known = ", ".join(table.model_fields)
        return ": ".join([*place[:-1], f"unknown key {place[-1]}{near}; known: {known}"])
    if kind == "missing":
        message = "required"
    elif kind in ("model_type", "model_attributes_type"):
        message = "write a table"
    return ": ".join([*place, message])


def _called(tables: Any, index: int | str) -> str:
    """The name of a client, or its place in the file when it has none that could be read."""
    try:
        name = tables[index]["name"]
    except (TypeError, LookupError):
        name = None
    return name if isinstance(name, str) else f"#{int(index) + 1}"
