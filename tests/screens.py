"""The order screens of real clients, and what is looked at in an answer."""

from __future__ import annotations

from typing import Any

from calls import call, condition

from cds_service.content.scenarios import load_scenarios

Json = dict[str, Any]

EXPLANATION = "cervical-mri-cds.explanation"
SAMPLES = {scenario.id: scenario for scenario in load_scenarios()}


def sample(name: str = "V01") -> Json:
    return SAMPLES[name].request()


def draft(body: Json) -> Json:
    found: Json = body["context"]["draftOrders"]["entry"][0]["resource"]
    return found


def outcome(answer: Json) -> str:
    code: str = answer["cards"][0]["source"]["topic"]["code"]
    return code


def notes(answer: Json) -> list[str]:
    """What the first card says about data that could not be read."""
    found: list[str] = answer["cards"][0]["extension"][EXPLANATION].get("dataNotes", [])
    return found


def imaging_screen(code: Json, reasons: list[Json]) -> Json:
    """The order screen of a widely used test client."""
    body = call(prefetch=None, fhirServer="https://ehr.example/r2")
    body["context"] = {
        "patientId": "pt-204",
        "userId": "Practitioner/example",
        "selections": ["ServiceRequest/example-request-id"],
        "draftOrders": {
            "resourceType": "Bundle",
            "entry": [
                {
                    "resource": {
                        "resourceType": "ServiceRequest",
                        "id": "example-request-id",
                        "status": "draft",
                        "intent": "plan",
                        "code": code,
                        "subject": {"reference": "Patient/pt-204"},
                        "reasonCode": reasons,
                    }
                }
            ],
        },
    }
    body["prefetch"] = {
        "patient": {"resourceType": "Patient", "id": "pt-204", "birthDate": "1979-03-02"},
        "conditions": {"resourceType": "Bundle", "entry": [{"resource": condition()}]},
    }
    return body


MRI = {
    "coding": [
        {"system": "http://www.ama-assn.org/go/cpt", "code": "72141", "display": "MRI neck"}
    ],
    "text": "MRI neck",
}


def reason(code: str, system: str = "http://snomed.info/sct") -> Json:
    """A reason as that screen sends it: one coding and a text."""
    return {"coding": [{"system": system, "code": code}], "text": "as picked"}


NECK_PAIN = reason("81680005")
RADICULOPATHY = reason("54404000")
MYELOPATHY = reason("202664003")
