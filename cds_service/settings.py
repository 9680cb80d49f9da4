"""Settings of a deployment: the one reader of the configuration file and the environment."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from cds_service.client import Client, flatten, make_client
from cds_service.client_settings import ClientSettings
from cds_service.errors import ConfigurationError

PREFIX: Final = "CDS_SERVICE_"
CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


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
    options: dict[str, Any] = {}
    """Dotted keys, `fever.thresholdC` or `cards.showAppropriate`; see `client.OPTIONS`."""

    @field_validator("options")
    @classmethod
    def _flat(cls, value: dict[str, Any]) -> dict[str, Any]:
        return flatten(value)

    @field_validator("base_url", "canonical", "local_code_system")
    @classmethod
    def _url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("start with https:// or http://")
        return value.rstrip("/") if value else value

    @field_validator("value_set_folder")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError("name an existing folder")
        return value

    @model_validator(mode="after")
    def _this_machine_only(self) -> Self:
        if self.dev and self.host not in LOOPBACK:
            raise ValueError(
                "development mode has no authentication and listens on this machine only: "
                "host must be 127.0.0.1, ::1 or localhost"
            )
        return self

    @property
    def public_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url or f"http://{host}:{self.port}"

    def development_client(self) -> Client:
        """The one caller of development mode."""
        return make_client("development", self.options, dev=True)


def load_settings(
    config: Path | None = None,
    given: Mapping[str, Any] | None = None,
    options: Mapping[str, object] | None = None,
) -> Settings:
    """Read file and environment; `given` and `options` come from the command line and win.

    `config` None: the file named by CDS_SERVICE_CONFIG, if any. Raises ConfigurationError naming
    the file, variable or argument, the key, and the mend.
    """
    if config is None and os.environ.get(CONFIG_VARIABLE):
        config = Path(os.environ[CONFIG_VARIABLE])
    _known_variables()
    given = {key: value for key, value in (given or {}).items() if value is not None}
    table = {} if config is None else _read(config)
    from_file = flatten(table.pop("options", {}))
    _check(f"{config}: [options]", from_file)
    _check("--set", options or {})
    rest = {key: value for key, value in table.items() if not _variable_set(key)}
    try:
        settings = Settings(**(rest | given))
    except ValidationError as why:
        raise ConfigurationError(_explain(why, config, given)) from None
    except SettingsError:
        raise ConfigurationError(
            f'{PREFIX}OPTIONS: give a JSON object such as {{"dup.days": 60}}'
        ) from None
    _check(f"{PREFIX}OPTIONS", settings.options)
    return settings.model_copy(
        update={"options": from_file | settings.options | dict(options or {})}
    )


def _read(config: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigurationError(f"{config}: cannot be read; name an existing file") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{config}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as why:
        raise ConfigurationError(f"{config}: not TOML: {why}") from None
    known = Settings.model_fields
    for key in table:
        if key not in known:
            raise ConfigurationError(f"{config}: unknown key {key}; known: {', '.join(known)}")
    if not isinstance(table.get("options", {}), dict):
        raise ConfigurationError(f"{config}: options: write a table, [options]")
    return table


def _check(where: str, options: Mapping[str, object]) -> None:
    try:
        make_client("check", {"pama.gCode": "any", **options}, dev=True)
    except ConfigurationError as why:
        raise ConfigurationError(f"{where}: {why}") from None


def _variable_set(key: str) -> bool:
    name = f"{PREFIX}{key}".upper()
    return any(variable.upper() == name for variable in os.environ)


def _known_variables() -> None:
    known = {f"{PREFIX}{key}".upper() for key in Settings.model_fields} | {CONFIG_VARIABLE}
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise ConfigurationError(
                f"environment: unknown variable {name}; known: {', '.join(sorted(known))}"
            )


def _explain(why: ValidationError, config: Path | None, given: Mapping[str, Any]) -> str:
    lines = []
    for error in why.errors(include_url=False, include_input=False):
        key = str(error["loc"][0]) if error["loc"] else ""
        if not key:
            where = "settings"
        elif key in given:
            where = f"--{key.replace('_', '-')}"
        elif _variable_set(key):
            where = f"environment: {PREFIX}{key.upper()}"
        else:
            where = f"{config}: {key}"
        lines.append(f"{where}: {error['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)
