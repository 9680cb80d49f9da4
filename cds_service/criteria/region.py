"""Lumbar pictures, cauda equina, and radicular symptoms without a red flag (extensions)."""

from __future__ import annotations

from cds_service.criteria.registry import (
    Case,
    criterion,
    evidence,
    met,
    not_met,
    switched_off,
    when,
)
from cds_service.facts.finding import Finding
from cds_service.facts.record.entries import Kind


@criterion("EXT-REGION")
def lumbar_picture(case: Case) -> Finding:
    """Lumbar problems in the chart or the order, and nothing cervical (ext.region)."""
    if not case.config["ext.region"]:
        return switched_off("EXT-REGION", "ext.region")
    holds = bool(case.picture.lumbar) and not case.cervical
    reason = "a cervical problem is documented" if case.cervical else "no lumbar problem"
    return when("EXT-REGION", holds, evidence(case.picture.lumbar), reason)


@criterion("EXT-CAUDA")
def possible_cauda_equina(case: Case) -> Finding:
    """Possible cauda equina syndrome: a lumbar emergency, whatever else is there (ext.region).

    Reads Condition (suspected too) and order reasons for the diagnosis, saddle anaesthesia in any
    form, and new bladder or bowel dysfunction beside a lumbar problem.
    """
    if not case.config["ext.region"]:
        return switched_off("EXT-CAUDA", "ext.region")
    coded = [e for e in case.facts.stands("VS-CAUDA") if e.kind in (Kind.CONDITION, Kind.REASON)]
    found = coded + case.picture.saddle
    if case.picture.lumbar:
        found += case.picture.bladder_bowel
    return when("EXT-CAUDA", bool(found), evidence(found), "no sign of it recorded")


@criterion("EXT-RADICULAR")
def radicular_without_red_flag(case: Case) -> Finding:
    """Radicular symptoms, no red flag, and less than the full window of treatment (ext.radicular)."""
    if not case.config["ext.radicular"]:
        return switched_off("EXT-RADICULAR", "ext.radicular")
    found = case.picture.radicular
    if not found or not case.cervical:
        return not_met("EXT-RADICULAR", "no radicular symptom")
    if case.met("RF-ANY"):
        return not_met("EXT-RADICULAR", "a red flag answers", evidence(found))
    if case.met("CONS-6WK"):
        return not_met("EXT-RADICULAR", "CONS-6WK answers", evidence(found))
    return met("EXT-RADICULAR", evidence(found))
