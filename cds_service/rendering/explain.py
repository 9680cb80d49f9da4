"""The reasoning behind one recommendation: as an object for the card, as a tree for a meeting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cds_service.facts.finding import Evidence, Finding, Status
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice
from cds_service.rendering.reasoning import JudgedStatement, Reasoning, reasoning
from cds_service.rendering.words.lines import not_found

Json = dict[str, Any]

EXPLANATION = "cervical-mri-cds.explanation"
"""Member of a primary card's extension."""

_MARKS = {
    Status.MET.value: "[x]",
    Status.NOT_MET.value: "[ ]",
    Status.UNKNOWN.value: "[?]",
}


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
    return "\n".join(_lines(reasoning(advice, library)))


def _lines(found: Reasoning) -> Iterable[str]:
    yield f"Order: {found.study} ({found.order})"
    yield f"Outcome: {found.outcome} (decided at {found.step})"
    yield f"Rating: {found.rating or 'none'}" + (f"; ACR wording: {found.acr}" if found.acr else "")
    if found.urgency:
        yield f"Urgency: {found.urgency}"
    if found.keep_mri:
        yield "The MRI stays indicated whatever the CT shows."
    if found.prior:
        yield f"Earlier study or order: {_plain(found.prior)}"
    yield ""
    yield "Steps"
    for step in found.steps:
        yield f"  {'->' if step.decided else '  '} {step.id:<4} {step.text}"
    yield ""
    yield "Statements   [x] met   [ ] not met   [?] unknown"
    for group in found.groups:
        yield f"  {group.heading}"
        for each in group.statements:
            yield from _statement(each)
    for section in found.sections:
        yield ""
        yield section.heading
        yield from (f"  - {line}" for line in section.lines)


def _statement(judged: JudgedStatement) -> Iterable[str]:
    mark = " (extension)" if judged.kind == "extension" else ""
    tags = f":{','.join(judged.tags)}" if judged.tags else ""
    yield f"    {_MARKS[judged.verdict]} {judged.id}{tags}  {judged.title}{mark}"
    if judged.reason:
        yield f"          {judged.reason}"
    yield from (f"          - {_plain(item)}" for item in judged.evidence)


def _plain(item: Evidence) -> str:
    head = f"{item.display} {item.value}" if item.value else item.display
    parts = [head, item.date or ("" if item.value else "undated")]
    # A value that was held against a limit and may have missed it: 36.8 °C is not ≥ 38 °C.
    limit = f"against {item.threshold}" if item.threshold else ""
    parts = [part for part in (*parts, limit, item.note) if part]
    return f"{', '.join(parts)}  [{item.reference}]"
