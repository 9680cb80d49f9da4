"""WORSE: stated, relapsed, weaker, more painful - and when (seen through EXT-EMERG and RF-POSTOP)."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    UNKNOWN,
    ago,
    answers,
    condition,
    finding,
    observation,
    procedure,
    quantity,
    status,
)

PAIN = condition(NECK_PAIN, 60)
MYELOPATHY = condition("sct|202664003", 60)
HAND, FOOT = "sct|85562004", "sct|56459004"


def emergency(*chart):
    return set(finding("EXT-EMERG", *chart).tags)


def told(value=True, days=1, *, about=()):
    focus = [{"reference": reference} for reference in about]
    return observation("symptom-worsening", value, days, focus=focus or None)


@pytest.mark.parametrize(
    ("said", "worse"),
    [
        pytest.param((), False, id="nobody said"),
        pytest.param((told(),), True, id="said"),
        pytest.param((told(False),), False, id="said no"),
        pytest.param((told("perhaps"),), False, id="free text"),
        pytest.param((told(days=30),), True, id="said 30 days ago"),
        pytest.param((told(days=31),), False, id="said 31 days ago"),
        pytest.param((answers(2, symptom_worsening=True),), True, id="answered"),
        pytest.param((told(about=[f"Condition/{MYELOPATHY['id']}"]),), True, id="about this"),
        pytest.param((told(about=[f"Condition/{PAIN['id']}"]),), False, id="about the pain"),
        pytest.param((told(about=["Condition/diabetes"]),), False, id="about something else"),
    ],
)
def test_stated(said, worse):
    """WORSE, symptom-worsening and its focus."""
    assert emergency(PAIN, MYELOPATHY, *said) == ({"E1"} if worse else set())


def test_the_latest_statement_is_shown():
    shown = finding("EXT-EMERG", MYELOPATHY, told(days=20), told(days=2), told(days=9)).evidence
    assert [e.date for e in shown if e.display == "Symptoms worsening"] == [ago(2)]


@pytest.mark.parametrize(
    ("clinical", "worse"), [("active", False), ("recurrence", True), ("relapse", True)]
)
def test_relapse(clinical, worse):
    """WORSE, clinicalStatus."""
    again = condition("sct|202664003", 60, clinical=clinical)
    assert emergency(again) == ({"E1"} if worse else set())


def test_a_relapse_without_a_date_is_worse_all_the_same():
    assert emergency(condition("sct|202664003", clinical="relapse")) == {"E1"}


def strength(grade, days, site=None):
    return observation("motor-strength", grade, days, site=site)


@pytest.mark.parametrize(
    ("chart", "worse"),
    [
        pytest.param((strength(3, 1),), False, id="nothing before"),
        pytest.param((strength(3, 1), strength(4, 20)), True, id="one grade less"),
        pytest.param((strength(3, 1), strength("4-/5", 20)), False, id="a quarter less is less"),
        pytest.param((strength(3, 1), strength(3, 20)), False, id="the same"),
        pytest.param((strength(3, 1), strength(2, 20)), False, id="better"),
        pytest.param((strength(3, 30), strength(4, 40)), True, id="the lower one 30 days old"),
        pytest.param((strength(3, 1), strength(4, 180)), True, id="the earlier one 180 days old"),
        pytest.param((strength(3, 1), strength(4, 181)), False, id="181 days old"),
        pytest.param((strength(3, 1), strength(4, 1)), False, id="the same day"),
        pytest.param((strength(3, 1, HAND), strength(5, 20, FOOT)), False, id="another limb"),
        pytest.param((strength(3, 1, HAND), strength(5, 20, HAND)), True, id="the same limb"),
        pytest.param(
            (strength(3, 1), strength(3, 31), strength(5, 90)),
            False,
            id="the last earlier day counts, not the best ever",
        ),
        pytest.param(
            (strength(3, 1), strength(3, 20), strength(4, 20)), True, id="the best of that day"
        ),
        pytest.param(
            (strength(3, 1), observation("motor-exam", "normal", 20)), False, id="no grade before"
        ),
    ],
)
def test_weaker(chart, worse):
    """WORSE, MRC; seen as E5."""
    assert ("E5" in emergency(PAIN, *chart)) is worse


def test_a_longer_window_of_examinations_does_not_make_an_old_loss_worse():
    """exam.lookbackDays; the lower strength is at most 30 days old."""
    options = {"exam.lookbackDays": 60}
    found = finding("EXT-EMERG", PAIN, strength(3, 31), strength(5, 90), options=options)
    assert found.tags == ()


def test_weaker_says_than_what():
    shown = finding("EXT-EMERG", PAIN, strength(3, 1), strength(4, 20)).evidence
    assert f"was 4/5 on {ago(20)}" in [e.note for e in shown]


def score(value, days):
    return observation("loinc|72514-3", quantity(value, "{score}"), days)


FUSION = procedure("sct|81099000", on=40)


@pytest.mark.parametrize(
    ("scores", "worse"),
    [
        pytest.param((score(6, 1),), False, id="nothing before"),
        pytest.param((score(6, 1), score(4, 30)), True, id="two points more"),
        pytest.param((score(6, 1), score("4.1", 30)), False, id="less than two points"),
        pytest.param((score(6, 14), score(4, 30)), True, id="newest 14 days old"),
        pytest.param((score(6, 15), score(4, 30)), False, id="newest 15 days old"),
        pytest.param((score(6, 1), score(4, 180)), True, id="earlier one 180 days old"),
        pytest.param((score(6, 1), score(4, 181)), False, id="earlier one 181 days old"),
        pytest.param((score(6, 1), score(4, 1)), False, id="the same day"),
        pytest.param(
            (score(6, 1), score(5, 20), score(2, 90)), False, id="the last earlier day counts"
        ),
        pytest.param((score(6, 1), score(5, 20), score(4, 20)), True, id="the lowest of that day"),
        pytest.param((score(3, 1), score(6, 1), score(4, 20)), True, id="the highest of today"),
    ],
)
def test_more_pain(scores, worse):
    """WORSE, pain; seen as RF-POSTOP: the pain is older than the operation."""
    assert status("RF-POSTOP", PAIN, FUSION, *scores) is (MET if worse else UNKNOWN)


@pytest.mark.parametrize(
    ("code", "worse"),
    [
        pytest.param("icd|M54.12", True, id="arm pain"),
        pytest.param("sct|309521004", False, id="a numb hand is no pain"),
    ],
)
def test_more_pain_is_worse_pain_only(code, worse):
    chart = (condition(code, 60), FUSION, score(6, 1), score(4, 20))
    assert status("RF-POSTOP", *chart) is (MET if worse else UNKNOWN)
