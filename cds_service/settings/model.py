"""The settings of a deployment, and what they promise each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from cds_service.client import LOOPBACK_HOSTS, Client, SmartApp, flatten, make_client
from cds_service.errors import ConfigurationError
from cds_service.settings.clients import ClientSettings, https_url, sharing
from cds_service.settings.mistakes import PREFIX

DEVELOPMENT_APP: Final = "cds-service"
"""OAuth client id of the companion app in development mode."""


class Retention(BaseModel):
    """Days after which `cds-service db purge` removes rows; 0: never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ratings: Annotated[int, Field(ge=0)] = 0
    """How orders were rated, their cards and suggestions."""
    feedback: Annotated[int, Field(ge=0)] = 0
    comments: Annotated[int, Field(ge=0)] = 365
    """Free text of users."""
    quarantine: Annotated[int, Field(ge=0)] = 90
    audit: Annotated[int, Field(ge=0)] = 365


class Pages(BaseModel):
    """Which pages for people there are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    criteria: bool = True
    """`/criteria`: what the service goes by. Holds nothing of any client or patient."""
    workbench: bool | None = None
    """`/workbench`: sample orders to play with; None: in development mode only."""


class Settings(BaseSettings):
    """Command line before environment (`CDS_SERVICE_PORT=…`) before file before default."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    dev: bool = False
    """Development mode: no authentication, open CORS, this machine only."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 5005
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    threads: Annotated[int, Field(ge=1, le=512)] = 32
    """Per worker; at least the highest number of calls at one time."""
    queue_ms: Annotated[int, Field(ge=10, le=10_000)] = 100
    """A call that has waited longer than this for a thread is answered 503."""
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Prometheus metrics, on the same host; None: no metrics."""
    tracing: bool = False
    """OpenTelemetry traces of calls; needs cds-service[tracing]."""
    base_url: str | None = None
    """Public address of the service, without /cds-services; links and tokens are held against it."""
    canonical: str = "http://example.org/cervical-mri"
    """Base of our own code systems."""
    local_code_system: str = "http://example.org/fhir/CodeSystem/cspine-cds"
    max_body: Annotated[int, Field(ge=1024)] = 16 * 1024 * 1024
    """Bytes of a request body; a larger one is answered 413."""
    value_set_folder: Path | None = None
    """Site value sets, added to those of the package."""
    clients: tuple[ClientSettings, ...] = ()
    """Who may call in production mode; development mode answers anybody on this machine."""
    discovery_open: bool = True
    """False: discovery needs a token too, made out to the discovery URL (CDS Hooks, SEC-2)."""
    store: str = ""
    """SQLAlchemy URL of issued cards and feedback, SQLite or PostgreSQL; empty: a file in the state
    folder, in development mode a temporary one; `none`: nothing is stored, cards have no uuid."""
    audit: bool = False
    """Keep the reasoning behind every card, with its references into the record."""
    feedback_comments: bool = False
    """Keep what users write in their own words."""
    retention: Retention = Retention()
    hash_key_file: Path | None = None
    """A secret; with it, keyed hashes of patient and practitioner are kept with each rating."""
    quarantine_rows: Annotated[int, Field(ge=0)] = 1000
    """Feedback on cards that are not ours, kept for each client."""
    pages: Pages = Pages()
    smart_keys_file: Path | None = None
    """Keys that seal what the companion app keeps, one a line, the newest first."""
    smart_hours: Annotated[int, Field(ge=1, le=168)] = 24
    """Hours after which handles and answers of the companion app are gone."""
    options: dict[str, Any] = {}
    """Dotted keys, `fever.thresholdC` or `cards.showAppropriate`; see `client.OPTIONS`."""

    replay_store: str = "sqlite:///cds-service-seen.db"
    """SQLAlchemy URL of the tokens that were seen, shared by all workers; SQLite or PostgreSQL."""

    _file: Path | None = PrivateAttr(None)

    @field_validator("options")
    @classmethod
    def _flat(cls, value: dict[str, Any]) -> dict[str, Any]:
        return flatten(value)

    @field_validator("base_url", "canonical", "local_code_system")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("start with https:// or http://")
        if value is not None and value.rstrip("/").endswith("/cds-services"):
            raise ValueError("leave /cds-services out: it is added")
        return value.rstrip("/") if value else value

    @field_validator("value_set_folder")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError("name an existing folder")
        return value

    @model_validator(mode="after")
    def _this_machine_only(self) -> Self:
        if self.dev and self.host not in LOOPBACK_HOSTS:
            raise ValueError(
                "development mode has no authentication and listens on this machine only: "
                "host must be 127.0.0.1, ::1 or localhost"
            )
        return self

    @model_validator(mode="after")
    def _own_port(self) -> Self:
        if self.metrics_port is not None and self.metrics_port == self.port:
            raise ValueError("metrics_port: metrics need a port of their own")
        return self

    @field_validator("clients")
    @classmethod
    def _told_apart(cls, value: tuple[ClientSettings, ...]) -> tuple[ClientSettings, ...]:
        names: set[str] = set()
        issuers: dict[str, str] = {}
        for each in value:
            if each.name in names:
                raise ValueError(f"client {each.name}: name: used twice; give each its own")
            if each.issuer in issuers:
                raise ValueError(
                    f"client {each.name}: issuer: client {issuers[each.issuer]} has it already; "
                    "one issuer is one client"
                )
            names.add(each.name)
            issuers[each.issuer] = each.name
        return value

    @model_validator(mode="after")
    def _kept_for_the_app(self) -> Self:
        if any(each.smart for each in self.clients) and not self.dev:
            if self.smart_keys_file is None:
                raise ValueError(
                    "smart_keys_file: required where a client has [clients.smart]: keys that seal "
                    "what the companion app keeps; make one: openssl rand -base64 32 | tr '+/' '-_'"
                )
            if self.store == "none":
                raise ValueError("store: a client has [clients.smart], so name a database")
        return self

    @model_validator(mode="after")
    def _address_of_tokens(self) -> Self:
        if self.clients and not self.dev:
            if self.base_url is None:
                raise ValueError(
                    "base_url: required with clients: the public https address, which their "
                    "tokens are made out to"
                )
            try:
                https_url(self.base_url)
            except ValueError as why:
                raise ValueError(f"base_url: {why}") from None
        return self

    @property
    def place(self) -> str:
        """Where the settings come from, for messages."""
        return str(self._file or "settings")

    @property
    def workbench(self) -> bool:
        """Whether there is a workbench."""
        return self.dev if self.pages.workbench is None else self.pages.workbench

    @property
    def public_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url or f"http://{host}:{self.port}"

    @property
    def catalogue_url(self) -> str | None:
        """Where cards lead to for their criteria; None without a page, or a public address for it."""
        reachable = self.pages.criteria and (self.dev or self.base_url is not None)
        return f"{self.public_url}/criteria" if reachable else None

    def development_client(self) -> Client:
        """The one caller of development mode."""
        app = SmartApp(client_id=DEVELOPMENT_APP, loopback=True)
        return make_client("development", self.options, dev=True, smart=app)

    def shared_client(self) -> Client:
        """A caller of production mode with the shared options alone."""
        return make_client("shared", {**self.options, "pama.systemActions": False}, dev=False)

    def runtime_clients(self) -> tuple[Client, ...]:
        """The configured callers with their options. Raises ConfigurationError."""
        try:
            return sharing(tuple(each.client(self.options) for each in self.clients))
        except ConfigurationError as why:
            raise ConfigurationError(f"{self.place}: {why}") from None

    def client_named(self, name: str) -> Client:
        """One configured caller. Raises ConfigurationError naming those there are."""
        for client in self.runtime_clients():
            if client.name == name:
                return client
        known = ", ".join(each.name for each in self.clients) or "none; add a [[clients]] table"
        raise ConfigurationError(f"{self.place}: no client {name}; configured: {known}")
