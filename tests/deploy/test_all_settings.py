"""The example of all settings: it loads, leaves nothing out, and shows the defaults as they are."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from certificates import HERE, certificate
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from cds_service.client import OPTIONS, flatten, make_client
from cds_service.facts.config import KEYS, CriteriaConfig
from cds_service.settings import Settings, load_settings
from cds_service.settings.clients import ClientSettings, FhirServerSettings, SmartSettings
from cds_service.settings.mistakes import PREFIX
from cds_service.settings.model import Pages, Retention

FILE = Path(__file__).parents[2] / "deploy" / "all-settings.toml"
TEXT = FILE.read_text(encoding="utf-8")
WHOLE = re.sub(r"(?m)^#(?=[a-z\[])", "", TEXT)
"""With the keys that have no default."""
SHOWN: dict[str, Any] = tomllib.loads(TEXT)
ALL: dict[str, Any] = tomllib.loads(WHOLE)
TABLES: list[tuple[type[BaseModel], dict[str, Any], dict[str, Any]]] = [
    (Settings, ALL, SHOWN),
    (Retention, ALL["retention"], SHOWN["retention"]),
    (Pages, ALL["pages"], SHOWN["pages"]),
    (
        ClientSettings,
        ALL["clients"][0] | {"keys_file": ALL["clients"][1]["keys_file"]},
        SHOWN["clients"][0],
    ),
    (
        FhirServerSettings,
        ALL["clients"][0]["fhir_servers"][0],
        SHOWN["clients"][0]["fhir_servers"][0],
    ),
    (SmartSettings, ALL["clients"][0]["smart"], {}),
]
OURS = {"base_url", "clients", "retention", "pages", "options", "jwks_url", "fhir_servers"}
"""Keys that are shown with a value of the example, or are tables."""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table[0].__name__)
def test_every_key_is_there_and_shown_with_its_default(table):
    model, whole, shown = table
    assert whole.keys() == model.model_fields.keys()
    for key, value in shown.items():
        default = model.model_fields[key].default
        if key not in OURS and default is not PydanticUndefined:
            assert value == (list(default) if isinstance(default, tuple) else default), key
    hidden = {key for key in whole if key not in shown}
    if shown:
        needless = {k for k in hidden - OURS if model.model_fields[k].default is not None}
        assert needless <= {"keys_file"}, "commented out only where there is no default"


def test_every_option_is_there_and_shown_with_its_default():
    assert flatten(ALL["options"]).keys() == OPTIONS.keys() | KEYS.keys()
    shown = flatten(SHOWN["options"])
    client = make_client("shown", shown, dev=False)
    usual = make_client("shown", {}, dev=False)
    assert client.criteria.items() == usual.criteria.items() == CriteriaConfig().items()
    for option in OPTIONS.values():
        assert getattr(client, option.field) == getattr(usual, option.field)


def test_it_loads_as_it_is():
    north, south = load_settings(FILE).clients
    assert (north.options, south.keys_file) == ({"dup.days": 60}, FILE.parent / "south-keys.json")


def test_it_loads_with_everything(tmp_path, monkeypatch):
    certificate(tmp_path, HERE)
    pem = (tmp_path / "ca.pem").read_bytes()
    for name in ("north-ca.pem", "north-fhir-ca.pem"):
        (tmp_path / name).write_bytes(pem)
    (tmp_path / "value-sets").mkdir()
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "all-settings.toml"
    file.write_text(WHOLE, encoding="utf-8")
    north, _ = load_settings(file).runtime_clients()
    assert north.g_code == "G1004"
    assert north.smart is not None
    assert [str(server.network) for server in north.fhir_servers] == ["10.30.0.0/16"]
