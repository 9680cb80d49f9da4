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

YES = {
    "ccr_simple_rear_end": "simple rear-end collision",
    "ccr_sitting_in_ed": "sitting in the emergency department",
    "ccr_walked_since_injury": "walked since the injury",
    "ccr_delayed_pain_onset": "delayed onset of pain",
    "ccr_no_midline_tenderness": "no midline tenderness",
}
NO_LOW_FACTOR = dict.fromkeys(YES, False)
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


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        *(
            pytest.param(NO_LOW_FACTOR | {name: True}, (MET, NOT_MET), id=f"low risk: {words}")
            for name, words in YES.items()
        ),
        pytest.param(NO_LOW_FACTOR, (NOT_MET, MET), id="no low-risk factor at all"),
        pytest.param(
            NO_LOW_FACTOR | {"ccr_delayed_pain_onset": None},
            (UNKNOWN, UNKNOWN),
            id="no low-risk factor among those asked",
        ),
        pytest.param({"ccr_dangerous_mechanism": True}, (NOT_MET, MET), id="dangerous mechanism"),
        pytest.param({"ccr_limb_paraesthesia": True}, (NOT_MET, MET), id="limb paraesthesia"),
        pytest.param(
            {"ccr_limb_paraesthesia": True, "ccr_dangerous_mechanism": None},
            (NOT_MET, MET),
            id="one high-risk factor decides, the other not asked",
        ),
        pytest.param({"ccr_dangerous_mechanism": None}, (UNKNOWN, UNKNOWN), id="mechanism open"),
        pytest.param({"ccr_rotates_45_both_sides": False}, (NOT_MET, MET), id="cannot rotate"),
        pytest.param({"ccr_rotates_45_both_sides": None}, (UNKNOWN, UNKNOWN), id="rotation open"),
        pytest.param({"ccr_vitals_stable": None}, (UNKNOWN, UNKNOWN), id="vital signs open"),
        pytest.param({"ccr_penetrating_injury": None}, (UNKNOWN, UNKNOWN), id="penetrating open"),
    ],
)
def test_c_spine_rule(changed, expected):
    """EXT-CCR-LOW, EXT-CCR-POS."""
    assert both("CCR", injury(), ccr(**changed), coma_score(15)) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(2, (MET, NOT_MET), id="injured 2 days ago"),
        pytest.param(3, (UNKNOWN, UNKNOWN), id="injured 3 days ago"),
    ],
)
def test_c_spine_rule_is_meant_for_two_days(days, expected):
    assert both("CCR", injury(days), *screened("ccr")) == expected


def test_c_spine_rule_needs_a_coma_score():
    assert both("CCR", injury(), ccr()) == (UNKNOWN, UNKNOWN)


@pytest.mark.parametrize("screen", ["NEXUS", "CCR"])
@pytest.mark.parametrize(
    ("injured", "rest", "expected"),
    [
        pytest.param(injury(), {"born": "2010-03-03"}, (NOT_MET, NOT_MET), id="15 years"),
        pytest.param(injury(), {"born": "2010-03-02"}, (MET, NOT_MET), id="16 years"),
        pytest.param(
            injury(),
            {"born": "2010-03-03", "options": {"ext.age": False}},
            (NOT_MET, NOT_MET),
            id="15 years, rules for children switched off",
        ),
        pytest.param(injury(31), {}, (NOT_MET, NOT_MET), id="injured 31 days ago"),
        pytest.param(injury(None), {}, (NOT_MET, NOT_MET), id="injury without a date"),
        pytest.param(
            injury(),
            {"options": {"ext.nexus": False, "ext.ccr": False}},
            (NOT_MET, NOT_MET),
            id="switched off",
        ),
    ],
)
def test_whom_the_screens_are_meant_for(screen, injured, rest, expected):
    assert both(screen, injured, *screened(screen.lower()), **rest) == expected


def test_nexus_may_be_answered_within_the_whole_window():
    assert both("NEXUS", injury(30), nexus()) == (MET, NOT_MET)
    assert both("NEXUS", injury(3), nexus(4)) == (UNKNOWN, UNKNOWN), "answered before the injury"


@pytest.mark.parametrize(
    ("chart", "low", "positive"),
    [
        pytest.param(
            (nexus(), ccr(ccr_dangerous_mechanism=True), coma_score(15)),
            "EXT-NEXUS-LOW",
            "EXT-CCR-POS",
            id="NEXUS low risk, C-Spine Rule positive",
        ),
        pytest.param(
            (nexus(nexus_intoxication=True), ccr(), coma_score(15)),
            "EXT-CCR-LOW",
            "EXT-NEXUS-POS",
            id="C-Spine Rule low risk, NEXUS positive",
        ),
    ],
)
def test_where_the_screens_disagree_the_positive_one_wins(chart, low, positive):
    found = recommend(injury(), *chart)
    assert found.findings[low].status is NOT_MET
    assert positive in found.fired
    assert found.outcome == "CT_FIRST"


@pytest.mark.parametrize(
    ("switch", "fired"),
    [
        pytest.param("ext.ccr", "EXT-NEXUS-LOW", id="the C-Spine Rule is switched off"),
        pytest.param("ext.nexus", "EXT-CCR-LOW", id="NEXUS is switched off"),
    ],
)
def test_a_screen_that_is_switched_off_contradicts_nothing(switch, fired):
    chart = {
        "ext.ccr": (nexus(), ccr(ccr_dangerous_mechanism=True), coma_score(15)),
        "ext.nexus": (nexus(nexus_intoxication=True), ccr(), coma_score(15)),
    }[switch]
    found = recommend(injury(), *chart, options={switch: False})
    assert (found.outcome, fired in found.fired) == ("NOT_YET", True)


def test_the_screen_shows_its_answers():
    finding = recommend(injury(), nexus(nexus_intoxication=True)).findings["EXT-NEXUS-POS"]
    assert [(e.display, e.value) for e in finding.evidence] == [("NEXUS: intoxication", "yes")]
    low = recommend(injury(), nexus()).findings["EXT-NEXUS-LOW"]
    assert [e.value for e in low.evidence] == ["no"] * 5
