"""Which names of the criteria a coding belongs to."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from cds_service.errors import ConfigurationError
from cds_service.facts.terminology.codings import ICD10CM, comparable, normal_system
from cds_service.facts.terminology.concept_names import CONCEPT_NAMES
from cds_service.facts.terminology.concept_sets import Concept, Knowledge, Prefix, compose
from cds_service.facts.terminology.conflicts import Disjoint, LookAlike, find_conflicts

__all__ = ["Terminology"]

_REMEMBERED: Final = 50_000
_LONGEST_REMEMBERED: Final = 200
"""Characters of system and code; no coding that means something is longer."""
_NONE: Final[frozenset[str]] = frozenset()
UNLISTED: Final = "unlisted code"

_Coding: TypeAlias = tuple[str | None, str | None]


class _Known(dict[_Coding, frozenset[str]]):
    """Names by coding, looked up once each; charts repeat a few thousand codes for ever."""

    def __init__(self, look_up: Callable[[str | None, str | None], frozenset[str]]) -> None:
        super().__init__()
        self._look_up = look_up

    def __missing__(self, coding: _Coding) -> frozenset[str]:
        if len(self) >= _REMEMBERED:
            self.clear()
        found = self._look_up(*coding)
        system, code = coding
        if len(system or "") + len(code or "") <= _LONGEST_REMEMBERED:
            self[coding] = found
        return found


class Terminology:
    """The value sets, composed once at start and never changed afterwards.

    Raises ConfigurationError when a name the criteria need is missing, unknown or matches nothing.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        look_alikes: Iterable[LookAlike] = (),
        disjoint: Iterable[Disjoint] = (),
        overlay_problems: Iterable[str] = (),
    ) -> None:
        missing = sorted(CONCEPT_NAMES - knowledge.specs.keys())
        unknown = sorted(knowledge.specs.keys() - CONCEPT_NAMES)
        if missing:
            raise ConfigurationError(
                f"concepts.toml: the criteria need [{missing[0]}], which is not there"
                f" ({len(missing)} missing); add the entry"
            )
        if unknown:
            raise ConfigurationError(
                f"concepts.toml: no criterion reads [{unknown[0]}]; correct the name or"
                " remove the entry"
            )
        self._concepts: dict[str, Concept] = compose(knowledge)
        self._look_alikes = tuple(look_alikes)
        self._disjoint = tuple(disjoint)
        self._overlay_problems = tuple(overlay_problems)
        self.local_system: Final = normal_system(knowledge.local_system)
        self.local_codes: Final[Mapping[str, str]] = dict(knowledge.local_codes)
        self.names: Final = frozenset(self._concepts)
        self.consmed_words: Final = frozenset(self._concepts["VS-CONSMED"].words)

        self.known: Final = _Known(self._look_up)
        """Coding -> names it belongs to: `sets_of` without the call, for whole charts."""
        self._exact: dict[tuple[str, str] | None, frozenset[str]] = {}
        self._starts: dict[str, list[tuple[Prefix, str]]] = {}
        self._displays: dict[tuple[str, str] | None, str] = {}
        self._table_rules: list[Prefix] = []
        self._index(knowledge)
        self.version: Final = self._fingerprint()

    def _index(self, knowledge: Knowledge) -> None:
        for name in sorted(self._concepts):
            concept = self._concepts[name]
            if concept.shown:
                self._displays |= {code.key: concept.shown for code in concept.codes}
            for code in concept.codes:
                self._exact[code.key] = self._exact.get(code.key, _NONE) | {name}
                self._displays.setdefault(code.key, code.display)
            for rule in concept.prefixes:
                self._starts.setdefault(rule.start, []).append((rule, name))
        for _, table in sorted(knowledge.tables.items()):
            self._table_rules += table.prefixes
            for code in table.codes:
                self._displays.setdefault(code.key, code.display)
        for local, text in self.local_codes.items():
            self._displays.setdefault((self.local_system, local), text)

    def sets_of(self, system: str | None, code: str | None) -> frozenset[str]:
        """Names the coding belongs to; empty for a coding nobody knows. Safe with None."""
        return self.known[system, code]

    def _look_up(self, system: str | None, code: str | None) -> frozenset[str]:
        key = comparable(system, code)
        if key is None:
            return _NONE
        found = self._exact.get(key, _NONE)
        if key[0] == ICD10CM:
            found |= {name for rule, name in self._rules_over(key[1])}
        return found

    def _rules_over(self, code: str) -> list[tuple[Prefix, str]]:
        """Prefix rules that cover an ICD-10-CM code, shortest first."""
        return [
            entry
            for length in range(1, len(code) + 1)
            for entry in self._starts.get(code[:length], ())
            if entry[0].covers(code)
        ]

    def display(self, system: str | None, code: str | None) -> str:
        """Our words for a coding, never those of the record: the short name of its concept, else the
        display of the code, else the title of the longest prefix rule over it.
        """
        key = comparable(system, code)
        if key is not None:
            if text := self._displays.get(key):
                return text
            if key[0] == ICD10CM:
                over = [rule for rule, _ in self._rules_over(key[1])]
                if rules := over or [r for r in self._table_rules if r.covers(key[1])]:
                    return max(rules, key=lambda rule: len(rule.start)).display
        return UNLISTED

    def codes(self, name: str) -> tuple[tuple[str, str], ...]:
        """Exact codes of a concept as (system, code), for search parameters."""
        return tuple((c.system, c.code) for c in self._concept(name).codes)

    def prefixes(self, name: str) -> tuple[str, ...]:
        """ICD-10-CM prefixes of a concept, with dot; their exclusions are not shown."""
        return tuple(rule.prefix for rule in self._concept(name).prefixes)

    def sources(self, name: str) -> list[dict[str, str]]:
        """Rows for a catalogue page: system, code or prefix, display, provenance."""
        concept = self._concept(name)
        rows = [
            {
                "system": c.system,
                "code": c.code,
                "display": c.display,
                "provenance": c.provenance,
            }
            for c in concept.codes
        ]
        for rule in concept.prefixes:
            row = {"system": ICD10CM, "prefix": rule.prefix}
            if rule.excluded:
                row["except"] = ", ".join(rule.excluded)
            if rule.sequela != "any":
                row["lateEffects"] = "only" if rule.sequela == "only" else "left out"
            rows.append(row | {"display": rule.display, "provenance": rule.provenance})
        return rows

    def conflicts(self) -> list[str]:
        """What a person should look at in the value sets and the site's additions; empty is good."""
        return [
            *self._overlay_problems,
            *find_conflicts(self._concepts, self._look_alikes, self._disjoint),
        ]

    @property
    def look_alikes(self) -> tuple[LookAlike, ...]:
        """Codes that look right and are not."""
        return self._look_alikes

    def _concept(self, name: str) -> Concept:
        try:
            return self._concepts[name]
        except KeyError:
            near = difflib.get_close_matches(name, self._concepts, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise KeyError(f"no concept is called {name!r}{hint}") from None

    def _fingerprint(self) -> str:
        content = {
            name: [
                concept.title,
                concept.shown,
                sorted(concept.words),
                sorted([c.system, c.code, c.display] for c in concept.codes),
                sorted(
                    [p.prefix, p.display, p.sequela, *sorted(p.excluded)] for p in concept.prefixes
                ),
            ]
            for name, concept in self._concepts.items()
        }
        text = json.dumps([content, self.local_codes], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]
