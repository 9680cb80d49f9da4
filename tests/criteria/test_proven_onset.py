"""Acute or not: the onset of a finding that somebody examined (EXT-EMERG E5)."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, answers, condition, observation, status

LONG = condition(NECK_PAIN, 60)
WEAK = observation("motor-strength", 3, 0)
HAND, FOOT = "sct|85562004", "sct|56459004"


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((WEAK,), NOT_MET, id="nobody knows since when"),
        pytest.param((WEAK, observation("motor-exam", "normal", 7)), MET, id="strong a week ago"),
        pytest.param(
            (WEAK, observation("motor-exam", "normal", 8)), NOT_MET, id="strong eight days ago"
        ),
        pytest.param(
            (WEAK, observation("neuro-exam-normal", True, 3)),
            MET,
            id="the whole examination was normal three days ago",
        ),
        pytest.param(
            (WEAK, answers(3, motor_exam="normal")), MET, id="an answer said normal three days ago"
        ),
        pytest.param(
            (WEAK, observation("motor-exam", "normal", 0)), NOT_MET, id="strong the same day"
        ),
        pytest.param(
            (WEAK, observation("sensory-exam", "normal", 3)), NOT_MET, id="only feeling was normal"
        ),
        pytest.param(
            (
                observation("motor-strength", 3, 0, site=HAND),
                observation("motor-exam", "normal", 3, site=HAND),
            ),
            MET,
            id="the same hand was strong",
        ),
        pytest.param(
            (
                observation("motor-strength", 3, 0, site=HAND),
                observation("motor-exam", "normal", 3, site=FOOT),
            ),
            NOT_MET,
            id="only the foot was strong",
        ),
        pytest.param(
            (
                observation("motor-strength", 3, 0, site=HAND),
                observation("sct|298283006", False, 3),
            ),
            MET,
            id="no weakness of the hand three days ago",
        ),
        pytest.param(
            (
                observation("motor-strength", 3, 0, site=HAND),
                observation("sct|1845001", False, 3),
            ),
            NOT_MET,
            id="no weakness of the legs three days ago",
        ),
        pytest.param((WEAK, condition("icd|M54.12", 7)), MET, id="arm pain since a week"),
        pytest.param((WEAK, condition("icd|M54.12", 8)), NOT_MET, id="arm pain since eight days"),
        pytest.param(
            (observation("motor-strength", 3, 8), condition("icd|M54.12", 3)),
            NOT_MET,
            id="seen before the arm pain began",
        ),
        pytest.param(
            (WEAK, condition("icd|M54.12", recorded=3)), NOT_MET, id="recorded is not begun"
        ),
    ],
)
def test_severe_weakness_is_acute(chart, expected):
    """EXT-EMERG E5, proven onset."""
    assert status("EXT-EMERG", LONG, *chart) is expected
