"""The reasoning behind an answer, and what is new in it."""

import json

import pytest
from benches import bench, edited, opened
from samples import CLIENT, NOW, SAMPLES, evaluator

from cds_service.cdshooks.request import decode
from cds_service.errors import DataNotAvailable
from cds_service.workbench.bench import Asked
from cds_service.workbench.changes import recall


def test_the_first_answer_has_nothing_to_be_held_against():
    (told,) = bench().why(bench().sample("V01").call).orders
    assert not told[1]


def test_what_changed_is_named_by_what_it_was():
    first = bench().why(bench().sample("V01").call)
    kept = json.loads(
        json.dumps({key: value.__class__.__name__ for key, value in first.memory.items()})
    )
    assert kept, "one entry for each order"
    second = bench().why(
        edited(opened("V01"), kind="add", finding="394616008-Condition").call,
        {
            key: {name: getattr(value, name) for name in value.__struct_fields__}
            for key, value in first.memory.items()
        },
    )
    (told,) = second.orders
    assert (told[1].outcome, told[1].step) == ("NOT_YET", "P11")
    assert told[1].verdicts["RF-MYELO-GAIT"] == "unknown"
    assert "RF-INFECT-FEVER" not in told[1].verdicts


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
