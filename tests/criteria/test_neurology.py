"""RF-NEURO-MOTOR and RF-NEURO-SENS: weak or numb limbs, seen or reported."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    answers,
    condition,
    finding,
    fired,
    observation,
    order,
    quantity,
    recommend,
    status,
)

PAIN = condition(NECK_PAIN, 60)
ARM, LEG, FACE = "sct|53120007", "sct|61685007", "sct|89545001"
WEAK, NUMB, NUMB_HAND, NUMB_LEG = "sct|26544005", "sct|44077006", "sct|309521004", "sct|309537005"
NORMAL, ABNORMAL = "sct|17621005", "sct|263654008"
LUMBAR = condition("icd|M54.16", 60)
LEG_QUESTION = "leg findings: lumbar or cervical"


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), UNKNOWN, id="nobody looked"),
        pytest.param((observation("motor-strength", 4),), MET, id="4 of 5"),
        pytest.param((observation("motor-strength", 5),), NOT_MET, id="5 of 5"),
        pytest.param((observation("motor-strength", "5-/5"),), MET, id="5- of 5"),
        pytest.param((observation("motor-strength", quantity("4.5", "1")),), MET, id="4.5 of 5"),
        pytest.param((observation("motor-strength", 6),), UNKNOWN, id="6 of 5 is nonsense"),
        pytest.param((observation("motor-strength", "weak"),), UNKNOWN, id="free text"),
        pytest.param((observation("motor-strength", 4, 30),), MET, id="seen 30 days ago"),
        pytest.param((observation("motor-strength", 4, 31),), UNKNOWN, id="seen 31 days ago"),
        pytest.param((observation("motor-exam", ABNORMAL),), MET, id="examination abnormal"),
        pytest.param((observation("motor-exam", NORMAL),), NOT_MET, id="examination normal"),
        pytest.param((observation("motor-exam", True),), UNKNOWN, id="true says neither"),
        pytest.param((observation("neuro-exam-normal"),), NOT_MET, id="all of neurology normal"),
        pytest.param((observation(WEAK, "present"),), MET, id="weakness present"),
        pytest.param((observation(WEAK, "absent"),), NOT_MET, id="weakness absent"),
        pytest.param((condition(WEAK, 5),), MET, id="on the problem list"),
        pytest.param((condition(WEAK),), MET, id="on the problem list, no date"),
        pytest.param((condition(WEAK, 90, problem=False),), MET, id="begun 90 days ago"),
        pytest.param((condition(WEAK, 91, problem=False),), UNKNOWN, id="begun 91 days ago"),
        pytest.param((condition(WEAK, problem=False),), UNKNOWN, id="no date, no problem list"),
        pytest.param((condition(WEAK, 5, verification="differential"),), MET, id="suspected"),
        pytest.param((condition(WEAK, 5, clinical="resolved"),), UNKNOWN, id="resolved"),
        pytest.param((condition(WEAK, verification="refuted", recorded=5),), NOT_MET, id="refuted"),
        pytest.param((condition("icd|R53.1", 5),), UNKNOWN, id="feeling weak is another thing"),
        pytest.param((condition("icd|M21.371", 5),), MET, id="foot drop"),
        pytest.param((observation(WEAK, site=FACE),), UNKNOWN, id="weakness of the face"),
        pytest.param((answers(1, motor_strength=4),), MET, id="answered 4 of 5"),
    ],
)
def test_weakness(chart, expected):
    """RF-NEURO-MOTOR."""
    assert status("RF-NEURO-MOTOR", PAIN, *chart) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), UNKNOWN, id="nobody asked"),
        pytest.param((condition(NUMB_HAND, 5),), MET, id="numb hand"),
        pytest.param((condition(NUMB_LEG, 5),), MET, id="numb leg"),
        pytest.param((condition("icd|R20.2", 5),), MET, id="tingling, no site, beside neck pain"),
        pytest.param((condition("sct|309557009", 5),), UNKNOWN, id="numb face by code"),
        pytest.param((condition(NUMB, 5, site=FACE),), UNKNOWN, id="numb face by site"),
        pytest.param((condition("sct|449813001", 5),), UNKNOWN, id="numb saddle is lumbar"),
        pytest.param((condition(NUMB_HAND, 5, verification="provisional"),), MET, id="suspected"),
        pytest.param((condition(NUMB_HAND, 91, problem=False),), UNKNOWN, id="91 days ago"),
        pytest.param((observation("sensory-exam", ABNORMAL),), MET, id="examination abnormal"),
        pytest.param((observation("sensory-exam", NORMAL),), NOT_MET, id="examination normal"),
        pytest.param(
            (condition(NUMB_HAND, 5), observation("sensory-exam", NORMAL, 1)),
            MET,
            id="a normal examination takes no feeling away (CF-2)",
        ),
        pytest.param(
            (condition(NUMB_HAND, 5), observation("neuro-exam-normal", True, 1)),
            MET,
            id="nor does a normal neurology (CF-2)",
        ),
        pytest.param(
            (condition(NUMB_HAND, 5), observation(NUMB_HAND, False, 1)),
            NOT_MET,
            id="the same numbness denied later",
        ),
        pytest.param(
            (observation("sensory-exam", ABNORMAL, 5), observation("sensory-exam", NORMAL, 1)),
            NOT_MET,
            id="examined again and normal",
        ),
    ],
)
def test_sensory_change(chart, expected):
    """RF-NEURO-SENS."""
    assert status("RF-NEURO-SENS", PAIN, *chart) is expected


def test_numbness_without_a_site_needs_something_else_that_points_to_the_neck():
    """RF-NEURO-SENS, CTX-SYMPTOM."""
    assert recommend(condition("icd|R20.2", 5)).outcome == "INSUFFICIENT"
    assert status("RF-NEURO-SENS", condition("icd|R20.2", 5)) is UNKNOWN
    assert status("RF-NEURO-SENS", condition(NUMB_HAND, 5)) is MET
    assert status("RF-NEURO-SENS", condition(NUMB_LEG, 5)) is NOT_MET


def test_whiplash_with_a_deficit_points_to_the_neck_by_itself():
    assert status("RF-NEURO-SENS", condition("sct|725011006", 40)) is MET


def test_reported_feeling_may_be_switched_off():
    """neuro.subjectiveSensoryIsRedFlag."""
    options = {"neuro.subjectiveSensoryIsRedFlag": False}
    seen = observation("sensory-exam", ABNORMAL)
    assert "RF-NEURO-SENS" not in fired(PAIN, condition(NUMB_HAND, 5), options=options)
    assert "RF-NEURO-SENS" in fired(PAIN, seen, options=options)


@pytest.mark.parametrize(
    ("counts", "radiculopathy", "expected"),
    [
        pytest.param(False, condition("icd|M54.12", 60), UNKNOWN, id="by default no deficit"),
        pytest.param(True, condition("icd|M54.12", 60), MET, id="switched on"),
        pytest.param(
            True,
            condition("icd|M54.12", 60, verification="provisional"),
            UNKNOWN,
            id="switched on, only suspected",
        ),
    ],
)
def test_radiculopathy_as_a_deficit(counts, radiculopathy, expected):
    """neuro.radiculopathyDxIsDeficit."""
    options = {"neuro.radiculopathyDxIsDeficit": counts}
    assert status("RF-NEURO-SENS", PAIN, radiculopathy, options=options) is expected


def test_the_windows_are_settings():
    """symptom.lookbackDays, exam.lookbackDays."""
    seen, listed = observation("motor-strength", 4, 11), condition(WEAK, 11, problem=False)
    assert status("RF-NEURO-MOTOR", PAIN, seen, options={"exam.lookbackDays": 10}) is UNKNOWN
    assert status("RF-NEURO-MOTOR", PAIN, seen, options={"exam.lookbackDays": 11}) is MET
    assert status("RF-NEURO-MOTOR", PAIN, listed, options={"symptom.lookbackDays": 10}) is UNKNOWN
    assert status("RF-NEURO-MOTOR", PAIN, listed, options={"symptom.lookbackDays": 11}) is MET


@pytest.mark.parametrize(
    ("chart", "motor", "sensory", "asked"),
    [
        pytest.param((), UNKNOWN, UNKNOWN, True, id="explained by the back: asked"),
        pytest.param((condition(NUMB_HAND, 5),), MET, MET, False, id="a numb hand beside it"),
        pytest.param(
            (condition("sct|394616008", 5), observation("babinski-sign")),
            MET,
            MET,
            False,
            id="a cord pattern beside it",
        ),
    ],
)
def test_leg_findings_with_a_lumbar_explanation(chart, motor, sensory, asked):
    """RF-NEURO-MOTOR, RF-NEURO-SENS, set aside."""
    legs = (condition("sct|102568007", 5), condition(NUMB_LEG, 5))
    found = recommend(PAIN, LUMBAR, *legs, *chart)
    assert found.findings["RF-NEURO-MOTOR"].status is motor
    assert found.findings["RF-NEURO-SENS"].status is sensory
    assert (LEG_QUESTION in found.possible) is asked
    if asked:
        assert found.outcome == "INSUFFICIENT"


def test_spastic_legs_have_no_lumbar_explanation():
    """RF-NEURO-REFLEX, set aside: upper-motor-neuron signs excepted."""
    assert status("RF-NEURO-REFLEX", PAIN, LUMBAR, condition("sct|312444006", 5)) is MET


def test_without_a_lumbar_problem_a_weak_leg_counts():
    assert status("RF-NEURO-MOTOR", PAIN, condition("sct|102568007", 5)) is MET


def test_a_reason_of_the_order_counts_as_suspected():
    """RF-NEURO-MOTOR, S."""
    found = finding("RF-NEURO-MOTOR", PAIN, draft=order("cpt|72141", WEAK))
    assert (found.status, found.evidence[0].note) == (MET, "reason of the order")


def test_a_reason_that_repeats_the_chart_is_shown_once():
    found = finding("RF-NEURO-MOTOR", PAIN, condition(WEAK, 5), draft=order("cpt|72141", WEAK))
    assert [e.note for e in found.evidence] == [None]


def test_a_weak_arm_is_a_cervical_problem_of_its_own():
    """CTX-SYMPTOM, H-UPPERNEURO."""
    assert status("RF-NEURO-MOTOR", observation("motor-strength", 4, site=ARM)) is MET
    assert status("RF-NEURO-MOTOR", observation("motor-strength", 4, site=LEG)) is NOT_MET
