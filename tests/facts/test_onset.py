"""Since when: D_sym out of onsets and records, seen through NOT-ACUTE (limit 28 days)."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, UNKNOWN, condition, finding, observation, order, status

FRESH, LONG = MET, NOT_MET
NUMB = "sct|309521004"


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((condition(NECK_PAIN, 27),), FRESH, id="27 days"),
        pytest.param((condition(NECK_PAIN, 28),), LONG, id="28 days are not acute"),
        pytest.param((condition(NECK_PAIN),), UNKNOWN, id="no date"),
        pytest.param((condition(NECK_PAIN, recorded=3),), UNKNOWN, id="recorded proves no onset"),
        pytest.param((condition(NECK_PAIN, recorded=28),), LONG, id="recorded 28 days ago"),
        pytest.param((condition(NECK_PAIN, "2026-02"),), UNKNOWN, id="some day of last month"),
        pytest.param((condition(NECK_PAIN, "2026-01"),), LONG, id="some day of January"),
        pytest.param((condition(NECK_PAIN, "2026-03"),), FRESH, id="some day of this month"),
        pytest.param(
            (condition(NECK_PAIN, 9), condition("sct|161882006", 40)), LONG, id="the earliest"
        ),
        pytest.param(
            (condition(NECK_PAIN, 9), condition("sct|161882006", recorded=5)),
            FRESH,
            id="another one recorded since",
        ),
        pytest.param(
            (condition(NECK_PAIN, 9), condition("sct|161882006", recorded=9)),
            FRESH,
            id="another one recorded that day",
        ),
        pytest.param(
            (condition(NECK_PAIN, 9), condition("sct|161882006", recorded=10)),
            UNKNOWN,
            id="another one recorded before it began",
        ),
        pytest.param(
            (condition(NECK_PAIN, 9), condition("sct|161882006", recorded=28)),
            LONG,
            id="another one recorded 28 days ago",
        ),
        pytest.param(
            (condition(NECK_PAIN, 9), condition("sct|161882006", 40, clinical="resolved")),
            FRESH,
            id="one that is over dates nothing",
        ),
        pytest.param(
            (condition(NECK_PAIN, 9), condition("icd|M50.30", 4000)),
            FRESH,
            id="degeneration dates no symptom",
        ),
        pytest.param((condition("icd|M47.812", 9),), UNKNOWN, id="degeneration alone"),
        pytest.param((observation("sct|81680005", True, 5),), UNKNOWN, id="seen five days ago"),
    ],
)
def test_since_when(chart, expected):
    """0.6, onset and D_sym; NOT-ACUTE."""
    assert status("NOT-ACUTE", *chart) is expected


def test_a_reason_of_the_order_dates_nothing():
    """0.6."""
    draft = order("cpt|72141", NECK_PAIN)
    assert status("NOT-ACUTE", draft=draft) is UNKNOWN
    assert status("NOT-ACUTE", condition(NECK_PAIN, 9), draft=draft) is FRESH


def test_leg_findings_set_aside_date_nothing():
    """1.2, RF-NEURO-MOTOR, set aside."""
    chart = (condition(NECK_PAIN, 9), condition("icd|M54.16", 400), condition("sct|1845001", 400))
    found = finding("NOT-ACUTE", *chart)
    assert (found.status, found.values["days"]) == (FRESH, "9")


def test_the_windows_end_at_the_day_of_the_order():
    assert finding("NOT-ACUTE", condition(NECK_PAIN, 0)).values["days"] == "0"
    assert finding("NOT-ACUTE", condition(NECK_PAIN, recorded=40)).reason == (
        "symptoms for at least 40 days"
    )
