"""Changes of the draft orders, and the call made of them."""

import json
import uuid

import pytest
from benches import bench, edited, opened, outcome
from calls import NOW, bundle
from samples import SAMPLES, respond

from cds_service.errors import EditRefused
from cds_service.rendering.pama import RATING
from cds_service.workbench import orders
from cds_service.workbench.bench import Asked
from cds_service.workbench.document import drafts, read, write


def draft_of(request):
    (found,) = drafts(json.loads(request))
    return found


def answer(call):
    return json.dumps(respond(json.loads(call)))


def accepted(name, label):
    """The request after a suggestion of the first card was taken, found by a word of its label."""
    opening = bench().sample(name)
    response = answer(opening.call)
    for number, card in enumerate(json.loads(response)["cards"]):
        for place, each in enumerate(card.get("suggestions", [])):
            if label in each["label"]:
                edit = {"kind": "accept", "card": number, "suggestion": place}
                return edited(opening.request, response, **edit)
    raise AssertionError(f"{name} offers no {label}")


def test_contrast_is_another_study():
    order = "ServiceRequest/v05-mri-draft"
    changed = edited(opened("V05"), kind="study", order=order, code="72156")
    assert draft_of(changed.request)["code"]["coding"][0]["code"] == "72156"
    assert draft_of(changed.request)["reasonCode"], "the rest of the order stays"


def test_an_order_for_ct_is_not_rated():
    order = "ServiceRequest/v05-mri-draft"
    changed = edited(opened("V05"), kind="study", order=order, code="72125")
    assert bench().why(changed.call).orders == ()


def test_every_study_offered_is_one_the_criteria_know():
    assert {"72141", "72142", "72156", "72125"} <= bench().studies.keys()


def test_a_priority_is_set():
    order = "ServiceRequest/v05-mri-draft"
    changed = edited(opened("V05"), kind="priority", order=order, priority="stat")
    assert draft_of(changed.request)["priority"] == "stat"


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "study", "order": "ServiceRequest/v05-mri-draft", "code": "99999"},
        {"kind": "study", "order": "ServiceRequest/gone", "code": "72141"},
        {"kind": "priority", "order": "ServiceRequest/v05-mri-draft", "priority": "now"},
    ],
)
def test_what_is_not_offered_is_refused(edit):
    with pytest.raises(EditRefused):
        edited(opened("V05"), **edit)


NO_RESOURCE = '{"cards":[{"suggestions":[{"actions":[{"type":"create"}]}]}]}'


@pytest.mark.parametrize(
    ("answered", "card"),
    [
        ("", 0),
        ("{", 0),
        ("[]", 0),
        ('{"cards": []}', 0),
        ('{"cards": [{"suggestions": [{}]}]}', -1),
        ('{"cards": 7}', 0),
        ('{"cards": [{"suggestions": [{"actions": [7]}]}]}', 0),
        ('{"cards": [], "systemActions": 7}', 0),
        ('{"cards": [], "systemActions": [7]}', 0),
        (NO_RESOURCE, 0),
    ],
)
def test_a_suggestion_that_is_not_in_the_answer_is_refused(answered, card):
    with pytest.raises(EditRefused):
        edited(opened("V05"), answered, kind="accept", card=card, suggestion=0)


def ratings(draft):
    """Code of the rating on an order, if there is one."""
    return [
        each["valueCodeableConcept"]["coding"][0]["code"]
        for each in draft.get("extension", ())
        if each["url"] == RATING
    ]


def test_what_the_service_does_without_asking_is_on_the_next_call():
    opening = bench().sample("V01")
    assert ratings(draft_of(opening.request)) == []
    answered = answer(opening.call)
    again = bench().change(Asked(request=opening.request, answered=answered))
    assert ratings(draft_of(again.call)) == ["not-appropriate"]
    (order,) = bench().chart_of(opening.call, answered).orders
    assert order.rating == "not-appropriate"
    assert dict(order.written)["consultation"].startswith("urn:uuid:")
    assert "systemActions" not in json.loads(answer(again.call)), "it is written already (SA-4)"


def test_a_new_rating_takes_the_place_of_the_old_one():
    opening = bench().sample("V01")
    gait = {"kind": "add", "finding": "394616008-Condition"}
    urgent = edited(opening.request, answer(opening.call), **gait)
    last = bench().change(Asked(request=urgent.request, answered=answer(urgent.call)))
    assert ratings(draft_of(last.call)) == ["appropriate"]


def test_a_rating_does_not_outlive_the_study_it_was_given_for():
    opening = bench().sample("V01")
    study = {"kind": "study", "order": "ServiceRequest/v01-mri-draft", "code": "72156"}
    changed = edited(opening.request, answer(opening.call), **study)
    draft = draft_of(changed.request)
    assert (draft["code"]["coding"][0]["code"], ratings(draft)) == ("72156", [])


def test_signing_writes_the_rating_on_the_order_too():
    signed = bench().change(Asked(request=opened("V01"), hook="order-sign"))
    after = bench().change(Asked(request=signed.request, answered=answer(signed.call)))
    assert ratings(draft_of(after.call)) == ["not-appropriate"]


def test_a_system_action_on_an_order_that_has_gone_is_passed_over():
    opening = bench().sample("V01")
    actions = [{"type": "update", "resource": {"resourceType": "ServiceRequest", "id": "gone"}}]
    request = read(opening.request)
    assert orders.annotate(request, json.dumps({"cards": [], "systemActions": actions})) == request


def test_an_accepted_priority_is_on_the_order():
    assert draft_of(accepted("V05", "urgent").request)["priority"] == "urgent"


def test_an_accepted_replacement_takes_the_mri_away_and_selects_what_comes_instead():
    changed = accepted("V12", "CT")
    request = json.loads(changed.request)
    codes = [each["code"]["coding"][0]["code"] for each in drafts(request)]
    assert "72125" in codes
    assert "72141" not in codes
    named = {f"ServiceRequest/{each['id']}" for each in drafts(request)}
    assert set(request["context"]["selections"]) <= named


def test_every_suggestion_of_every_sample_can_be_taken_and_fired_again():
    for name in SAMPLES:
        opening = bench().sample(name)
        response = answer(opening.call)
        for number, card in enumerate(json.loads(response)["cards"]):
            for place, _ in enumerate(card.get("suggestions", [])):
                edit = {"kind": "accept", "card": number, "suggestion": place}
                respond(json.loads(edited(opening.request, response, **edit).call))


def test_each_firing_has_an_id_of_its_own():
    request = read(opened("V01"))
    one, other = (orders.call(request, "order-select")["hookInstance"] for _ in range(2))
    assert uuid.UUID(one) != uuid.UUID(other)


def test_signing_puts_every_draft_in_scope():
    changed = bench().change(Asked(request=opened("V01"), hook="order-sign"))
    call = json.loads(changed.call)
    assert call["hook"] == "order-sign"
    assert "selections" not in call["context"]
    assert "selections" in json.loads(changed.request)["context"], "the order stays selected"
    assert outcome(changed.call) == "NOT_YET"


def test_another_hook_is_refused():
    with pytest.raises(EditRefused, match="order-sign and order-select"):
        bench().change(Asked(request=opened("V01"), hook="patient-view"))


def test_a_key_is_held_back_from_the_call_only():
    changed = bench().change(Asked(request=opened("V01"), withheld=("conditions", "no-such-key")))
    assert "conditions" not in json.loads(changed.call)["prefetch"]
    assert "conditions" in json.loads(changed.request)["prefetch"]


def test_an_update_of_a_pending_order_reaches_the_record():
    request = read(opened("V01"))
    pending = {"resourceType": "ServiceRequest", "id": "p-1", "priority": "routine"}
    request["prefetch"]["orders"] = bundle(pending)
    actions = [{"type": "update", "resource": pending | {"priority": "stat"}}]
    response = json.dumps({"cards": [{"suggestions": [{"actions": actions}]}]})
    new = orders.accept(request, response, 0, 0)
    assert new["prefetch"]["orders"]["entry"][0]["resource"]["priority"] == "stat"


def test_decimals_of_an_order_survive_a_suggestion():
    response = '{"cards":[{"suggestions":[{"actions":[{"type":"create","resource":{"resourceType":"ServiceRequest","quantityQuantity":{"value":2.50}}}]}]}]}'
    assert '"value": 2.50' in write(orders.accept(read(opened("V01")), response, 0, 0))


def test_now_is_the_day_of_the_samples():
    assert bench().today == NOW.date()
