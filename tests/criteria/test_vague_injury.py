"""An injury of which only the month or the year is documented (criteria, 0.1 and 1.5)."""

import pytest
from chart import NECK_PAIN, condition, recommend
from injuries import FRACTURE, NORMAL, ccr, coma_score, ct, injury, nexus

PAIN = condition(NECK_PAIN, 5)


@pytest.mark.parametrize(
    ("done", "outcome", "question"),
    [
        pytest.param(ct(25, NORMAL), "INSUFFICIENT", "CT not found", id="before it, perhaps"),
        pytest.param(ct(2, NORMAL), "NOT_YET", None, id="on its last possible day"),
        pytest.param(ct(3, NORMAL), "INSUFFICIENT", "CT not found", id="a day before that"),
        pytest.param(ct(25), "INSUFFICIENT", "CT not found", id="free text, before it perhaps"),
        pytest.param(ct(2), "INSUFFICIENT", "result of CT", id="free text, after it"),
        pytest.param(nexus(25), "INSUFFICIENT", "CT not found", id="NEXUS, before it perhaps"),
        pytest.param(nexus(2), "NOT_YET", None, id="NEXUS, after it"),
    ],
)
def test_what_clears_is_proven_to_be_later_than_the_injury(done, outcome, question):
    """Injured in February, evaluated on 2 March: in the window whichever day it was."""
    found = recommend(injury("2026-02"), PAIN, done)
    assert found.outcome == outcome
    assert found.possible == ((question,) if question else ())


@pytest.mark.parametrize("days", [25, 2], ids=["early in the month", "on its last day"])
def test_a_fracture_on_ct_counts_from_the_first_possible_day(days):
    found = recommend(injury("2026-02"), PAIN, ct(days, FRACTURE))
    assert found.outcome == "MRI_URGENT"
    assert "EXT-TRAUMA-CTPOS" in found.fired


def test_a_positive_screen_counts_from_the_first_possible_day():
    found = recommend(injury("2026-02"), PAIN, nexus(25, nexus_intoxication=True))
    assert "EXT-NEXUS-POS" in found.fired


def test_the_c_spine_rule_needs_a_coma_score_after_the_injury():
    """Injured on 1 or 2 March: the score of the first day may be older than the injury."""
    assert recommend(injury("2026-03"), ccr(), coma_score(15, 1)).outcome == "CT_FIRST"
    assert recommend(injury("2026-03"), ccr(), coma_score(15, 0)).outcome == "NOT_YET"


@pytest.mark.parametrize(
    ("onset", "outcome", "question"),
    [
        pytest.param("2026-01", "INSUFFICIENT", "date of injury", id="January: 30 days or more"),
        pytest.param("2026", "INSUFFICIENT", "date of injury", id="this year"),
        pytest.param("2025", "NOT_YET", None, id="last year: not recent on any day"),
        pytest.param("2025-12", "NOT_YET", None, id="December: not recent on any day"),
    ],
)
def test_an_injury_that_may_be_recent_is_asked_for_its_date(onset, outcome, question):
    found = recommend(injury(onset, "sct|90460009"), PAIN)
    assert found.outcome == outcome
    assert found.possible == ((question,) if question else ())
