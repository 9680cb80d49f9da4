"""New orders beside an untidy one: they take over what R4 allows and leave the rest behind."""

from typing import Any

import pytest
from chart import NECK_PAIN, condition, order, request
from samples import Json, respond
from wire import assert_valid_resources, emitted, response_errors

INJURY: Json = {"coding": [{"system": "http://snomed.info/sct", "code": "90460009"}]}
TIDY = order(encounter={"reference": "Encounter/e"}, requester={"reference": "Practitioner/dr"})


def answer(**members: Any) -> Json:
    """To a scan ordered two days after an injury of the neck: CT first."""
    chart = (condition(NECK_PAIN, 3), condition("sct|90460009", 2))
    return respond(request(*chart, draft=TIDY | members))


def created(**members: Any) -> Json:
    """The CT order that is offered instead."""
    (draft,) = (each for each in emitted(answer(**members)) if "id" not in each)
    return draft


@pytest.mark.parametrize(
    ("name", "untidy", "expected"),
    [
        pytest.param("reasonCode", [INJURY], [INJURY], id="a reason"),
        pytest.param("reasonCode", INJURY, [INJURY], id="a reason without its list"),
        pytest.param(
            "reasonCode", [{"coding": [{}]}, INJURY], [INJURY], id="an empty reason first"
        ),
        pytest.param("reasonCode", [{"coding": [{}]}], None, id="only an empty reason"),
        pytest.param("reasonCode", [], None, id="no reason"),
        pytest.param(
            "reasonCode", [INJURY | {"text": ""}], [INJURY], id="a reason with an empty text"
        ),
        pytest.param("requester", {"reference": ""}, None, id="a requester who is nobody"),
        pytest.param("requester", "Practitioner/dr", None, id="a requester as text"),
        pytest.param(
            "requester",
            {"reference": "Practitioner/dr", "display": None},
            {"reference": "Practitioner/dr"},
            id="a requester with a null name",
        ),
        pytest.param(
            "encounter", [{"reference": "Encounter/e"}], None, id="an encounter in a list"
        ),
        pytest.param(
            "subject",
            {"reference": "Patient/pt", "display": ""},
            {"reference": "Patient/pt"},
            id="a patient with an empty name",
        ),
    ],
)
def test_what_is_taken_over(name: str, untidy: Any, expected: Any):
    draft = created(**{name: untidy})
    assert draft.get(name) == expected
    action = {"type": "update", "description": "x", "resource": draft | {"id": "x"}}
    sound: Json = {"cards": [], "systemActions": [action]}
    assert response_errors(sound) == []
    assert_valid_resources(sound)


@pytest.mark.parametrize(
    ("name", "untidy"),
    [
        pytest.param("reasonCode", [], id="an empty list"),
        pytest.param("reasonCode", INJURY, id="a reason without its list"),
        pytest.param("requester", {"reference": ""}, id="a requester who is nobody"),
        pytest.param("category", {"text": "Imaging"}, id="a category without its list"),
    ],
)
def test_an_update_gives_back_what_it_was_sent(name: str, untidy: Any):
    """CDS Hooks, Actions: the resource as received; it is not ours to tidy."""
    resources = [each for each in emitted(answer(**{name: untidy})) if "id" in each]
    assert resources
    for resource in resources:
        assert resource[name] == untidy
