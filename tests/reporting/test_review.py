"""Which statements are named for review."""

from __future__ import annotations

from importlib.resources import files

import pytest

from cds_service.assembly.content import load_library, override_codings
from cds_service.reporting.model import Statement, Tally
from cds_service.reporting.review import candidates, limits
from cds_service.settings import Settings

APPLIES = {"patient-preference", "other"}
"""Reasons on our cards that say nothing against the advice for this patient."""


def statement(accepted=0, overridden=0, dismissed=0, unanswered=0, **reasons):
    cards = Tally(
        accepted + overridden + dismissed + unanswered, accepted, overridden, dismissed, unanswered
    )
    named = {code.replace("_", "-"): number for code, number in reasons.items()}
    return Statement("NOT-ACUTE", cards, named)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(statement(accepted=5, dismissed=14), id="nineteen answers, however bad"),
        pytest.param(statement(accepted=8, dismissed=12), id="60 % of twenty: may be chance"),
        pytest.param(statement(unanswered=500), id="cards nobody answered"),
        pytest.param(statement(accepted=50, overridden=9, red_flag_not_coded=9), id="nine reasons"),
        pytest.param(
            statement(accepted=50, overridden=20, red_flag_not_coded=17, other=3),
            id="85 % of the reasons",
        ),
        pytest.param(
            statement(accepted=50, overridden=20, patient_preference=20),
            id="reasons that are none against the advice",
        ),
    ],
)
def test_few_or_mixed_answers_name_nobody(found):
    assert candidates([found]) == ()


def test_a_statement_that_is_overridden_more_often_than_not_is_named_with_its_figures():
    (found,) = candidates([statement(accepted=10, overridden=10, dismissed=20, other=10)])
    assert found.statement == "NOT-ACUTE"
    assert found.why == (
        "30 of 40 answered cards were overridden or dismissed (75%, 95 % interval 60% to 86%)."
    )


def test_a_statement_whose_reasons_say_that_it_does_not_apply_is_named():
    (found,) = candidates(
        [statement(accepted=60, overridden=10, red_flag_not_coded=6, action_completed=3, other=1)]
    )
    assert found.why == "9 of 10 reasons given say that the advice does not apply to the patient."


def test_both_rules_are_said_together():
    (found,) = candidates([statement(overridden=30, red_flag_not_coded=30)])
    assert found.why.count(".") == 2


def test_every_reason_on_our_cards_is_known_to_apply_or_not():
    codes = {coding["code"] for coding in override_codings(load_library(), Settings())}
    assert codes - limits().does_not_apply.codes == APPLIES


def test_each_code_is_named_once():
    text = files("cds_service.reporting").joinpath("review.toml").read_text(encoding="utf-8")
    assert text.count('    "') == len(limits().does_not_apply.codes)
