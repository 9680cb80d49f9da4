"""Mistakes in settings, in words: which source, which key, and what to write instead."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from cds_service.client import first_option, meant
from cds_service.settings.clients import ClientSettings, explain

PREFIX: Final = "CDS_SERVICE_"
ARGUMENTS: Final = ("dev", "host", "port", "workers")
"""Settings that `serve` takes as arguments of their own."""


def unknown_key(key: str, known: Collection[str]) -> str:
    """A key at the top of the file that there is not."""
    if option := first_option(key):
        return f"{key}: options such as {option} stand in a table of their own, [options]"
    if key in ClientSettings.model_fields:
        return f"{key}: a key of a client; write it below [[clients]]"
    return f"unknown key {key}{meant(key, known)}; known: {', '.join(known)}"


def misplaced_option(key: str, settings: Collection[str]) -> str:
    """What to write for an option that is a setting or a key of a client; empty: it is neither."""
    if key in settings:
        argument = f"--{key} (of serve), " if key in ARGUMENTS else ""
        variable = "" if key == "clients" else f", or {PREFIX}{key.upper()} in the environment"
        return f"{key} is a setting and no option: use {argument}{key} = … in the file{variable}"
    if key in ClientSettings.model_fields:
        return f"{key} is a key of a client and no option: write it below [[clients]] in the file"
    return ""


def in_words(
    why: ValidationError, config: Path | None, given: Mapping[str, Any], clients: object
) -> str:
    """One line for each mistake that pydantic found; `clients` is what the file has of them."""
    lines = []
    for error in why.errors(include_url=False, include_input=False):
        message = error["msg"].removeprefix("Value error, ")
        key = str(error["loc"][0]) if error["loc"] else ""
        if not key:
            lines.append(f"{config or 'settings'}: {message}")
            continue
        if key == "clients":
            message = explain(error["loc"], error["type"], message, clients)
            lines.append(f"{config}: {message}")
            continue
        if key in given:
            where = f"--{key.replace('_', '-')}"
        elif variable_set(key):
            where = f"environment: {PREFIX}{key.upper()}"
        else:
            where = f"{config}: {key}"
        lines.append(f"{where}: {message}")
    return "\n".join(lines)


def variable_set(key: str) -> bool:
    """Whether the environment has a value for a setting."""
    name = f"{PREFIX}{key}".upper()
    return any(variable.upper() == name for variable in os.environ)
