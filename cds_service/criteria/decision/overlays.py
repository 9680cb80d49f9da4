"""Overlay cards: MR safety, contrast, cauda equina. They never change the outcome (criteria, 2.3)."""

from __future__ import annotations

from collections.abc import Iterator

from cds_service.criteria import contrast
from cds_service.criteria.model import SEVERITY, Indicator, Overlay
from cds_service.criteria.registry import Case
from cds_service.facts.finding import Status

_WITHOUT, _BOTH = "72141", "72156"

# Indicator by how the implant is labelled; an unlabelled one is treated as unsafe.
_IMPLANTS: tuple[tuple[str, dict[str, Indicator]], ...] = (
    ("EXT-MRS-CIED", {"conditional": "warning", "unsafe": "critical", "unlabelled": "critical"}),
    ("EXT-MRS-CLIP", {"conditional": "info", "unsafe": "critical", "unlabelled": "critical"}),
    (
        "EXT-MRS-COCHLEAR",
        {"conditional": "warning", "unsafe": "critical", "unlabelled": "critical"},
    ),
    ("EXT-MRS-ORBIT", {"unsafe": "critical"}),
    ("EXT-MRS-OTHER", {"conditional": "warning", "unsafe": "warning", "unlabelled": "warning"}),
)


def overlays(case: Case) -> tuple[tuple[Overlay, ...], list[str]]:
    """Cards, most urgent first, at most cards.maxOverlays; and the ids of the rest, as lines."""
    found = sorted(_all(case), key=lambda o: SEVERITY.index(o.indicator))
    most: int = case.config["cards.maxOverlays"]
    lines = [o.id for o in found[most:]]
    return tuple(found[:most]), lines + list(_lines(case))


def _all(case: Case) -> Iterator[Overlay]:
    """In the order of criteria section 3, EXT-CAUDA first; the sort by urgency keeps it."""
    # Beside every outcome, NO_CRITERIA included: the emergency must not hide in an `info` card.
    if case.met("EXT-CAUDA"):
        yield Overlay("EXT-CAUDA", "critical", case.finding("EXT-CAUDA").evidence)
    safe = not contrast.contrast_unsafe(case)
    for statement in ("EXT-CONTRAST-INFECT", "EXT-CONTRAST-MALIG"):
        if safe and case.met(statement):
            yield Overlay(statement, "info", case.finding(statement).evidence, (_BOTH,))
    if case.met("EXT-CONTRAST-NONE"):
        only = case.facts.draft.contrast == "with"
        both = (_BOTH,) if only and safe and contrast.contrast_indicated(case) else ()
        shown = case.finding("EXT-CONTRAST-NONE").evidence
        yield Overlay("EXT-CONTRAST-NONE", "warning" if only else "info", shown, (*both, _WITHOUT))
    for statement, indicators in _IMPLANTS:
        finding = case.finding(statement)
        if finding.met:
            yield Overlay(statement, indicators[finding.tags[0]], finding.evidence)
    for statement in ("EXT-GAD-EGFR", "EXT-GAD-PREG", "EXT-GAD-ALLERGY"):
        finding = case.finding(statement)
        suggested = (_WITHOUT,) if statement != "EXT-GAD-EGFR" else ()
        if finding.met:
            yield Overlay(statement, "warning", finding.evidence, suggested)
        elif finding.status is Status.UNKNOWN:
            yield Overlay(statement, "info", finding.evidence)


def _lines(case: Case) -> Iterator[str]:
    if case.met("EXT-CONTRAST-POSTOP"):
        yield "EXT-CONTRAST-POSTOP"
    if contrast.contrast_unsafe(case):
        for statement in ("EXT-CONTRAST-INFECT", "EXT-CONTRAST-MALIG"):
            if case.met(statement):
                yield statement
