"""One pure function for each statement, found by its id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property, wraps
from typing import Any, TypeVar

from cds_service.criteria.model import Outcome
from cds_service.errors import ConfigurationError
from cds_service.facts.config import CriteriaConfig
from cds_service.facts.finding import Evidence, Finding, Status
from cds_service.facts.patient_facts import PatientFacts
from cds_service.facts.picture import Picture
from cds_service.facts.record.entries import Entry, Kind
from cds_service.facts.trauma import Trauma

T = TypeVar("T")
Criterion = Callable[["Case"], Finding]
CRITERIA: dict[str, Criterion] = {}


def criterion(statement: str) -> Callable[[Criterion], Criterion]:
    """Register the function of `statement`; a second one for the same id is refused."""

    def register(function: Criterion) -> Criterion:
        if statement in CRITERIA:
            raise ConfigurationError(f"{statement}: two criterion functions; keep one")
        CRITERIA[statement] = function
        return function

    return register


def once(question: Callable[[Case], T]) -> Callable[[Case], T]:
    """Work a question out at most once for each case; for those that several criteria ask."""

    @wraps(question)
    def ask(case: Case) -> T:
        if question not in case.answers:
            case.answers[question] = question(case)
        answer: T = case.answers[question]
        return answer

    return ask


@cache
def starting(*prefixes: str) -> tuple[str, ...]:
    """Ids that start with one of the prefixes, in the order of the criteria; never their union
    RF-ANY.
    """
    return tuple(s for s in CRITERIA if s.startswith(prefixes) and s != "RF-ANY")


def check_against(statements: Iterable[str]) -> None:
    """Refuse a statement without a function, and a function without a statement."""
    known = set(statements)
    for statement in sorted(known - CRITERIA.keys()):
        raise ConfigurationError(f"statements.toml: {statement} has no criterion function; add one")
    for statement in sorted(CRITERIA.keys() - known):
        raise ConfigurationError(f"statements.toml: {statement} is missing; its function exists")


class Case:
    """One patient and one draft, with every finding worked out at most once."""

    def __init__(self, facts: PatientFacts) -> None:
        self.facts = facts
        self.config: CriteriaConfig = facts.config
        self.frame = facts.frame
        self.picture = Picture(facts)
        self.trauma = Trauma(self.picture)
        self.outcome: Outcome | None = None
        self._findings: dict[str, Finding] = {}
        self._held: dict[tuple[str, ...], list[str]] = {}
        self.answers: dict[Callable[[Case], Any], Any] = {}
        """What `once` remembers."""

    def finding(self, statement: str) -> Finding:
        """The finding of a statement."""
        known = self._findings.get(statement)
        if known is None:
            known = self._findings[statement] = CRITERIA[statement](self)
        return known

    def met(self, statement: str) -> bool:
        known = self._findings.get(statement) or self.finding(statement)
        return known.status is Status.MET

    def any_met(self, *prefixes: str) -> list[str]:
        """Statements whose id starts with a prefix and that hold, in the order of the criteria."""
        held = self._held.get(prefixes)
        if held is None:
            held = self._held[prefixes] = [s for s in starting(*prefixes) if self.met(s)]
        return [*held]  # what one criterion takes out of it must not be gone for the next

    def red_flags(self) -> list[str]:
        """RF-ANY: every red flag that fires, those of switched-on extensions included."""
        extra = [s for s in RED_FLAG_EXTENSIONS if self.met(s)]
        return self.any_met("RF-") + extra

    def all_findings(self) -> Mapping[str, Finding]:
        return {s: self.finding(s) for s in CRITERIA}

    @property
    def cervical(self) -> bool:
        """SYM-CERV."""
        return bool(self.picture.cervical)

    @property
    def mri(self) -> bool:
        return self.outcome is not None and self.outcome.startswith("MRI_")

    @cached_property
    def child_in_trauma_rules(self) -> bool:
        """Under the age for which NEXUS and the Canadian C-Spine Rule are meant."""
        age = self.facts.person.age
        return (
            bool(self.config["ext.age"]) and age is not None and age < self.config["trauma.ageMin"]
        )


GATE = "no cervical presentation (gate)"
"""Why a finding does not count without SYM-CERV (criteria, 1.2)."""
UNCONFIRMED = "not confirmed"
"""Why a suspected entry does not fire a row that takes confirmed ones only (criteria, 0.3)."""
RED_FLAG_EXTENSIONS = ("EXT-IMMUNO", "EXT-WBC", "EXT-WEIGHTLOSS", "EXT-DISH")


def evidence(entries: Iterable[Entry], threshold: str | None = None) -> tuple[Evidence, ...]:
    """Evidence of entries, each once, newest first; independent of the order they came in.

    An order reason that repeats what the chart says adds nothing and is left out.
    """
    found = sorted(entries, key=lambda e: e.kind is Kind.REASON)
    charted = {c for e in found if e.kind is not Kind.REASON for c in e.code.codings}
    unique: dict[tuple[str, str], Entry] = {}
    for entry in found:
        if entry.kind is not Kind.REASON or charted.isdisjoint(entry.code.codings):
            unique.setdefault((entry.key, entry.code.display), entry)
    shown = {x.evidence(threshold): None for x in unique.values()}
    return tuple(sorted(shown, key=lambda e: (e.date or "", e.reference, e.display), reverse=True))


def met(
    statement: str, shown: tuple[Evidence, ...] = (), reason: str = "", **values: str
) -> Finding:
    return Finding(statement, Status.MET, shown, reason, values=values)


def not_met(statement: str, reason: str, shown: tuple[Evidence, ...] = ()) -> Finding:
    return Finding(statement, Status.NOT_MET, shown, reason)


def unknown(statement: str, reason: str, shown: tuple[Evidence, ...] = ()) -> Finding:
    return Finding(statement, Status.UNKNOWN, shown, reason)


def switched_off(statement: str, key: str) -> Finding:
    return not_met(statement, f"switched off ({key})")


def when(statement: str, holds: bool, shown: tuple[Evidence, ...], reason: str) -> Finding:
    """MET with its evidence, or NOT_MET with the reason."""
    return met(statement, shown) if holds else not_met(statement, reason)


def judged(
    case: Case,
    statement: str,
    present: list[Entry],
    *,
    possible: Iterable[Entry] = (),
    unsettled: str = UNCONFIRMED,
    denied: Iterable[Entry] = (),
    superseded: Iterable[Entry] = (),
    nothing: str,
) -> Finding:
    """A finding of the closed-world kind: there, possible, denied, or nothing usable.

    Without a cervical presentation (SYM-CERV) no indication fires (criteria, 1.2). What is
    `possible` never fires and is asked (HOLD); `unsettled` says why it is no more than that.
    """
    if present and not case.cervical:
        return not_met(statement, GATE, evidence(present))
    if present:
        return met(statement, evidence(present))
    open_entries = list(possible)
    if open_entries:
        return unknown(statement, unsettled, evidence(open_entries))
    gone = list(superseded)
    if gone:
        return not_met(statement, "superseded by a later examination", evidence(gone))
    no = list(denied)
    if no:
        return Finding(statement, Status.NOT_MET, evidence(no), "documented absent", denied=True)
    return unknown(statement, nothing)
