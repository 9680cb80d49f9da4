"""Reads one FHIR ValueSet or TOML file of codes into plain data."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from cds_service.errors import ConfigurationError
from cds_service.facts.terminology.codings import ICD_SYSTEMS, comparable, normal_icd, normal_system
from cds_service.facts.terminology.concept_sets import Code, Prefix, Table

PROVENANCE = "http://example.org/fhir/StructureDefinition/code-provenance"
PREFIX_TITLE = "http://example.org/fhir/StructureDefinition/prefix-title"


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises ConfigurationError with file, place and mend."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"{path.name}: cannot be read ({problem})") from None
    except tomllib.TOMLDecodeError as problem:
        raise ConfigurationError(f"{path.name}: is not TOML ({problem}); correct it") from None


def read_json(path: Path) -> dict[str, Any]:
    """One FHIR ValueSet as a dict. Raises ConfigurationError with file, place and mend."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"{path.name}: cannot be read ({problem})") from None
    except ValueError as problem:
        raise ConfigurationError(f"{path.name}: is not JSON ({problem}); correct it") from None
    if not isinstance(document, dict) or document.get("resourceType") != "ValueSet":
        raise ConfigurationError(
            f"{path.name}: is not a FHIR ValueSet; set resourceType, or move the file elsewhere"
        )
    return document


def strings(entry: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    """A list of texts of a TOML table; absent means none."""
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise ConfigurationError(f"{where}: '{key}' must be a list of texts")
    return tuple(value)


def value_set(document: dict[str, Any], file: str, *, site: bool) -> tuple[Table, list[str]]:
    """Codes and prefix rules of a ValueSet, and sentences about the parts that cannot be used.

    Understood: `compose` with listed concepts, ICD-10-CM prefixes as filter `concept is-a`, the
    same in `exclude`, and, without `compose.include`, the codes of a stored `expansion`.
    """
    problems: list[str] = []
    provenance = f"site file {file}" if site else ""
    codes: list[Code] = []
    prefixes: list[Prefix] = []
    compose = _dict(document.get("compose"))
    for place, include in enumerate(_dicts(compose.get("include"))):
        where = f"{file}: compose.include[{place}]"
        found, starts = _part(include, where, provenance, site, problems)
        codes += found
        prefixes += starts
    if not compose.get("include"):
        for place, row in enumerate(_dicts(_dict(document.get("expansion")).get("contains"))):
            where = f"{file}: expansion.contains[{place}]"
            part = {"system": row.get("system"), "concept": [row]}
            codes += _part(part, where, provenance, site, problems)[0]

    gone: set[tuple[str, str] | None] = set()
    cut: list[str] = []
    for place, exclude in enumerate(_dicts(compose.get("exclude"))):
        where = f"{file}: compose.exclude[{place}]"
        found, starts = _part(exclude, where, provenance, site, problems)
        gone |= {code.key for code in found}
        cut += [code.code for code in found if normal_system(code.system) in ICD_SYSTEMS]
        cut += [rule.prefix for rule in starts]

    title = document.get("title") or document.get("name") or file
    table = Table(
        name=file.removesuffix(".json"),
        title=str(title),
        codes=tuple({code.key: code for code in codes if code.key not in gone}.values()),
        prefixes=tuple(_narrow(rule, cut) for rule in prefixes),
    )
    return table, problems


def _part(
    part: dict[str, Any], where: str, provenance: str, site: bool, problems: list[str]
) -> tuple[list[Code], list[Prefix]]:
    """Codes and prefixes of one include or exclude."""
    system = part.get("system")
    if not isinstance(system, str) or not system.strip():
        problems.append(f"{where}: has no system, so its codes match nothing; name the code system")
        return [], []
    if part.get("valueSet"):
        problems.append(f"{where}: refers to another value set, which is not followed; list codes")
        return [], []
    if not part.get("concept") and not part.get("filter"):
        problems.append(f"{where}: takes in a whole code system; list the codes you mean")
        return [], []
    system = normal_system(system)
    codes = []
    for row in _dicts(part.get("concept")):
        code = row.get("code")
        if not isinstance(code, str) or comparable(system, code) is None:
            problems.append(f"{where}: holds something that is no code of {system}; correct it")
            continue
        display = row.get("display")
        source = _extension(row, PROVENANCE) or _extension(part, PROVENANCE) or provenance
        codes.append(Code(system, code, display if isinstance(display, str) else "", source, site))
    return codes, _filters(part, system, where, provenance, site, problems)


def _filters(
    part: dict[str, Any],
    system: str,
    where: str,
    provenance: str,
    site: bool,
    problems: list[str],
) -> list[Prefix]:
    filters = _dicts(part.get("filter"))
    if not filters:
        return []
    prefix = filters[0].get("value")
    if (
        system not in ICD_SYSTEMS
        or len(filters) != 1
        or filters[0].get("property") != "concept"
        or filters[0].get("op") != "is-a"
        or not isinstance(prefix, str)
        or normal_icd(prefix) is None
    ):
        problems.append(
            f"{where}: this filter cannot be used; only one 'concept is-a' on an ICD-10-CM"
            " category can, so list the codes"
        )
        return []
    title = _extension(part, PREFIX_TITLE)
    source = _extension(part, PROVENANCE) or provenance
    return [Prefix(prefix.strip().rstrip("-"), title, source, site=site)]


def _narrow(rule: Prefix, cut: list[str]) -> Prefix:
    excluded = tuple(x for x in cut if Prefix(x, "", "").start.startswith(rule.start))
    return Prefix(rule.prefix, rule.display, rule.provenance, excluded, site=rule.site)


def _extension(element: dict[str, Any], url: str) -> str:
    for extension in _dicts(element.get("extension")):
        if extension.get("url") == url:
            return str(extension.get("valueString") or "")
    return ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
