"""Later and contradicting entries for one finding: which negative takes away which positive."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, condition, observation, order, recommend, status

PAIN = condition(NECK_PAIN, 60)
HAND, FOOT = "sct|85562004", "sct|56459004"


@pytest.mark.parametrize(
    ("positive", "negative", "statement"),
    [
        pytest.param(
            condition("sct|1845001", 5),
            observation("sct|298283006", False, 1),
            "RF-NEURO-MOTOR",
            id="a strong hand says nothing of the weak legs",
        ),
        pytest.param(
            observation("motor-strength", 3, 5, site=FOOT),
            observation("sct|713512009", "sct|2667000", 1),
            "RF-NEURO-MOTOR",
            id="no weakness of the arm, the foot stays weak",
        ),
        pytest.param(
            observation("reflex-exam", "0", 5),
            observation("sct|86854008", False, 1),
            "RF-NEURO-REFLEX",
            id="no brisk reflexes, the lost one stays lost",
        ),
        pytest.param(
            condition("sct|394616008", 5),
            observation("sct|22090007", "absent", 1),
            "RF-MYELO-GAIT",
            id="no scissoring, the gait stays unsteady",
        ),
    ],
)
def test_a_denied_finding_takes_away_that_finding_only(positive, negative, statement):
    """CF-1."""
    assert status(statement, PAIN, positive, negative) is MET


def test_what_the_order_names_is_asserted_today():
    """0.4: an examination of last week takes the Condition away, not the reason that names it."""
    weak = condition("sct|713512009", recorded=10)
    exam = observation("neuro-exam-normal", True, 5)
    named = order("cpt|72141", reasonReference=[{"reference": f"Condition/{weak['id']}"}])
    assert status("RF-NEURO-MOTOR", PAIN, weak, exam) is NOT_MET
    assert recommend(PAIN, weak, exam, draft=named).outcome == "MRI_URGENT"
    coded = order("cpt|72141", "sct|713512009")
    assert recommend(PAIN, weak, exam, draft=coded).outcome == "MRI_URGENT"
