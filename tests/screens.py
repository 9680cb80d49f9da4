"""The order screens of real clients, and what is looked at in an answer."""

from __future__ import annotations

from calls import call, condition
from samples import Json

from cds_service.rendering.explain import EXPLANATION


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
