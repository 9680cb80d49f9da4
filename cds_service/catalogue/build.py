"""Gathers the catalogue from statements, cards, code sets, settings and sample orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from cds_service.catalogue.model import (
    Catalogue,
    CodeSet,
    Entry,
    LocalCode,
    Row,
    Sample,
    Setting,
    Step,
)
from cds_service.cdshooks.request import HookRequest, decode
from cds_service.client import Client
from cds_service.content.scenarios import Scenario, load_scenarios
from cds_service.content.terminology_files import KNOWLEDGE, read_specs, read_tables
from cds_service.criteria.decision.steps import EARLY, STEPS
from cds_service.criteria.model import Outcome
from cds_service.facts.config import KEYS, CriteriaConfig
from cds_service.facts.terminology.codings import comparable
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.facts.terminology.vocabulary import LOCAL
from cds_service.rendering.content import CardTemplate, Statement
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice

SYSTEMS: Final = {
    "http://snomed.info/sct": "SNOMED CT",
    "http://loinc.org": "LOINC",
    "http://www.ama-assn.org/go/cpt": "CPT",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
}


class Adviser(Protocol):
    """What rates the sample orders."""

    def version_for(self, client: Client) -> str: ...

    def advise(self, request: HookRequest, now: datetime, client: Client) -> list[OrderAdvice]:
        """One recommendation for each selected draft."""
        ...


def build(
    library: Library, terminology: Terminology, adviser: Adviser, client: Client
) -> Catalogue:
    """The catalogue with the thresholds of `client`; the sample orders are rated with them.

    Raises ConfigurationError when the samples or the value sets cannot be read.
    """
    settings = _settings(client.criteria)
    code_sets = _code_sets(terminology, library.statements)
    local = {
        code: LocalCode(code, terminology.local_codes[code], read.reading)
        for code, read in LOCAL.items()
    }
    samples = tuple(_sample(scenario, adviser, client) for scenario in load_scenarios())
    entries = {
        name: Entry(
            id=name,
            statement=statement,
            group=library.groups[statement.group],
            on=not statement.switch or client.criteria[statement.switch],
            card_text=_card_text(statement),
            labels=tuple(_labels(statement)),
            settings=tuple(settings[key] for key in (statement.switch, *statement.settings) if key),
            code_sets=tuple(code_sets[key] for key in statement.value_sets),
            local_codes=tuple(local[code] for code in statement.local_codes),
            steps=tuple(
                step
                for step, rule in STEPS.items()
                if name in (*rule.statements, *rule.exceptions)
                or ("RF-ANY" in rule.statements and name.startswith("RF-"))
            ),
            used_by=tuple(
                other for other, found in library.statements.items() if name in found.rests_on
            ),
            samples=tuple(sample for sample in samples if name in sample.shown),
        )
        for name, statement in library.statements.items()
    }
    return Catalogue(
        version=adviser.version_for(client),
        local_system=terminology.local_system,
        groups=tuple(library.groups.values()),
        entries=entries,
        steps={
            name: Step(name, rule, tuple(s for s in samples if s.step == name))
            for name, rule in STEPS.items()
        },
        early=EARLY if client.criteria[EARLY.switch] else None,
        outcomes={outcome: library.card(outcome).title for outcome in Outcome},
        settings=tuple(settings.values()),
        code_sets=code_sets,
        local_codes=tuple(local.values()),
        samples=samples,
    )


def search(catalogue: Catalogue, words: str = "", label: str = "", group: str = "") -> list[Entry]:
    """Entries that hold every word (in id, title, wording, card text, source, or the name of a code set), carry
    the label and stand in the group; empty: whatever.
    """
    wanted = words.casefold().split()
    return [
        entry
        for entry in catalogue.entries.values()
        if (not label or label in entry.labels)
        and (not group or entry.group == group)
        and all(word in _text(entry) for word in wanted)
    ]


def _text(entry: Entry) -> str:
    statement = entry.statement
    source = statement.source.section if statement.source else ""
    sets = (text for found in entry.code_sets for text in (found.name, found.title))
    said = (statement.title, statement.text, entry.card_text)
    return " ".join((entry.id, *said, entry.group, source, statement.basis, *sets)).casefold()


def _labels(statement: Statement) -> Iterable[str]:
    yield statement.kind
    if statement.contested:
        yield "contested"
    if statement.provisional:
        yield "summary"
    if statement.reviewed is None:
        yield "unreviewed"


def _card_text(statement: Statement) -> str:
    template = CardTemplate(statement.evidence)
    return template.substitute({name: f"‹{name}›" for name in statement.values}).replace("*", "")


def _settings(config: CriteriaConfig) -> dict[str, Setting]:
    return {
        name: Setting(
            name, shown(config[name]), shown(key.default), key.accepts, key.meaning, key.contested
        )
        for name, key in KEYS.items()
    }


def shown(value: Any) -> str:
    """A value as it is written in the configuration file."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _code_sets(terminology: Terminology, statements: Mapping[str, Statement]) -> dict[str, CodeSet]:
    tables = read_tables(KNOWLEDGE / "value_sets")
    specs = read_specs(KNOWLEDGE / "concepts.toml")
    standing: dict[tuple[str, str] | None, list[str]] = {}
    for table in tables.values():
        for code in table.codes:
            standing.setdefault(code.key, []).append(table.title)
        for rule in table.prefixes:
            standing.setdefault(("prefix", rule.prefix), []).append(table.title)
    return {
        name: CodeSet(
            name=name,
            title=spec.title,
            rows=tuple(_row(row, standing) for row in terminology.sources(name)),
            words=tuple(sorted(spec.words)),
            tables=tuple(tables[table].title for table in spec.tables),
            used_by=tuple(s for s, found in statements.items() if name in found.value_sets),
        )
        for name, spec in specs.items()
    }


def _row(
    source: Mapping[str, str], standing: Mapping[tuple[str, str] | None, Sequence[str]]
) -> Row:
    system = SYSTEMS.get(source["system"], source["system"])
    if "prefix" not in source:
        key = comparable(source["system"], source["code"])
        return Row(
            system,
            source["code"],
            source["display"],
            source["provenance"],
            tuple(standing.get(key, ())),
        )
    rule = ["all codes that begin so"]
    if "except" in source:
        rule.append(f"but not {source['except']}")
    if "lateEffects" in source:
        rule.append(f"late effects {source['lateEffects']}")
    return Row(
        system,
        source["prefix"],
        source["display"],
        source["provenance"],
        tuple(standing.get(("prefix", source["prefix"]), ())),
        ", ".join(rule),
    )


def _sample(scenario: Scenario, adviser: Adviser, client: Client) -> Sample:
    (advice, *_) = adviser.advise(decode(scenario.path.read_bytes()), scenario.evaluated, client)
    found = advice.recommendation
    shown = dict.fromkeys((overlay.id for overlay in found.overlays), "card")
    shown |= dict.fromkeys(found.advisory, "line")
    shown |= {statement.split(":")[0]: "decides" for statement in found.fired}
    return Sample(
        scenario.id,
        scenario.title,
        " ".join(scenario.story.split()),
        found.outcome,
        found.step,
        shown,
    )
