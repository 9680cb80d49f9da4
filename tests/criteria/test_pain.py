"""RF-PAIN-INTRACTABLE, CONS-4WK, CONS-6WK: symptoms that outlast conservative care."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    condition,
    fired,
    observation,
    procedure,
    quantity,
    recommend,
    status,
)

PAIN = condition(NECK_PAIN, 100)
THERAPY = "sct|91251008"


def therapy(days):
    return procedure(THERAPY, start=days, status="in-progress")


def score(value, days=1):
    return observation("loinc|72514-3", quantity(value, "{score}"), days)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(27, set(), id="27 days is short of the band"),
        pytest.param(28, {"CONS-4WK"}, id="28 days counts"),
        pytest.param(41, {"CONS-4WK"}, id="41 days is still the band"),
        pytest.param(42, {"CONS-6WK"}, id="42 days is the full course"),
    ],
)
def test_conservative_therapy_boundaries(days, expected):
    """CONS-4WK, CONS-6WK."""
    assert {s for s in fired(PAIN, therapy(days)) if s.startswith("CONS-")} == expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((therapy(28), score(7)), MET, id="7 of 10 after 28 days"),
        pytest.param((therapy(28), score(6)), NOT_MET, id="6 of 10 is not severe"),
        pytest.param((therapy(27), score(9)), NOT_MET, id="27 days is too early"),
        pytest.param((therapy(28),), UNKNOWN, id="nobody scored the pain"),
    ],
)
def test_intractable_pain(chart, expected):
    """RF-PAIN-INTRACTABLE."""
    assert status("RF-PAIN-INTRACTABLE", PAIN, *chart) is expected


def test_outcome_of_the_full_course():
    assert recommend(PAIN, therapy(42)).outcome == "MRI_ROUTINE"
