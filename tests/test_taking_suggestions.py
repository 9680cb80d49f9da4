"""A suggestion is taken on an order screen, and the hook fires again: what is left to say.

The screen is that of a browser client that acts on updates alone: of the resource it takes the first
coding of the study and of each reason, and the first rating.
"""

from __future__ import annotations

from typing import Any

import pytest
from samples import SAMPLES, Json, sample
from screens import outcome

RATING = "http://fhir.org/argonaut/Extension/pama-rating"
TO_CT = "Change this order to CT"
TO_BOTH = "Change to MRI cervical spine without and with contrast"
TO_PLAIN = "Change to MRI cervical spine without contrast"


def on_screen(name: str, study: str = "72141") -> Json:
    """The sample with its order as the screen drafts it."""
    body = sample(name)
    (entry,) = body["context"]["draftOrders"]["entry"]
    order = entry["resource"]
    coding = {"system": "http://www.ama-assn.org/go/cpt", "code": study, "display": "as listed"}
    neck_pain = {"system": "http://snomed.info/sct", "code": "81680005", "display": "Neck pain"}
    entry["resource"] = {
        "resourceType": "ServiceRequest",
        "id": order["id"],
        "status": "draft",
        "intent": "plan",
        "code": {"coding": [coding], "text": "as listed"},
        "subject": order["subject"],
        "reasonCode": [{"coding": [neck_pain], "text": "Neck pain"}],
    }
    return body


def suggestions(answer: Json) -> dict[str, Json]:
    """Label of each suggestion that is one update -> its resource."""
    return {
        suggestion["label"]: action["resource"]
        for card in answer["cards"]
        for suggestion in card.get("suggestions", [])
        for action in suggestion["actions"]
        if [each["type"] for each in suggestion["actions"]] == ["update"]
    }


def rating(resource: Json) -> str | None:
    for extension in resource.get("extension", []):
        if extension["url"] == RATING:
            code: str = extension["valueCodeableConcept"]["coding"][0]["code"]
            return code
    return None


def took(body: Json, resource: Json) -> Json:
    """The next call of the screen after the update."""
    order: Any = body["context"]["draftOrders"]["entry"][0]["resource"]
    study = resource["code"]["coding"][0]
    order["code"] = {"coding": [study], "text": study["display"]}
    order["reasonCode"] = [
        {"coding": [reason["coding"][0]], "text": reason["coding"][0]["display"]}
        for reason in resource["reasonCode"]
    ]
    return body


def topics(answer: Json) -> list[str]:
    return [card["source"]["topic"]["code"] for card in answer["cards"]]


@pytest.mark.parametrize("name", ["V12", "V20"])
def test_an_mri_changed_to_ct_is_rated_and_has_nothing_left_to_say(send, name):
    body = on_screen(name)
    changed = suggestions(send(body))[TO_CT]
    assert (changed["code"]["coding"][0]["code"], rating(changed)) == ("72125", "appropriate")
    assert send(took(body, changed)) == {"cards": []}


@pytest.mark.parametrize(
    ("name", "study", "label", "card"),
    [
        pytest.param("V03", "72141", TO_BOTH, "EXT-CONTRAST-MALIG", id="contrast with cancer"),
        pytest.param("V05", "72141", TO_BOTH, "EXT-CONTRAST-INFECT", id="contrast with fever"),
        pytest.param("V10", "72156", TO_PLAIN, "EXT-CONTRAST-NONE", id="contrast without need"),
    ],
)
def test_once_the_contrast_is_changed_its_card_is_gone_and_the_advice_stays(
    send, name, study, label, card
):
    body = on_screen(name, study)
    before = send(body)
    assert card in topics(before)
    offered = suggestions(before)
    (changed,) = [offered[words] for words in offered if words.startswith(label)]
    (raised,) = {each.get("priority") for each in offered.values()}
    assert changed.get("priority") == raised, "accepting both takes nothing back"
    assert rating(changed) == "appropriate"
    after = send(took(body, changed))
    assert card not in topics(after)
    assert outcome(after) == outcome(before)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_update_carries_the_rating_of_what_it_makes_of_the_order(send, name):
    """The screen shows the first rating it finds, and fails on an update of a rated order without."""
    answer = send(on_screen(name))
    rated = answer.get("systemActions", [])
    for label, resource in suggestions(answer).items():
        expected = "appropriate" if label == TO_CT else rating(rated[0]["resource"])
        assert rating(resource) == expected, label
        assert all(reason["coding"] for reason in resource["reasonCode"])


def test_an_order_that_cannot_be_rated_is_changed_without_a_rating(send):
    """No data, no rating: not even where a client would like one."""
    answer = send(on_screen("V17", "72156"))
    assert outcome(answer) == "INSUFFICIENT"
    assert rating(suggestions(answer)[TO_PLAIN]) is None
    assert "systemActions" not in answer
    assert "extension" not in answer
