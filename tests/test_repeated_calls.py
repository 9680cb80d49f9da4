"""Calls come again, side by side and with more than we know; each is answered from itself alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import responses
from calls import HOOK_INSTANCE, NOW, SERVICE
from samples import SAMPLES, Json, draft, respond, sample
from wire import nameless


def test_a_repeated_hook_instance_is_answered_again(send):
    """It names one firing of a hook and is no replay token."""
    bodies = [sample(name) | {"hookInstance": HOOK_INSTANCE} for name in ("V01", "V01", "V02")]
    first, again, other = (nameless(send(body)) for body in bodies)
    assert first == again
    assert other["cards"][0]["source"]["topic"]["code"] == SAMPLES["V02"].outcome


def test_every_answer_has_names_of_its_own(send):
    first, again = (send(sample("V01"))["cards"][0] for _ in range(2))
    assert first["uuid"] != again["uuid"]


def test_calls_side_by_side_are_answered_as_one_by_one(client_at):
    """All sample orders four times over, eight at a time, in one process."""
    names = [*SAMPLES] * 4
    one_by_one = {name: nameless(respond(sample(name))) for name in SAMPLES}

    def call(name: str) -> Any:
        response = client_at(NOW).application.test_client().post(SERVICE, json=sample(name))
        return nameless(response.get_json())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, names))
    for name, answer in zip(names, answers, strict=True):
        assert answer == one_by_one[name], name


UNKNOWN: Json = {"anything": [1, {"deep": None}]}


def stuffed(value: Any) -> Any:
    """A copy with a member nobody knows in every object."""
    if isinstance(value, dict):
        return {key: stuffed(inner) for key, inner in value.items()} | {"xUnknown": UNKNOWN}
    return [stuffed(item) for item in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key != "xUnknown"}
    return [plain(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", SAMPLES)
def test_unknown_members_at_every_level_change_nothing(name):
    assert nameless(plain(respond(stuffed(sample(name))))) == nameless(respond(sample(name)))


@responses.activate
@pytest.mark.parametrize("name", ["V01", "V03"])
def test_nothing_is_read_from_anywhere(name):
    """Drafts live in the call alone: a reference between them is no reason to ask a server."""
    body = sample(name)
    usual = nameless(respond(body))
    added = {
        "basedOn": [{"reference": "CarePlan/draft"}],
        "replaces": [{"reference": "ServiceRequest/other-draft"}],
        "reasonReference": [{"reference": "Condition/draft"}],
    }
    draft(body).update(added)
    body["fhirServer"] = "https://ehr.example/r4"
    body["fhirAuthorization"] = {"access_token": "t", "token_type": "Bearer", "expires_in": 300}
    found = nameless(respond(body))
    assert len(responses.calls) == 0
    for card in (*found["cards"], *usual["cards"]):
        card.pop("suggestions", None)  # they carry the order
    assert found["cards"] == usual["cards"]
