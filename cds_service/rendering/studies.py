"""The studies and services we may put on an order: codes, and our own names for them."""

from __future__ import annotations

from typing import Any

import msgspec

CPT = "http://www.ama-assn.org/go/cpt"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"

Json = dict[str, Any]


class Study(msgspec.Struct, frozen=True, gc=False):
    """An imaging study with its CPT and LOINC codes."""

    cpt: str
    loinc: str
    name: str


STUDIES: dict[str, Study] = {
    study.cpt: study
    for study in (
        Study("72141", "30667-0", "MRI cervical spine without contrast"),
        Study("72142", "24938-3", "MRI cervical spine with contrast"),
        Study("72156", "24937-5", "MRI cervical spine without and with contrast"),
        Study("72125", "30592-0", "CT cervical spine without contrast"),
    )
}
CT = STUDIES["72125"]

PHYSICAL_THERAPY = "Physical therapy for neck pain"


def study_code(study: Study) -> Json:
    """CodeableConcept of a study; CPT first, as the PAMA guide prefers."""
    return {
        "coding": [
            {"system": CPT, "code": study.cpt, "display": study.name},
            {"system": LOINC, "code": study.loinc, "display": study.name},
        ],
        "text": study.name,
    }


def physical_therapy_code() -> Json:
    return {
        "coding": [{"system": SNOMED, "code": "91251008", "display": "Physical therapy"}],
        "text": PHYSICAL_THERAPY,
    }


def neck() -> Json:
    return {"coding": [{"system": SNOMED, "code": "45048000", "display": "Neck"}]}
