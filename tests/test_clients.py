"""What clients really send: untidy and incomplete. Answered, never failed."""

from __future__ import annotations

from copy import deepcopy

import pytest
from calls import call, context
from samples import SAMPLES, Json, draft, sample
from screens import MRI, RADICULOPATHY, imaging_screen, outcome

from cds_service.rendering.pama import RATING


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
        assert outcome(answer) == "MRI_MAY"

    @pytest.mark.parametrize("reasons", [[{"coding": [{}]}], [{}], [{"coding": []}]])
    def test_empty_reasons(self, send, reasons):
        assert send(imaging_screen(MRI, reasons))["cards"]

    def test_every_update_carries_what_the_client_reads(self, send):
        found = updates(send(sample("V02")))
        assert found
        for action in found:
            resource = action["resource"]
            assert resource["code"]["coding"][0]["code"]
            assert all(reason["coding"][0] for reason in resource["reasonCode"])
            assert RATING in [extension["url"] for extension in resource["extension"]]

    def test_ratings_in_the_old_place_too(self, send):
        answer = send(imaging_screen(MRI, [RADICULOPATHY]))
        assert answer["extension"]["systemActions"] == answer["systemActions"]


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


@pytest.mark.parametrize(
    "kind",
    [
        "DeviceRequest", "NutritionOrder", "VisionPrescription", "CommunicationRequest", "Task",
        "MedicationOrder", "ProcedureRequest", "DiagnosticOrder",
    ],
)  # fmt: skip
def test_orders_of_other_kinds(send, kind):
    other = {"resourceType": kind, "id": "other", "intent": "original-order", "doseAndRate": {}}
    body = sample("V01")
    alone = send(deepcopy(body))
    body["context"]["draftOrders"]["entry"].insert(0, {"resource": other})
    assert outcome(send(body)) == outcome(alone)


def test_order_category_as_one_object(send):
    body = sample("V01")
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
    body = sample("V01")
    body["context"]["selections"] = selections
    assert send(body)["cards"] == []


def test_signing_answers_whatever_selections_say(send):
    body = sample("V01") | {"hook": "order-sign"}
    body["context"]["selections"] = ["ServiceRequest/other"]
    assert outcome(send(body)) == SAMPLES["V01"].outcome


@pytest.mark.parametrize(
    "subject", [{"reference": "Patient/somebody-else"}, {}, {"display": "Mr Doe"}, None]
)
def test_draft_that_is_not_about_this_patient(send, subject):
    body = sample("V01")
    draft(body)["subject"] = subject
    assert send(body)["cards"] == []


@pytest.mark.parametrize("instance", ["f6a2c1-b2va", "1", "urn:uuid:6d0c1c7e", "ä" * 500])
def test_hook_instance_that_is_no_uuid(send, instance):
    body = sample("V01") | {"hookInstance": instance}
    assert outcome(send(body)) == SAMPLES["V01"].outcome


def test_members_nobody_knows(send):
    body = sample("V01") | {
        "extension": {"davinci": {"x": 1}},
        "user": "Practitioner/1",
        "fhirRelease": 2,
    }
    body["context"]["orders"] = []
    body["prefetch"]["coverage"] = {"resourceType": "Coverage", "status": 7}
    assert outcome(send(body)) == SAMPLES["V01"].outcome
