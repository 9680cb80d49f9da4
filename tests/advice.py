"""Recommendations made by hand: a test says what matters and the rest is defaulted."""

from __future__ import annotations

from typing import Any

from cds_service.criteria.model import Outcome, Overlay, Recommendation, Step
from cds_service.facts.finding import Evidence, Finding, Status
from cds_service.rendering.model import OrderAdvice, RenderOptions

CANONICAL = "https://cds.example/fhir"
WEAKNESS = Evidence("Observation/o1", "Elbow flexion strength", "2026-03-02", "4/5")
NUMB = Evidence("Condition/c1", "Numbness of hand", "2026-02-23")

_DEFAULTS: dict[Outcome, dict[str, Any]] = {
    Outcome.MRI_EMERGENT: {
        "step": "P4",
        "rating": "appropriate",
        "acr": "Usually appropriate",
        "indicator": "critical",
        "urgency": "emergent",
        "fired": ("RF-MYELO-GAIT", "RF-MYELO-HAND", "EXT-EMERG:E1"),
        "suggested_priority": "stat",
    },
    Outcome.MRI_URGENT: {
        "step": "P6",
        "rating": "appropriate",
        "acr": "Usually appropriate",
        "indicator": "warning",
        "urgency": "urgent",
        "fired": ("RF-NEURO-MOTOR", "RF-NEURO-SENS"),
        "advisory": ("SUP-GENERAL", "SUP-ROOT", "PITFALL-CORRELATE"),
        "suggested_priority": "urgent",
    },
    Outcome.MRI_ROUTINE: {
        "step": "P8",
        "rating": "appropriate",
        "acr": "Usually appropriate",
        "urgency": "routine",
        "fired": ("CONS-6WK",),
        "advisory": ("PITFALL-ASYMPT-65",),
    },
    Outcome.MRI_MAY: {
        "step": "P10",
        "rating": "appropriate",
        "acr": "May be appropriate",
        "urgency": "routine",
        "fired": ("CONS-4WK",),
    },
    Outcome.NOT_YET: {
        "step": "P11",
        "rating": "not-appropriate",
        "acr": "Usually not appropriate",
        "indicator": "warning",
        "fired": ("NOT-MECH", "NOT-ACUTE", "NOT-NORMALEXAM"),
        "advisory": ("NOT-GENERAL", "PITFALL-PREMATURE", "PITFALL-ASYMPT-65"),
        "not_found": ("RF-INFECT-LAB", "RF-MYELO-GAIT"),
        "suggest_delete": True,
        "suggest_physical_therapy": True,
    },
    Outcome.CT_FIRST: {
        "step": "P3",
        "rating": "not-appropriate",
        "acr": "Usually not appropriate",
        "indicator": "warning",
        "fired": ("TRAUMA-CT-INITIAL", "EXT-NEXUS-POS"),
        "suggest_ct": True,
        "suggest_delete": True,
    },
    Outcome.DUPLICATE: {
        "step": "P5",
        "rating": "appropriate",
        "indicator": "warning",
        "fired": ("EXT-DUP-RECENT", "RF-NEURO-SENS"),
        "prior": Evidence("DiagnosticReport/d1", "MRI of the cervical spine", "2026-01-16"),
        "prior_kind": "study",
        "underlying": Outcome.MRI_URGENT,
        "suggest_delete": True,
    },
    Outcome.INSUFFICIENT: {
        "step": "P12",
        "missing": ("symptom onset", "neurological examination", "conservative therapy"),
    },
    Outcome.NO_CRITERIA: {
        "step": "P1",
        "rating": "no-criteria-apply",
        "fired": ("EXT-REGION",),
    },
}


def found(name: str, *evidence: Evidence, **more: Any) -> Finding:
    return Finding(name, Status.MET, evidence, **more)


def recommend(outcome: Outcome, **changes: Any) -> Recommendation:
    """A recommendation of an outcome with its usual members."""
    members: dict[str, Any] = {
        "rating": None,
        "acr": None,
        "urgency": None,
        "keep_mri": False,
        "indicator": "info",
        "fired": (),
        "advisory": (),
        "overlays": (),
        "missing": (),
        "not_found": (),
        "documented_absent": (),
        "looked_at": (),
        "possible": (),
        "data_notes": (),
        "findings": {
            "RF-NEURO-MOTOR": found("RF-NEURO-MOTOR", WEAKNESS),
            "RF-NEURO-SENS": found("RF-NEURO-SENS", NUMB),
            "CONS-6WK": found("CONS-6WK", values={"days": "49"}),
        },
    }
    members |= _DEFAULTS[outcome] | changes
    steps = (Step(members["step"], "What was asked, and the answer", True),)
    return Recommendation(outcome=outcome, steps=steps, **members)


def order(**changes: Any) -> dict[str, Any]:
    """A draft MRI order with elements no model of ours knows."""
    raw = {
        "resourceType": "ServiceRequest",
        "id": "draft-1",
        "meta": {"versionId": "3"},
        "extension": [{"url": "https://vendor.example/desk", "valueString": "7"}],
        "status": "draft",
        "intent": "order",
        "priority": "routine",
        "code": {
            "coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "72141"}],
            "text": "as typed in the EHR",
        },
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": "Encounter/e1"},
        "requester": {"reference": "Practitioner/dr1"},
        "reasonCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "81680005"}]}],
        "note": [{"text": "typed by hand"}],
        "vendorField": {"kept": True},
    }
    return raw | changes


def advise(outcome: Outcome, **changes: Any) -> OrderAdvice:
    return OrderAdvice(
        order(), recommend(outcome, **changes), "MRI cervical spine without contrast"
    )


def options(**changes: Any) -> RenderOptions:
    members: dict[str, Any] = {
        "canonical": CANONICAL,
        "base_url": "https://cds.example",
        "patient_id": "p1",
        "encounter_id": "e1",
        "version": "r1",
        "g_code": "G1004",
        "system_actions": True,
        "legacy_system_actions": True,
        "emergency_text": "Call spine surgery.",
        "catalogue_url": "https://cds.example/catalogue",
    }
    return RenderOptions(**(members | changes))


def cied(**changes: Any) -> Overlay:
    members: dict[str, Any] = {
        "id": "EXT-MRS-CIED",
        "indicator": "critical",
        "evidence": (Evidence("Condition/icd", "Cardiac defibrillator in place", "2020"),),
    }
    return Overlay(**(members | changes))
