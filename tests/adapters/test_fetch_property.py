"""Whatever a FHIR server sends is either read or not, and never more than that."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.adapters.fhir.addresses import Base
from cds_service.adapters.fhir.queries import Query, is_own
from cds_service.adapters.fhir.reading import COULD_NOT_READ, Reading
from cds_service.cdshooks.salvage import PrefetchEntry
from cds_service.facts.record.prefetch import State, receive
from cds_service.fhir import resources as r

URL = "https://ehr.example/fhir"
KINDS = ["Bundle", "Condition", "Observation", "Patient", "OperationOutcome", "Unknown", 7, None]
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["next", "Patient/pt", "Patient/other", "#p", f"{URL}/Condition?page=2"])
)
names = st.sampled_from(
    [
        "resourceType",
        "entry",
        "resource",
        "link",
        "relation",
        "url",
        "total",
        "subject",
        "reference",
        "id",
        "issue",
        "code",
    ]
)
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=5)
        | st.fixed_dictionaries(
            {"resourceType": st.sampled_from(KINDS)},
            optional={"entry": st.lists(st.fixed_dictionaries({"resource": inner}), max_size=3)}
            | {"link": inner, "total": inner, "subject": inner, "id": inner},
        )
    ),
    max_leaves=20,
)
bodies = anything.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)


def own(resource: object) -> bool:
    return is_own(resource, "pt", URL)


def run(body: bytes, query: Query) -> PrefetchEntry:
    reading = Reading(query, Base(URL), own)
    reading.run(lambda _: body)
    entry, _ = reading.outcome()
    return entry


@settings(max_examples=400, deadline=None, derandomize=True)
@given(bodies)
def test_an_answer_to_a_search_is_a_list_of_the_patients_own_or_nothing(body: bytes):
    entry = run(body, Query("conditions", "Condition", f"{URL}/Condition?patient=pt", True))
    found = receive({"conditions": entry}, "pt", URL)
    if entry is COULD_NOT_READ:
        assert found.states["conditions"] is State.FAILED
        return
    assert isinstance(entry.value, r.Bundle)
    assert all(own(one.resource) for one in entry.value.entry or [])
    assert found.other_patient == 0


@settings(max_examples=200, deadline=None, derandomize=True)
@given(bodies)
def test_an_answer_to_a_read_is_the_resource_asked_for_or_nothing(body: bytes):
    entry: Any = run(body, Query("patient", "Patient", f"{URL}/Patient/pt", False))
    assert entry is COULD_NOT_READ or (type(entry.value), entry.value.id) == (r.Patient, "pt")
