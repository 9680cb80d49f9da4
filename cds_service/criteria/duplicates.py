"""The same study done or ordered before, and whether anything changed since (extensions)."""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.criteria import infection, neurology, postop, systemic, trauma
from cds_service.criteria.registry import (
    Case,
    criterion,
    met,
    not_met,
    once,
    switched_off,
)
from cds_service.facts.finding import Evidence, Finding
from cds_service.facts.record.entries import Entry
from cds_service.facts.record.imaging import Pending, Study
from cds_service.fhir.dates import Interval, parse


@once
def recent_studies(case: Case) -> list[Study]:
    """Cervical MRIs within dup.days, proven by their dates; the latest first."""
    days: int = case.config["dup.days"]
    found = [s for s in case.facts.imaging.mri if case.frame.within(s.date, days)]
    return sorted(found, key=lambda s: (s.date.lo, s.reported, s.reference), reverse=True)


@once
def pending_orders(case: Case) -> list[Pending]:
    """Pending orders for the same study within dup.days; the latest first."""
    days: int = case.config["dup.days"]
    found = [p for p in case.facts.imaging.pending if case.frame.within(p.authored, days)]
    return sorted(found, key=lambda p: (p.authored.lo, p.reference), reverse=True)


@criterion("EXT-DUP-RECENT")
def studied_recently(case: Case) -> Finding:
    """A cervical MRI within dup.days, inclusive; reads DiagnosticReport, ImagingStudy, Procedure."""
    if not case.config["ext.duplicate"]:
        return switched_off("EXT-DUP-RECENT", "ext.duplicate")
    found = recent_studies(case)
    if not found:
        return not_met("EXT-DUP-RECENT", "no cervical MRI in the window")
    threshold = f"≤ {case.config['dup.days']} days"
    study = found[0]
    shown = Evidence(study.reference, study.code.display, study.date.text, None, threshold)
    return met("EXT-DUP-RECENT", (shown,), date=study.date.text)


@criterion("EXT-DUP-PENDING")
def already_ordered(case: Case) -> Finding:
    """A pending order for the same study within dup.days, or an earlier selected draft."""
    if not case.config["ext.duplicate"]:
        return switched_off("EXT-DUP-PENDING", "ext.duplicate")
    draft = case.facts.draft
    if draft.follows is not None:
        display = draft.follows_code.display if draft.follows_code else "Earlier draft"
        shown = Evidence(draft.follows, display, None, None, None, "earlier selected draft")
        return met("EXT-DUP-PENDING", (shown,))
    found = pending_orders(case)
    if not found:
        return not_met("EXT-DUP-PENDING", "no pending order for the same study")
    return met("EXT-DUP-PENDING", (found[0].evidence(),), date=found[0].authored.text)


def changed(case: Case, since: Interval) -> bool:
    """CHANGED relative to `since` (criteria, 2.2): what is not proven to be as old is new.

    Re-documenting an old deficit is no change; undated evidence counts as one.
    """
    picture = case.picture
    for entry in (*picture.symptoms, *picture.current_symptom):
        worse = picture.worse(entry)
        if worse is not None and worse.date is not None and worse.date.hi > since.lo:
            return True
    for statement, dates in _fired_rows(case):
        if statement == "RF-PAIN-INTRACTABLE":
            continue  # judged by worsening alone
        if not any(d is not None and d.hi <= since.lo for d in dates):
            return True
    events = (picture.injury_date, *(o.date for o in case.facts.surgery.cervical))
    if any(d is not None and d.hi > since.lo for d in events):
        return True
    return any(
        e.present and e.recorded is not None and e.recorded.lo >= since.lo
        for e in case.facts.answers("prior-mri-nondiagnostic")
    )


def _fired_rows(case: Case) -> list[tuple[str, list[Interval | None]]]:
    """Every fired RF-* and TRAUMA-* row, and a fracture on CT, with the dates each rests on."""
    fired = [*case.red_flags(), *case.any_met("TRAUMA-"), *case.any_met("EXT-TRAUMA-CTPOS")]
    return [(s, _dates(case, s)) for s in fired]


def _dates(case: Case, statement: str) -> list[Interval | None]:
    entries = _entries(case, statement)
    if entries is not None:
        return [e.proven for e in entries]
    # What is measured, and what CT shows, carries its date on the evidence itself.
    return [parse(e.date, case.frame.zone) for e in case.finding(statement).evidence]


def _entries(case: Case, statement: str) -> Iterable[Entry] | None:
    picture = case.picture
    simple = {
        "RF-NEURO-MOTOR": picture.motor,
        "RF-NEURO-SENS": neurology.sensory_change(case),
        "RF-NEURO-REFLEX": neurology.confirmed(picture.reflex),
        "RF-MYELO-GAIT": picture.gait,
        "RF-MYELO-HAND": picture.hand,
        "RF-MYELO-BB": picture.bladder_bowel,
        "RF-MYELO-DX": picture.myelopathy,
        "RF-VERT-TENDER": picture.tenderness,
        "TRAUMA-LIG": picture.ligament,
    }
    if statement in simple:
        return simple[statement]
    if statement == "RF-POSTOP":
        return postop.symptoms_after_surgery(case)
    if statement == "RF-INFECT-IVDU":
        return infection.injecting(case)
    if statement == "RF-SYS-MALIG":
        return systemic.firing(systemic.malignancies(case), case)
    if statement == "TRAUMA-NEG-CT":
        return trauma.neurology_since_injury(case)
    return None
