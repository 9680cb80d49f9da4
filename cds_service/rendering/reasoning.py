"""The whole reasoning behind one recommendation, in one shape for text, pages and machines."""

from __future__ import annotations

import msgspec

from cds_service.criteria.model import Step
from cds_service.facts.finding import Evidence
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice
from cds_service.rendering.words.lines import not_found


class _Part(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """Base of the parts: empty members are left out."""


class JudgedStatement(_Part, frozen=True):
    """One statement with its verdict."""

    id: str
    title: str
    verdict: str
    """`met`, `not met` or `unknown`."""
    kind: str
    """`article` or `extension`."""
    text: str
    """The criterion in plain words, its threshold in it."""
    reason: str = ""
    """One line: why not met, why unknown, or what decided."""
    tags: tuple[str, ...] = ()
    """Parts of the statement that hold, `CRP`."""
    evidence: tuple[Evidence, ...] = ()
    contested: bool = False
    source: str = ""
    """Section of the article, or what an extension rests on."""


class Group(_Part, frozen=True):
    """Statements about one clinical subject, in the order of the criteria."""

    heading: str
    statements: tuple[JudgedStatement, ...]


class Section(_Part, frozen=True):
    """A list beside the statements: what fired, what is missing, what the data lacked."""

    heading: str
    lines: tuple[str, ...]


class Reasoning(_Part, frozen=True):
    """Everything behind the answer for one order."""

    order: str
    """FHIR reference of the draft."""
    study: str
    outcome: str
    step: str
    """The step that decided, `P6`."""
    steps: tuple[Step, ...]
    """Every step passed; the last one decided."""
    groups: tuple[Group, ...]
    sections: tuple[Section, ...]
    rating: str = ""
    """PAMA rating; empty: none may be given."""
    acr: str = ""
    urgency: str = ""
    keep_mri: bool = False
    prior: Evidence | None = None

    def statements(self) -> tuple[JudgedStatement, ...]:
        """All of them, without their groups."""
        return tuple(each for group in self.groups for each in group.statements)

    def words(self, line: str) -> str:
        """A line of a section for people: the title where the line is the id of a statement."""
        return next((each.title for each in self.statements() if each.id == line), line)


def reasoning(advice: OrderAdvice, library: Library) -> Reasoning:
    """Order, outcome, steps, and every statement with its evidence."""
    rec = advice.recommendation
    lists = {
        "Fired": rec.fired,
        "Advisory": rec.advisory,
        "Missing": rec.missing,
        "Possible, to be settled": rec.possible,
        "Not found in structured data": not_found(rec.not_found, library),
        "Documented absent": rec.documented_absent,
        "Looked at, not counted": rec.looked_at,
        "Data": rec.data_notes,
        "Overlay cards": [f"{o.id} ({o.indicator})" for o in rec.overlays],
    }
    return Reasoning(
        order=advice.reference,
        study=advice.study,
        outcome=rec.outcome.value,
        step=rec.step,
        steps=rec.steps,
        groups=_groups(advice, library),
        sections=tuple(Section(name, tuple(lines)) for name, lines in lists.items() if lines),
        rating=rec.rating or "",
        acr=rec.acr or "",
        urgency=rec.urgency or "",
        keep_mri=rec.keep_mri,
        prior=rec.prior,
    )


def _groups(advice: OrderAdvice, library: Library) -> tuple[Group, ...]:
    findings = advice.recommendation.findings
    groups = []
    for key, heading in library.groups.items():
        judged = tuple(
            _judged(name, advice, library)
            for name, statement in library.statements.items()
            if statement.group == key and name in findings
        )
        if judged:
            groups.append(Group(heading, judged))
    return tuple(groups)


def _judged(name: str, advice: OrderAdvice, library: Library) -> JudgedStatement:
    finding, statement = advice.recommendation.findings[name], library.statements[name]
    return JudgedStatement(
        id=name,
        title=statement.title,
        verdict=finding.status.value,
        kind=statement.kind,
        text=statement.text,
        reason=finding.reason,
        tags=finding.tags,
        evidence=finding.evidence,
        contested=statement.contested,
        source=statement.source.section if statement.source else statement.basis,
    )
