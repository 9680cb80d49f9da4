"""Reasons that come with the order: contained in it, or beside it among the drafts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chart import MET, NECK_PAIN, condition, observation, order, request
from samples import CLIENT, NOW, evaluator

from cds_service.cdshooks.request import decode
from cds_service.criteria.model import Recommendation

Json = dict[str, Any]
OTHER = {"reference": "Patient/somebody-else"}
NECK = condition(NECK_PAIN, 30, id="neck")


def about(reference: str, **members: Any) -> Json:
    return order(reasonReference=[{"reference": reference}], **members)


def advised(draft: Json, *chart: Json, beside: Json | None = None, **entry: Any) -> Recommendation:
    """The recommendation for a draft with another resource beside it in its Bundle."""
    body = request(*chart, draft=draft)
    if beside:
        body["context"]["draftOrders"]["entry"].append({"resource": beside} | entry)
    (found,) = evaluator().advise(decode(json.dumps(body).encode()), NOW, CLIENT)
    recommendation: Recommendation = found.recommendation
    return recommendation


def presented(found: Recommendation) -> bool:
    """Whether a presenting neck problem was seen."""
    return found.findings["CTX-SYMPTOM"].status is MET


def test_without_its_reason_the_order_has_no_presenting_problem():
    assert not presented(advised(order()))


@pytest.mark.parametrize(
    ("draft", "more"),
    [
        pytest.param(about("#neck", contained=[NECK]), {}, id="contained"),
        pytest.param(
            about("#neck", contained=[NECK | {"id": "#neck"}]), {}, id="contained, id with its mark"
        ),
        pytest.param(about("Condition/neck"), {"beside": NECK}, id="beside it, by type and id"),
        pytest.param(
            about("urn:uuid:0d3c"),
            {"beside": NECK, "fullUrl": "urn:uuid:0d3c"},
            id="beside it, by the address of its entry",
        ),
        pytest.param(
            about("urn:uuid:0d3c"),
            {"beside": {k: v for k, v in NECK.items() if k != "id"}, "fullUrl": "urn:uuid:0d3c"},
            id="beside it, without an id of its own",
        ),
    ],
)
def test_the_reason_that_comes_with_the_order_is_its_reason(draft: Json, more: Json):
    assert presented(advised(draft, **more))


def test_an_observation_that_comes_with_the_order_is_evidence():
    weak = observation("motor-strength", 3, id="weak")
    draft = order(
        "cpt|72141",
        NECK_PAIN,
        contained=[weak],
        supportingInfo=[{"reference": "#weak"}],
    )
    assert "RF-NEURO-MOTOR" in {name.partition(":")[0] for name in advised(draft).fired}


@pytest.mark.parametrize(
    ("draft", "more"),
    [
        pytest.param(
            about("#neck", contained=[NECK | {"subject": OTHER}]), {}, id="contained, of another"
        ),
        pytest.param(
            about("#neck", contained=[NECK | {"subject": {"reference": "#p"}}]),
            {},
            id="contained, of a contained patient",
        ),
        pytest.param(
            about("#neck", contained=[{k: v for k, v in NECK.items() if k != "subject"}]),
            {},
            id="contained, of nobody",
        ),
        pytest.param(
            about("Condition/neck"),
            {"beside": NECK | {"subject": OTHER}},
            id="beside it, of another",
        ),
        pytest.param(about("#other", contained=[NECK]), {}, id="a reference that leads nowhere"),
        pytest.param(order(contained=[NECK]), {}, id="contained, and not referred to"),
        pytest.param(order(), {"beside": NECK}, id="beside it, and not referred to"),
        pytest.param(about("#neck", contained=NECK), {}, id="contained, without its list"),
        pytest.param(
            about("#neck", contained=[NECK | {"subject": 7}]), {}, id="contained, unreadable"
        ),
    ],
)
def test_what_is_not_this_patients_or_not_referred_to_is_no_reason(draft: Json, more: Json):
    assert not presented(advised(draft, **more))


def test_a_contained_reason_is_not_taken_for_the_record_entry_with_the_same_id():
    in_error = condition(NECK_PAIN, 30, id="neck", verification="entered-in-error")
    assert presented(advised(about("#neck", contained=[in_error]), NECK))
    assert presented(advised(about("#neck", contained=[NECK]), in_error))
    assert not presented(advised(about("#neck", contained=[in_error])))


def test_the_record_knows_better_than_a_copy_beside_the_order():
    in_error = condition(NECK_PAIN, 30, id="neck", verification="entered-in-error")
    assert not presented(advised(about("Condition/neck"), in_error, beside=NECK))


@pytest.mark.parametrize(
    "odd", ["x", {"reference": "#neck"}, [None], ["#neck"], [{"reference": 1}]]
)
def test_odd_forms_of_supporting_information_change_nothing(odd: Any):
    draft = order(supportingInfo=odd, contained=[NECK])
    assert advised(draft).outcome is advised(order()).outcome


STALE = condition(NECK_PAIN, 400, id="stale", problem=False)
"""Older than symptoms count, unless the order refers to it."""


@pytest.mark.parametrize(
    ("draft", "seen"),
    [
        pytest.param(order(), False, id="not referred to"),
        pytest.param(about("Condition/stale"), True, id="as reason"),
        pytest.param(
            order(supportingInfo=[{"reference": "Condition/stale"}]), True, id="as supporting"
        ),
        pytest.param(
            order(supportingInfo=[{"reference": "Condition/another"}]), False, id="another one"
        ),
    ],
)
def test_a_symptom_the_order_refers_to_counts_however_old(draft: Json, seen: bool):
    assert presented(advised(draft, STALE)) is seen


def test_supporting_information_is_no_reason_of_the_order():
    resolved = condition(NECK_PAIN, 400, id="stale", clinical="resolved")
    supported = order(supportingInfo=[{"reference": "Condition/stale"}])
    assert not presented(advised(supported, resolved))
    assert presented(advised(about("Condition/stale"), resolved))


def test_a_contained_symptom_that_supports_the_order_counts():
    draft = order(contained=[STALE], supportingInfo=[{"reference": "#stale"}])
    assert presented(advised(draft))
