"""Why MRI rather than CT, when CT, and what to keep in mind: SUP-*, CT-OSSIFIED, PITFALL-*."""

from __future__ import annotations

from cds_service.criteria.model import Outcome
from cds_service.criteria.registry import Case, criterion, evidence, met, not_met, when
from cds_service.facts.finding import Finding

_NO_MRI = "only with an MRI outcome"


def _fired(case: Case, *statements: str) -> bool:
    return any(case.met(s) for s in statements)


@criterion("SUP-GENERAL")
def mri_shows_soft_tissue(case: Case) -> Finding:
    """Attached to every MRI outcome."""
    return when("SUP-GENERAL", case.mri, (), _NO_MRI)


@criterion("SUP-ROOT")
def root_compression(case: Case) -> Finding:
    """Attached to MRI outcomes with radicular or neurological evidence."""
    roots = bool(case.picture.radicular) or bool(case.any_met("RF-NEURO-"))
    return when("SUP-ROOT", case.mri and roots, (), "no root evidence with an MRI outcome")


@criterion("SUP-CORD")
def cord_pathology(case: Case) -> Finding:
    """Attached to MRI outcomes with cord signs or a confirmed cord injury."""
    cord = bool(case.any_met("RF-MYELO-")) or case.met("TRAUMA-SCI")
    return when("SUP-CORD", case.mri and cord, (), "no cord evidence with an MRI outcome")


@criterion("SUP-DISC")
def soft_disc(case: Case) -> Finding:
    """Attached to MRI outcomes with a disc herniation or radicular symptoms."""
    disc = bool(case.facts.stands("VS-DISC")) or bool(case.picture.radicular)
    return when("SUP-DISC", case.mri and disc, (), "no disc evidence with an MRI outcome")


@criterion("SUP-LIG")
def ligament_sensitivity(case: Case) -> Finding:
    """Attached to MRI outcomes after trauma: sensitive for ligaments, less specific."""
    holds = case.mri and _fired(case, "TRAUMA-LIG", "TRAUMA-NEG-CT")
    return when("SUP-LIG", holds, (), "no ligament question with an MRI outcome")


@criterion("CT-OSSIFIED")
def ossification_is_the_question(case: Case) -> Finding:
    """Calcified or ossified disc or ligament is the question, which CT answers better.

    Reads order reasons; Condition (suspected too) where no radicular, disc, stenosis, myelopathy or
    injury diagnosis explains the order; `opll` answers.
    """
    asked = case.facts.reasons("VS-OSSIFIED", "local:opll")
    found = case.facts.stands("VS-OSSIFIED", reasons=False, concepts=("opll",))
    others = case.facts.stands(
        "VS-RADIC", "VS-DISC", "VS-STENOSIS", "VS-MYELO", "VS-NECKTRAUMA", reasons=False
    )
    if asked:
        return met("CT-OSSIFIED", evidence([*asked, *found]))
    if found and not others:
        return met("CT-OSSIFIED", evidence(found))
    if found:
        return not_met("CT-OSSIFIED", "another diagnosis explains the order", evidence(found))
    return not_met("CT-OSSIFIED", "no ossification recorded")


@criterion("PITFALL-FALSEPOS")
def soft_tissue_over_call(case: Case) -> Finding:
    """Attached where MRI is read for soft-tissue injury after trauma."""
    holds = _fired(case, "TRAUMA-LIG", "TRAUMA-NEG-CT", "EXT-TRAUMA-TENDER", "EXT-OBTUNDED")
    return when("PITFALL-FALSEPOS", holds, (), "no soft-tissue question after trauma")


@criterion("PITFALL-ASYMPT-65")
def degeneration_without_symptoms(case: Case) -> Finding:
    """Attached to NOT_YET, MRI_MAY and MRI_ROUTINE outside trauma."""
    outcomes = (Outcome.NOT_YET, Outcome.MRI_MAY, Outcome.MRI_ROUTINE)
    holds = case.outcome in outcomes and not case.trauma.recent
    return when("PITFALL-ASYMPT-65", holds, (), "not with this outcome")


@criterion("PITFALL-CORRELATE")
def findings_must_match(case: Case) -> Finding:
    """Attached to every MRI outcome."""
    return when("PITFALL-CORRELATE", case.mri, (), _NO_MRI)


@criterion("PITFALL-PREMATURE")
def premature_imaging(case: Case) -> Finding:
    """Attached to NOT_YET by NOT-ACUTE."""
    holds = case.outcome is Outcome.NOT_YET and case.met("NOT-ACUTE")
    return when("PITFALL-PREMATURE", holds, (), "not deferred as acute")
