"""Codes that stand where they must not: look-alikes, and names that must not share a code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product

from cds_service.facts.terminology.codings import ICD10CM, comparable
from cds_service.facts.terminology.concept_sets import Code, Concept, Prefix, matcher, probes


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A code that looks right and is not."""

    system: str
    code: str
    meaning: str
    must_not_match: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disjoint:
    """Names that must not share a code: each of `left` against each of `right`.

    Without `right`, each of `left` against every other of `left`.
    """

    why: str
    left: tuple[str, ...]
    right: tuple[str, ...] = ()

    def pairs(self) -> Iterator[tuple[str, str]]:
        return product(self.left, self.right) if self.right else combinations(self.left, 2)


def find_conflicts(
    concepts: Mapping[str, Concept],
    look_alikes: Iterable[LookAlike],
    disjoint: Iterable[Disjoint],
) -> list[str]:
    """One sentence for each conflict, in a stable order."""
    found = [*_look_alikes(concepts, look_alikes), *_skin_cancer(concepts)]
    for entry in disjoint:
        for one, other in entry.pairs():
            found += [
                f"{text} stands in {one} and in {other}: {entry.why}"
                for text in _shared(concepts[one], concepts[other])
            ]
    return list(dict.fromkeys(found))


def _look_alikes(
    concepts: Mapping[str, Concept], look_alikes: Iterable[LookAlike]
) -> Iterator[str]:
    for entry in look_alikes:
        key = comparable(entry.system, entry.code)
        for name in entry.must_not_match:
            if key is not None and matcher(concepts[name])(*key):
                yield f"{entry.system}|{entry.code} stands in {name}, but it is: {entry.meaning}"


def _skin_cancer(concepts: Mapping[str, Concept]) -> Iterator[str]:
    """VS-NMSC is a part of VS-MALIG on purpose; a site must not move the border unseen."""
    malignancy, skin = concepts["VS-MALIG"], concepts["VS-NMSC"]
    for text in _shared(_of_site(malignancy), skin):
        yield f"{text} is added to VS-MALIG, but VS-NMSC takes it out of malignancy again"
    for text in _shared(_of_site(skin), malignancy):
        yield f"{text} is added to VS-NMSC and so taken out of malignancy (VS-MALIG)"


def _of_site(concept: Concept) -> Concept:
    return Concept(
        concept.name,
        concept.title,
        tuple(c for c in concept.codes if c.site),
        tuple(p for p in concept.prefixes if p.site),
    )


def _shared(one: Concept, other: Concept) -> list[str]:
    """Codes and prefixes that both concepts match."""
    in_one, in_other = matcher(one), matcher(other)
    shown: dict[tuple[str, str], str] = {}
    entries: list[Code | Prefix] = [*one.codes, *other.codes, *one.prefixes, *other.prefixes]
    for entry in entries:
        for key in _keys(entry):
            if in_one(*key) and in_other(*key):
                shown[key] = _shown(entry)
                break
    return list(dict.fromkeys(shown.values()))


def _keys(entry: Code | Prefix) -> list[tuple[str, str]]:
    if isinstance(entry, Prefix):
        return [(ICD10CM, probe) for probe in probes(entry)]
    return [entry.key] if entry.key else []


def _shown(entry: Code | Prefix) -> str:
    where = f" ({entry.provenance})" if entry.site else ""
    text = entry.prefix if isinstance(entry, Prefix) else f"{entry.system}|{entry.code}"
    return f"{text}{where}"
