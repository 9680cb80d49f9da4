"""EXT-GAD-PREG, EXT-PREG-MRI: what counts as a current pregnancy."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, condition, observation, order, recommend, status

PAIN = condition(NECK_PAIN, 100)
BOTH = "cpt|72156"
YES, NO, POSITIVE, NEGATIVE = "sct|77386006", "sct|373067005", "sct|10828004", "sct|260385009"


def coded(days, code="icd|Z33.1", **more):
    return condition(code, days, **more)


def told(answer, days, **more):
    return observation("loinc|82810-3", answer, days, **more)


def hcg(answer, days, code="loinc|2106-3"):
    return observation(code, answer, days)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param((coded(280),), MET, id="coded 280 days ago"),
        pytest.param((coded(281),), NOT_MET, id="coded 281 days ago"),
        pytest.param((coded(400, recorded=100),), MET, id="recorded again since"),
        pytest.param((coded(None),), MET, id="coded, no date: nobody says it is over"),
        pytest.param((coded(60, "icd|O26.891"),), MET, id="a complication of pregnancy"),
        pytest.param((coded(60, "icd|Z3A.20"),), MET, id="weeks of gestation"),
        pytest.param((coded(60, YES),), MET, id="in SNOMED CT"),
        pytest.param((coded(60, clinical="resolved"),), NOT_MET, id="ended"),
        pytest.param((coded(60, verification="refuted"),), NOT_MET, id="refuted"),
        pytest.param((coded(60, "icd|O80"),), NOT_MET, id="a delivery"),
        pytest.param((coded(60, "icd|Z32.02"),), NOT_MET, id="a negative test, coded"),
        pytest.param((told(YES, 280),), MET, id="status 280 days ago"),
        pytest.param((told(YES, 281),), NOT_MET, id="status 281 days ago"),
        pytest.param((told(YES, 30), told(NO, 3)), NOT_MET, id="the latest status says no"),
        pytest.param((told(NO, 30), told(YES, 3)), MET, id="the latest status says yes"),
        pytest.param((told(NO, 3), told(YES, 3)), MET, id="yes and no on one day"),
        pytest.param((told(YES, 30), told(None, 3)), MET, id="the latest status says nothing"),
        pytest.param((hcg(POSITIVE, 14),), MET, id="positive test 14 days ago"),
        pytest.param((hcg(POSITIVE, 15),), NOT_MET, id="positive test 15 days ago"),
        pytest.param((hcg(True, 3, "loinc|2118-8"),), MET, id="positive test in serum"),
        pytest.param((hcg(NEGATIVE, 3),), NOT_MET, id="negative test"),
        pytest.param((hcg(None, 3),), NOT_MET, id="a test without a result"),
        pytest.param((), NOT_MET, id="nothing recorded"),
    ],
)
def test_pregnancy(facts, expected):
    assert status("EXT-GAD-PREG", PAIN, *facts, draft=order(BOTH)) is expected
    assert status("EXT-PREG-MRI", PAIN, *facts) is expected


def test_the_newest_evidence_comes_first():
    found = recommend(PAIN, coded(60), told(YES, 20), hcg(POSITIVE, 2), draft=order(BOTH))
    shown = found.findings["EXT-GAD-PREG"].evidence
    assert [e.value for e in shown] == ["positive", "pregnant", None]


def test_without_contrast_pregnancy_is_a_line():
    found = recommend(PAIN, coded(60))
    assert "EXT-PREG-MRI" in found.advisory
    assert not found.overlays
    assert "EXT-PREG-MRI" in recommend(PAIN, coded(60), draft=order("loinc|24935-9")).advisory


def test_with_contrast_the_warning_speaks():
    found = recommend(PAIN, coded(60), draft=order(BOTH))
    assert "EXT-PREG-MRI" not in found.advisory
    assert status("EXT-PREG-MRI", PAIN, coded(60), draft=order(BOTH)) is NOT_MET


def test_pregnancy_switched_off():
    """ext.gad."""
    assert status("EXT-PREG-MRI", PAIN, coded(60), options={"ext.gad": "false"}) is NOT_MET
