"""The reasoning as text: one tree for each rated order, and a plain word where there is none."""

from __future__ import annotations

from typing import Any

import pytest
from chart import NECK_PAIN, condition, order, request
from samples import CLIENT, NOW, SAMPLES, Json, evaluator, sample

from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import decode
from cds_service.errors import DataNotAvailable

PAIN = condition(NECK_PAIN, 12)


def explained(body: Json) -> str:
    text: str = evaluator().explain(decode(encode(body)), NOW, CLIENT)
    return text


@pytest.mark.parametrize("name", SAMPLES)
def test_the_tree_ends_in_the_outcome_of_the_card(name):
    text = explained(sample(name))
    assert f"Outcome: {SAMPLES[name].outcome} (decided at P" in text
    for statement in SAMPLES[name].fired:
        assert f"[x] {statement}" in text


def test_each_order_has_its_own_tree():
    first, second = order(id="first"), order("cpt|72156", id="second")
    one, other = explained(request(PAIN, draft=[first, second])).split("\n\nOrder: ")
    assert one.startswith("Order: ")
    assert "(ServiceRequest/first)" in one
    assert "(ServiceRequest/second)" in other
    assert "Outcome: DUPLICATE" in other


@pytest.mark.parametrize(
    "draft",
    [
        pytest.param(order("cpt|72148"), id="another region"),
        pytest.param(order(subject={"reference": "Patient/other"}), id="another patient"),
        pytest.param(order() | {"code": "72141"}, id="an order that is not R4"),
        pytest.param([], id="no order at all"),
    ],
)
def test_where_nothing_is_rated_it_says_so(draft: Any):
    text = explained(request(PAIN, draft=[draft] if draft else [{"id": "x"}]))
    assert text == "No selected draft is a cervical-spine MRI of this patient: no cards."


@pytest.mark.parametrize("key", ["patient", "conditions"])
def test_without_required_data_there_is_no_tree(key):
    body = request(PAIN, unread=[key])
    with pytest.raises(DataNotAvailable) as caught:
        explained(body)
    assert caught.value.status == 412
    assert f"'{key}'" in str(caught.value.diagnostics)
