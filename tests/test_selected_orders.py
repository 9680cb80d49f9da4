"""Which drafts are advised on: the selected ones while ordering, all of them at signing."""

from __future__ import annotations

from copy import deepcopy

import pytest
from chart import NECK_PAIN, concept, condition, observation, order, recommend_all, request
from samples import SAMPLES, Json, draft, respond, sample
from wire import actions, nameless

from cds_service.facts.record import observations
from cds_service.rendering.explain import EXPLANATION

FIRST, SECOND = order(id="first"), order("cpt|72156", id="second")
LUMBAR = order("cpt|72148", id="lumbar")
CHART = (condition(NECK_PAIN, 60), condition("sct|54404000", 60))


def ordering(*picked: str, drafts: tuple[Json, ...] = (LUMBAR, FIRST, SECOND)) -> Json:
    body = request(*CHART, draft=drafts)
    body["context"]["selections"] = [f"ServiceRequest/{name}" for name in picked]
    return body


def advised(body: Json) -> list[tuple[str, str]]:
    """(order, outcome) of the primary cards."""
    found = []
    for card in respond(body)["cards"]:
        if "extension" in card:
            explained = card["extension"][EXPLANATION]
            found.append((explained["order"].removeprefix("ServiceRequest/"), explained["outcome"]))
    return found


@pytest.mark.parametrize(
    ("picked", "expected"),
    [
        pytest.param(["first"], [("first", "MRI_MAY")], id="one of two MRIs"),
        pytest.param(["second"], [("second", "MRI_MAY")], id="the other one"),
        pytest.param(["lumbar"], [], id="the lumbar spine"),
        pytest.param(
            ["lumbar", "first"], [("first", "MRI_MAY")], id="the lumbar spine and one MRI"
        ),
        pytest.param(["gone", "first"], [("first", "MRI_MAY")], id="one that is not there"),
        pytest.param(["first", "first"], [("first", "MRI_MAY")], id="one MRI named twice"),
        pytest.param(
            ["second", "first"],
            [("first", "DUPLICATE"), ("second", "MRI_MAY")],
            id="both: the one picked first stands, the other repeats it",
        ),
    ],
)
def test_only_selected_orders_are_advised_on(picked, expected):
    """CDS Hooks, order-select."""
    body = ordering(*picked)
    assert advised(body) == expected
    touched = {action["resource"]["id"] for action in respond(body).get("systemActions", [])}
    assert touched == {name for name, _ in expected}


def test_at_signing_every_mri_is_advised_on():
    """CDS Hooks, order-sign: there are no selections, and any that come are not looked at."""
    body = ordering("second") | {"hook": "order-sign"}
    expected = [("second", "DUPLICATE"), ("first", "MRI_MAY")]
    assert advised(body) == expected
    del body["context"]["selections"]
    assert advised(body) == expected


def test_every_order_keeps_its_own_rating():
    for action in respond(ordering("first", "second"))["systemActions"]:
        received = {"first": FIRST, "second": SECOND}[action["resource"]["id"]]
        assert action["resource"]["code"] == received["code"]


@pytest.mark.parametrize("status", ["draft", "active", "on-hold", "unknown", None])
@pytest.mark.parametrize("name", ["V01", "V02", "V12", "V16"])
def test_revised_orders_are_signed_like_drafts(name, status):
    """order-sign fires for revised orders too, whose status is another."""
    body = sample(name) | {"hook": "order-sign"}
    draft(body)["status"] = status
    (card, *_) = respond(body)["cards"]
    assert card["source"]["topic"]["code"] == SAMPLES[name].outcome
    for action in actions(respond(body)):
        if action["type"] == "update" and action["resource"]["id"] == draft(body)["id"]:
            assert action["resource"]["status"] == status


@pytest.mark.parametrize("name", SAMPLES)
def test_signing_repeats_the_whole_advice(name):
    """The later answer replaces the earlier one, so nothing may be left out of it."""
    body = sample(name)
    signed = deepcopy(body) | {"hook": "order-sign"}
    del signed["context"]["selections"]
    assert nameless(respond(signed)) == nameless(respond(body))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"doNotPerform": True}, id="an order not to scan"),
        pytest.param({"subject": {"reference": "Patient/other"}}, id="an order for somebody else"),
        pytest.param({"code": concept("cpt|72148")}, id="an order for another region"),
        pytest.param({"resourceType": "ProcedureRequest"}, id="an order of older FHIR"),
        pytest.param({"code": "72141"}, id="an order that is not R4"),
    ],
)
def test_orders_that_are_passed_over(changes):
    """Beside them the other order is advised on as if it stood alone."""
    body = request(*CHART, draft=(FIRST | changes, SECOND), hook="order-sign")
    assert advised(body) == [("second", "MRI_MAY")]


OLD = condition(NECK_PAIN, 900, recorded=900, problem=False, id="old-pain")
BECAUSE = order("cpt|72141", id="because", reasonReference=[{"reference": "Condition/old-pain"}])
AHEAD = observation("hand-clumsiness", False, -9)


@pytest.mark.parametrize("names", [("first", "because"), ("because", "first")])
def test_the_reason_of_one_order_is_no_reason_of_another(names):
    """A symptom of long ago counts for the order that names it, however many share the chart."""
    drafts = {"first": FIRST, "because": BECAUSE}
    alone, *_ = recommend_all(OLD, AHEAD, draft=drafts[names[0]])
    beside, later = recommend_all(OLD, AHEAD, draft=[drafts[name] for name in names])
    assert beside == alone
    other, *_ = recommend_all(OLD, AHEAD, draft=drafts[names[1]])
    assert later.data_notes == other.data_notes != alone.data_notes
    assert later.data_notes[-1] == alone.data_notes[-1] == "1 date(s) in the future left out"


def test_the_chart_is_read_once_for_all_orders(monkeypatch):
    read, times = observations.read, []

    def counted(*arguments):
        times.append(1)
        return read(*arguments)

    monkeypatch.setattr(observations, "read", counted)
    drafts = [order("cpt|72141", id=f"order-{n}") for n in range(100)]
    assert len(recommend_all(*CHART, draft=drafts)) == 100
    assert len(times) == 1
