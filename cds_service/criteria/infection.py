"""Red flags of infection: RF-INFECT-*."""

from __future__ import annotations

from decimal import Decimal

from cds_service.criteria.registry import GATE, Case, criterion, evidence, judged, not_met, unknown
from cds_service.facts.finding import Evidence, Finding, Status
from cds_service.facts.record import results
from cds_service.facts.record.entries import Entry, Kind
from cds_service.facts.record.frame import plain
from cds_service.fhir import units

_FEVER_DAYS = 14
_HISTORY_DAYS = 365


def _with_enough_markers(case: Case, finding: Finding) -> Finding:
    """`infect.minMarkers`: fewer markers than asked for leave each of them unfired."""
    wanted: int = case.config["infect.minMarkers"]
    if finding.status is not Status.MET or wanted <= 1:
        return finding
    count = sum(check(case).status is Status.MET for check in (_fever, _ivdu, _laboratory))
    if count >= wanted:
        return finding
    return not_met(
        finding.id, f"{count} of {wanted} infection markers (infect.minMarkers)", finding.evidence
    )


@criterion("RF-INFECT-FEVER")
def fever(case: Case) -> Finding:
    """Temperature at or above fever.thresholdC within its window, or a current fever diagnosis.

    Reads Observation (maximum in the window, CF-6) and Condition (suspected too, 14 days). A refuted
    fever cancels an earlier diagnosis, never a measurement.
    """
    return _with_enough_markers(case, _fever(case))


def _fever(case: Case) -> Finding:
    days: int = case.config["fever.lookbackDays"]
    limit = case.config["fever.thresholdC"]
    sign = "≥" if case.config["fever.inclusive"] else ">"
    threshold = f"{sign} {plain(limit)} °C, last {days} days"
    measured = case.facts.observed.results
    found = [
        n
        for n in results.numbers(
            measured, "VS-TEMPERATURE", days, units.celsius, "°C", case.frame, inexact=True
        )
        if n.comparator in ("", ">", ">=")
    ]
    hot = [
        n
        for n in found
        if n.value > limit
        or (n.value == limit and (case.config["fever.inclusive"] or n.comparator == ">"))
    ]
    diagnosed = [
        e
        for e in case.facts.stands("VS-FEVER")
        if e.kind is not Kind.CONDITION
        or case.frame.possibly_within(e.onset, _FEVER_DAYS)
        or case.frame.possibly_within(e.recorded, _FEVER_DAYS)
    ]
    if hot:
        top = max(hot, key=_height)
        shown = (top.evidence(threshold), *evidence(diagnosed))
        if not case.cervical:
            return not_met("RF-INFECT-FEVER", GATE, shown)
        return Finding("RF-INFECT-FEVER", Status.MET, shown, values={"value": top.text})
    # "More than 37 °C" is no fever by itself, and no proof that there was none.
    if found and not diagnosed and not any(n.comparator for n in found):
        top = max(found, key=_height)
        return not_met("RF-INFECT-FEVER", "below the threshold", (top.evidence(threshold),))
    return judged(
        case,
        "RF-INFECT-FEVER",
        diagnosed,
        denied=case.facts.denied("VS-FEVER"),
        nothing=f"no exact temperature in the last {days} days",
    )


def _height(number: results.Number) -> tuple[Decimal, str]:
    return (number.value, number.reference)


@criterion("RF-INFECT-IVDU")
def injecting_drug_use(case: Case) -> Finding:
    """Injecting drug use, ever (ivdu.lookback); remission counts.

    Reads Condition (confirmed, any date and status), Observation and answers. A substance without a
    route, a suspected Condition or an order reason is possible only, and asked.
    """
    return _with_enough_markers(case, _ivdu(case))


def _ivdu(case: Case) -> Finding:
    return judged(
        case,
        "RF-INFECT-IVDU",
        injecting(case),
        possible=suspected_injecting(case),
        denied=[*case.facts.denied("VS-IVDU", concepts=("ivdu",)), *never_injected(case)],
        nothing="drug use not recorded",
    )


def suspected_injecting(case: Case) -> list[Entry]:
    """Suspected Conditions and order reasons: possible injecting drug use, to be asked."""
    names = ("VS-IVDU", "local:iv-drug-use")
    found = [*case.facts.history(*names), *case.facts.reasons(*names)]
    return [e for e in found if e.suspected]


def injecting(case: Case) -> list[Entry]:
    """Confirmed injecting drug use; of ivdu.lookback days where that is set, current use always."""
    names = ["VS-IVDU", "local:iv-drug-use"]
    if case.config["ivdu.acceptDxWithoutRoute"]:
        names.append("VS-SUBSTANCE-NO-ROUTE")
    listed = [e for e in case.facts.history(*names) if not e.suspected]
    told = [
        e
        for e in case.facts.stands("VS-IVDU", concepts=("ivdu",), reasons=False)
        if e.kind is not Kind.CONDITION
    ]
    lookback = case.config["ivdu.lookback"]
    if lookback == "lifetime":
        return listed + told
    return [
        e
        for e in listed + told
        if (e.kind is Kind.CONDITION and e.current) or case.frame.possibly_within(e.date, lookback)
    ]


def never_injected(case: Case) -> list[Entry]:
    return [e for e in case.facts.history("VS-NEVER-INJECTED") if not e.suspected]


@criterion("RF-INFECT-LAB")
def raised_inflammatory_markers(case: Case) -> Finding:
    """Raised CRP or ESR: the latest usable result within lab.lookbackDays.

    Reads Observation. UNKNOWN without a usable result. Tags name which marker: CRP, ESR.
    """
    return _with_enough_markers(case, _laboratory(case))


def _laboratory(case: Case) -> Finding:
    observed, person = case.facts.observed.results, case.facts.person
    crp = results.raised_crp(observed, person, case.frame)
    esr = results.raised_esr(observed, person, case.frame)
    raised = {
        name: [v.evidence() for v in verdicts if v.raised]
        for name, verdicts in (("CRP", crp), ("ESR", esr))
    }
    tags = tuple(name for name, found in raised.items() if found)
    shown = tuple(sorted((e for found in raised.values() for e in found), key=_order))
    if tags and not case.cervical:
        return not_met("RF-INFECT-LAB", GATE, shown)
    if tags:
        return Finding("RF-INFECT-LAB", Status.MET, shown, tags=tags)
    normal = tuple(sorted((v.evidence() for v in (*crp, *esr)), key=_order))
    if normal:
        return not_met("RF-INFECT-LAB", "not raised", normal)
    days: int = case.config["lab.lookbackDays"]
    return unknown("RF-INFECT-LAB", f"no usable CRP or ESR in the last {days} days")


def _order(shown: Evidence) -> tuple[str, str, str]:
    return (shown.display, shown.reference, shown.value or "")


@criterion("RF-INFECT-DX")
def infection_known_or_suspected(case: Case) -> Finding:
    """Spinal or bloodstream infection, current or suspected; a spinal one also up to a year after.

    Reads Condition (suspected too) and order reasons.
    """
    found = case.facts.stands("VS-SPINEINFECT", "VS-SYSTEMIC-INFECTION")
    known = {e.key for e in found}
    past = [
        e
        for e in case.facts.history("VS-SPINEINFECT")
        if e.key not in known
        and not e.current
        and case.frame.possibly_within(e.abated or e.date, _HISTORY_DAYS)
    ]
    return judged(
        case,
        "RF-INFECT-DX",
        found + past,
        denied=case.facts.denied("VS-SPINEINFECT", "VS-SYSTEMIC-INFECTION"),
        nothing="no infection recorded",
    )
