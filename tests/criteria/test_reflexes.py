"""RF-NEURO-REFLEX: tendon reflexes by grade and flag, and upper-motor-neuron signs."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, UNKNOWN, condition, observation, order, recommend, status

PAIN = condition(NECK_PAIN, 60)
ACUTE = condition(NECK_PAIN, 10)
LEFT, RIGHT = "sct|40983000", "sct|85562004"


def reflex(grade, flag=None, days=1, site=None):
    flagged = [{"coding": [{"code": flag}]}] if flag else None
    return observation("reflex-exam", grade, days, site=site, interpretation=flagged)


@pytest.mark.parametrize(
    ("exam", "expected"),
    [
        pytest.param(reflex("0"), MET, id="absent reflex"),
        pytest.param(reflex("1+"), UNKNOWN, id="1+ everywhere may be healthy"),
        pytest.param(reflex("1+", "A"), MET, id="1+ called abnormal"),
        pytest.param(reflex("1+", "N"), NOT_MET, id="1+ called normal"),
        pytest.param(reflex("2+"), NOT_MET, id="2+ is normal"),
        pytest.param(reflex("2+", "A"), MET, id="2+ called abnormal"),
        pytest.param(reflex("3+"), UNKNOWN, id="3+ everywhere may be healthy"),
        pytest.param(reflex("3+", "A"), MET, id="3+ called abnormal"),
        pytest.param(reflex("4+"), MET, id="4+ is clonus"),
        pytest.param(reflex("4+", "N"), MET, id="4+ stays abnormal whatever the flag"),
        pytest.param(reflex("0", "N"), MET, id="an absent reflex stays so whatever the flag"),
    ],
)
def test_grade_and_flag(exam, expected):
    """RF-NEURO-REFLEX."""
    assert status("RF-NEURO-REFLEX", PAIN, exam) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), UNKNOWN, id="nobody looked"),
        pytest.param(
            (reflex("1+", site=LEFT), reflex("2+", site=RIGHT)), MET, id="1+ left, 2+ right"
        ),
        pytest.param(
            (reflex("3+", site=LEFT), reflex("3+", site=RIGHT)), UNKNOWN, id="3+ on both sides"
        ),
        pytest.param(
            (reflex("1+", site=LEFT, days=1), reflex("2+", site=RIGHT, days=9)),
            NOT_MET,
            id="another day is no asymmetry",
        ),
        pytest.param((observation("reflex-exam", "sct|17621005"),), NOT_MET, id="normal"),
        pytest.param((observation("reflex-exam", "sct|263654008"),), MET, id="abnormal"),
        pytest.param((observation("reflex-exam", 3),), UNKNOWN, id="3 as a number"),
        pytest.param((observation("reflex-exam", "brisk"),), UNKNOWN, id="free text"),
        pytest.param((observation("neuro-exam-normal"),), NOT_MET, id="all of neurology normal"),
        pytest.param((condition("icd|R29.2", 5),), MET, id="abnormal reflex on the problem list"),
        pytest.param((condition("icd|R29.2", 91, problem=False),), UNKNOWN, id="91 days ago"),
        pytest.param((condition("sct|312444006", 5),), MET, id="spastic paraparesis"),
        pytest.param((condition("sct|9447003", 5),), UNKNOWN, id="spastic gait is no reflex"),
        *(
            pytest.param((observation(sign, answer),), expected, id=f"{sign} {answer}")
            for sign in ("hoffmann-sign", "babinski-sign", "clonus", "spasticity")
            for answer, expected in (("positive", MET), ("negative", UNKNOWN))
        ),
    ],
)
def test_reflexes_and_signs(chart, expected):
    """RF-NEURO-REFLEX, UMN."""
    assert status("RF-NEURO-REFLEX", PAIN, *chart) is expected


@pytest.mark.parametrize(
    "unconfirmed",
    [
        pytest.param((condition("sct|86854008", 5, verification="provisional"),), id="suspected"),
        pytest.param((), id="reason of the order"),
    ],
)
def test_a_reflex_nobody_confirmed_is_asked_not_fired(unconfirmed):
    """RF-NEURO-REFLEX is not marked S."""
    draft = order() if unconfirmed else order("cpt|72141", "sct|86854008")
    found = recommend(ACUTE, *unconfirmed, draft=draft)
    assert found.findings["RF-NEURO-REFLEX"].status is not MET
    assert found.outcome == "INSUFFICIENT"
    assert found.possible == ("is it confirmed: Hyperreflexia",)


@pytest.mark.parametrize(
    ("negative", "stands"),
    [
        pytest.param(observation("hoffmann-sign", False, 1), False, id="the same sign negative"),
        pytest.param(observation("babinski-sign", False, 1), True, id="another sign negative"),
        pytest.param(observation("reflex-exam", "normal", 1), False, id="reflexes normal"),
        pytest.param(observation("reflex-exam", "2+", 1), False, id="reflex 2+"),
        pytest.param(observation("reflex-exam", "2+", 1, site=LEFT), True, id="one reflex 2+"),
        pytest.param(observation("neuro-exam-normal", True, 1), False, id="neurology normal"),
        pytest.param(observation("motor-exam", "normal", 1), True, id="only strength normal"),
    ],
)
def test_what_takes_a_sign_away(negative, stands):
    """UMN; 0.3."""
    positive = observation("hoffmann-sign", True, 5)
    expected = MET if stands else NOT_MET
    assert status("RF-NEURO-REFLEX", PAIN, positive, negative) is expected
