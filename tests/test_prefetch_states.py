"""Prefetch as clients supply it: left out, null, empty, failed, paged (CDS Hooks, Prefetch)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SAMPLES, Json, advise, few, respond, sample
from wire import assert_valid_response

from cds_service.criteria.model import Outcome
from cds_service.errors import DataNotAvailable
from cds_service.facts.record.prefetch import LABELS

FAILED = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception"}],
}
STATES: dict[str, Any] = {
    "absent": ...,
    "null": None,
    "empty": {"resourceType": "Bundle", "type": "searchset", "total": 0},
    "empty list": {"resourceType": "Bundle", "type": "collection", "entry": []},
    "failed": FAILED,
    "failed inside": {"resourceType": "Bundle", "entry": [{"resource": FAILED}]},
    "paged": "paged",
    "counted short": "counted short",
}
SAID = {
    "absent": "not supplied",
    "null": None,
    "empty": None,
    "empty list": None,
    "failed": "could not read",
    "failed inside": "could not read",
    "paged": "only partly read",
    "counted short": "only partly read",
}
"""What the card says of a key in that state: nothing exists, or it is not known what does."""
REQUIRED = ("patient", "conditions")
OPTIONAL = tuple(key for key in sample("V03")["prefetch"] if key not in REQUIRED)


def supplied(name: str, key: str, state: str) -> Json:
    """The sample, with one prefetch key as a client may supply it (CDS Hooks, Prefetch)."""
    body = sample(name)
    value = STATES[state]
    if value is ...:
        del body["prefetch"][key]
    elif state in ("paged", "counted short"):
        bundle = body["prefetch"][key] or {"resourceType": "Bundle", "type": "searchset"}
        if bundle["resourceType"] == "Bundle" and state == "paged":
            bundle["link"] = [{"relation": "next", "url": "https://ehr.example/page/2"}]
        elif bundle["resourceType"] == "Bundle":
            bundle["total"] = len(bundle.get("entry", [])) + 1
        body["prefetch"][key] = bundle
    else:
        body["prefetch"][key] = deepcopy(value)
    return body


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("key", REQUIRED)
def test_required_keys(key, state):
    body = supplied("V03", key, state)
    if state in ("absent", "failed", "failed inside"):
        with pytest.raises(DataNotAvailable):
            respond(body)
    else:
        assert_valid_response(respond(body))
        if key == "conditions":
            assert noted(body, key) == SAID[state]


def noted(body: Json, key: str) -> str | None:
    """What the data notes say about a key."""
    for note in advise(body).data_notes:
        words, _, labels = note.partition(": ")
        if LABELS[key] in labels.split(", "):
            return words
    return None


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("key", OPTIONAL)
def test_optional_keys(key, state):
    """Answered whatever is missing; never refused because something is."""
    for name in ("V01", "V03", "V12", "V16"):
        body = supplied(name, key, state)
        assert_valid_response(respond(body))
        assert noted(body, key) == SAID[state]
        if name == "V03":
            assert advise(body).outcome is Outcome.MRI_EMERGENT


@few
@given(
    st.sampled_from(list(SAMPLES)),
    st.dictionaries(st.sampled_from(OPTIONAL), st.sampled_from(list(STATES))),
)
def test_any_mixture_of_states_is_answered(name, states):
    body = sample(name)
    for key, state in states.items():
        del body["prefetch"][key]
        body["prefetch"] |= {
            other: value
            for other, value in supplied(name, key, state)["prefetch"].items()
            if other == key
        }
    assert_valid_response(respond(body))
