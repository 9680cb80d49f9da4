"""Whatever a chart holds, what leaves the service keeps to CDS Hooks, FHIR R4 and its own promises."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from palette import CLIENTS, MRI, calls
from samples import NOW, Json, evaluator, few
from wire import assert_valid_resources, assert_valid_response, emitted

from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import decode
from cds_service.rendering import pama
from cds_service.rendering.explain import EXPLANATION

RATINGS = {"appropriate", "not-appropriate", "no-criteria-apply"}
COLOURS = {
    "MRI_EMERGENT": {"critical"},
    "MRI_URGENT": {"warning", "info"},
    "MRI_ROUTINE": {"info"},
    "MRI_MAY": {"info"},
    "NOT_YET": {"warning"},
    "CT_FIRST": {"warning", "critical"},
    "DUPLICATE": {"warning"},
    "INSUFFICIENT": {"info"},
    "NO_CRITERIA": {"info"},
}
"""A questionable MRI is a warning, missing data is information, critical is kept for danger."""

anything = settings(few, max_examples=100)
a_call = given(calls(), st.sampled_from(list(CLIENTS)))


def respond(body: Json, client: str) -> Json:
    answer = evaluator().evaluate(decode(encode(body)), NOW, CLIENTS[client])
    decoded: Json = json.loads(encode(answer))
    return decoded


def drafts(body: Json) -> dict[str, Json]:
    """The drafts by `Type/id`, as they were sent."""
    entries = body["context"]["draftOrders"]["entry"]
    return {f"ServiceRequest/{e['resource']['id']}": e["resource"] for e in entries}


def codes(resource: Json) -> set[str]:
    return {coding["code"] for coding in resource["code"]["coding"]}


def primary(answer: Json) -> list[Json]:
    return [card for card in answer["cards"] if card["source"]["topic"]["code"] in COLOURS]


def suggestions(answer: Json) -> list[Json]:
    return [each for card in answer["cards"] for each in card.get("suggestions", [])]


def ratings(resource: Json) -> list[str]:
    return [
        extension["valueCodeableConcept"]["coding"][0]["code"]
        for extension in resource.get("extension", [])
        if extension["url"] == pama.RATING
    ]


@anything
@a_call
def test_every_answer_and_every_resource_is_valid(body, client):
    answer = respond(body, client)
    assert_valid_response(answer)
    assert_valid_resources(answer)


@anything
@a_call
def test_each_mri_order_gets_one_card_and_no_other_order_any(body, client):
    answer = respond(body, client)
    orders = [order for order in drafts(body).values() if codes(order) & MRI]
    if CLIENTS[client].show_appropriate:
        assert len(primary(answer)) == len(orders)
    assert len(primary(answer)) <= len(orders)
    assert len(answer["cards"]) - len(primary(answer)) <= 3 * len(orders)
    assert answer["cards"][: len(primary(answer))] == primary(answer), "overlays come after"
    ranks = [("critical", "warning", "info").index(card["indicator"]) for card in primary(answer)]
    assert ranks == sorted(ranks), "the most urgent order comes first"


@anything
@a_call
def test_colours_mean_what_they_say(body, client):
    for card in primary(respond(body, client)):
        assert card["indicator"] in COLOURS[card["source"]["topic"]["code"]]


@anything
@a_call
def test_every_card_and_suggestion_can_be_named_in_feedback(body, client):
    answer = respond(body, client)
    named = [*answer["cards"], *suggestions(answer)]
    ids = [UUID(each["uuid"]) for each in named]
    assert len(set(ids)) == len(ids)
    assert all(suggestion["label"] and suggestion["actions"] for suggestion in suggestions(answer))


@anything
@a_call
def test_advice_that_disagrees_brings_something_to_do(body, client):
    for card in primary(respond(body, client)):
        if card["source"]["topic"]["code"] in ("NOT_YET", "CT_FIRST", "DUPLICATE"):
            assert card["suggestions"]


@anything
@a_call
def test_actions_touch_only_orders_of_the_call(body, client):
    """Drafts are removed or changed; the one other target is an order that is pending already."""
    known = drafts(body)
    pending = {
        f"ServiceRequest/{entry['resource']['id']}"
        for entry in body["prefetch"]["orders"].get("entry", [])
    }
    for suggestion in suggestions(respond(body, client)):
        removed = [a["resourceId"] for a in suggestion["actions"] if a["type"] == "delete"]
        assert set(removed) <= set(known)
        types = [action["type"] for action in suggestion["actions"]]
        assert types == sorted(types, key=("delete", "create", "update").index)
        for action in suggestion["actions"]:
            if action["type"] == "create":
                assert "id" not in action["resource"]
                assert action["resource"]["status"] == "draft"
            elif action["type"] == "update":
                target = f"ServiceRequest/{action['resource']['id']}"
                assert target in known or (removed and target in pending)


@anything
@a_call
def test_updates_carry_the_whole_order(body, client):
    answer = respond(body, client)
    known = drafts(body)
    for resource in emitted(answer):
        received = known.get(f"ServiceRequest/{resource.get('id')}")
        if received is not None:
            changed = {key for key in received if resource.get(key) != received[key]}
            assert changed <= {"priority", "code"}
            assert resource.keys() - received.keys() <= {"extension", "priority"}
    for action in answer.get("systemActions", []):
        received = known[f"ServiceRequest/{action['resource']['id']}"]
        assert action["resource"] == received | {"extension": action["resource"]["extension"]}


@anything
@a_call
def test_ratings_are_whole_and_of_three_kinds(body, client):
    answer = respond(body, client)
    if not CLIENTS[client].criteria["ext.pama"]:
        assert not any(ratings(resource) for resource in emitted(answer))
    for resource in emitted(answer):
        urls = [extension["url"] for extension in resource.get("extension", [])]
        assert len(urls) == len(set(urls))
        if ratings(resource):
            assert set(ratings(resource)) <= RATINGS
            assert {pama.RATING, pama.CONSULT_ID} <= set(urls)
            assert (pama.CONSULTED in urls) == bool(CLIENTS[client].g_code)


@anything
@given(calls())
def test_suggested_studies_carry_their_own_rating(body):
    """An MRI the rating of its order, the CT its own; a referral to physiotherapy is no imaging."""
    answer = respond(body, "development")
    for card in primary(answer):
        explained = card["extension"][EXPLANATION]
        for suggestion in card.get("suggestions", []):
            for action in suggestion["actions"]:
                resource = action.get("resource", {})
                if not resource or codes(resource) & {"91251008"}:
                    assert ratings(resource) == []
                elif codes(resource) & {"72125"}:
                    assert ratings(resource) == ["appropriate"]
                elif f"ServiceRequest/{resource['id']}" == explained["order"]:
                    expected = [explained["rating"]] if "rating" in explained else []
                    assert ratings(resource) == expected


@anything
@a_call
def test_links_open_pages_and_start_no_app_where_no_handle_is_kept(body, client):
    links: list[Any] = [
        link for card in respond(body, client)["cards"] for link in card.get("links", [])
    ]
    assert {link["type"] for link in links} <= {"absolute"}
