"""No card rests on another patient: every type, every way to name one, prefetched and fetched."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
from chart import (
    KEY_OF,
    NECK_PAIN,
    PATIENT,
    answers,
    concept,
    condition,
    observation,
    order,
    procedure,
    report,
    request,
    resource,
)
from fetching import TEMPLATES, completed, make_reader, states
from fhir_stub import EMPTY, FhirStub, allowed, without
from samples import NOW, evaluator

from cds_service.adapters.fhir.reader import FhirReader, Report
from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import HookRequest
from cds_service.facts.record.prefetch import State

Json = dict[str, Any]
SECRET = "of-another"
PERIOD = {"start": "2026-01-02", "end": "2026-02-25"}
IBUPROFEN = concept("rx|5640", "ibuprofen")

TELLING: dict[str, Json] = {
    "Condition": condition("icd|M54.12", 60, id=SECRET),
    "Observation": observation("motor-strength", 3, id=SECRET),
    "Procedure": procedure("cpt|97110", 60, 3, id=SECRET),
    "MedicationRequest": resource(
        "MedicationRequest",
        id=SECRET,
        status="active",
        intent="order",
        medicationCodeableConcept=IBUPROFEN,
        authoredOn="2026-01-02",
    ),
    "MedicationStatement": resource(
        "MedicationStatement",
        id=SECRET,
        status="active",
        medicationCodeableConcept=IBUPROFEN,
        effectivePeriod=PERIOD,
    ),
    "MedicationAdministration": resource(
        "MedicationAdministration",
        id=SECRET,
        status="completed",
        medicationCodeableConcept=IBUPROFEN,
        effectivePeriod=PERIOD,
    ),
    "MedicationDispense": resource(
        "MedicationDispense",
        id=SECRET,
        status="completed",
        medicationCodeableConcept=IBUPROFEN,
        whenHandedOver="2026-01-02",
        daysSupply={"value": 60},
    ),
    "DiagnosticReport": report("cpt|72141", 20, id=SECRET),
    "ImagingStudy": resource(
        "ImagingStudy",
        id=SECRET,
        status="available",
        started="2026-02-01",
        procedureCode=[concept("cpt|72141")],
    ),
    "ServiceRequest": order("cpt|72141", authoredOn="2026-02-20", id=SECRET) | {"status": "active"},
    "Device": resource("Device", id=SECRET, status="active", type=concept("sct|14106009")),
    "AllergyIntolerance": resource("AllergyIntolerance", id=SECRET, code=concept("sct|292097002")),
    "QuestionnaireResponse": answers(1, hand_clumsiness=True, intractable_pain=True)
    | {"id": SECRET},
}
"""One resource of each type that changes what is said, when it is this patient's."""

FORMS: dict[str, Any] = {
    "relative": {"reference": "Patient/pt-other"},
    "absolute": {"reference": "{base}/Patient/pt-other"},
    "absolute, the right id on another server": {
        "reference": f"https://x.example/Patient/{PATIENT}"
    },
    "versioned": {"reference": "Patient/pt-other/_history/2"},
    "absolute and versioned": {"reference": "{base}/Patient/pt-other/_history/2"},
    "identifier only": {"identifier": {"system": "urn:mrn", "value": PATIENT}},
    "identifier only, with a display": {"display": f"Patient/{PATIENT}"},
    "contained": {"reference": "#p"},
    "urn": {"reference": "urn:uuid:4f2a0000-0000-4000-8000-000000000000"},
    "a longer id": {"reference": f"Patient/{PATIENT}2"},
    "another case": {"reference": f"patient/{PATIENT}"},
    "a group": {"reference": f"Group/{PATIENT}"},
    "the id alone": {"reference": PATIENT},
    "nobody": None,
}
OWN = {
    "relative": f"Patient/{PATIENT}",
    "versioned": f"Patient/{PATIENT}/_history/2",
    "absolute": f"{{base}}/Patient/{PATIENT}",
}
PAIN = condition(NECK_PAIN, 20, id="pain")


def naming(kind: str, whose: Json | None, base: str) -> Json:
    """The telling resource of a type, about whom `whose` says."""
    member = "patient" if kind in ("Device", "AllergyIntolerance") else "subject"
    found = {key: value for key, value in TELLING[kind].items() if key != member}
    found["contained"] = [{"resourceType": "Patient", "id": "p"}]
    if whose is not None:
        found[member] = json.loads(json.dumps(whose).replace("{base}", base))
    return found


def body_with(found: Json, base: str) -> Json:
    body = allowed(request(draft=order("cpt|72156", NECK_PAIN, id="draft")), base)
    prefetch = body["prefetch"]
    prefetch["conditions"]["entry"] = [{"resource": PAIN}]
    prefetch[KEY_OF[found["resourceType"]]].setdefault("entry", []).append({"resource": found})
    return body


def said(found: HookRequest, server: FhirStub) -> str:
    """Everything that goes out, and the reasoning behind it."""
    response: str = encode(evaluator().evaluate(found, NOW, server.client())).decode()
    reasoning: str = evaluator().explain(found, NOW, server.client())
    return response + reasoning


@pytest.mark.parametrize("form", OWN)
@pytest.mark.parametrize("kind", TELLING)
def test_the_patients_own_resource_is_read_in_every_form(
    server: FhirStub, reader: FhirReader, kind: str, form: str
):
    """The matrix below would prove nothing with resources that change nothing."""
    own = naming(kind, {"reference": OWN[form]}, server.base)
    text = said(completed(body_with(own, server.base), server.client(), reader), server)
    assert f"/{SECRET}" in text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", TELLING)
def test_another_patients_resource_is_dropped_from_prefetch(
    server: FhirStub, reader: FhirReader, kind: str, form: str
):
    found = naming(kind, FORMS[form], server.base)
    request = completed(body_with(found, server.base), server.client(), reader)
    text = said(request, server)
    assert SECRET not in text
    assert "1 resource(s) about another patient, or naming none, left out" in text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", TELLING)
def test_another_patients_resource_makes_a_fetched_list_unavailable(
    server: FhirStub, reader: FhirReader, kind: str, form: str
):
    key = KEY_OF[kind]
    found = naming(kind, FORMS[form], server.base)
    body = body_with(found, server.base)
    path = TEMPLATES[key].replace("{{context.patientId}}", PATIENT)
    server.hold(path, EMPTY | {"entry": body["prefetch"][key]["entry"]})
    request = completed(without(body, key), server.client(), reader)
    assert states(request)[key] is State.FAILED
    if key != "conditions":  # without those nothing is said at all
        assert SECRET not in said(request, server)


@pytest.mark.parametrize(
    ("whose", "own"),
    [
        *(pytest.param(whose, False, id=f"another's, {form}") for form, whose in FORMS.items()),
        *(pytest.param({"reference": text}, True, id=f"own, {form}") for form, text in OWN.items()),
    ],
)
@pytest.mark.parametrize("kind", ["Condition", "Observation"])
def test_what_an_order_refers_to_is_taken_in_only_when_it_is_the_patients_own(
    server: FhirStub, kind: str, whose: Json | None, own: bool
):
    """Held back where it is fetched: the rooms behind would drop it too, and nobody would notice."""
    server.hold(f"{kind}/{SECRET}", naming(kind, whose, server.base))
    draft = order("cpt|72156", NECK_PAIN, id="draft")
    draft["supportingInfo"] = [{"reference": f"{kind}/{SECRET}"}]
    body = allowed(request(draft=draft), server.base)
    reports: list[Report] = []
    with closing(make_reader(observe=reports.append)) as reader:
        found = completed(body, server.client(), reader)
    assert server.asked == [f"/fhir/{kind}/{SECRET}"]
    taken_in = [
        one.resource.id
        for entry in found.prefetch.values()
        for one in getattr(entry.value, "entry", None) or []
    ]
    assert taken_in == [SECRET] * own
    assert [report.failed for report in reports] == [{} if own else {"other-patient": 1}]


@pytest.mark.parametrize("patient", [{"id": "pt-other"}, {"id": None}, {"resourceType": "Person"}])
def test_a_patient_who_is_not_the_one_in_context_is_not_read(
    server: FhirStub, reader: FhirReader, patient: Json
):
    server.hold(f"Patient/{PATIENT}", {"resourceType": "Patient", "id": PATIENT} | patient)
    body = without(body_with(naming("Condition", None, server.base), server.base), "patient")
    request = completed(body, server.client(), reader)
    assert states(request)["patient"] is State.FAILED


def test_another_patient_beside_the_right_one_discards_the_list(
    server: FhirStub, reader: FhirReader
):
    entries = [{"resource": PAIN}, {"resource": {"resourceType": "Patient", "id": "pt-other"}}]
    path = TEMPLATES["conditions"].replace("{{context.patientId}}", PATIENT)
    server.hold(path, EMPTY | {"entry": entries})
    body = without(body_with(naming("Condition", None, server.base), server.base), "conditions")
    assert states(completed(body, server.client(), reader))["conditions"] is State.FAILED
