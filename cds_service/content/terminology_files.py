"""Builds the Terminology from the files of the package and of a site's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast, get_args

from cds_service.content.folders import PACKAGE
from cds_service.content.terminology_site import read_site
from cds_service.content.value_set_files import read_json, read_toml, strings, value_set
from cds_service.errors import ConfigurationError
from cds_service.facts.terminology.codings import LOCAL_SYSTEM, comparable
from cds_service.facts.terminology.concept_sets import (
    Code,
    ConceptSpec,
    Knowledge,
    Prefix,
    Sequela,
    Table,
)
from cds_service.facts.terminology.conflicts import Disjoint, LookAlike
from cds_service.facts.terminology.value_sets import Terminology

KNOWLEDGE = PACKAGE / "knowledge"
_LISTS = (
    "tables",
    "concepts",
    "codes",
    "prefixes",
    "local",
    "minus_tables",
    "minus_codes",
    "minus_prefixes",
    "words",
)


def load_terminology(
    site_folder: Path | None = None,
    local_system: str = LOCAL_SYSTEM,
    knowledge: Path = KNOWLEDGE,
) -> Terminology:
    """The terminology of the package with a site's additions.

    Raises ConfigurationError with file, place and mend when the service cannot start with it.
    What a person should look at, but does not stop the service, is in `Terminology.conflicts()`.
    """
    tables = read_tables(knowledge / "value_sets")
    specs = read_specs(knowledge / "concepts.toml")
    look_alikes, disjoint = read_checks(knowledge, specs)
    changes, problems = read_site(site_folder, specs, tables) if site_folder else ((), [])
    return Terminology(
        Knowledge(
            tables=tables,
            specs=specs,
            local_codes=read_local_codes(knowledge / "local_codes.toml"),
            local_system=local_system,
            changes=changes,
        ),
        look_alikes,
        disjoint,
        problems,
    )


def read_tables(folder: Path) -> dict[str, Table]:
    """Value sets of the package by file name without ending."""
    tables = {}
    for path in sorted(folder.glob("*.json")):
        table, problems = value_set(read_json(path), path.name, site=False)
        if problems:
            raise ConfigurationError(problems[0])
        entries: list[Code | Prefix] = [*table.codes, *table.prefixes]
        for entry in entries:
            if not entry.display or not entry.provenance:
                raise ConfigurationError(
                    f"{path.name}: an entry lacks its display or provenance; add both"
                )
        tables[table.name] = table
    if not tables:
        raise ConfigurationError(f"{folder}: holds no value sets; install the package again")
    return tables


def read_specs(path: Path) -> dict[str, ConceptSpec]:
    """Compositions by concept name."""
    specs = {}
    for name, entry in read_toml(path).items():
        where = f"{path.name}: [{name}]"
        if not isinstance(entry, dict) or not isinstance(entry.get("title"), str):
            raise ConfigurationError(f"{where} has no title; add one")
        if unknown := sorted(entry.keys() - {*_LISTS, "title", "sequela", "empty", "shown"}):
            raise ConfigurationError(f"{where} unknown key '{unknown[0]}'; correct it")
        lists = {key: strings(entry, key, where) for key in _LISTS}
        for text in (*lists["codes"], *lists["minus_codes"]):
            if comparable(*text.rpartition("|")[::2]) is None:
                raise ConfigurationError(f"{where} '{text}' is no code; write system|code")
        sequela = entry.get("sequela", "any")
        if sequela not in get_args(Sequela):
            raise ConfigurationError(f"{where} sequela must be 'exclude' or 'only'")
        shown = entry.get("shown", "")
        if not isinstance(shown, str):
            raise ConfigurationError(f"{where} shown must be a short name in quotes")
        specs[name] = ConceptSpec(
            name=name,
            title=entry["title"],
            sequela=cast("Sequela", sequela),
            shown=shown,
            empty=entry.get("empty") is True,
            **lists,
        )
    return specs


def read_local_codes(path: Path) -> dict[str, str]:
    """Our words for each local code."""
    codes: dict[str, str] = {}
    for section, entries in read_toml(path).items():
        for code, text in entries.items() if isinstance(entries, dict) else ():
            if not isinstance(text, str) or code in codes:
                raise ConfigurationError(
                    f"{path.name}: [{section}] '{code}' needs one text and one place; correct it"
                )
            codes[code] = text
    return codes


def read_checks(
    knowledge: Path, specs: dict[str, ConceptSpec]
) -> tuple[list[LookAlike], list[Disjoint]]:
    """Look-alikes and names that must not share a code."""
    path = knowledge / "look_alikes.toml"
    look_alikes = [
        LookAlike(
            system=_text(entry, "system", path.name),
            code=_text(entry, "code", path.name),
            meaning=_text(entry, "meaning", path.name),
            must_not_match=_names(entry, "must_not_match", path.name, specs),
        )
        for entry in read_toml(path).get("look_alike", [])
    ]
    path = knowledge / "disjoint.toml"
    disjoint = [
        Disjoint(
            why=_text(entry, "why", path.name),
            left=_names(entry, "left", path.name, specs),
            right=_names(entry, "right", path.name, specs),
        )
        for entry in read_toml(path).get("disjoint", [])
    ]
    return look_alikes, disjoint


def _text(entry: dict[str, Any], key: str, file: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{file}: an entry has no '{key}'; add it")
    return value


def _names(
    entry: dict[str, Any], key: str, file: str, specs: dict[str, ConceptSpec]
) -> tuple[str, ...]:
    names = strings(entry, key, file)
    for name in names:
        if name not in specs:
            raise ConfigurationError(f"{file}: '{key}' holds an unknown name {name}; correct it")
    return names
