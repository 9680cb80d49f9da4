"""The values behind the placeholders of a card: one order's advice in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cds_service.criteria.model import Overlay, Recommendation
from cds_service.facts.finding import Evidence, Finding
from cds_service.rendering import vocabulary as v
from cds_service.rendering.content import Card, CardTemplate, Statement
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice, RenderOptions
from cds_service.rendering.text import bullets, escape, evidence_line, evidence_lines

MISSING_SHOWN = 4
NOTES_SHOWN = 5
_EMERGENCY_TEXT_CARDS = (("MRI_EMERGENT", ""), ("CT_FIRST", "keep-mri"))


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
    """The one sentence on top; checked at start to stay below 140 characters."""
    rec = advice.recommendation
    reason = _reason(rec, library)
    if card.summary.template.startswith("$reason"):
        reason = reason[:1].upper() + reason[1:]
    missing = len(rec.missing) or len(rec.data_notes) or 1
    date = rec.prior.date if rec.prior and rec.prior.date else v.LONGEST_PRIOR_DATE
    if len(date) > len(v.LONGEST_PRIOR_DATE):
        date = date[:10]
    values = {"reason": reason, "prior_date": date, "missing_count": str(min(missing, 99))}
    return card.summary.substitute(values)


def _reason(rec: Recommendation, library: Library) -> str:
    wanted = v.DECIDING.get(rec.outcome, ())
    statements = [f.statement for f in fired(rec, library) if f.id.startswith(wanted)]
    phrases = list(dict.fromkeys(s.phrase for s in statements if s.phrase))
    if not phrases:
        return v.NO_REASON
    more = v.MORE_REASONS.format(min(len(phrases) - 2, 99)) if len(phrases) > 2 else ""
    return ", ".join(phrases[:2]) + more


def detail(
    card: Card,
    advice: OrderAdvice,
    library: Library,
    options: RenderOptions,
    *,
    several: bool,
    overlay: Overlay | None = None,
) -> str:
    """The detail text; a paragraph whose placeholders are all empty is left out."""
    values = _common(advice, library, several)
    if overlay is None:
        values |= _primary(card, advice, library, options)
    else:
        values |= _overlay(overlay, library)
    values |= {name: "" for name in v.DETAIL_PLACEHOLDERS if name not in values}
    shown = [
        paragraph.template.substitute(values)
        for paragraph in card.paragraphs
        if not paragraph.names or any(values[name] for name in paragraph.names)
    ]
    return "\n\n".join(shown)


def _common(advice: OrderAdvice, library: Library, several: bool) -> dict[str, str]:
    disclaimer = library.statements["META-DISCLAIMER"].evidence
    return {"order": escape(advice.study) if several else "", "citation": disclaimer}


def _overlay(overlay: Overlay, library: Library) -> dict[str, str]:
    statement = library.statements[overlay.id]
    return {
        "evidence": bullets(evidence_line(item) for item in overlay.evidence),
        "basis": f"*Basis: {statement.basis}{_marks(statement, '; ')}.*",
    }


def _primary(
    card: Card, advice: OrderAdvice, library: Library, options: RenderOptions
) -> dict[str, str]:
    rec = advice.recommendation
    held = fired(rec, library)
    criteria = [_evidence_text(f) for f in held]
    emergency = (card.code, card.variant) in _EMERGENCY_TEXT_CARDS
    missing = rec.missing[:MISSING_SHOWN]
    return {
        "why": _why(held, library),
        "criteria": bullets(criteria),
        "advice": bullets(line for line in _advice(rec, library) if line not in criteria),
        "figures": bullets(_figures(held, rec, library)),
        "missing": bullets(map(escape, rec.missing), MISSING_SHOWN),
        "possible": bullets(escape(q) for q in rec.possible if q not in missing),
        "absent": "; ".join(escape(_title(i, library)) for i in rec.documented_absent),
        "not_found": ", ".join(not_found(rec.not_found, library)),
        "prior": evidence_line(rec.prior) if rec.prior else "",
        "underlying": library.card(rec.underlying).title if rec.underlying else "",
        "emergency": escape(options.emergency_text) if emergency else "",
        "notes": bullets(map(escape, rec.data_notes), NOTES_SHOWN),
    }


def _why(held: Sequence[Fired], library: Library) -> str:
    groups: dict[str, list[Fired]] = {}
    for item in held:
        groups.setdefault(item.statement.group, []).append(item)
    lines = []
    for group, items in groups.items():
        lines.append(f"- **{library.groups[group]}**")
        lines += [f"  - {_why_line(item)}" for item in items]
    return "\n".join(lines)


def _why_line(item: Fired) -> str:
    name = f"{item.id}:{','.join(item.tags)}" if item.tags else item.id
    line = f"{item.statement.title} ({name}{_marks(item.statement, ', ')})"
    words = [item.statement.tags[tag] for tag in item.tags if tag in item.statement.tags]
    parts = [", ".join(words)] if words and words != list(item.tags) else []
    finding = item.finding
    if finding is not None and finding.evidence:
        parts.append(evidence_lines(finding.evidence))
    elif finding is not None and finding.reason:
        parts.append(escape(finding.reason))
    return ": ".join([line, "; ".join(parts)]) if parts else line


def _marks(statement: Statement, before: str) -> str:
    marks = ["extension"] if statement.kind == "extension" else []
    if statement.provisional:
        marks.append("from a summary, to be verified")
    return before + ", ".join(marks) if marks else ""


def _evidence_text(item: Fired) -> str:
    """The statement's card text, filled; its plain text when the finding lacks a value."""
    return _filled(item.statement, item.finding) + _mark(item.statement)


def _filled(statement: Statement, finding: Finding | None) -> str:
    template = CardTemplate(statement.evidence)
    values = finding.values if finding is not None else {}
    if any(name not in values for name in template.get_identifiers()):
        return statement.text
    return template.substitute({name: escape(value) for name, value in values.items()})


def _mark(statement: Statement) -> str:
    return " (extension)" if statement.kind == "extension" else ""


def _advice(rec: Recommendation, library: Library) -> Iterable[str]:
    """Advisory lines, safety first; statements with a figure stand among the figures."""
    found = [(i, library.statements[i.split(":")[0]]) for i in rec.advisory]
    for name, statement in sorted(found, key=lambda pair: pair[1].group != "safety"):
        if statement.figure:
            continue
        finding = rec.findings.get(name.split(":")[0])
        line = _filled(statement, finding) + _mark(statement)
        evidence: tuple[Evidence, ...] = finding.evidence if finding is not None else ()
        if statement.kind == "extension" and evidence:
            line = f"{line}: {evidence_lines(evidence)}"
        yield line


def _figures(held: Sequence[Fired], rec: Recommendation, library: Library) -> Iterable[str]:
    yield from (item.statement.figure for item in held)
    yield from (library.statements[i.split(":")[0]].figure for i in rec.advisory)


def not_found(groups: Sequence[str], library: Library) -> list[str]:
    """Labels of what was looked for; statement ids are turned into theirs."""
    labels = []
    for group in groups:
        statement = library.statements.get(group)
        labels.append(statement.not_found or statement.title if statement else escape(group))
    return list(dict.fromkeys(labels))


def _title(name: str, library: Library) -> str:
    statement = library.statements.get(name)
    return statement.title if statement else name
