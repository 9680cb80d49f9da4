"""A chart in which something has the wrong type: every resource that is readable is saved."""

from typing import Any

import msgspec
import pytest
from calls import bundle, call, condition

from cds_service.cdshooks.request import HookRequest, decode
from cds_service.fhir import resources as r

MISTYPED = condition(code="neck pain")
"""Forces the resource-by-resource path wherever it stands in the chart."""


def read(body: dict[str, Any]) -> HookRequest:
    return decode(msgspec.json.encode(body))


def test_one_unreadable_resource_never_spoils_the_rest():
    chart = bundle(condition(id="a"), MISTYPED, condition(id="b"), total=3)
    entry = read(call(prefetch={"conditions": chart})).prefetch["conditions"]
    assert isinstance(entry.value, r.Bundle)
    assert [e.resource.id for e in entry.value.entry or () if e.resource] == ["a", "b"]
    assert (entry.unreadable, entry.value.total) == (1, 3)


def test_every_other_key_is_as_it_was():
    body = call()
    plain = read(body).prefetch
    body["prefetch"]["devices"] = bundle(MISTYPED)
    salvaged = dict(read(body).prefetch)
    assert salvaged.pop("devices").unreadable == 1
    assert salvaged == {key: value for key, value in plain.items() if key != "devices"}


def test_a_type_the_criteria_never_read_is_no_fault():
    chart = bundle(condition(), {"resourceType": "Provenance", "id": "x"})
    entry = read(call(prefetch={"conditions": chart})).prefetch["conditions"]
    assert isinstance(entry.value, r.Bundle)
    assert entry.unreadable == 0
    assert len(entry.value.entry or ()) == 1


@pytest.mark.parametrize("odd", [5, "Condition/c-1", {"id": "c-1"}, {"resourceType": 7}])
def test_an_entry_of_no_known_type_may_have_been_anything(odd):
    entry = read(call(prefetch={"conditions": bundle(condition(), odd)})).prefetch["conditions"]
    assert isinstance(entry.value, r.Bundle)
    assert (len(entry.value.entry or ()), entry.unreadable) == (1, 1)


@pytest.mark.parametrize("kind", ["MedicationOrder", "DiagnosticOrder", "ProcedureRequest"])
def test_orders_of_older_fhir_are_known_to_be_unread(kind):
    chart = bundle({"resourceType": kind, "id": "x", "status": "active"})
    entry = read(call(prefetch={"orders": chart})).prefetch["orders"]
    assert entry.unreadable == 1


@pytest.mark.parametrize(
    "chart",
    [
        7,
        "none",
        [],
        {},
        {"resourceType": "Sandwich"},
        {"resourceType": "Bundle", "entry": {}},
        MISTYPED,
    ],
)
def test_what_is_no_resource_is_not_taken_for_no_data(chart):
    entry = read(call(prefetch={"conditions": chart})).prefetch["conditions"]
    assert (entry.present, entry.value, entry.unreadable) == (True, None, 1)


@pytest.mark.parametrize("odd", [None, 5, "x", [], {"resource": 7}])
def test_an_entry_that_is_none_leaves_the_others_readable(odd):
    chart = {"resourceType": "Bundle", "entry": [odd, {"resource": condition()}]}
    entry = read(call(prefetch={"conditions": chart})).prefetch["conditions"]
    assert entry.unreadable == 1
    assert isinstance(entry.value, r.Bundle)
    assert [each.resource for each in entry.value.entry or []] != []


@pytest.mark.parametrize("odd", [{"total": "many"}, {"link": "next"}])
def test_pages_that_cannot_be_counted_make_the_list_incomplete(odd):
    entry = read(call(prefetch={"conditions": bundle(condition(), **odd)})).prefetch["conditions"]
    assert isinstance(entry.value, r.Bundle)
    assert len(entry.value.entry or ()) == 1
    assert entry.unreadable == 1


def test_an_entry_without_its_resource_keeps_its_place():
    chart = bundle(condition(), MISTYPED)
    chart["entry"].append({"fullUrl": "urn:uuid:1"})
    value = read(call(prefetch={"conditions": chart})).prefetch["conditions"].value
    assert isinstance(value, r.Bundle)
    assert [entry.resource is None for entry in value.entry or ()] == [False, True]
