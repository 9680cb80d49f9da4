"""Later and contradicting entries for one finding: which negative takes away which positive."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    ago,
    answers,
    condition,
    finding,
    observation,
    order,
    recommend,
    status,
)

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


HAND_NUMB = "sct|309521004"
STRONG = observation("motor-exam", "normal", 3)


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [
        pytest.param(
            observation("motor-strength", 4, 5), STRONG, NOT_MET, id="weak, then strong (CF-1)"
        ),
        pytest.param(
            observation("motor-strength", 4, 1), STRONG, MET, id="strong, then weak (CF-1)"
        ),
        pytest.param(observation("motor-strength", 4, 3), STRONG, MET, id="both on one day (CF-3)"),
        pytest.param(
            observation("motor-strength", 4, 5, site=HAND),
            observation("motor-strength", 5, 3, site=HAND),
            NOT_MET,
            id="the same hand got strong",
        ),
        pytest.param(
            observation("motor-strength", 4, 5, site=HAND),
            observation("motor-strength", 5, 3, site=FOOT),
            MET,
            id="the foot is strong, the hand was weak (CF-5)",
        ),
        pytest.param(
            observation("motor-strength", 4, 5, site=HAND),
            STRONG,
            NOT_MET,
            id="strong without a site covers the hand",
        ),
        pytest.param(
            condition("sct|26544005", 20, recorded=10), STRONG, NOT_MET, id="Condition, examined"
        ),
        pytest.param(
            condition("sct|26544005", 20, recorded=2),
            STRONG,
            MET,
            id="Condition recorded after the examination",
        ),
        pytest.param(condition("sct|26544005"), STRONG, MET, id="no date is never superseded"),
        pytest.param(
            condition("sct|26544005", "2026-02"),
            observation("motor-exam", "normal", 10),
            MET,
            id="begun some day of the month of the examination",
        ),
        pytest.param(
            condition("sct|26544005", 20),
            answers(3, motor_exam="normal"),
            MET,
            id="an answer takes no Condition away",
        ),
        pytest.param(
            observation("motor-strength", 4, 5),
            answers(3, motor_exam="normal"),
            MET,
            id="an answer takes no Observation away",
        ),
        pytest.param(
            answers(5, motor_exam="abnormal"),
            answers(3, motor_exam="normal"),
            NOT_MET,
            id="an answer takes an earlier answer away",
        ),
        pytest.param(
            answers(5, motor_exam="abnormal"),
            STRONG,
            NOT_MET,
            id="an examination takes an answer away",
        ),
        pytest.param(
            observation("motor-strength", 4, 5),
            observation("neuro-exam-normal", True, 3),
            NOT_MET,
            id="the whole examination was normal since (CF-2)",
        ),
        pytest.param(
            observation("motor-strength", 4, 5),
            observation("neuro-exam-normal", True, 5),
            MET,
            id="the whole examination was normal that day (CF-3)",
        ),
        pytest.param(
            observation("motor-strength", 4, 5),
            observation("neuro-exam-normal", False, 3),
            MET,
            id="the whole examination was abnormal since",
        ),
    ],
)
def test_weakness_and_a_normal_examination(positive, negative, expected):
    """CF-1, CF-2, CF-3, CF-5."""
    assert status("RF-NEURO-MOTOR", PAIN, positive, negative) is expected
    assert status("RF-NEURO-MOTOR", PAIN, negative, positive) is expected


def test_what_was_superseded_says_by_what():
    found = finding("RF-NEURO-MOTOR", PAIN, observation("motor-strength", 4, 5), STRONG)
    assert found.reason == "superseded by a later examination"
    assert found.evidence[0].note == f"superseded by the examination of {ago(3)}"


def test_a_record_that_contradicts_itself_says_so():
    """CF-3."""
    note = "the record conflicts on one day (the positive finding counts): Muscle strength (MRC)"
    both = recommend(PAIN, observation("motor-strength", 4, 3), STRONG)
    assert both.data_notes == (note,)
    sides = recommend(
        PAIN,
        observation("motor-strength", 4, 3, site=HAND),
        observation("motor-strength", 5, 3, site=FOOT),
    )
    assert sides.data_notes == ()


@pytest.mark.parametrize(
    ("positive", "statement"),
    [
        pytest.param(condition(HAND_NUMB, 9), "RF-NEURO-SENS", id="numbness"),
        pytest.param(condition("sct|394616008", 9), "RF-MYELO-GAIT", id="gait"),
        pytest.param(condition("sct|267064002", 9), "RF-MYELO-BB", id="bladder"),
        pytest.param(observation("hand-clumsiness", True, 9), "RF-MYELO-HAND", id="clumsy hands"),
        pytest.param(observation("vertebral-tenderness", True, 9), "RF-VERT-TENDER", id="tender"),
    ],
)
def test_normal_neurology_leaves_what_the_patient_reports(positive, statement):
    """CF-2."""
    assert status(statement, PAIN, positive, observation("neuro-exam-normal", True, 1)) is MET


@pytest.mark.parametrize(
    ("refuted", "expected"),
    [
        pytest.param({"recorded": 4}, NOT_MET, id="refuted later"),
        pytest.param({"recorded": 5}, MET, id="refuted the same day"),
        pytest.param({"recorded": 6}, MET, id="refuted before"),
        pytest.param({}, MET, id="refuted some day"),
        pytest.param({"meta": {"lastUpdated": f"{ago(4)}T08:00:00Z"}}, NOT_MET, id="by its update"),
        pytest.param({"recorded": 4, "code": "icd|M47.12"}, MET, id="another code refuted"),
    ],
)
def test_refuted(refuted, expected):
    """CF-4."""
    code = "sct|202664003"
    no = condition(**({"code": code, "verification": "refuted"} | refuted))
    assert status("RF-MYELO-DX", PAIN, condition(code, 20, recorded=5), no) is expected
    draft = order("cpt|72141", code)
    assert status("RF-MYELO-DX", PAIN, no, draft=draft) is MET


def test_a_refuted_condition_is_no_reason_either():
    weak = condition("sct|26544005", verification="refuted", recorded=2)
    draft = order("cpt|72141", reasonReference=[{"reference": f"Condition/{weak['id']}"}])
    assert status("RF-NEURO-MOTOR", PAIN, weak, draft=draft) is NOT_MET
