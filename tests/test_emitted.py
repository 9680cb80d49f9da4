"""What leaves the service for every sample order: valid, faithful to the order, and repeatable."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from samples import SAMPLES, Json, advise, draft, respond, sample, usual, verdict
from wire import assert_valid_resources, assert_valid_response, emitted

from cds_service.rendering import pama


@pytest.mark.parametrize("name", SAMPLES)
def test_both_hooks_rate_alike(name):
    body = sample(name)
    signed = deepcopy(body) | {"hook": "order-sign"}
    del signed["context"]["selections"]
    assert verdict(advise(signed)) == verdict(usual(name))
    assert respond(signed).get("systemActions") == respond(body).get("systemActions")


@pytest.mark.parametrize("name", SAMPLES)
def test_responses_and_their_resources_are_valid(name):
    answer = respond(sample(name))
    assert_valid_response(answer)
    assert_valid_resources(answer)


RATED = [name for name in SAMPLES if usual(name).rating is not None]
FOREIGN = {"url": "http://ehr.example/StructureDefinition/cost-centre", "valueString": "N-7"}


def mark(order: Json, *ratings: Json) -> None:
    """Elements we do not know, a foreign extension, and ratings of an earlier consultation."""
    order["extension"] = [*ratings[:1], FOREIGN, *ratings[1:]]
    order["_priority"] = {"extension": [FOREIGN]}
    order["futureElement"] = {"nested": [1.50, None]}
    order["subject"]["display"] = "as received"


@pytest.mark.parametrize("name", SAMPLES)
def test_updates_keep_what_is_foreign_and_replace_what_is_ours(name):
    body = sample(name)
    earlier: list[dict[str, Any]] = [
        {"url": pama.RATING, "valueCodeableConcept": {"coding": [{"code": "no-criteria-apply"}]}},
        {"url": pama.CONSULT_ID, "valueUri": "urn:uuid:00000000-0000-0000-0000-000000000000"},
        {"url": pama.RATING, "valueCodeableConcept": {"coding": [{"code": "appropriate"}]}},
    ]
    order = draft(body)
    mark(order, *earlier)
    mine = [
        resource
        for resource in emitted(respond(body))
        if resource.get("id") == order["id"] and resource["code"] == order["code"]
    ]
    for resource in mine:
        urls = [extension["url"] for extension in resource["extension"]]
        assert len(urls) == len(set(urls)), "ratings are replaced, not doubled"
        assert FOREIGN in resource["extension"]
        assert "no-criteria-apply" not in str(resource) or usual(name).rating == "no-criteria-apply"
        ours = {"extension", "priority", "_priority"}
        for key in order.keys() - ours:
            assert resource[key] == order[key], key
    if usual(name).rating is not None:
        assert mine


@pytest.mark.parametrize("name", SAMPLES)
def test_system_actions_change_extensions_only(name):
    body = sample(name)
    mark(draft(body))
    for action in respond(body).get("systemActions", []):
        assert action["resource"] | {"extension": 0} == draft(body) | {"extension": 0}


def outcome(answer: Json) -> str:
    code: str = answer["cards"][0]["source"]["topic"]["code"]
    return code


def consult_ids(answer: Json) -> list[str]:
    return [
        extension["valueUri"]
        for resource in emitted(answer)
        for extension in resource.get("extension", [])
        if extension["url"] == pama.CONSULT_ID
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_consult_id_is_the_same_for_the_same_facts(name):
    body = sample(name)
    first = respond(body)
    again = respond(body | {"hookInstance": "00000000-0000-4000-8000-000000000000"})
    assert consult_ids(first) == consult_ids(again)


def test_a_rating_that_stands_on_the_order_is_not_sent_again():
    """CDS Hooks and CRD: an unchanged annotation is not repeated; a changed one replaces it."""
    for name in RATED:
        body = sample(name)
        (action,) = respond(body)["systemActions"]
        body["context"]["draftOrders"]["entry"][0]["resource"] = deepcopy(action["resource"])
        again = respond(body)
        assert "systemActions" not in again
        assert "extension" not in again
        assert_valid_response(again)
        assert outcome(again) == outcome(respond(sample(name))), "the card is given again"
        rating = draft(body)["extension"][0]["valueCodeableConcept"]["coding"][0]
        rating["code"] = "appropriate" if rating["code"] != "appropriate" else "not-appropriate"
        assert respond(body)["systemActions"] == [action]
