"""The values behind the placeholders of a card: one order's advice in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cds_service.criteria.model import Outcome, Overlay, Recommendation
from cds_service.facts.finding import Evidence, Finding
from cds_service.rendering import vocabulary as v
from cds_service.rendering.content import Card, Statement
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice, RenderOptions
from cds_service.rendering.text import bullets, escape, evidence_line, evidence_lines
from cds_service.rendering.words import lines
from cds_service.rendering.words.lines import Told
from cds_service.rendering.words.reasons import Fired, asked, fired, phrases_of, unread

MISSING_SHOWN = 4
NOTES_SHOWN = 5


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
        values |= _overlay(overlay, advice.recommendation, library)
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


def _overlay(overlay: Overlay, rec: Recommendation, library: Library) -> dict[str, str]:
    statement = library.statements[overlay.id]
    return {
        "evidence": bullets(evidence_line(item) for item in overlay.evidence),
        "basis": f"*Basis: {statement.basis}{lines.marks(statement, '; ')}.*",
        "for_contrast": ", ".join(phrases_of(rec, library, v.FOR_CONTRAST)),
    }


def _primary(
    card: Card, advice: OrderAdvice, library: Library, options: RenderOptions
) -> dict[str, str]:
    rec = advice.recommendation
    held, told = fired(rec, library), Told()
    missing = asked(rec)
    # Where the card asks for what is missing, it asks once.
    once = missing[:MISSING_SHOWN] if _asks(card) else []
    possible = [q for q in rec.possible if q not in once]
    # The order matters: evidence is shown in full where it comes first.
    told.new((rec.prior,) if rec.prior else ())
    values = {
        "why": lines.why(held, library, told),
        "presenting": lines.presenting(rec, advice.reference, told),
        "advice": bullets(_advice(rec, library, told)),
        "criteria": bullets(_criteria(held, rec, library)),
        "looked_at": lines.looked_at(rec, told),
    }
    return (
        values
        | {
            "figures": bullets(_figures(held, rec, library)),
            "missing": bullets((lines.question(q, library) for q in missing), MISSING_SHOWN),
            "possible": bullets(lines.question(q, library) for q in possible),
            "unread": escape(", ".join(unread(rec))),
            "absent": lines.documented_absent(rec, library),
            "not_found": ", ".join(lines.not_found(rec.not_found, library)),
            "prior": evidence_line(rec.prior) if rec.prior else "",
            "underlying": library.card(rec.underlying).title if rec.underlying else "",
            "escalation": _escalation(rec, library),
            "notes": bullets(map(escape, rec.data_notes), NOTES_SHOWN),
        }
        | _emergency(rec, options)
    )


def _asks(card: Card) -> bool:
    return any("missing" in paragraph.names for paragraph in card.paragraphs)


def _emergency(rec: Recommendation, options: RenderOptions) -> dict[str, str]:
    """The pathway of criteria section 3: outright where the cord is at stake, else as a condition."""
    name = "emergency" if rec.indicator == "critical" and not root_only(rec) else "emergency_if"
    return {name: escape(options.emergency_text)}


def root_only(rec: Recommendation) -> bool:
    """An emergency for severe weakness alone (E5): a nerve root may explain it."""
    finding = rec.findings.get("EXT-EMERG")
    emergent = rec.outcome is Outcome.MRI_EMERGENT and "TRAUMA-SCI" not in rec.fired
    return emergent and _tags(finding) == {"E5"}


def _tags(finding: Finding | None) -> set[str]:
    return set(finding.tags) if finding is not None else set()


def _escalation(rec: Recommendation, library: Library) -> str:
    """What would make an emergency of it; empty where the emergency tier is switched off."""
    finding = rec.findings.get("EXT-EMERG")
    if finding is None or finding.reason.startswith("switched off"):
        return ""
    words = library.statements["EXT-EMERG"].tags
    return "; ".join(words[tag] for tag in v.ESCALATION)


def _criteria(held: Sequence[Fired], rec: Recommendation, library: Library) -> list[str]:
    """What the criteria say of it, without what another line says as well."""
    texts = {item.id: lines.filled(item.statement, item.finding) for item in held}
    for name in rec.advisory:
        statement = library.statements[_base(name)]
        if not statement.figure and not _to_do(name, statement):
            texts[_base(name)] = lines.filled(statement, rec.findings.get(_base(name)))
    said = {other for name in texts for other in library.statements[name].covers}
    return [text for name, text in texts.items() if name not in said]


def _advice(rec: Recommendation, library: Library, told: Told) -> Iterable[str]:
    """What else is to be done or known for this patient, safety first."""
    found = [(_base(i), library.statements[_base(i)]) for i in rec.advisory]
    for name, statement in sorted(found, key=lambda pair: pair[1].group != "safety"):
        if not _to_do(name, statement):
            continue
        finding = rec.findings.get(name)
        evidence = told.new(finding.evidence) if finding is not None else []
        if name == "CTX-HX" and not evidence:
            continue  # the history is the presenting problem itself
        line = lines.filled(statement, finding)
        if name in v.ADDS_CONTRAST and (against := _against_contrast(rec)):
            line = f"{line} {v.AGAINST}: {evidence_lines(against)}"
        elif evidence:
            line = f"{line}: {evidence_lines(evidence)}"
        yield line


def _against_contrast(rec: Recommendation) -> list[Evidence]:
    findings = (rec.findings.get(name) for name in v.AGAINST_CONTRAST)
    return [item for finding in findings if finding is not None for item in finding.evidence]


def _to_do(name: str, statement: Statement) -> bool:
    return statement.group in v.TO_DO_GROUPS or name in v.COMPLEMENTARY_CT


def _figures(held: Sequence[Fired], rec: Recommendation, library: Library) -> Iterable[str]:
    names = [*(item.id for item in held), *map(_base, rec.advisory)]
    for statement in map(library.statements.__getitem__, names):
        if _holds_at(statement.figure_ages, rec.age):
            yield statement.figure


def _holds_at(ages: tuple[int, int] | None, age: int | None) -> bool:
    return ages is None or (age is not None and ages[0] <= age <= ages[1])


def _base(name: str) -> str:
    return name.partition(":")[0]
