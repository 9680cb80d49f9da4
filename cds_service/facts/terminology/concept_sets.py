"""Value sets and the names composed out of them (pure; the files are read elsewhere)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from cds_service.errors import ConfigurationError
from cds_service.facts.terminology.codings import ICD10CM, comparable, normal_icd

Sequela = Literal["any", "exclude", "only"]


@dataclass(frozen=True, slots=True)
class Code:
    """One (system, code) of a value set, with our display and where its meaning was confirmed."""

    system: str
    code: str
    display: str
    provenance: str
    site: bool = False

    @property
    def key(self) -> tuple[str, str] | None:
        return comparable(self.system, self.code)


@dataclass(frozen=True, slots=True)
class Prefix:
    """One ICD-10-CM prefix rule; `excluded` lists longer prefixes that are taken out."""

    prefix: str
    display: str
    provenance: str
    excluded: tuple[str, ...] = ()
    sequela: Sequela = "any"
    site: bool = False

    @property
    def start(self) -> str:
        return bare(self.prefix)

    def covers(self, code: str) -> bool:
        """Whether a code without dot, in upper case, falls under this rule."""
        if not code.startswith(self.start) or any(code.startswith(bare(x)) for x in self.excluded):
            return False
        late = len(code) == 7 and code[0] in "ST" and code[6] == "S"
        return self.sequela == "any" or late is (self.sequela == "only")


@dataclass(frozen=True, slots=True)
class Table:
    """One value set file."""

    name: str
    title: str
    codes: tuple[Code, ...]
    prefixes: tuple[Prefix, ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """One name the criteria use: exact codes and prefix rules."""

    name: str
    title: str
    codes: tuple[Code, ...]
    prefixes: tuple[Prefix, ...]
    words: tuple[str, ...] = ()
    shown: str = ""


@dataclass(frozen=True, slots=True)
class ConceptSpec:
    """How a name is composed; the keys are explained at the top of concepts.toml."""

    name: str
    title: str
    tables: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    minus_tables: tuple[str, ...] = ()
    minus_codes: tuple[str, ...] = ()
    minus_prefixes: tuple[str, ...] = ()
    sequela: Sequela = "any"
    words: tuple[str, ...] = ()
    shown: str = ""
    empty: bool = False


@dataclass(frozen=True, slots=True)
class SiteChange:
    """What a site adds to a name, or puts in its place."""

    name: str
    file: str
    codes: tuple[Code, ...]
    prefixes: tuple[Prefix, ...]
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything the terminology is composed of, as read from the files."""

    tables: Mapping[str, Table]
    specs: Mapping[str, ConceptSpec]
    local_codes: Mapping[str, str]
    local_system: str
    changes: tuple[SiteChange, ...] = ()


def bare(prefix: str) -> str:
    return prefix.replace(".", "").upper()


def compose(knowledge: Knowledge) -> dict[str, Concept]:
    """Concepts by name. Raises ConfigurationError naming file, entry and mend."""
    in_order = sorted(knowledge.tables.values(), key=lambda table: table.name)
    known: dict[tuple[str, str] | None, Code] = {}
    for code in (code for table in in_order for code in table.codes):
        known.setdefault(code.key, code)
    rules = [rule for table in in_order for rule in table.prefixes]
    done: dict[str, Concept] = {}

    def build(name: str, on_the_way: tuple[str, ...] = ()) -> Concept:
        if name in done:
            return done[name]
        if name in on_the_way:
            raise _error(name, "takes itself in", "remove it from its own 'concepts'")
        spec = knowledge.specs[name]
        for other in spec.concepts:
            if other not in knowledge.specs:
                raise _error(name, f"unknown concept '{other}'", "correct the name")
        taken = [build(other, (*on_the_way, name)) for other in spec.concepts]
        done[name] = _changed(_shipped(knowledge, spec, taken, known, rules), spec, knowledge)
        return done[name]

    return {name: build(name) for name in knowledge.specs}


def _shipped(
    knowledge: Knowledge,
    spec: ConceptSpec,
    taken: Iterable[Concept],
    known: Mapping[tuple[str, str] | None, Code],
    rules: Iterable[Prefix],
) -> Concept:
    """The concept as concepts.toml composes it, before a site's changes."""
    codes: list[Code] = []
    prefixes: list[Prefix] = []
    parts: list[Table | Concept] = [_table(knowledge, spec, t) for t in spec.tables]
    for part in (*parts, *taken):
        codes += part.codes
        prefixes += part.prefixes
    for text in spec.codes:
        key = split(text)
        if key not in known:
            raise _error(
                spec.name,
                f"code '{text}' stands in no value set",
                "add it to a file of value_sets/ with its provenance, or remove it",
            )
        codes.append(known[key])
    for text in spec.prefixes:
        prefixes.append(_single_prefix(spec, text, rules))
    for local in spec.local:
        if local not in knowledge.local_codes:
            raise _error(
                spec.name,
                f"unknown local code '{local}'",
                "use a code of local_codes.toml",
            )
        text = knowledge.local_codes[local]
        codes.append(Code(knowledge.local_system, local, text, "local code system"))

    minus = [_table(knowledge, spec, t) for t in spec.minus_tables]
    gone = {c.key for t in minus for c in t.codes} | {split(text) for text in spec.minus_codes}
    cut = [*spec.minus_prefixes, *(p.prefix for t in minus for p in t.prefixes)]
    kept = tuple({c.key: c for c in codes if c.key not in gone}.values())
    narrowed = tuple(dict.fromkeys(r for p in prefixes if (r := _narrowed(p, cut, spec.sequela))))
    if not (kept or narrowed or spec.empty):
        raise _error(spec.name, "matches nothing", "give it codes, or say 'empty = true'")
    if spec.empty and (kept or narrowed):
        raise _error(spec.name, "says 'empty' and has codes", "remove one of the two")
    return Concept(spec.name, spec.title, kept, narrowed, spec.words, spec.shown)


def _changed(concept: Concept, spec: ConceptSpec, knowledge: Knowledge) -> Concept:
    """The concept with a site's additions; an empty replacement changes nothing."""
    for change in knowledge.changes:
        if change.name != concept.name or not (change.codes or change.prefixes):
            continue
        codes = tuple(replace(c, display=c.display or spec.title) for c in change.codes)
        prefixes = tuple(
            replace(p, display=p.display or spec.title, sequela=spec.sequela)
            for p in change.prefixes
        )
        if not change.replaces:
            codes = tuple({c.key: c for c in (*codes, *concept.codes)}.values())
            prefixes = tuple(dict.fromkeys((*concept.prefixes, *prefixes)))
        concept = replace(concept, codes=codes, prefixes=prefixes)
    return concept


def _narrowed(rule: Prefix, cut: Iterable[str], sequela: Sequela) -> Prefix | None:
    """The rule without the prefixes taken out; None if nothing is left of it."""
    excluded = list(rule.excluded)
    for text in cut:
        if rule.start.startswith(bare(text)):
            return None
        if bare(text).startswith(rule.start) and text not in excluded:
            excluded.append(text)
    return replace(
        rule,
        excluded=tuple(excluded),
        sequela=rule.sequela if sequela == "any" else sequela,
    )


def _single_prefix(spec: ConceptSpec, text: str, rules: Iterable[Prefix]) -> Prefix:
    """A prefix named one by one: as narrow as it says, inside a rule of a value set."""
    start = bare(text)
    above = [
        r
        for r in rules
        if start.startswith(r.start) and not any(start.startswith(bare(x)) for x in r.excluded)
    ]
    if normal_icd(text) is None or not above:
        raise _error(
            spec.name,
            f"prefix '{text}' lies under no prefix of a value set",
            "add it to a file of value_sets/ with its provenance, or remove it",
        )
    best = max(above, key=lambda r: (len(r.start), r.display))
    excluded = tuple(x for x in best.excluded if bare(x).startswith(start))
    return Prefix(text, best.display, best.provenance, excluded)


def _table(knowledge: Knowledge, spec: ConceptSpec, name: str) -> Table:
    if name not in knowledge.tables:
        raise _error(
            spec.name,
            f"unknown value set '{name}'",
            f"correct the name or add value_sets/{name}.json",
        )
    return knowledge.tables[name]


def split(text: str) -> tuple[str, str] | None:
    """Comparable key of 'system|code'."""
    system, _, code = text.rpartition("|")
    return comparable(system, code)


def _error(name: str, what: str, mend: str) -> ConfigurationError:
    return ConfigurationError(f"concepts.toml: [{name}] {what}; {mend}")


def probes(rule: Prefix) -> tuple[str, ...]:
    """Codes that stand for a rule: the prefix itself and, for injuries, both kinds of encounter."""
    start = rule.start
    if start[0] in "ST" and len(start) < 7:
        return (start, f"{start:X<6}A", f"{start:X<6}S")
    return (start,)


def matcher(concept: Concept) -> Callable[[str, str], bool]:
    """Membership test by comparable key (ICD-10-CM without dot)."""
    keys = {c.key for c in concept.codes}

    def matches(system: str, code: str) -> bool:
        if (system, code) in keys:
            return True
        return system == ICD10CM and any(p.covers(code) for p in concept.prefixes)

    return matches
