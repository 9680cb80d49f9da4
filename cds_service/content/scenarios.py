"""The sample requests and what is expected of each; fixtures/scenarios.toml is the text."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from cds_service.content.folders import fixtures_dir
from cds_service.errors import ConfigurationError

SCENARIOS_FILE = "scenarios.toml"


class Scenario(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sample request, its story and the answer a clinician expects."""

    id: str
    """`V01`; also the name of the request file."""
    evaluated: datetime
    """Moment the request was made for; every date in it is meant relative to this one."""
    path: Path
    """The request: a CDS Hooks order-select body."""
    title: str
    story: str
    outcome: Literal[
        "MRI_EMERGENT",
        "MRI_URGENT",
        "MRI_ROUTINE",
        "MRI_MAY",
        "NOT_YET",
        "CT_FIRST",
        "DUPLICATE",
        "INSUFFICIENT",
        "NO_CRITERIA",
    ]
    indicator: Literal["info", "warning", "critical"]
    rating: Literal["appropriate", "not-appropriate", "no-criteria-apply", "none"]
    """First PAMA coding; `none`: the order must not be rated at all."""
    fired: tuple[str, ...] = ()
    """Statement ids that decide. `RF-INFECT-LAB:CRP` asks for that part of the statement."""
    also: tuple[str, ...] = ()
    """Statement ids that appear somewhere: fired, as a line, or as a card of their own."""
    not_fired: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    """Cards beside the primary one, in order."""
    critical: tuple[str, ...] = ()
    """Those of the overlays that are critical."""
    keep_mri: bool = True
    """False: a suggestion may take the MRI away."""
    suggest: tuple[str, ...] = ()
    """CPT codes that a suggestion offers."""
    priority: Literal["urgent", "stat"] | None = None
    """Priority that a suggestion gives the order."""
    missing: tuple[str, ...] = ()
    """Questions asked, in order."""
    says: tuple[str, ...] = ()
    """Figures the primary card must show."""

    def request(self) -> dict[str, Any]:
        """The request body, freshly read; its dates are those of `evaluated`."""
        body: dict[str, Any] = msgspec.json.decode(self.path.read_bytes())
        return body


def load_scenarios(folder: Path | None = None) -> tuple[Scenario, ...]:
    """Read every scenario of `folder` (default: the fixtures of this package), in file order.

    Raises ConfigurationError naming the file, the scenario and the mend.
    """
    folder = folder or fixtures_dir()
    file = folder / SCENARIOS_FILE
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: not found; every fixture needs its scenario") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise ConfigurationError(f"{file}: not readable as TOML: {why}") from None
    evaluated = table.pop("evaluated", None)
    if not isinstance(evaluated, datetime) or evaluated.tzinfo is None:
        raise ConfigurationError(
            f"{file}: `evaluated` must be a date and time with a zone, "
            "such as evaluated = 2026-03-02T12:00:00Z"
        )
    return tuple(_scenario(file, name, entry, evaluated) for name, entry in table.items())


def _scenario(file: Path, name: str, entry: object, evaluated: datetime) -> Scenario:
    path = file.with_name(f"{name}.json")
    if not isinstance(entry, dict):
        raise ConfigurationError(f"{file}: {name} must be a table: [{name}]")
    if not path.is_file():
        raise ConfigurationError(f"{file}: {name}: its request {path.name} is not there")
    fields = entry | {"id": name, "evaluated": evaluated, "path": path}
    try:
        return msgspec.convert(fields, Scenario, dec_hook=_path)
    except msgspec.ValidationError as why:
        raise ConfigurationError(f"{file}: {name}: {why}") from None


def _path(expected: type, value: object) -> object:
    """Let a Path pass; msgspec knows no such type."""
    if not isinstance(value, expected):
        raise TypeError(f"a scenario holds no {expected.__name__}")
    return value
