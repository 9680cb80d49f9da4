"""Shapes of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from cds_service.criteria.decision.steps import Early, Rule
from cds_service.rendering.content import Statement


class Setting(msgspec.Struct, frozen=True):
    """One configuration key with the value in force."""

    name: str
    value: str
    default: str
    accepts: str
    meaning: str
    contested: bool

    @property
    def changed(self) -> bool:
        return self.value != self.default


class Row(msgspec.Struct, frozen=True):
    """One code, or one rule that takes in every code below a prefix."""

    system: str
    """Short name, `SNOMED CT`; the URL of a system we have no short name for."""
    code: str
    display: str
    provenance: str
    tables: tuple[str, ...] = ()
    """Titles of the value sets it stands in."""
    rule: str = ""
    """What a prefix takes in and leaves out, in words; empty for a code."""


class CodeSet(msgspec.Struct, frozen=True):
    """One name the criteria use, `VS-NECKPAIN`, with everything it matches."""

    name: str
    title: str
    rows: tuple[Row, ...]
    """Codes first, then rules."""
    words: tuple[str, ...]
    """Ingredient words, for records without a code."""
    tables: tuple[str, ...]
    """Value sets taken whole."""
    used_by: tuple[str, ...]
    """Statements."""

    @property
    def codes(self) -> int:
        return sum(not row.rule for row in self.rows)

    @property
    def rules(self) -> int:
        return sum(bool(row.rule) for row in self.rows)


class LocalCode(msgspec.Struct, frozen=True):
    """A code of our own, usable as Observation code and as linkId."""

    code: str
    asks: str
    reading: str


class Sample(msgspec.Struct, frozen=True):
    """One of the sample orders, as it is answered with the values in force."""

    id: str
    title: str
    story: str
    outcome: str
    step: str
    shown: Mapping[str, str]
    """Statement -> `decides`, `line` or `card`."""


class Entry(msgspec.Struct, frozen=True):
    """One statement with all that belongs to it."""

    id: str
    statement: Statement
    group: str
    """Heading."""
    on: bool
    """False: its switch is off."""
    card_text: str
    """What a card says, with ‹names› where values of the patient stand."""
    labels: tuple[str, ...]
    """Of `article`, `extension`, `notice`, `contested`, `summary` (†) and `unreviewed`."""
    settings: tuple[Setting, ...]
    code_sets: tuple[CodeSet, ...]
    local_codes: tuple[LocalCode, ...]
    steps: tuple[str, ...]
    used_by: tuple[str, ...]
    """Statements that look at this one."""
    samples: tuple[Sample, ...]


class Step(msgspec.Struct, frozen=True):
    """One step of the decision."""

    id: str
    rule: Rule
    samples: tuple[Sample, ...]
    """Those it decided."""


class Catalogue(msgspec.Struct, frozen=True):
    """Everything, checked against each other when it is built."""

    version: str
    """Of rules, value sets and options together, as cards carry it."""
    local_system: str
    groups: tuple[str, ...]
    """Headings in order."""
    entries: Mapping[str, Entry]
    steps: Mapping[str, Step]
    early: Early | None
    """What is answered before the steps are asked; None: it is switched off."""
    outcomes: Mapping[str, str]
    """Code -> title."""
    settings: tuple[Setting, ...]
    code_sets: Mapping[str, CodeSet]
    local_codes: tuple[LocalCode, ...]
    samples: tuple[Sample, ...]
