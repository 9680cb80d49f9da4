"""order-select requests of a given number of resources, each about as long as real ones are."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

Json = dict[str, Any]

RESOURCE_BYTES = 1430
PATIENT = "bench-1"
FHIR_SERVER = "https://fhir.ehr.example/r4"

# Codes of an ordinary chart: few of them are ones the criteria read, as in real records.
CONDITIONS = (
    ("81680005", "Neck pain"),
    ("38341003", "Hypertensive disorder"),
    ("44054006", "Type 2 diabetes mellitus"),
    ("195967001", "Asthma"),
    ("55822004", "Hyperlipidemia"),
    ("235595009", "Gastroesophageal reflux disease"),
    ("40930008", "Hypothyroidism"),
    ("35489007", "Depressive disorder"),
    ("73430006", "Sleep apnea"),
    ("414916001", "Obesity"),
    ("396275006", "Osteoarthritis"),
    ("54150009", "Upper respiratory infection"),
    ("13645005", "Chronic obstructive pulmonary disease"),
    ("49436004", "Atrial fibrillation"),
    ("37796009", "Migraine"),
    ("46635009", "Type 1 diabetes mellitus"),
)
OBSERVATIONS = (
    ("8310-5", "Body temperature", "vital-signs", 36.8, "Cel", "obs-vitals"),
    ("1988-5", "C reactive protein", "laboratory", 3.1, "mg/L", "obs-labs"),
    ("8867-4", "Heart rate", "exam", 72, "/min", "obs-exam"),
    ("9279-1", "Respiratory rate", "exam", 14, "/min", "obs-exam"),
    ("8480-6", "Systolic blood pressure", "exam", 124, "mm[Hg]", "obs-exam"),
    ("8462-4", "Diastolic blood pressure", "exam", 78, "mm[Hg]", "obs-exam"),
    ("8302-2", "Body height", "exam", 171, "cm", "obs-exam"),
    ("29463-7", "Body weight", "exam", 70.5, "kg", "obs-exam"),
    ("39156-5", "Body mass index", "exam", 24.1, "kg/m2", "obs-exam"),
    ("2708-6", "Oxygen saturation", "exam", 98, "%", "obs-exam"),
    ("8280-0", "Waist circumference", "exam", 84, "cm", "obs-exam"),
    ("9843-4", "Head circumference", "exam", 56, "cm", "obs-exam"),
    ("44249-1", "PHQ-9 total score", "survey", 3, "{score}", "obs-exam"),
    ("70274-6", "GAD-7 total score", "survey", 2, "{score}", "obs-exam"),
    ("75626-2", "AUDIT-C total score", "survey", 1, "{score}", "obs-exam"),
    ("82589-3", "Years of education", "social-history", 12, "a", "obs-exam"),
)


def request(resources: int) -> bytes:
    """1 Patient, 30 % Conditions, the rest Observations; `resources` in all."""
    today = date.today()  # noqa: DTZ011  # any recent day will do
    conditions = [_condition(n, today) for n in range(round(resources * 0.3))]
    charts: dict[str, list[Json]] = {"obs-vitals": [], "obs-labs": [], "obs-exam": []}
    for n in range(resources - 1 - len(conditions)):
        charts[OBSERVATIONS[n % len(OBSERVATIONS)][-1]].append(_observation(n, today))
    patient = {
        "resourceType": "Patient",
        "id": PATIENT,
        "gender": "female",
        "birthDate": "1979-03-02",
    }
    prefetch: Json = dict.fromkeys(("procedures", "meds", "imaging", "orders", "devices"))
    prefetch |= {"patient": _padded(patient), "conditions": _bundle(conditions)}
    prefetch |= {key: _bundle(chart) for key, chart in charts.items()}
    body = {
        "hook": "order-select",
        "hookInstance": "6d0c1c7e-9a0b-4d1f-8f0e-2f6a5b1f7c11",
        "fhirServer": FHIR_SERVER,
        "context": {
            "userId": "PractitionerRole/bench",
            "patientId": PATIENT,
            "selections": ["ServiceRequest/draft-1"],
            "draftOrders": {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": _draft()}],
            },
        },
        "prefetch": prefetch,
    }
    return json.dumps(body, separators=(",", ":")).encode()


def _draft() -> Json:
    neck_pain = {"coding": [{"system": "http://snomed.info/sct", "code": "81680005"}]}
    return {
        "resourceType": "ServiceRequest",
        "id": "draft-1",
        "status": "draft",
        "intent": "order",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "72141"}]},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "reasonCode": [neck_pain],
    }


def _condition(n: int, today: date) -> Json:
    code, display = CONDITIONS[n % len(CONDITIONS)]
    terminology = "http://terminology.hl7.org/CodeSystem/condition"
    return _padded(
        {
            "resourceType": "Condition",
            "id": f"condition-{n}",
            "clinicalStatus": _concept(f"{terminology}-clinical", "active", "Active"),
            "verificationStatus": _concept(f"{terminology}-ver-status", "confirmed", "Confirmed"),
            "category": [
                _concept(f"{terminology}-category", "problem-list-item", "Problem List Item")
            ],
            "code": _concept("http://snomed.info/sct", code, display),
            "subject": {"reference": f"Patient/{PATIENT}"},
            "onsetDateTime": str(today - timedelta(days=10 + n % 2000)),
            "recordedDate": str(today - timedelta(days=9 + n % 2000)),
        }
    )


def _observation(n: int, today: date) -> Json:
    code, display, category, value, unit, _ = OBSERVATIONS[n % len(OBSERVATIONS)]
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    quantity = {
        "value": value,
        "unit": unit,
        "system": "http://unitsofmeasure.org",
        "code": unit,
    }
    return _padded(
        {
            "resourceType": "Observation",
            "id": f"observation-{n}",
            "status": "final",
            "category": [_concept(system, category, category)],
            "code": _concept("http://loinc.org", code, display),
            "subject": {"reference": f"Patient/{PATIENT}"},
            "effectiveDateTime": f"{today - timedelta(days=1 + n % 700)}T08:30:00Z",
            "issued": f"{today - timedelta(days=1 + n % 700)}T09:00:00.000Z",
            "valueQuantity": quantity,
        }
    )


def _concept(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _padded(resource: Json) -> Json:
    """Add what servers send and nobody reads: meta, narrative, extensions."""
    resource["meta"] = {
        "versionId": "3",
        "lastUpdated": "2026-01-15T10:22:31.113+00:00",
        "profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-resource"],
    }
    resource["text"] = {"status": "generated", "div": ""}
    short = RESOURCE_BYTES - len(json.dumps(resource, separators=(",", ":")))
    words = "<p>Narrative of the record, as a server would generate it.</p> "
    resource["text"]["div"] = (words * (short // len(words) + 1))[: max(short, 0)]
    return resource


def _bundle(resources: list[Json]) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": [
            {
                "fullUrl": f"{FHIR_SERVER}/{each['resourceType']}/{each['id']}",
                "resource": each,
                "search": {"mode": "match"},
            }
            for each in resources
        ],
    }
