"""The same study ordered before: the earlier order is raised, as it was received and no other."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from chart import NECK_PAIN, ago, concept, condition, order, request, resource
from samples import CLIENT, NOW, Json, evaluator
from wire import assert_valid_response

from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import decode

WEAKNESS = condition("sct|713514005", 40)
PENDING: Json = resource(
    "ServiceRequest",
    id="pending",
    status="active",
    intent="order",
    priority="routine",
    code=concept("cpt|72141"),
    authoredOn=ago(8),
    meta={"versionId": "3"},
    vendorField={"kept": True},
    quantityQuantity={"value": "HERE"},
)


def called(*more: Json, **prefetch: Any) -> bytes:
    """Weakness for forty days, an MRI ordered a week ago, and now ordered again."""
    body = request(condition(NECK_PAIN, 60), WEAKNESS, PENDING, *more, draft=order())
    body["prefetch"] |= prefetch
    return json.dumps(body).replace('"HERE"', "2.50").encode()


def answered(body: bytes) -> Json:
    answer = evaluator().evaluate(decode(body), NOW, CLIENT)
    found: Json = json.loads(encode(answer), parse_float=Decimal)
    assert_valid_response(json.loads(encode(answer)))
    assert found["cards"][0]["source"]["topic"]["code"] == "DUPLICATE"
    return found


def raised(answer: Json) -> list[Json]:
    return [
        action["resource"]
        for suggestion in answer["cards"][0]["suggestions"]
        for action in suggestion["actions"]
        if action["type"] == "update"
    ]


def test_the_pending_order_is_raised_and_keeps_the_rest():
    (resource,) = raised(answered(called()))
    expected: Json = PENDING | {
        "priority": "urgent",
        "quantityQuantity": {"value": Decimal("2.50")},
    }
    assert resource == expected
    assert str(resource["quantityQuantity"]["value"]) == "2.50"


def test_other_entries_are_passed_over():
    """Pages of other resources, and entries that hold none, stand before the order."""
    bundle = {"resourceType": "Bundle", "type": "searchset"}
    others = [{"fullUrl": "urn:x"}, {"resource": order(id="other")}, {"resource": PENDING}]
    (resource,) = raised(answered(called(orders=bundle | {"entry": others})))
    assert resource["id"] == "pending"


@pytest.mark.parametrize(
    ("orders", "rest"),
    [
        pytest.param(None, b"", id="the order came under another key"),
        pytest.param("none", b"", id="and orders hold a text"),
        pytest.param(None, b',"more":' + b"9" * 5000, id="and a number nobody reads is endless"),
    ],
)
def test_an_order_that_cannot_be_given_back_is_only_named(orders: Any, rest: bytes):
    """The card says what is pending; it offers no update that might lose part of the order."""
    under_procedures = {"resourceType": "Bundle", "entry": [{"resource": PENDING}]}
    body = called(orders=orders, procedures=under_procedures)[:-1] + rest + b"}"
    answer = answered(body)
    assert raised(answer) == []
    assert "ServiceRequest/pending" in answer["cards"][0]["detail"]
