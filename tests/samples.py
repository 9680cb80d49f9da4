"""The sample orders taken apart, stirred, and put to the real evaluator."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

from hypothesis import HealthCheck, settings

from cds_service.assembly.content import build_evaluator, load_terminology
from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import decode
from cds_service.content.scenarios import load_scenarios
from cds_service.criteria.model import Recommendation
from cds_service.settings import Settings

Json = dict[str, Any]

SETTINGS = Settings(dev=True)
SAMPLES = {scenario.id: scenario for scenario in load_scenarios()}
NOW = next(iter(SAMPLES.values())).evaluated
RECENT = (NOW - timedelta(days=3)).date().isoformat()
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
BY_PATIENT = ("Device", "AllergyIntolerance")


@cache
def terminology():
    return load_terminology(SETTINGS)


@cache
def evaluator():
    return build_evaluator(SETTINGS, terminology())


CLIENT = SETTINGS.development_client()


@cache
def text(name: str) -> bytes:
    return SAMPLES[name].path.read_bytes()


def sample(name: str) -> Json:
    body: Json = json.loads(text(name))
    return body


def advise(body: Json) -> Recommendation:
    request = decode(json.dumps(body).encode())
    (advice,) = evaluator().advise(request, NOW, CLIENT)
    found: Recommendation = advice.recommendation
    return found


def respond(body: Json) -> Json:
    """The response as it goes over the wire."""
    answer = evaluator().evaluate(decode(json.dumps(body).encode()), NOW, CLIENT)
    decoded: Json = json.loads(encode(answer))
    return decoded


def verdict(found: Recommendation) -> tuple[Any, ...]:
    return found.outcome, found.keep_mri, found.rating, frozenset(found.fired)


@cache
def usual(name: str) -> Recommendation:
    return advise(sample(name))


def bundles(body: Json) -> dict[str, Json]:
    return {
        key: value
        for key, value in body["prefetch"].items()
        if value and value["resourceType"] == "Bundle"
    }


def resources(body: Json) -> list[tuple[str, Json]]:
    """(prefetch key, resource) of everything in the chart but the patient."""
    return [
        (key, entry["resource"])
        for key, bundle in bundles(body).items()
        for entry in bundle.get("entry", [])
    ]


def add(body: Json, key: str, *more: Json) -> None:
    """Put resources under a key, whose total stays right."""
    bundle = body["prefetch"].get(key) or {"resourceType": "Bundle", "type": "searchset"}
    bundle.setdefault("entry", []).extend({"resource": resource} for resource in more)
    if "total" in bundle:
        bundle["total"] = len(bundle["entry"])
    body["prefetch"][key] = bundle


def of_patient(body: Json, resource: Json) -> Json:
    """The resource, about the patient of `body`."""
    member = "patient" if resource["resourceType"] in BY_PATIENT else "subject"
    return resource | {member: {"reference": f"Patient/{body['context']['patientId']}"}}


def draft(body: Json) -> Json:
    found: Json = body["context"]["draftOrders"]["entry"][0]["resource"]
    return found


few = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
