"""Lines of a detail text: evidence, each piece in full once, and the questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cds_service.criteria.model import Recommendation
from cds_service.facts.finding import Evidence, Finding
from cds_service.rendering.content import CardTemplate, Statement
from cds_service.rendering.library import Library
from cds_service.rendering.text import escape, evidence_line, evidence_lines
from cds_service.rendering.words.reasons import Fired

PRESENTING_SHOWN = 2
EMERGENCY = "emergency"
"""Group of statements that combine others."""
_HELD_AGAINST = ("below the threshold", "pain below the threshold", "not raised")
"""Reasons that the value and its limit tell by themselves."""


class Told:
    """The evidence a card has shown already."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, str | None]] = set()

    def new(self, items: Iterable[Evidence]) -> list[Evidence]:
        """The items not shown before; they count as shown from now on."""
        found = []
        for item in items:
            key = (item.reference, item.display, item.date)
            if key not in self._seen:
                self._seen.add(key)
                found.append(item)
        return found


def why(held: Sequence[Fired], library: Library, told: Told) -> str:
    """Fired statements by group, as a Markdown list."""
    groups: dict[str, list[Fired]] = {}
    for item in held:
        groups.setdefault(item.statement.group, []).append(item)
    # An emergency rests on the other findings: it is said first, they show the evidence.
    shown_by = {
        group: [_why_line(item, told) for item in groups[group]]
        for group in sorted(groups, key=lambda name: name == EMERGENCY)
    }
    lines = []
    for group in sorted(groups, key=list(library.groups).index):
        shown = shown_by[group]
        if len(shown) == 1:
            lines.append(f"- **{library.groups[group]}:** {shown[0]}")
        else:
            lines.append(f"- **{library.groups[group]}**")
            lines += [f"  - {line}" for line in shown]
    return "\n".join(lines)


def _why_line(item: Fired, told: Told) -> str:
    name = f"{item.id}:{','.join(item.tags)}" if item.tags else item.id
    line = f"{item.statement.title} ({name}{marks(item.statement, ', ')})"
    words = [item.statement.tags[tag] for tag in item.tags if tag in item.statement.tags]
    parts = ["; ".join(words)] if words and words != list(item.tags) else []
    finding = item.finding
    if finding is not None and finding.evidence:
        if new := told.new(finding.evidence):
            parts.append(evidence_lines(new))
        elif not parts:
            parts.append(_again(finding.evidence))
    elif finding is not None and finding.reason:
        parts.append(escape(finding.reason))
    return ": ".join([line, "; ".join(parts)]) if parts else line


def _again(items: Sequence[Evidence]) -> str:
    """What stands in full further up, with the limit it is held against here."""
    limits = dict.fromkeys(escape(item.threshold) for item in items if item.threshold)
    return ", ".join(["as above", *limits])


def marks(statement: Statement, before: str) -> str:
    """What a reader must know of a statement: no part of the article, not verified yet."""
    found = ["extension"] if statement.kind == "extension" else []
    if statement.provisional:
        found.append("from a summary, to be verified")
    return before + ", ".join(found) if found else ""


def presenting(rec: Recommendation, order: str, told: Told) -> str:
    """The presenting problem (CTX-SYMPTOM), as far as it is not shown above; what the order
    `order` names as its reason only where the chart has none.
    """
    finding = rec.findings.get("CTX-SYMPTOM")
    if finding is None or not finding.met:
        return ""
    new = told.new(finding.evidence)
    charted = [e for e in new if e.reference != order]
    return "; ".join(evidence_line(e) for e in (charted or new)[:PRESENTING_SHOWN])


def looked_at(rec: Recommendation, told: Told) -> str:
    """Red flags with something on record that does not count: the value, and why it does not."""
    parts = []
    for name in rec.looked_at:
        finding = rec.findings[name]
        shown = [_near(item, finding) for item in told.new(finding.evidence)]
        parts += list(dict.fromkeys(shown))
    return "; ".join(parts)


def _near(item: Evidence, finding: Finding) -> str:
    remarks = [escape(item.note)] if item.note else []
    limit = (item.threshold or "").partition(",")[0]
    if item.note and item.note.startswith("superseded"):
        return ", ".join([_bare(item), *remarks])
    if finding.reason not in _HELD_AGAINST or not limit:
        return ", ".join([_bare(item), *remarks]) + f" ({escape(finding.reason)})"
    held_against = f"not {limit}" if limit[0] in "≥>" else limit
    return ", ".join([_bare(item), *remarks, escape(held_against)])


def documented_absent(rec: Recommendation, library: Library) -> str:
    """Red flags the record denies, with the examination or entry that does."""
    by_evidence: dict[str, list[str]] = {}
    for name in rec.documented_absent:
        finding = rec.findings.get(name)
        shown = "; ".join(_bare(item) for item in finding.evidence[:2]) if finding else ""
        statement = library.statements.get(name)
        words = (statement.phrase or statement.title) if statement else name
        by_evidence.setdefault(shown, []).append(escape(words))
    return "; ".join(
        ", ".join(names) + (f" ({shown})" if shown else "") for shown, names in by_evidence.items()
    )


def _bare(item: Evidence) -> str:
    """An entry without its reference."""
    parts = (item.display, item.value)
    head = " ".join(escape(part) for part in parts if part)
    return f"{head}, {escape(item.date)}" if item.date else head


def not_found(groups: Sequence[str], library: Library) -> list[str]:
    """Labels of what was looked for; statement ids are turned into theirs."""
    return list(dict.fromkeys(_label(group, library) for group in groups))


def _label(name: str, library: Library) -> str:
    statement = library.statements.get(name)
    return statement.not_found or statement.title if statement else escape(name)


def question(asked: str, library: Library) -> str:
    """A question of the criteria in the words of cards/questions.toml."""
    name, _, what = asked.partition(": ")
    whole = library.questions.get(asked)
    if whole is not None:
        return whole
    template = library.questions.get(name)
    if template is None:
        return escape(asked)
    return CardTemplate(template).substitute({"what": escape(what)})


def filled(statement: Statement, finding: Finding | None) -> str:
    """The card text of a statement; its plain text when the finding lacks a value."""
    template = CardTemplate(statement.evidence)
    values = finding.values if finding is not None else {}
    if any(name not in values for name in template.get_identifiers()):
        text = statement.text
    else:
        text = template.substitute({name: escape(value) for name, value in values.items()})
    return text + (" (extension)" if statement.kind == "extension" else "")
