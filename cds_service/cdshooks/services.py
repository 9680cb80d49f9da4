"""What discovery publishes: both hooks under one id, and the prefetch templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cds_service.cdshooks.request import HOOKS

SERVICE_ID: Final = "cervical-mri"
TITLE: Final = "Cervical-spine MRI: is it the right next step?"
DESCRIPTION: Final = (
    "Rates draft orders for MRI of the cervical spine against published appropriateness criteria, "
    "from coded data only, and says what the rating rests on and what could not be read. "
    "Other orders get no answer."
)
USAGE_REQUIREMENTS: Final = (
    "FHIR R4. Orders are ServiceRequests coded in CPT or LOINC. The prefetch keys patient and "
    "conditions are needed; every other key is optional, and what is missing is named on the card."
)

Codes = Callable[[str], Iterable[tuple[str, str]]]
"""Name of a value set -> its (system, code) pairs."""

_VITALS: Final = ("VS-TEMPERATURE", "VS-GCS", "VS-PAIN")
_LABS: Final = (
    "VS-CRP",
    "VS-HSCRP",
    "VS-ESR",
    "VS-EGFR",
    "VS-PREGNANCY-STATUS",
    "VS-PREGNANCY-TEST",
)
_WHITE_CELLS: Final = "VS-WBC"


def prefetch_templates(codes: Codes, *, white_cells: bool) -> dict[str, str]:
    """Templates in the portable subset: no chaining, no _include, each parameter once (P-8, P-10).

    There is no date parameter: a moving date needs `today()`, which a 2.0 client leaves
    unresolved. Newest first and a page size keep the answers small instead.
    """
    labs = (*_LABS, _WHITE_CELLS) if white_cells else _LABS
    return {
        "patient": "Patient/{{context.patientId}}",
        "conditions": _search("Condition", "_sort=-recorded-date", "_count=500"),
        "obs-vitals": _observations(codes, _VITALS),
        "obs-labs": _observations(codes, labs),
        "obs-exam": _search(
            "Observation", "category=exam,survey,social-history", "_sort=-date", "_count=500"
        ),
        "procedures": _search("Procedure", "_sort=-date", "_count=500"),
        "meds": _search(
            "MedicationRequest",
            "status=active,completed,stopped",
            "_sort=-authoredon",
            "_count=200",
        ),
        "med-statements": _search(
            "MedicationStatement",
            "status=active,completed,stopped",
            "_sort=-effective",
            "_count=200",
        ),
        "med-dispenses": _search("MedicationDispense", "_sort=-whenhandedover", "_count=200"),
        "imaging": _search("DiagnosticReport", "category=RAD", "_sort=-date", "_count=100"),
        "imaging-studies": _search("ImagingStudy", "_sort=-started", "_count=100"),
        "orders": _search(
            "ServiceRequest", "status=active,on-hold,completed", "_sort=-authored", "_count=200"
        ),
        "devices": _search("Device", "_count=100"),
        "allergies": _search("AllergyIntolerance", "_count=100"),
        "answers": _search(
            "QuestionnaireResponse", "status=completed,amended", "_sort=-authored", "_count=20"
        ),
    }


def discovery_document(
    templates: Mapping[str, str],
    hook_version_fields: bool,
) -> dict[str, Any]:
    """The answer of GET /cds-services, with those prefetch templates. Both hooks share one id, so a later answer replaces an
    earlier one (ST-2); order-select comes last for clients that keep only the last.
    """
    service: dict[str, Any] = {
        "id": SERVICE_ID,
        "title": TITLE,
        "description": DESCRIPTION,
        "usageRequirements": USAGE_REQUIREMENTS,
        "prefetch": dict(templates),
    }
    if hook_version_fields:
        # Of the CDS Hooks specification and of the hook, not of this product (section 18, D-6).
        service |= {"version": "3.0.0", "hookVersion": "1.0"}
    return {"services": [{"hook": hook, **service} for hook in HOOKS]}


def _search(kind: str, *parameters: str) -> str:
    return "&".join((f"{kind}?patient={{{{context.patientId}}}}", *parameters))


def _observations(codes: Codes, value_sets: tuple[str, ...]) -> str:
    pairs = sorted({pair for name in value_sets for pair in codes(name)})
    listed = ",".join(f"{system}|{code}" for system, code in pairs)
    return _search("Observation", f"code={listed}", "_sort=-date", "_count=200")
