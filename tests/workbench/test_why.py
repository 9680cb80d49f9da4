"""The reasoning behind an answer, and what is new in it."""

import json

import msgspec
import pytest
from benches import bench, edited, opened, place_of
from samples import CLIENT, NOW, SAMPLES, evaluator

from cds_service.cdshooks.request import decode
from cds_service.errors import DataNotAvailable
from cds_service.workbench.bench import Asked
from cds_service.workbench.changes import recall

FEVER = "Observation/v05-temperature-earlier"


def test_the_first_answer_has_nothing_to_be_held_against():
    (told,) = bench().why(bench().sample("V01").call).orders
    assert not told[1]


def after(request, name, **edit):
    """What a change of a sample's chart changed in the answer; the memory travels as JSON."""
    before = json.loads(json.dumps(msgspec.to_builtins(bench().why(opened(name)).memory)))
    (told,) = bench().why(edited(request, **edit).call, before).orders
    return told[1]


def test_what_changed_is_named_by_what_it_was():
    new = after(opened("V01"), "V01", kind="add", finding="394616008-Condition")
    assert (new.outcome, new.step) == ("NOT_YET", "P11")
    assert new.statements["RF-MYELO-GAIT"].verdict == "unknown"
    assert "RF-INFECT-FEVER" not in new.statements


def test_another_value_of_the_same_evidence_is_a_change():
    key, place = place_of(opened("V05"), FEVER)
    new = after(opened("V05"), "V05", kind="value", key=key, place=place, value="104.0")
    assert (new.outcome, new.step) == ("", "")
    change = new.statements["RF-INFECT-FEVER"]
    assert change.verdict == ""
    ((item, was),) = change.evidence.items()
    assert item.value.startswith("40 ")
    assert was.startswith("38 °C")
    assert change.gone == ()


def test_another_day_of_the_same_evidence_is_a_change():
    key, place = place_of(opened("V03"), "Condition/v03-unsteady-gait")
    new = after(opened("V03"), "V03", kind="move", key=key, place=place, date="2026-02-01")
    assert list(new.statements["RF-MYELO-GAIT"].evidence.values()) == ["2026-01-26"]


def test_evidence_that_moves_to_another_entry_is_a_change():
    """Refuted as a problem, the gait is still the reason of the order: met, as before."""
    key, place = place_of(opened("V03"), "Condition/v03-unsteady-gait")
    new = after(opened("V03"), "V03", kind="state", key=key, place=place, state="refuted")
    change = new.statements["RF-MYELO-GAIT"]
    assert change.verdict == ""
    assert [item.reference for item in change.gone] == ["Condition/v03-unsteady-gait"]
    ((item, was),) = change.evidence.items()
    assert item.reference.startswith("ServiceRequest/")
    assert was == ""


def test_what_is_no_longer_missing_is_a_change():
    new = after(opened("V17"), "V17", kind="add", finding="neuro-exam-normal")
    assert "neurological examination" in new.sections["Missing"].gone
    assert "Fired" not in new.sections


def test_the_same_call_again_changes_nothing():
    for name in SAMPLES:
        call = bench().sample(name).call
        for _, new in bench().why(call, msgspec.to_builtins(bench().why(call).memory)).orders:
            assert not new


@pytest.mark.parametrize("stored", [None, [], {"x": 1}, {"x": {"outcome": "A"}}, "text"])
def test_a_memory_that_is_none_is_nothing(stored):
    assert recall(stored) == {}


def test_the_reasoning_is_that_of_explain():
    for name in SAMPLES:
        call = bench().sample(name).call
        text = evaluator().explain(decode(call.encode()), NOW, CLIENT)
        for told, _ in bench().why(call).orders:
            assert f"Outcome: {told.outcome} (decided at {told.step})" in text
            for each in told.statements():
                assert each.id in text


def test_without_what_is_required_the_reasoning_fails_as_the_service_does():
    call = bench().change(Asked(request=opened("V01"), withheld=("conditions",))).call
    with pytest.raises(DataNotAvailable):
        bench().why(call)
