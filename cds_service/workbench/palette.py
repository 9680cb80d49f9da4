"""What may be added to a chart: codes the criteria read, with the words the terminology has for them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from cds_service.errors import ConfigurationError
from cds_service.facts.terminology.codings import comparable
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.facts.terminology.vocabulary import LOCAL

FILE = "palette.toml"
As = Literal[
    "Condition",
    "Observation",
    "Procedure",
    "Therapy",
    "MedicationStatement",
    "DiagnosticReport",
    "AllergyIntolerance",
]
"""Resource that carries a finding; a Therapy is a Procedure that goes on since its date."""


class _Coded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    concept: str = ""
    code: str = ""
    local: str = ""
    label: str = ""


class _Finding(_Coded, frozen=True, rename={"carrier": "as"}):
    carrier: As | None = None
    quick: bool = False


class _Measure(_Coded, frozen=True):
    units: dict[str, str]
    quick: str = ""


class _Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    findings: list[_Finding]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    group: list[_Group]
    measure: list[_Measure]


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One entry of the list."""

    id: str
    system: str
    code: str
    display: str
    group: str
    carrier: As
    reading: str = ""
    """Of a local code: `yes`, `exam` or `global` (facts.terminology.vocabulary)."""
    quick: str = ""
    """Words of its own button; empty: it has none."""


class Measure(msgspec.Struct, frozen=True, gc=False):
    """A number that may be set, in one unit."""

    id: str
    system: str
    code: str
    display: str
    unit: str
    """UCUM code."""
    unit_words: str
    quick: str = ""
    quick_value: str = ""


class Palette(msgspec.Struct, frozen=True):
    """Everything the workbench can add."""

    findings: Mapping[str, Finding]
    measures: Mapping[str, Measure]

    def groups(self) -> dict[str, list[Finding]]:
        """Findings by the heading they are listed under."""
        found: dict[str, list[Finding]] = {}
        for each in self.findings.values():
            found.setdefault(each.group, []).append(each)
        return found


def load_palette(text: str, terminology: Terminology) -> Palette:
    """Read and check the list.

    Raises ConfigurationError naming the entry when the criteria do not read its code.
    """
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as why:
        raise ConfigurationError(f"{FILE}: {why}") from None
    findings: dict[str, Finding] = {}
    for group in file.group:
        for entry in group.findings:
            system, code, display = _coding(entry, terminology)
            carrier: As = entry.carrier or ("Observation" if entry.local else "Condition")
            finding = Finding(
                id=entry.local or f"{code}-{carrier}",
                system=system,
                code=code,
                display=display,
                group=group.title,
                carrier=carrier,
                reading=LOCAL[entry.local].reading if entry.local else "",
                quick=(entry.label or display) if entry.quick else "",
            )
            if finding.id in findings:
                raise ConfigurationError(f"{FILE}: {finding.id} stands there twice; remove one")
            findings[finding.id] = finding
    measures = {each.id: each for each in _measures(file.measure, terminology)}
    return Palette(findings, measures)


def _measures(entries: list[_Measure], terminology: Terminology) -> Iterator[Measure]:
    for entry in entries:
        system, code, display = _coding(entry, terminology)
        for place, (unit, words) in enumerate(entry.units.items()):
            quick = entry.quick if place == 0 else ""
            yield Measure(
                id=f"{code}-{unit}",
                system=system,
                code=code,
                display=display,
                unit=unit,
                unit_words=words,
                quick=(entry.label or f"{display} {quick}") if quick else "",
                quick_value=quick,
            )


def _coding(entry: _Coded, terminology: Terminology) -> tuple[str, str, str]:
    """System, code and our words. Raises ConfigurationError."""
    name = entry.local or f"{entry.concept} {entry.code}"
    if entry.local:
        words: Any = terminology.local_codes.get(entry.local)
        if words is None or entry.local not in LOCAL:
            raise ConfigurationError(f"{FILE}: {name} is no local code; see local_codes.toml")
        return terminology.local_system, entry.local, words
    system, _, code = entry.code.rpartition("|")
    if (
        comparable(system, code) is None
        or entry.concept not in terminology.names
        or entry.concept not in terminology.sets_of(system, code)
    ):
        raise ConfigurationError(f"{FILE}: {name}: the code is not in that concept; correct it")
    return system, code, terminology.display(system, code)
