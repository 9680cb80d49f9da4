"""What fired, and the one sentence on top of a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cds_service.criteria.model import Outcome, Recommendation
from cds_service.facts.finding import Finding
from cds_service.rendering import vocabulary as v
from cds_service.rendering.content import Card, Statement
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice


class Fired(NamedTuple):
    """One statement that fired, its tags gathered."""

    id: str
    statement: Statement
    tags: tuple[str, ...]
    finding: Finding | None


def fired(rec: Recommendation, library: Library) -> list[Fired]:
    """Fired statements in the order given; `RF-INFECT-LAB:CRP` and `:ESR` become one.

    A statement listed without tags takes those of its finding that it has words for.
    """
    tags: dict[str, list[str]] = {}
    for name in rec.fired:
        base, _, tag = name.partition(":")
        tags.setdefault(base, [])
        if tag:
            tags[base].append(tag)
    held = []
    for name, listed in tags.items():
        statement, finding = library.statements[name], rec.findings.get(name)
        own = finding.tags if finding is not None else ()
        shown = tuple(listed) or tuple(tag for tag in own if tag in statement.tags)
        held.append(Fired(name, statement, shown, finding))
    return held


def summary(card: Card, advice: OrderAdvice, library: Library) -> str:
    """The one sentence on top, with as many reasons as fit into it.

    Checked at start: two reasons always do (CDS Hooks, Card: fewer than 140 characters).
    """
    rec = advice.recommendation
    date = rec.prior.date if rec.prior and rec.prior.date else v.LONGEST_PRIOR_DATE
    if len(date) > len(v.LONGEST_PRIOR_DATE):
        date = date[:10]
    values = {"reason": "", "open": "", "prior_date": date}
    room = v.SUMMARY_MAX - len(card.summary.substitute(values))
    reason = _fitting(_phrases(rec, library), room, v.REASONS_AT_LEAST) or v.NO_REASON
    if card.summary.template.startswith("$reason"):
        reason = reason[:1].upper() + reason[1:]
    return card.summary.substitute(values | {"reason": reason, "open": _open(rec, room)})


def phrases_of(rec: Recommendation, library: Library, wanted: tuple[str, ...]) -> list[str]:
    """Phrases of the fired statements whose id starts so, each once."""
    found = [f.statement.phrase for f in fired(rec, library) if f.id.startswith(wanted)]
    return list(dict.fromkeys(phrase for phrase in found if phrase))


def _phrases(rec: Recommendation, library: Library) -> list[str]:
    deciding = phrases_of(rec, library, v.DECIDING.get(rec.outcome, ()))
    if rec.outcome is Outcome.CT_FIRST and rec.keep_mri:
        # Why CT comes first, and why the MRI stays.
        deciding += phrases_of(rec, library, v.RED_FLAGS)
    return deciding


def _fitting(items: Sequence[str], room: int, at_least: int = 0) -> str:
    """As many items as fit, and how many more there are; empty where none does."""
    for count in range(len(items), 0, -1):
        rest = len(items) - count
        text = ", ".join(items[:count]) + (v.MORE_REASONS.format(min(rest, 99)) if rest else "")
        if len(text) <= room or count <= at_least:
            return text
    return ""


def asked(rec: Recommendation) -> list[str]:
    """What is missing and can be answered, unlike what could not be read."""
    return [q for q in rec.missing if not q.startswith(v.UNREAD)]


def unread(rec: Recommendation) -> list[str]:
    """What could not be read, where that kept the order from being rated."""
    return [q.removeprefix(v.UNREAD) for q in rec.missing if q.startswith(v.UNREAD)]


def _open(rec: Recommendation, room: int) -> str:
    parts = [f"Could not read: {', '.join(names)}"] if (names := unread(rec)) else []
    if questions := asked(rec):
        left = room - sum(len(part) + 2 for part in parts) - len(v.OPEN.format(""))
        words = _fitting(questions, left)
        parts.append(
            v.OPEN.format(words) if words else v.OPEN_COUNT.format(min(len(questions), 99))
        )
    return ". ".join(parts) or v.NO_REASON
