"""The reasoning as text: one tree for each rated order, and a plain word where there is none."""

from __future__ import annotations

from typing import Any

import pytest
from chart import NECK_PAIN, condition, order, request
from samples import CLIENT, NOW, SAMPLES, Json, evaluator, respond, sample

from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import decode
from cds_service.client import Client, make_client
from cds_service.errors import DataNotAvailable

PAIN = condition(NECK_PAIN, 12)


def explained(body: Json, client: Client = CLIENT) -> str:
    text: str = evaluator().explain(decode(encode(body)), NOW, client)
    return text


@pytest.mark.parametrize("name", SAMPLES)
def test_the_tree_ends_in_the_outcome_of_the_card(name):
    text = explained(sample(name))
    assert f"Outcome: {SAMPLES[name].outcome} (decided at P" in text
    for statement in SAMPLES[name].fired:
        assert f"[x] {statement}" in text


def test_a_value_below_the_limit_does_not_read_as_if_it_reached_it():
    assert "Temperature 36.8 °C, 2026-03-02, against ≥ 38 °C" in explained(sample("V01"))


def test_each_order_has_its_own_tree():
    first, second = order(id="first"), order("cpt|72156", id="second")
    one, other = explained(request(PAIN, draft=[first, second])).split("\n\nOrder: ")
    assert one.startswith("Order: ")
    assert "(ServiceRequest/first)" in one
    assert "(ServiceRequest/second)" in other
    assert "Outcome: DUPLICATE" in other


NONE = "No selected draft is a cervical-spine MRI of this patient: no cards."
CPT = "http://www.ama-assn.org/go/cpt"
SILENT: dict[str, tuple[Any, str]] = {
    "another region": (order("cpt|72148"), f"{CPT}|72148: no code of a cervical-spine MRI"),
    "the system misspelt": (
        order() | {"code": {"coding": [{"system": "CPT", "code": "72141"}]}},
        f"CPT|72141: 72141 is a code of {CPT}; send that as its system",
    ),
    "a text instead of a code": (
        order() | {"code": {"text": "MRI neck"}},
        "has no code.coding; a text alone is not read",
    ),
    "several regions": (
        order("loinc|43457-1"), "MRI of several spine regions; rated only with scope.multiRegion=true"
    ),
    "not to be done": (order(doNotPerform=True), "doNotPerform asks for the study not to be done"),
    "another patient": (
        order(subject={"reference": "Patient/other"}),
        "its subject is Patient/other, and context.patientId makes it Patient/",
    ),
    "the patient of another server": (
        order(subject={"reference": "https://ehr.example/fhir/Patient/pt"}),
        "an absolute one counts below fhirServer only (None)",
    ),
    "nobody": (order(subject=None), "has no subject.reference; send Patient/"),
    "not R4": (order() | {"code": "72141"}, "not a ServiceRequest of FHIR R4: Expected `object"),
    "another resource": ({"resourceType": "MedicationRequest", "id": "m"}, "a MedicationRequest; only"),
    "no id": (order(id=None), "a ServiceRequest without id; send one"),
}  # fmt: skip


@pytest.mark.parametrize("why", SILENT)
def test_where_nothing_is_rated_it_says_why(why):
    """The answer is `{"cards": []}`, which alone tells a developer nothing."""
    draft, words = SILENT[why]
    draft = {key: value for key, value in draft.items() if value is not None}
    body = request(PAIN, draft=draft, hook="order-sign")
    assert respond(body)["cards"] == []
    text = explained(body)
    assert text.startswith(NONE)
    assert words in text


@pytest.mark.parametrize(
    ("selections", "words"),
    [
        pytest.param(["first"], "selections: first: write it as ServiceRequest/first", id="bare"),
        pytest.param(
            ["ServiceRequest/gone"],
            "selections: ServiceRequest/gone: matches no draft; ServiceRequests sent: "
            "ServiceRequest/first",
            id="a draft that was not sent",
        ),
        pytest.param([], "selections: is empty, so nothing was picked", id="empty"),
    ],
)
def test_a_selection_that_matches_nothing_is_named(selections, words):
    body = request(PAIN, draft=[order(id="first")], hook="order-select")
    body["context"]["selections"] = selections
    assert respond(body)["cards"] == []
    text = explained(body)
    assert words in text
    assert "ServiceRequest/first: is not among the selections" in text


def test_an_empty_bundle_of_drafts_is_named():
    body = request(PAIN, hook="order-sign")
    body["context"]["draftOrders"] = {"resourceType": "Bundle", "type": "collection"}
    assert "draftOrders: holds no order" in explained(body)


def test_what_is_passed_over_beside_a_rated_order_is_told_too():
    drafts = [order(id="first"), order("cpt|72148", id="lumbar"), order("cpt|72156", id="first")]
    text = explained(request(PAIN, draft=drafts, hook="order-sign"))
    assert text.startswith("Order: ")
    assert "ServiceRequest/lumbar: " in text
    assert "draftOrders.entry[2]: a second ServiceRequest/first; the first counts" in text


def test_an_order_that_is_kept_silent_about_is_told():
    """Production: an adhering order with nothing to do gets no card."""
    quiet = make_client("quiet", {"cards.showAppropriate": "false"}, dev=True)
    name = next(n for n in SAMPLES if not cards(n, quiet))
    assert "No card: the order adheres" in explained(sample(name), quiet)
    assert "No card" not in explained(sample(name))


def cards(name: str, client: Client) -> Any:
    request = decode(encode(sample(name)))
    return evaluator().evaluate(request, NOW, client)["cards"]


@pytest.mark.parametrize("key", ["patient", "conditions"])
def test_without_required_data_there_is_no_tree(key):
    body = request(PAIN, unread=[key])
    with pytest.raises(DataNotAvailable) as caught:
        explained(body)
    assert caught.value.status == 412
    assert f"'{key}'" in str(caught.value.diagnostics)
