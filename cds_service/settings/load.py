"""The one reader of the configuration file and the environment."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_settings import SettingsError

from cds_service.client import flatten, make_client, meant
from cds_service.errors import ConfigurationError
from cds_service.settings.mistakes import (
    PREFIX,
    in_words,
    misplaced_option,
    unknown_key,
    variable_set,
)
from cds_service.settings.model import Settings

CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"


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
    _refuse_unknown_variables()
    given = {key: value for key, value in (given or {}).items() if value is not None}
    table = {} if config is None else _read_file(config)
    from_file = flatten(table.pop("options", {}))
    _check_options(f"{config}: [options]", from_file)
    _check_options("--set", options or {})
    rest = {key: value for key, value in table.items() if not variable_set(key)}
    try:
        settings = Settings(**(rest | given))
    except ValidationError as why:
        raise ConfigurationError(in_words(why, config, given, table.get("clients"))) from None
    except SettingsError:
        raise ConfigurationError(
            f'{PREFIX}OPTIONS: give a JSON object such as {{"dup.days": 60}}'
        ) from None
    _check_options(f"{PREFIX}OPTIONS", settings.options)
    last = dict(options or {})
    settings = settings.model_copy(
        update={
            "options": from_file | settings.options | last,
            # A client's own options win over the shared ones; the command line wins over both.
            "clients": tuple(
                each.model_copy(update={"options": each.options | last})
                for each in settings.clients
            ),
        }
    )
    settings._file = config  # noqa: SLF001  # read from here, or from nowhere
    settings.runtime_clients()
    return settings


def _read_file(config: Path) -> dict[str, Any]:
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
            raise ConfigurationError(f"{config}: {unknown_key(key, known)}")
    if not isinstance(table.get("options", {}), dict):
        raise ConfigurationError(f"{config}: options: write a table, [options]")
    clients = table.get("clients")
    for client in clients if isinstance(clients, list) else ():
        if isinstance(client, dict):
            _beside(config, client, "keys_file", "ca")
            servers = client.get("fhir_servers")
            for server in servers if isinstance(servers, list) else ():
                if isinstance(server, dict):
                    _beside(config, server, "ca")
    return table


def _beside(config: Path, table: dict[str, Any], *keys: str) -> None:
    """Files that are named without a folder lie beside the configuration file."""
    for key in keys:
        if isinstance(table.get(key), str):
            table[key] = str(config.parent / table[key])


def _check_options(where: str, options: Mapping[str, object]) -> None:
    for key in options:
        if words := misplaced_option(key, Settings.model_fields):
            raise ConfigurationError(f"{where}: {words}")
    try:
        make_client("check", {"pama.gCode": "any", **options}, dev=True)
    except ConfigurationError as why:
        raise ConfigurationError(f"{where}: {why}") from None


def _refuse_unknown_variables() -> None:
    keys = Settings.model_fields.keys() - {"clients"}  # those have a file of their own
    known = {f"{PREFIX}{key}".upper() for key in keys} | {CONFIG_VARIABLE}
    for name in os.environ:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = meant(name.upper(), known)
            raise ConfigurationError(
                f"environment: unknown variable {name}{near}; known: {', '.join(sorted(known))}"
            )
