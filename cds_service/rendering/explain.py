"""The reasoning behind one recommendation: as an object for the card, as a tree for a meeting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cds_service.facts.finding import Evidence, Finding, Status
from cds_service.rendering.detail import not_found
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice

Json = dict[str, Any]

EXPLANATION = "cervical-mri-cds.explanation"
"""Member of a primary card's extension."""

_MARKS = {Status.MET: "[x]", Status.NOT_MET: "[ ]", Status.UNKNOWN: "[?]"}


def explanation_object(advice: OrderAdvice, library: Library, version: str) -> Json:
    """What the card, the audit record and the pages hold; empty members are left out."""
    rec = advice.recommendation
    members: Json = {
        "outcome": rec.outcome.value,
        "rating": rec.rating,
        "version": version,
        "order": advice.reference,
        "fired": [_fired(name, rec.findings.get(name.split(":")[0])) for name in rec.fired],
        "advisory": [{"id": name} for name in rec.advisory],
        "missing": list(rec.missing),
        "notFound": not_found(rec.not_found, library),
        "dataNotes": list(rec.data_notes),
    }
    return {name: value for name, value in members.items() if value}


def _fired(name: str, finding: Finding | None) -> Json:
    evidence = [_evidence(item) for item in finding.evidence] if finding is not None else []
    return {"id": name, "evidence": evidence} if evidence else {"id": name}


def _evidence(item: Evidence) -> Json:
    members = {
        "reference": item.reference,
        "display": item.display,
        "date": item.date,
        "value": item.value,
    }
    return {name: value for name, value in members.items() if value}


def explain_text(advice: OrderAdvice, library: Library) -> str:
    """The whole tree in plain text: order, outcome, steps, every statement with its evidence."""
    return "\n".join(_lines(advice, library))


def _lines(advice: OrderAdvice, library: Library) -> Iterable[str]:
    rec = advice.recommendation
    yield f"Order: {advice.study} ({advice.reference})"
    yield f"Outcome: {rec.outcome} (decided at {rec.step})"
    yield f"Rating: {rec.rating or 'none'}" + (f"; ACR wording: {rec.acr}" if rec.acr else "")
    if rec.urgency:
        yield f"Urgency: {rec.urgency}"
    if rec.keep_mri:
        yield "The MRI stays indicated whatever the CT shows."
    if rec.prior:
        yield f"Earlier study or order: {_plain(rec.prior)}"
    yield ""
    yield "Steps"
    for step in rec.steps:
        yield f"  {'->' if step.decided else '  '} {step.id:<4} {step.text}"
    yield ""
    yield "Statements   [x] met   [ ] not met   [?] unknown"
    yield from _statements(advice, library)
    sections = {
        "Fired": rec.fired,
        "Advisory": rec.advisory,
        "Missing": rec.missing,
        "Possible, to be settled": rec.possible,
        "Not found in structured data": not_found(rec.not_found, library),
        "Documented absent": rec.documented_absent,
        "Data": rec.data_notes,
        "Overlay cards": [f"{o.id} ({o.indicator})" for o in rec.overlays],
    }
    for heading, lines in sections.items():
        if lines:
            yield ""
            yield heading
            yield from (f"  - {line}" for line in lines)


def _statements(advice: OrderAdvice, library: Library) -> Iterable[str]:
    findings = advice.recommendation.findings
    for group, heading in library.groups.items():
        names = [i for i, s in library.statements.items() if s.group == group and i in findings]
        if not names:
            continue
        yield f"  {heading}"
        for name in names:
            finding, statement = findings[name], library.statements[name]
            mark = " (extension)" if statement.kind == "extension" else ""
            tags = f":{','.join(finding.tags)}" if finding.tags else ""
            yield f"    {_MARKS[finding.status]} {name}{tags}  {statement.title}{mark}"
            if finding.reason:
                yield f"          {finding.reason}"
            yield from (f"          - {_plain(item)}" for item in finding.evidence)


def _plain(item: Evidence) -> str:
    head = f"{item.display} {item.value}" if item.value else item.display
    parts = [head, item.date or ("" if item.value else "undated")]
    parts = [part for part in (*parts, item.threshold, item.note) if part]
    return f"{', '.join(parts)}  [{item.reference}]"
