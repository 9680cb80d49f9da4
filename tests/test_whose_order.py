"""A pending order is given back only where it is certain which one it is, and whose."""

import json

import pytest
from chart import KEY_OF, condition, order, request, resource
from samples import respond

PENDING = resource(
    "ServiceRequest", id="s1", status="active", intent="order", priority="routine",
    code=order()["code"], authoredOn="2026-02-25", note=[{"text": "mine"}],
)  # fmt: skip
CHART = condition("icd|M62.81", 60), condition("icd|M54.2", 60)


def raised(*orders):
    """Resources of the updates of an order that is not the draft."""
    answer = respond(request(*CHART, *orders))
    return [
        action["resource"]
        for card in answer["cards"]
        for suggestion in card.get("suggestions", [])
        for action in suggestion["actions"]
        if action["type"] == "update" and action["resource"]["id"] == "s1"
    ]


def test_the_pending_order_is_raised_as_it_came():
    (found,) = raised(PENDING)
    assert found["note"] == [{"text": "mine"}]
    assert found["priority"] == "urgent"


@pytest.mark.parametrize(
    "whose", ["Patient/p2", "https://other.example/fhir/Patient/pt", "Patient/pt/_history/x/y"]
)
def test_another_patients_order_of_that_name_never_comes_back(whose):
    foreign = PENDING | {"subject": {"reference": whose}, "note": [{"text": "CANARY"}]}
    for orders in ((foreign, PENDING), (PENDING, foreign)):
        (found,) = raised(*orders)
        assert found["note"] == [{"text": "mine"}]
    assert KEY_OF["ServiceRequest"] == "orders"


def test_two_versions_of_it_leave_it_alone():
    older = PENDING | {"status": "draft", "code": order("cpt|72148")["code"]}
    assert raised(older, PENDING) == []
    assert "72148" not in json.dumps(respond(request(*CHART, older, PENDING)))
