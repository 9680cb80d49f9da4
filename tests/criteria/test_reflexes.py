"""RF-NEURO-REFLEX: tendon reflexes by grade and flag, and upper-motor-neuron signs."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, UNKNOWN, condition, observation, status

PAIN = condition(NECK_PAIN, 60)


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
