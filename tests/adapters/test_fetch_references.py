"""Reasons and supporting information that an order only refers to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chart import MET, NECK_PAIN, PATIENT, condition, observation, order, request
from fetching import TEMPLATES, completed, states
from fhir_stub import EMPTY, FhirStub, allowed
from samples import NOW, evaluator

from cds_service.adapters.fhir.reader import FhirReader
from cds_service.criteria.model import Recommendation
from cds_service.facts.record.prefetch import State

Json = dict[str, Any]
NECK = condition(NECK_PAIN, 400, id="neck", problem=False)
"""Found by its reference only: no list of the chart holds it."""


def to(*references: str, member: str = "reasonReference", **more: Any) -> Json:
    return order(**more) | {member: [{"reference": text} for text in references]}


@pytest.fixture
def advise(server: FhirStub, reader: FhirReader):
    """The recommendation for a draft whose record is prefetched but for what it refers to."""

    def advised(draft: Json, *chart: Json, without: tuple[str, ...] = ()) -> Recommendation:
        body = allowed(request(*chart, draft=draft), server.base)
        for key in without:
            del body["prefetch"][key]
        found = completed(body, server.client(), reader)
        (advice,) = evaluator().advise(found, NOW, server.client())
        recommendation: Recommendation = advice.recommendation
        return recommendation

    return advised


def presented(found: Recommendation) -> bool:
    return found.findings["CTX-SYMPTOM"].status is MET


@pytest.mark.parametrize(
    "form",
    [
        pytest.param("Condition/neck", id="relative"),
        pytest.param("Condition/neck/_history/3", id="of a version"),
        pytest.param("{base}/Condition/neck", id="absolute"),
    ],
)
def test_a_reason_that_was_not_prefetched_is_read(server: FhirStub, advise: Any, form: str):
    server.hold("Condition/neck", NECK)
    assert presented(advise(to(form.format(base=server.base))))
    assert server.asked == ["/fhir/Condition/neck"]


def test_a_reason_in_the_prefetch_is_not_read_again(server: FhirStub, advise: Any):
    assert presented(advise(to("Condition/neck"), NECK))
    assert server.asked == []


def test_a_reason_among_the_drafts_is_not_looked_for_on_the_server(
    server: FhirStub, reader: FhirReader
):
    body = allowed(request(draft=to("Condition/neck")), server.base)
    body["context"]["draftOrders"]["entry"].append({"resource": NECK})
    completed(body, server.client(), reader)
    assert server.asked == []


def test_a_reason_that_is_on_the_fetched_list_too_counts_once(server: FhirStub, advise: Any):
    server.hold("Condition/neck", NECK)
    path = TEMPLATES["conditions"].replace("{{context.patientId}}", PATIENT)
    server.hold(path, EMPTY | {"entry": [{"resource": NECK}], "total": 1})
    once = advise(to("Condition/neck"), NECK)
    again = advise(to("Condition/neck"), without=("conditions",))
    assert again == once


def test_an_observation_that_supports_the_order_is_read(server: FhirStub, advise: Any):
    weak = observation("motor-strength", 3, id="weak")
    server.hold("Observation/weak", weak)
    draft = to("Observation/weak", member="supportingInfo")
    pain = condition(NECK_PAIN, 30)
    found = advise(draft, pain)
    assert found == advise(draft, pain, weak)
    assert "RF-NEURO-MOTOR" in {name.partition(":")[0] for name in found.fired}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(NECK | {"subject": {"reference": "Patient/somebody-else"}}, id="of another"),
        pytest.param({k: v for k, v in NECK.items() if k != "subject"}, id="of nobody"),
        pytest.param(NECK | {"id": "other"}, id="another Condition"),
        pytest.param(observation("motor-strength", 3, id="neck"), id="another type"),
        pytest.param(EMPTY | {"entry": [{"resource": NECK}]}, id="a Bundle"),
        pytest.param({"resourceType": "OperationOutcome", "issue": []}, id="an OperationOutcome"),
        pytest.param((404, "application/fhir+json", b"{}"), id="not found"),
        pytest.param((410, "application/fhir+json", b"{}"), id="deleted"),
    ],
)
def test_what_is_not_the_patients_own_reason_is_not_used(
    server: FhirStub, advise: Any, answer: Any
):
    server.hold("Condition/neck", answer)
    found = advise(to("Condition/neck"))
    assert server.asked == ["/fhir/Condition/neck"]
    assert not presented(found)
    assert found.outcome is advise(order()).outcome


@pytest.mark.parametrize(
    "reference",
    [
        "Condition/..", "Condition/.", "Condition/a%2Fb", "Condition/a?b", "Condition/a/b/c",
        "Patient/pt", "ServiceRequest/x", "#neck", "urn:uuid:1", "Condition", "",
        "https://elsewhere.example/fhir/Condition/neck", "Condition/" + "x" * 65, "Condition/é",
    ],
)  # fmt: skip
def test_references_that_lead_elsewhere_are_not_followed(
    server: FhirStub, advise: Any, reference: str
):
    advise(to(reference))
    assert server.asked == []


def test_one_call_follows_ten_references_at_the_most(server: FhirStub, advise: Any):
    advise(to(*(f"Condition/c-{number}" for number in range(30))))
    assert len(server.asked) == 10


def test_a_reason_does_not_stand_in_for_a_list_that_could_not_be_read(
    server: FhirStub, reader: FhirReader
):
    server.hold("Condition/neck", NECK)
    body = allowed(request(draft=to("Condition/neck")), server.base)
    for failed in (
        {"resourceType": "OperationOutcome", "issue": []},
        EMPTY | {"entry": [{"resource": {"resourceType": "OperationOutcome"}}]},
    ):
        body["prefetch"]["conditions"] = failed
        assert states(completed(body, server.client(), reader))["conditions"] is State.FAILED
    del body["prefetch"]["conditions"]
    assert states(completed(body, server.client(), reader))["conditions"] is State.FAILED


def test_a_reason_does_not_make_a_short_list_whole(server: FhirStub, reader: FhirReader):
    server.hold("Condition/neck", NECK)
    body = allowed(request(condition("icd|M54.2", 9), draft=to("Condition/neck")), server.base)
    body["prefetch"]["conditions"]["total"] = 2
    found = completed(body, server.client(), reader)
    assert states(found)["conditions"] is State.PARTIAL


def test_a_chart_of_nothing_takes_the_reason_in(server: FhirStub, reader: FhirReader):
    server.hold("Condition/neck", NECK)
    body = allowed(request(draft=to("Condition/neck")), server.base)
    body["prefetch"]["conditions"] = None
    found = completed(json.loads(json.dumps(body)), server.client(), reader)
    assert states(found)["conditions"] is State.READ
    (advice,) = evaluator().advise(found, NOW, server.client())
    assert presented(advice.recommendation)
