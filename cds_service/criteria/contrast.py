"""With or without contrast, gadolinium and pregnancy (extensions).

A warning also heeds what the order names as its reason, as it does a suspected Condition.
"""

from __future__ import annotations

from decimal import Decimal

from cds_service.criteria.registry import (
    Case,
    criterion,
    evidence,
    met,
    not_met,
    once,
    switched_off,
    unknown,
    when,
)
from cds_service.facts.finding import Evidence, Finding
from cds_service.facts.record import results
from cds_service.facts.record.frame import plain
from cds_service.facts.record.results import Number
from cds_service.fhir import units

_PREGNANT_STATUS_DAYS = 280
_TEST_DAYS = 14
_EGFR_UNIT = "mL/min/1.73 m²"
_REPEATED = "repeats an earlier selected order"


def with_contrast(case: Case) -> bool:
    return case.facts.draft.contrast in ("with", "without-and-with")


@once
def contrast_unsafe(case: Case) -> bool:
    """Whether any EXT-GAD-* warning would hold for an order with contrast."""
    if not case.config["ext.gad"]:
        return False
    return bool(_kidney(case) or pregnant(case) or gadolinium_reactions(case))


def _repeats(case: Case) -> bool:
    """A later selected draft, which is to be removed: contrast is a matter of the first one."""
    return bool(case.config["ext.duplicate"]) and case.facts.draft.follows is not None


def _indicated(case: Case, statement: str, flags: list[str]) -> Finding:
    if not case.config["ext.contrast"]:
        return switched_off(statement, "ext.contrast")
    if _repeats(case):
        return not_met(statement, _REPEATED)
    if not case.mri:
        return not_met(statement, "only with an MRI outcome")
    if not flags:
        return not_met(statement, "no such indication")
    if case.facts.draft.contrast != "without":
        return not_met(statement, "the order is not one without contrast")
    return met(statement, tuple(e for s in flags for e in case.finding(s).evidence))


@criterion("EXT-CONTRAST-INFECT")
def contrast_for_infection(case: Case) -> Finding:
    """An infection flag, an MRI outcome, and an order without contrast."""
    return _indicated(case, "EXT-CONTRAST-INFECT", case.any_met("RF-INFECT-"))


@criterion("EXT-CONTRAST-MALIG")
def contrast_for_malignancy(case: Case) -> Finding:
    """Cancer on record, an MRI outcome, and an order without contrast."""
    return _indicated(case, "EXT-CONTRAST-MALIG", case.any_met("RF-SYS-MALIG"))


@criterion("EXT-CONTRAST-POSTOP")
def contrast_after_surgery(case: Case) -> Finding:
    """New symptoms after surgery, an MRI outcome, and an order without contrast: ask radiology."""
    return _indicated(case, "EXT-CONTRAST-POSTOP", case.any_met("RF-POSTOP"))


def contrast_indicated(case: Case) -> bool:
    """An indication of infection, cancer, surgery or inflammation."""
    names = ("RF-INFECT-", "RF-SYS-MALIG", "RF-SYS-INFLAM", "RF-SYS-AS", "RF-POSTOP")
    return any(case.any_met(name) for name in names)


@criterion("EXT-CONTRAST-NONE")
def contrast_rarely_needed(case: Case) -> Finding:
    """Contrast ordered without an indication for it, or with-contrast-only ordered at all."""
    if not case.config["ext.contrast"]:
        return switched_off("EXT-CONTRAST-NONE", "ext.contrast")
    if _repeats(case):
        return not_met("EXT-CONTRAST-NONE", _REPEATED)
    contrast = case.facts.draft.contrast
    draft = case.facts.draft
    shown = (Evidence(draft.reference, draft.code.display),)
    if contrast == "with":
        return met("EXT-CONTRAST-NONE", shown, reason="with contrast only")
    if contrast == "without-and-with" and not contrast_indicated(case):
        return met("EXT-CONTRAST-NONE", shown, reason="no indication for contrast")
    return not_met("EXT-CONTRAST-NONE", "nothing to remark")


def _egfr(case: Case) -> list[Number]:
    """The latest eGFR that can be held against the threshold.

    Very low values are reported as `<15`, normal ones as `>60`.
    """
    days: int = case.config["egfr.lookbackDays"]
    limit: Decimal = case.config["egfr.threshold"]
    found = results.numbers(
        case.facts.observed.results,
        "VS-EGFR",
        days,
        units.egfr,
        _EGFR_UNIT,
        case.frame,
        inexact=True,
    )
    return results.latest([n for n in found if n.below(limit) is not None])


def _kidney(case: Case) -> tuple[Evidence, ...]:
    """Advanced kidney disease, acute kidney injury, or the latest eGFR below the threshold."""
    diagnosed = case.facts.stands("VS-CKD-ADVANCED", "VS-AKI")
    limit: Decimal = case.config["egfr.threshold"]
    threshold = f"< {plain(limit)} {_EGFR_UNIT}"
    low = tuple(n.evidence(threshold) for n in _egfr(case) if n.below(limit))
    return (*low, *evidence(diagnosed))


@criterion("EXT-GAD-EGFR")
def gadolinium_and_the_kidney(case: Case) -> Finding:
    """Contrast ordered with eGFR below egfr.threshold, advanced kidney disease or acute injury.

    Reads Observation (latest within egfr.lookbackDays) and Condition. The threshold itself does not
    fire. With kidney disease on record and no eGFR the finding is UNKNOWN: an information, also
    beside a suggestion that adds contrast.
    """
    statement = "EXT-GAD-EGFR"
    found = _kidney(case)
    finding = _no_contrast(case, statement, found)
    if finding is not None and not _contrast_suggested(case):
        return finding
    if found:
        return met(statement, found)
    chronic = case.facts.stands("VS-CKD")
    if chronic and not _egfr(case):
        return unknown(statement, "kidney disease on record, eGFR not known", evidence(chronic))
    return not_met(statement, "no reduced kidney function recorded")


def _contrast_suggested(case: Case) -> bool:
    """A card offers to add contrast; with unsafe contrast none does."""
    indicated = case.met("EXT-CONTRAST-INFECT") or case.met("EXT-CONTRAST-MALIG")
    return bool(case.config["ext.gad"]) and indicated and not contrast_unsafe(case)


def _no_contrast(case: Case, statement: str, against: tuple[Evidence, ...]) -> Finding | None:
    """The finding of an order without contrast; it keeps what would speak against adding it."""
    if not case.config["ext.gad"]:
        return switched_off(statement, "ext.gad")
    if not with_contrast(case):
        return not_met(statement, "no contrast ordered", against)
    return None


@once
def pregnant(case: Case) -> tuple[Evidence, ...]:
    """A current pregnancy: coded and not ended, the latest status answer, or a recent positive test."""
    listed = [
        e
        for e in case.facts.stands("VS-PREGNANCY")
        if e.date is None or case.frame.possibly_within(e.date, _PREGNANT_STATUS_DAYS)
    ]
    shown = list(evidence(listed))
    found, frame = case.facts.observed.results, case.frame
    # A status without a value hides no earlier one (criteria, 0.3).
    status = [
        x
        for x in results.in_window(found, "VS-PREGNANCY-STATUS", _PREGNANT_STATUS_DAYS, frame)
        if x.item.value_codeable_concept is not None
    ]
    newest = max((x.date.hi for x in status), default=None)
    for x in status:
        state = case.frame.code(x.item.value_codeable_concept)
        if x.date.hi == newest and state is not None and "VS-PREGNANCY" in state.sets:
            shown.append(Evidence(x.reference, x.code.display, x.date.text, "pregnant"))
    shown += [
        Evidence(x.reference, x.code.display, x.date.text, "positive")
        for x in results.in_window(found, "VS-PREGNANCY-TEST", _TEST_DAYS, frame)
        if results.positive(x, frame)
    ]
    return tuple(sorted(shown, key=lambda e: (e.date or "", e.reference), reverse=True))


@criterion("EXT-GAD-PREG")
def gadolinium_in_pregnancy(case: Case) -> Finding:
    """Contrast ordered in pregnancy; reads Condition and Observation."""
    found = pregnant(case)
    if finding := _no_contrast(case, "EXT-GAD-PREG", found):
        return finding
    return when("EXT-GAD-PREG", bool(found), found, "no pregnancy recorded")


@criterion("EXT-PREG-MRI")
def mri_in_pregnancy(case: Case) -> Finding:
    """Pregnant, and the order is without contrast or does not say: acceptable in any trimester."""
    if not case.config["ext.gad"]:
        return switched_off("EXT-PREG-MRI", "ext.gad")
    if with_contrast(case):
        return not_met("EXT-PREG-MRI", "contrast ordered: EXT-GAD-PREG")
    found = pregnant(case)
    return when("EXT-PREG-MRI", bool(found), found, "no pregnancy recorded")


def gadolinium_reactions(case: Case) -> tuple[Evidence, ...]:
    """Allergies to gadolinium, active and not refuted; coded on the allergy or a Condition."""
    return tuple(sorted(case.facts.gadolinium_allergies, key=lambda e: e.reference)) + evidence(
        case.facts.stands("VS-GADOLINIUM")
    )


@criterion("EXT-GAD-ALLERGY")
def gadolinium_allergy(case: Case) -> Finding:
    """Contrast ordered with a recorded reaction to gadolinium; reads AllergyIntolerance."""
    found = gadolinium_reactions(case)
    if finding := _no_contrast(case, "EXT-GAD-ALLERGY", found):
        return finding
    return when("EXT-GAD-ALLERGY", bool(found), found, "no reaction recorded")
