"""Red flags of systemic disease: RF-SYS-*, and the switched-off extensions beside them."""

from __future__ import annotations

from cds_service.criteria.registry import (
    GATE,
    Case,
    criterion,
    evidence,
    judged,
    not_met,
    once,
    switched_off,
    unknown,
    when,
)
from cds_service.facts.finding import Finding
from cds_service.facts.record import results
from cds_service.facts.record.entries import Entry


def malignancies(case: Case) -> list[Entry]:
    """Cancers on record, any date and status, and those the order names; suspected ones included."""
    found = [*case.facts.history("VS-MALIG"), *case.facts.reasons("VS-MALIG")]
    if case.config["malig.excludeNMSC"]:
        found = [e for e in found if "VS-NMSC" not in e.code.sets]
    years = case.config["malig.yearsSinceResolved"]
    if years != "none":
        found = [
            e
            for e in found
            if e.abated is None or case.frame.possibly_within(e.abated, 365 * years)
        ]
    return found


def firing(entries: list[Entry], case: Case) -> list[Entry]:
    """Confirmed Conditions, and order reasons: for RF-SYS-* a reason counts (criteria, 1.2)."""
    reasons = {e.key for e in case.facts.conditions.reasons}
    return [e for e in entries if not e.suspected or e.key in reasons]


def _suspected(entries: list[Entry], case: Case) -> list[Entry]:
    counting = {e.key for e in firing(entries, case)}
    return [e for e in entries if e.key not in counting]


@criterion("RF-SYS-MALIG")
def known_malignancy(case: Case) -> Finding:
    """Cancer on record, any date, histories included; non-melanoma skin cancer and in-situ excluded.

    Reads Condition (confirmed) and order reasons; a suspected Condition is possible only.
    """
    return judged(
        case,
        "RF-SYS-MALIG",
        firing(malignancies(case), case),
        possible=_suspected(malignancies(case), case),
        denied=case.facts.denied("VS-MALIG"),
        nothing="no cancer recorded",
    )


@criterion("RF-SYS-AS")
def ankylosing_spondylitis(case: Case) -> Finding:
    """Ankylosing spondylitis, current; reads Condition (confirmed) and order reasons."""
    return judged(
        case,
        "RF-SYS-AS",
        firing(case.facts.stands("VS-AS"), case),
        possible=_suspected(case.facts.stands("VS-AS"), case),
        denied=case.facts.denied("VS-AS"),
        nothing="no ankylosing spondylitis recorded",
    )


@once
def arthritis(case: Case) -> list[Entry]:
    """Inflammatory arthritis, current or in remission; suspected ones and order reasons included."""
    names = ["VS-INFLAM"]
    if case.config["inflam.includeCrystal"]:
        names.append("VS-CRYSTAL")
    found = case.facts.stands(*names)
    known = {e.key for e in found}
    rest = [e for e in case.facts.history(*names) if e.remission and e.key not in known]
    return found + rest


@criterion("RF-SYS-INFLAM")
def inflammatory_arthritis(case: Case) -> Finding:
    """Rheumatoid, psoriatic, juvenile, reactive or enteropathic arthritis, current or in remission.

    Reads Condition (confirmed) and order reasons. Osteoarthritis never; crystal disease only by
    `inflam.includeCrystal`.
    """
    return judged(
        case,
        "RF-SYS-INFLAM",
        firing(arthritis(case), case),
        possible=_suspected(arthritis(case), case),
        denied=case.facts.denied("VS-INFLAM"),
        nothing="no inflammatory arthritis recorded",
    )


def _diagnosis(case: Case, statement: str, key: str, name: str) -> Finding:
    if not case.config[key]:
        return switched_off(statement, key)
    found = case.facts.stands(name, suspected=False, reasons=False)
    return judged(case, statement, found, nothing="nothing recorded")


@criterion("EXT-IMMUNO")
def immunosuppression(case: Case) -> Finding:
    """Immunosuppression, where switched on; reads Condition."""
    return _diagnosis(case, "EXT-IMMUNO", "ext.immuno", "VS-IMMUNO")


@criterion("EXT-WEIGHTLOSS")
def unexplained_weight_loss(case: Case) -> Finding:
    """Weight loss or night sweats, where switched on; needs a site value set."""
    return _diagnosis(case, "EXT-WEIGHTLOSS", "ext.weightloss", "VS-WEIGHTLOSS")


@criterion("EXT-DISH")
def diffuse_idiopathic_skeletal_hyperostosis(case: Case) -> Finding:
    """DISH, where switched on; needs a site value set."""
    return _diagnosis(case, "EXT-DISH", "ext.dish", "VS-DISH")


@criterion("EXT-WBC")
def raised_white_cells(case: Case) -> Finding:
    """White cells above the laboratory's own limit, where switched on; reads Observation.

    UNKNOWN without a usable result within lab.lookbackDays.
    """
    if not case.config["ext.wbc"]:
        return switched_off("EXT-WBC", "ext.wbc")
    verdicts = results.raised_wbc(case.facts.observed.results, case.facts.person, case.frame)
    if not verdicts:
        return unknown("EXT-WBC", "no usable white-cell count")
    raised = tuple(v.evidence() for v in verdicts if v.raised)
    if raised and not case.cervical:
        return not_met("EXT-WBC", GATE, raised)
    return when("EXT-WBC", bool(raised), raised, "not raised")


@criterion("EXT-NEURO-MIMIC")
def sensory_change_explained_elsewhere(case: Case) -> Finding:
    """Only sensory evidence, and a nerve entrapment or polyneuropathy that precedes it (off).

    Needs a site value set. Turns MRI_URGENT into MRI_MAY.
    """
    if not case.config["ext.mimic"]:
        return switched_off("EXT-NEURO-MIMIC", "ext.mimic")
    if case.red_flags() != ["RF-NEURO-SENS"]:
        return not_met("EXT-NEURO-MIMIC", "not the only evidence")
    dates = [d for e in case.picture.sensory if (d := e.onset or e.recorded) is not None]
    first = min(dates, key=lambda d: d.lo, default=None)
    before = [
        e
        for e in case.facts.stands("VS-MIMIC", suspected=False, reasons=False)
        if first is not None and e.proven is not None and e.proven.hi < first.lo
    ]
    return when("EXT-NEURO-MIMIC", bool(before), evidence(before), "no earlier explanation")
