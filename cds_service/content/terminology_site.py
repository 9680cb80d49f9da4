"""A site's own codes: a folder of FHIR ValueSet files and, if need be, a concepts.toml.

A file named like a concept (`VS-NECKPAIN.json`, or with that id) adds its codes to it. With the
extension below it replaces the concept. The files of the package are never touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service.content.value_set_files import read_json, read_toml, strings, value_set
from cds_service.errors import ConfigurationError
from cds_service.facts.terminology.codings import ICD10CM, comparable, normal_icd
from cds_service.facts.terminology.concept_sets import (
    Code,
    ConceptSpec,
    Prefix,
    SiteChange,
    Table,
    split,
)

MODE = "http://example.org/fhir/StructureDefinition/value-set-mode"
_KEYS = {"tables", "codes", "prefixes", "mode"}


def read_site(
    folder: Path, specs: Mapping[str, ConceptSpec], tables: Mapping[str, Table]
) -> tuple[tuple[SiteChange, ...], list[str]]:
    """Changes a site makes, replacements first, and sentences about what cannot be used."""
    if not folder.is_dir():
        raise ConfigurationError(
            f"{folder}: the folder of the site's value sets does not exist; create it or"
            " correct the setting"
        )
    problems: list[str] = []
    changes: list[SiteChange] = []
    own: dict[str, Table] = {}
    nameless: dict[str, str] = {}
    for path in sorted(folder.glob("*.json")):
        document = read_json(path)
        table, found = value_set(document, path.name, site=True)
        problems += found
        own[table.name] = table
        name = next((n for n in (path.stem, str(document.get("id"))) if n in specs), None)
        if name is None:
            nameless[table.name] = path.name
            continue
        mode = _mode(document, path.name, problems)
        changes.append(SiteChange(name, path.name, table.codes, table.prefixes, mode == "replace"))

    listed = folder / "concepts.toml"
    if listed.is_file():
        for name, entry in read_toml(listed).items():
            if name not in specs:
                problems.append(f"concepts.toml: unknown concept [{name}]; correct the name")
                continue
            changes.append(_listed(name, entry, own, tables, problems))
            for used in entry.get("tables", []):
                nameless.pop(used, None)

    for file in nameless.values():
        problems.append(
            f"{file}: unknown concept name; name the file like a concept, such as VS-NECKPAIN.json"
        )
    for change in changes:
        if change.replaces and not (change.codes or change.prefixes):
            problems.append(
                f"{change.file}: replaces {change.name} by nothing and is not used; give it codes"
                " or remove the file"
            )
    return tuple(sorted(changes, key=lambda change: not change.replaces)), problems


def _mode(document: dict[str, Any], file: str, problems: list[str]) -> str:
    extensions = document.get("extension")
    for extension in extensions if isinstance(extensions, list) else []:
        if isinstance(extension, dict) and extension.get("url") == MODE:
            mode = extension.get("valueCode")
            if mode in ("add", "replace"):
                return str(mode)
            problems.append(f"{file}: mode must be 'add' or 'replace'; 'add' is used")
    return "add"


def _listed(
    name: str,
    entry: object,
    own: Mapping[str, Table],
    shipped: Mapping[str, Table],
    problems: list[str],
) -> SiteChange:
    """One entry of a site's concepts.toml."""
    where = f"concepts.toml: [{name}]"
    if not isinstance(entry, dict) or not entry.keys() <= _KEYS:
        raise ConfigurationError(f"{where} may hold only {', '.join(sorted(_KEYS))}")
    mode = entry.get("mode", "add")
    if mode not in ("add", "replace"):
        raise ConfigurationError(f"{where} mode must be 'add' or 'replace'")
    known = {c.key: c for t in (*shipped.values(), *own.values()) for c in t.codes}
    codes: list[Code] = []
    prefixes: list[Prefix] = []
    for used in strings(entry, "tables", where):
        table = own.get(used) or shipped.get(used)
        if table is None:
            raise ConfigurationError(f"{where} unknown value set '{used}'; add {used}.json")
        codes += table.codes
        prefixes += table.prefixes
    for text in strings(entry, "codes", where):
        key = split(text)
        if key is None:
            problems.append(f"{where} '{text}' has no system or no code; write system|code")
            continue
        display = known[key].display if key in known else ""
        system, _, code = text.rpartition("|")
        codes.append(Code(system, code.strip(), display, ""))
    for text in strings(entry, "prefixes", where):
        if normal_icd(text) is None or comparable(ICD10CM, text) is None:
            problems.append(f"{where} '{text}' is no ICD-10-CM category; correct it")
            continue
        prefixes.append(Prefix(text.rstrip("-"), "", ""))
    source = "site file concepts.toml"
    return SiteChange(
        name,
        "concepts.toml",
        tuple(Code(c.system, c.code, c.display, source, site=True) for c in codes),
        tuple(Prefix(p.prefix, p.display, source, p.excluded, site=True) for p in prefixes),
        replaces=mode == "replace",
    )
