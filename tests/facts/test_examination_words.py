"""What a card says of an examination: its result in a word, never that it is "absent"."""

import pytest
from chart import NECK_PAIN, answers, condition, finding, observation

PAIN = condition(NECK_PAIN, 10)
NORMAL, ABNORMAL = "sct|17621005", "sct|263654008"


def words(statement, *chart):
    (shown,) = finding(statement, PAIN, *chart).evidence
    return shown.display, shown.value, shown.note


@pytest.mark.parametrize(
    "exam",
    [
        pytest.param(observation("neuro-exam-normal", True), id="normal: true"),
        pytest.param(observation("neuro-exam-normal", NORMAL), id="coded normal"),
        pytest.param(answers(neuro_exam_normal=True), id="a questionnaire answer"),
    ],
)
def test_a_normal_neurological_examination_is_called_normal(exam):
    assert words("NOT-NORMALEXAM", exam) == ("Neurological examination", "normal", None)


@pytest.mark.parametrize(
    ("statement", "code", "display"),
    [
        pytest.param("RF-NEURO-MOTOR", "motor-exam", "Motor examination", id="motor"),
        pytest.param("RF-NEURO-REFLEX", "reflex-exam", "Tendon reflex", id="reflexes"),
        pytest.param("RF-MYELO-GAIT", "gait-exam", "Gait examination", id="gait"),
    ],
)
def test_an_examination_says_whether_it_was_normal_or_abnormal(statement, code, display):
    assert words(statement, observation(code, ABNORMAL)) == (display, "abnormal", None)
    assert words(statement, observation(code, NORMAL)) == (display, "normal", None)


@pytest.mark.parametrize(
    ("statement", "exam", "value"),
    [
        pytest.param("RF-NEURO-MOTOR", observation("motor-strength", 5), "5/5", id="full strength"),
        pytest.param(
            "RF-NEURO-REFLEX", observation("reflex-exam", "2+"), "2+", id="a reflex of 2+"
        ),
    ],
)
def test_a_normal_grade_stands_for_itself(statement, exam, value):
    _, shown, note = words(statement, exam)
    assert (shown, note) == (value, None)


def test_a_sign_that_was_looked_for_and_not_seen_is_documented_absent():
    found = words("RF-MYELO-HAND", observation("hand-clumsiness", False))
    assert found == ("Hand clumsiness", None, "documented absent")


def test_a_finding_called_normal_is_documented_absent():
    """The finding is named, so that "normal" would say it was there."""
    found = words("RF-NEURO-SENS", observation("sct|309537005", NORMAL))
    assert found[1:] == (None, "documented absent")
