"""What is wrong with a content file, in words that say where and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from cds_service.criteria.decision.possible import QUESTIONS
from cds_service.criteria.model import SEVERITY, Outcome
from cds_service.facts.config import KEYS
from cds_service.facts.terminology.concept_names import CONCEPT_NAMES
from cds_service.facts.terminology.vocabulary import LOCAL
from cds_service.rendering import vocabulary as v
from cds_service.rendering.content import (
    PHRASE_MAX,
    CardFile,
    CardTemplate,
    OverrideReason,
    Statement,
    SuggestionWords,
)
from cds_service.rendering.studies import PHYSICAL_THERAPY, STUDIES
from cds_service.rendering.suggestions import ACTION_TYPES

LABEL_MAX = 80

_ID = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
_KNOWN = {
    "value_sets": CONCEPT_NAMES,
    "local_codes": frozenset(LOCAL),
    "settings": frozenset(KEYS),
}


def statements(
    file: str, found: Mapping[str, Statement], groups: Mapping[str, str] | None = None
) -> list[str]:
    """Problems of the statements; `groups` is cards/groups.toml, if at hand."""
    out = []
    for name, statement in found.items():
        out += [f"{file}: [{name}]: {wrong}" for wrong in _statement(name, statement, groups)]
        out += [
            f"{file}: [{name}]: {field}: unknown statement {other}; correct or remove it"
            for field in ("rests_on", "covers")
            for other in getattr(statement, field)
            if other not in found
        ]
    if not found:
        out.append(f"{file}: no statement; restore the file")
    elif "META-DISCLAIMER" not in found:
        out.append(f"{file}: [META-DISCLAIMER] is missing; every card ends with it")
    return out


def _statement(name: str, statement: Statement, groups: Mapping[str, str] | None) -> Iterable[str]:
    if not _ID.fullmatch(name):
        yield "id must be upper-case words joined by hyphens, such as RF-NEURO-MOTOR"
    for field in ("title", "text", "evidence"):
        if not getattr(statement, field).strip():
            yield f"{field} is empty; write it in own words"
    if statement.kind == "article" and statement.source is None:
        yield "missing citation; add source = { section = …, label = … }"
    if statement.kind == "extension" and not statement.basis.strip():
        yield "missing citation; add basis = what the extension rests on"
    if groups is not None and statement.group not in groups:
        yield f"unknown group {statement.group}; available: {', '.join(groups)}"
    if len(statement.phrase) > PHRASE_MAX:
        yield f"phrase has {len(statement.phrase)} characters; at most {PHRASE_MAX}"
    if "%" in statement.evidence:
        yield "a percentage belongs into figure, with the population it was measured in"
    for field, known in _KNOWN.items():
        for unknown in sorted(set(getattr(statement, field)) - known):
            yield f"{field}: unknown name {unknown}; correct or remove it"
    if not CardTemplate(statement.evidence).is_valid():
        yield "evidence holds a $ that starts no placeholder; write $$ for a dollar sign"


def questions(file: str, found: Mapping[str, str]) -> list[str]:
    """Problems of questions.toml: words for every question of the criteria, and for no other."""
    out = [
        f"{file}: {name!r} is missing; the criteria ask it"
        for name in QUESTIONS
        if name not in found
    ]
    for name, text in found.items():
        if name not in QUESTIONS:
            out.append(f"{file}: {name!r}: the criteria ask no such question; remove it")
        out += [f"{file}: {wrong}" for wrong in _placeholders(repr(name), text, {"what": ""})]
    return out


def suggestions(file: str, found: Mapping[str, SuggestionWords]) -> list[str]:
    """Problems of suggestions.toml: words for every action, no words without one."""
    out = [
        f"{file}: [{name}] is missing; a suggestion of that name exists"
        for name in ACTION_TYPES
        if name not in found
    ]
    for name, words in found.items():
        out += [f"{file}: [{name}]: {wrong}" for wrong in _suggestion(name, words)]
    return out


def _suggestion(name: str, words: SuggestionWords) -> Iterable[str]:
    if name not in ACTION_TYPES:
        yield f"no suggestion of that name; available: {', '.join(ACTION_TYPES)}"
        return
    names = [PHYSICAL_THERAPY, *(study.name for study in STUDIES.values())]
    for field in ("label", *ACTION_TYPES[name]):
        text: str = getattr(words, field)
        if not text.strip():
            yield f"{field} is empty; every action needs its description"
        yield from _placeholders(field, text, v.SUGGESTION_PLACEHOLDERS)
    values = {"priority": v.LONGEST_PRIORITY, "study": max(names, key=len)}
    longest = len(CardTemplate(words.label).safe_substitute(values))
    if longest > LABEL_MAX:
        yield f"label has {longest} characters at its longest; at most {LABEL_MAX}"


def card(
    name: str,
    file: CardFile,
    known: Mapping[str, Statement],
    words: Mapping[str, SuggestionWords],
    reasons: Mapping[str, OverrideReason],
) -> list[str]:
    """Problems of one card file."""
    return [f"{name}: {wrong}" for wrong in _card(file, known, words, reasons)]


def _card(
    file: CardFile,
    known: Mapping[str, Statement],
    words: Mapping[str, SuggestionWords],
    reasons: Mapping[str, OverrideReason],
) -> Iterable[str]:
    yield from _place(file, known)
    yield from _placeholders("summary", file.summary, v.SUMMARY_PLACEHOLDERS)
    yield from _placeholders("detail", file.detail, v.DETAIL_PLACEHOLDERS)
    longest = longest_summary(file.summary, known)
    if longest > v.SUMMARY_MAX:
        yield (
            f"summary: {longest} characters at its longest; fewer than 140 are allowed, "
            f"shorten it by {longest - v.SUMMARY_MAX}"
        )
    if not file.summary.strip() or not file.title.strip():
        yield "summary and title must not be empty"
    if "$citation" not in file.detail:
        yield "detail: missing citation; end it with $citation"
    if "$order" not in file.detail:
        yield "detail: must name the order; add a line with $order"
    if file.suggestions and not file.selection_behavior:
        yield 'suggestions without behaviour; add selection_behavior = "at-most-one"'
    for suggestion in file.suggestions:
        if suggestion not in words:
            yield f"unknown suggestion {suggestion}; available: {', '.join(words)}"
    for reason in file.override_reasons:
        if reason not in reasons:
            yield f"unknown override reason {reason}; available: {', '.join(reasons)}"


def _place(file: CardFile, known: Mapping[str, Statement]) -> Iterable[str]:
    if bool(file.outcome) == bool(file.overlay):
        yield "name either an outcome or an overlay"
    if file.outcome:
        variants = v.VARIANTS.get(file.outcome, ())
        if file.outcome not in set(Outcome):
            yield f"unknown outcome {file.outcome}; available: {', '.join(Outcome)}"
        elif file.variant and file.variant not in variants:
            yield f"unknown variant {file.variant}; available: {', '.join(variants) or 'none'}"
    if file.overlay:
        if file.overlay not in v.OVERLAYS or file.overlay not in known:
            yield f"unknown overlay {file.overlay}; available: {', '.join(v.OVERLAYS)}"
        # An overlay may have a card of its own for an indicator.
        if file.variant and file.variant not in SEVERITY:
            yield f"unknown variant {file.variant}; available: {', '.join(SEVERITY)}"


def _placeholders(place: str, text: str, allowed: Mapping[str, str]) -> Iterable[str]:
    template = CardTemplate(text)
    if not template.is_valid():
        yield f"{place}: a $ starts no placeholder; write $$ for a dollar sign"
        return
    for name in template.get_identifiers():
        if name not in allowed:
            available = ", ".join(f"${a}" for a in allowed)
            yield f"{place}: unknown placeholder ${name}; available: {available}"


def longest_summary(summary: str, known: Mapping[str, Statement]) -> int:
    """Length of a summary with the longest value in each of its placeholders."""
    phrases = sorted((s.phrase for s in known.values()), key=len, reverse=True)[:2]
    reason = ", ".join(phrases) + v.MORE_REASONS.format(v.LONGEST_COUNT)
    values = {
        "reason": max(reason, v.NO_REASON, key=len),
        "prior_date": v.LONGEST_PRIOR_DATE,
        "open": v.OPEN_COUNT.format(v.LONGEST_COUNT),
    }
    return len(CardTemplate(summary).safe_substitute(values))


def complete(found: Collection[tuple[str, str]]) -> list[str]:
    """Cards that must exist and do not."""
    wanted = [(str(o), "") for o in Outcome]
    wanted += [(str(o), variant) for o, variants in v.VARIANTS.items() for variant in variants]
    out = [
        f"cards: no card for outcome {code}{f', variant {variant}' if variant else ''}; add one"
        for code, variant in wanted
        if (code, variant) not in found
    ]
    return out + [
        f"cards: no card for overlay {code}; add one"
        for code in v.OVERLAYS
        if (code, "") not in found
    ]
