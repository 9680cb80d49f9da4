"""EXT-NEXUS-*, EXT-CCR-*: the low-risk screens after an injury of the neck."""

import pytest
from chart import (
    MET,
    NOT_MET,
    UNKNOWN,
    answers,
    condition,
    observation,
    procedure,
    recommend,
)
from injuries import NEXUS_NO, TINGLING_HAND, WEAK_LIMB, ccr, coma_score, injury, nexus, tender

NEXUS_STATUS = {"low": (MET, NOT_MET), "positive": (NOT_MET, MET), "neither": (UNKNOWN, UNKNOWN)}


def both(screen, *chart, **rest):
    findings = recommend(*chart, **rest).findings
    return findings[f"EXT-{screen}-LOW"].status, findings[f"EXT-{screen}-POS"].status


@pytest.mark.parametrize(
    ("local", "answer", "expected"),
    [
        pytest.param(name, answer, expected, id=f"{name.replace('_', ' ')}: {word}")
        for name in NEXUS_NO
        for answer, word, expected in (
            (True, "yes", "positive"),
            (None, "not asked", "neither"),
        )
    ],
)
def test_nexus_needs_five_answers_no(local, answer, expected):
    assert both("NEXUS", injury(), nexus(**{local: answer})) == NEXUS_STATUS[expected]


CONFLICTS = [
    pytest.param("nexus", {"nexus_intoxication": True}, id="NEXUS: intoxicated, and not"),
    pytest.param("ccr", {"ccr_rotates_45_both_sides": False}, id="CCR: rotates, and does not"),
    pytest.param("ccr", {"ccr_vitals_stable": False}, id="CCR: vital signs stable, and not"),
    pytest.param("ccr", {"ccr_penetrating_injury": True}, id="CCR: penetrating, and not"),
    pytest.param("ccr", {"ccr_dangerous_mechanism": True}, id="CCR: dangerous, and not"),
    pytest.param("ccr", {"ccr_simple_rear_end": False}, id="CCR: simple rear-end, and not"),
]


def screened(screen, days=0):
    charts = {"nexus": [nexus(days)], "ccr": [ccr(days), coma_score(15, days)]}
    return charts[screen]


@pytest.mark.parametrize(("screen", "other"), CONFLICTS)
@pytest.mark.parametrize("first", [True, False], ids=["alarming first", "alarming last"])
def test_of_two_answers_on_one_day_the_alarming_one_counts(screen, other, first):
    """CF-3: nobody is sent home on an answer that another one of the day contradicts."""
    chart = [answers(0, **other), *screened(screen)]
    found = recommend(injury(), *(chart if first else reversed(chart)))
    assert found.findings[f"EXT-{screen.upper()}-LOW"].status is not MET
    assert found.outcome == "CT_FIRST"


@pytest.mark.parametrize(("screen", "other"), CONFLICTS)
def test_a_later_answer_replaces_an_earlier_one(screen, other):
    found = recommend(injury(2), answers(1, **other), *screened(screen, 0))
    assert found.findings[f"EXT-{screen.upper()}-LOW"].status is MET
    assert found.outcome == "NOT_YET"


def test_an_answer_dated_by_the_month_does_not_yield_to_one_of_a_day():
    vague = observation("nexus-intoxication", True, None, effectivePeriod={"start": "2026-03"})
    assert both("NEXUS", injury(1), nexus(), vague) == (NOT_MET, MET)


@pytest.mark.parametrize(
    "barred",
    [
        pytest.param(condition("icd|M45.9", 4000), id="ankylosing spondylitis"),
        pytest.param(
            condition("icd|M45.9", 4000, clinical="inactive"), id="ankylosing spondylitis, inactive"
        ),
        pytest.param(condition("icd|M48.02", 400), id="cervical stenosis"),
        pytest.param(
            condition("icd|M48.02", 400, clinical="resolved"), id="cervical stenosis, resolved"
        ),
        pytest.param(
            condition("icd|M48.02", 400, verification="provisional"),
            id="cervical stenosis, suspected",
        ),
        pytest.param(
            condition("sct|202664003", 900, clinical="remission"), id="myelopathy, in remission"
        ),
        pytest.param(procedure("sct|81099000", on=2000), id="cervical fusion"),
        pytest.param(condition(WEAK_LIMB, 0), id="weakness"),
        pytest.param(coma_score(14), id="Glasgow coma score 14 on the same day"),
        pytest.param(answers(0, ccr_penetrating_injury=True), id="penetrating injury"),
        pytest.param(answers(0, ccr_vitals_stable=False), id="vital signs not stable"),
    ],
)
def test_c_spine_rule_is_not_used(barred):
    """EXT-CCR: not applicable, so neither low risk nor positive, and CT comes first."""
    found = recommend(injury(), *screened("ccr"), barred)
    statuses = [found.findings[f"EXT-CCR-{end}"].status for end in ("LOW", "POS")]
    assert statuses == [UNKNOWN, UNKNOWN]
    assert found.outcome == "CT_FIRST"


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        pytest.param("1961-03-03", (MET, NOT_MET), id="64, 65 tomorrow"),
        pytest.param("1961-03-02", (NOT_MET, MET), id="65 today"),
        pytest.param("1962", (MET, NOT_MET), id="64 at most"),
        pytest.param("1961", (UNKNOWN, UNKNOWN), id="born in 1961: 64 or 65"),
        pytest.param("1961-03", (UNKNOWN, UNKNOWN), id="born this month: 64 or 65"),
        pytest.param("1960", (NOT_MET, MET), id="65 at least"),
        pytest.param(None, (UNKNOWN, UNKNOWN), id="age not known"),
    ],
)
def test_c_spine_rule_by_age(born, expected):
    """EXT-CCR: from 65 on it is positive; where the age is open it is not used."""
    assert both("CCR", injury(), *screened("ccr"), born=born) == expected


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        pytest.param(coma_score(15), MET, id="Glasgow coma score 15"),
        pytest.param(coma_score(14), NOT_MET, id="Glasgow coma score 14: not alert"),
        pytest.param(coma_score(14, 3), MET, id="Glasgow coma score 14 before the injury"),
        pytest.param(tender(), NOT_MET, id="midline tenderness found"),
        pytest.param(condition(WEAK_LIMB, 0), NOT_MET, id="weakness found"),
        pytest.param(condition(TINGLING_HAND, 0), NOT_MET, id="tingling hand"),
        pytest.param(condition("sct|22325002", 0), NOT_MET, id="abnormal gait"),
    ],
)
def test_nexus_yields_to_a_documented_finding(finding, expected):
    found = recommend(injury(), nexus(), finding)
    assert found.findings["EXT-NEXUS-LOW"].status is expected
    assert found.outcome == ("NOT_YET" if expected is MET else "CT_FIRST")
    assert ("EXT-NEXUS-LOW" in found.fired) is (expected is MET)
