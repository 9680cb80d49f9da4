"""What clients really send: untidy, incomplete, of another FHIR version. Answered, never failed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from calls import NOW, call, condition, context, post
from wire import assert_valid_response

from cds_service.content.scenarios import load_scenarios
from cds_service.rendering.pama import RATING

Json = dict[str, Any]

EXPLANATION = "cervical-mri-cds.explanation"
SAMPLES = {scenario.id: scenario for scenario in load_scenarios()}


@pytest.fixture
def send(client_at):
    """Answer to a body, with its HTTP status checked."""

    def answered(body: Json, status: int = 200) -> Json:
        response = post(client_at(NOW), body)
        assert response.status_code == status, response.get_data(as_text=True)
        answer: Json = response.get_json()
        if status == 200:
            assert_valid_response(answer)
        return answer

    return answered


def sample(name: str = "V01") -> Json:
    return SAMPLES[name].request()


def draft(body: Json) -> Json:
    found: Json = body["context"]["draftOrders"]["entry"][0]["resource"]
    return found


def outcome(answer: Json) -> str:
    code: str = answer["cards"][0]["source"]["topic"]["code"]
    return code


def notes(answer: Json) -> str:
    return str(answer["cards"][0]["extension"][EXPLANATION])


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
RADICULOPATHY = {
    "coding": [{"system": "http://snomed.info/sct", "code": "54404000"}],
    "text": "Cervical radiculopathy",
}


class TestImagingScreen:
    def test_first_call_has_no_study(self, send):
        assert send(imaging_screen({"coding": [{}]}, []))["cards"] == []

    def test_no_code_at_all(self, send):
        body = imaging_screen(MRI, [])
        del draft(body)["code"]
        assert send(body)["cards"] == []

    def test_a_study_without_reason(self, send):
        assert send(imaging_screen(MRI, []))["cards"]

    def test_a_study_with_its_reason(self, send):
        answer = send(imaging_screen(MRI, [RADICULOPATHY]))
        assert outcome(answer) != "NOT_YET"
        assert answer["cards"][0]["source"]["topic"]["code"]

    @pytest.mark.parametrize("reasons", [[{"coding": [{}]}], [{}], [{"coding": []}]])
    def test_empty_reasons(self, send, reasons):
        assert send(imaging_screen(MRI, reasons))["cards"]

    def test_every_update_carries_what_the_client_reads(self, send):
        for action in updates(send(sample("V02"))):
            resource = action["resource"]
            assert resource["code"]["coding"][0]["code"]
            assert all(reason["coding"][0] for reason in resource["reasonCode"])
            assert RATING in [extension["url"] for extension in resource["extension"]]

    def test_ratings_in_the_old_place_too(self, send):
        answer = send(imaging_screen(MRI, [RADICULOPATHY]))
        legacy = answer.get("extension", {}).get("systemActions")
        assert legacy == answer.get("systemActions")


def updates(answer: Json) -> list[Json]:
    return [
        action
        for card in answer["cards"]
        for suggestion in card.get("suggestions", [])
        for action in suggestion["actions"]
        if action["type"] == "update"
    ]


def test_tab_without_order_context(send):
    body = call(context={"patientId": "pt-204", "userId": "Practitioner/example"})
    answer = send(body, 400)
    assert answer["resourceType"] == "OperationOutcome"
    assert "context.draftOrders" in str(answer)


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
@pytest.mark.parametrize("prefetch", [None, {}], ids=["no prefetch", "empty prefetch"])
def test_drugs_only(send, hook, prefetch):
    """Orders we do not rate are not looked at, and need no chart."""
    drug = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "intent": "order",
        "category": {"coding": [{"code": "community"}]},
        "reasonCode": {"coding": [{"code": "1201005"}]},
        "dosageInstruction": [{"doseAndRate": {"doseQuantity": {"value": 1}}}],
        "subject": {"reference": "Patient/pt-204"},
    }
    orders = {"resourceType": "Bundle", "entry": [{"resource": drug}]}
    selections = ["MedicationRequest/request-123"]
    body = call(
        hook=hook, prefetch=prefetch, context=context(draftOrders=orders, selections=selections)
    )
    assert send(body)["cards"] == []


@pytest.mark.parametrize("kind", ["DeviceRequest", "NutritionOrder", "VisionPrescription", "Task"])
def test_orders_of_other_kinds(send, kind):
    other = {"resourceType": kind, "id": "other", "intent": "original-order", "doseAndRate": {}}
    body = sample()
    alone = send(deepcopy(body))
    body["context"]["draftOrders"]["entry"].insert(0, {"resource": other})
    assert outcome(send(body)) == outcome(alone)


def test_order_category_as_one_object(send):
    body = sample()
    usual = send(deepcopy(body))
    draft(body)["category"] = draft(body)["category"][0]
    assert outcome(send(body)) == outcome(usual)


def test_order_reason_as_one_object(send):
    body = sample("V02")
    draft(body)["reasonCode"] = draft(body)["reasonCode"][0]
    assert outcome(send(body)) == "MRI_URGENT"


def test_bundles_without_type(send):
    body = sample("V02")
    del body["context"]["draftOrders"]["type"]
    for bundle in body["prefetch"].values():
        if bundle and bundle["resourceType"] == "Bundle":
            bundle.pop("type", None)
    assert outcome(send(body)) == "MRI_URGENT"


@pytest.mark.parametrize("name", list(SAMPLES))
def test_no_encounter(send, name):
    body = sample(name)
    del body["context"]["encounterId"]
    assert outcome(send(body)) == SAMPLES[name].outcome


@pytest.mark.parametrize("name", list(SAMPLES))
def test_signing_without_selections(send, name):
    body = sample(name) | {"hook": "order-sign"}
    del body["context"]["selections"]
    assert outcome(send(body)) == SAMPLES[name].outcome


@pytest.mark.parametrize(
    "selections", [[], ["ServiceRequest/other"], ["nonsense"], [""], ["MedicationRequest/v01"]]
)
def test_selections_that_match_nothing(send, selections):
    body = sample()
    body["context"]["selections"] = selections
    assert send(body)["cards"] == []


def test_signing_answers_whatever_selections_say(send):
    body = sample() | {"hook": "order-sign"}
    body["context"]["selections"] = ["ServiceRequest/other"]
    assert outcome(send(body)) == SAMPLES["V01"].outcome


@pytest.mark.parametrize(
    "subject", [{"reference": "Patient/somebody-else"}, {}, {"display": "Mr Doe"}, None]
)
def test_draft_that_is_not_about_this_patient(send, subject):
    body = sample()
    draft(body)["subject"] = subject
    assert send(body)["cards"] == []


@pytest.mark.parametrize("instance", ["f6a2c1-b2va", "1", "urn:uuid:6d0c1c7e", "ä" * 500])
def test_hook_instance_that_is_no_uuid(send, instance):
    body = sample() | {"hookInstance": instance}
    assert outcome(send(body)) == SAMPLES["V01"].outcome


def test_members_nobody_knows(send):
    body = sample() | {
        "extension": {"davinci": {"x": 1}},
        "user": "Practitioner/1",
        "fhirRelease": 2,
    }
    body["context"]["orders"] = []
    body["prefetch"]["coverage"] = {"resourceType": "Coverage", "status": 7}
    assert outcome(send(body)) == SAMPLES["V01"].outcome


OLD_PATIENT = {
    "resourceType": "Patient",
    "active": "yes",
    "name": [{"family": ["Novak"], "given": ["Walter"]}],
    "birthDate": "1971-11-02",
    "careProvider": [{"reference": "Practitioner/1"}],
}
OLD_CONDITION = {
    "resourceType": "Condition",
    "id": "old-1",
    "patient": {"reference": "Patient/v01-patient"},
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "363346000"}]},
    "clinicalStatus": "active",
    "verificationStatus": "confirmed",
    "category": {"coding": [{"code": "diagnosis"}]},
    "dateRecorded": "2026-02-01",
}
"""DSTU2: `clinicalStatus` a code, `patient` for `subject`, `family` a list."""


class TestAnotherFhirVersion:
    """Charts that cannot be read lead to questions, never to a refusal of the order."""

    def chart(self, *conditions: Json) -> Json:
        body = sample()
        body["prefetch"]["conditions"] = {
            "resourceType": "Bundle",
            "total": len(conditions),
            "entry": [{"resource": resource} for resource in conditions],
        }
        return body

    def test_every_condition_is_old(self, send):
        answer = send(self.chart(OLD_CONDITION, OLD_CONDITION | {"id": "old-2"}))
        assert outcome(answer) not in ("NOT_YET", "CT_FIRST")
        assert "unreadable" in notes(answer)

    def test_old_among_readable_ones(self, send):
        body = sample()
        body["prefetch"]["conditions"]["entry"].append({"resource": OLD_CONDITION})
        answer = send(body)
        assert outcome(answer) == "INSUFFICIENT"
        assert "conditions" in notes(answer)

    def test_old_conditions_do_not_take_red_flags_away(self, send):
        body = sample("V02")
        body["prefetch"]["conditions"]["entry"].append({"resource": OLD_CONDITION})
        assert outcome(send(body)) == "MRI_URGENT"

    def test_old_patient_and_old_chart(self, send):
        body = self.chart(OLD_CONDITION)
        body["prefetch"]["patient"] = OLD_PATIENT | {"id": "v01-patient"}
        for key in body["prefetch"]:
            if key not in ("patient", "conditions"):
                body["prefetch"][key] = {"resourceType": "Bundle", "entry": []}
        response = send(body)
        assert outcome(response) not in ("NOT_YET", "CT_FIRST")

    @pytest.mark.parametrize(
        "change",
        [
            {"category": {"coding": [{"code": "exam"}]}},
            {"status": 1},
            {"valueQuantity": {"value": "four"}},
            {"effectiveDateTime": ["2026-02-28"]},
            {"code": "weak"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_observations_of_another_shape(self, send, change):
        body = sample("V02")
        for entry in body["prefetch"]["obs-exam"]["entry"]:
            entry["resource"] |= change
        assert outcome(send(body)) not in ("NOT_YET", "CT_FIRST")
