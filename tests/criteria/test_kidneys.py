"""EXT-GAD-EGFR: contrast and the kidneys."""

import chart
import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    condition,
    finding,
    observation,
    order,
    quantity,
    recommend,
    status,
)
from site_codes import SITE, evaluator_with

PAIN = condition(NECK_PAIN, 100)
FEVER = observation("loinc|8310-5", quantity("39.0", "Cel"), 1)
CANCER = condition("icd|C61", 400)
WITHOUT, BOTH = "cpt|72141", "cpt|72156"


def egfr(value, days=5, unit="mL/min/{1.73_m2}", **more):
    return observation("loinc|62238-1", quantity(value, unit, **more), days)


def cards(*facts, code=WITHOUT, **rest):
    """Overlay cards as (id, indicator, codes suggested)."""
    found = recommend(PAIN, *facts, draft=order(code), **rest)
    return [(o.id, o.indicator, o.suggest_codes) for o in found.overlays]


@pytest.mark.parametrize(
    ("value", "days", "expected"),
    [
        pytest.param(29, 5, MET, id="29"),
        pytest.param("29.9", 5, MET, id="29.9"),
        pytest.param(30, 5, NOT_MET, id="exactly 30"),
        pytest.param(29, 90, MET, id="29, 90 days ago"),
        pytest.param(29, 91, NOT_MET, id="29, 91 days ago"),
    ],
)
def test_reduced_kidney_function(value, days, expected):
    """EXT-GAD-EGFR."""
    assert status("EXT-GAD-EGFR", PAIN, egfr(value, days), draft=order(BOTH)) is expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param((egfr(25, 20), egfr(60, 2)), NOT_MET, id="the latest is normal"),
        pytest.param((egfr(60, 20), egfr(25, 2)), MET, id="the latest is low"),
        pytest.param((egfr(60, 2), egfr(25, 2)), MET, id="one of two on the latest day is low"),
        pytest.param((egfr(25, 20), egfr(60, 2, "stone")), MET, id="an unusable one hides nothing"),
        pytest.param((egfr(25, 2) | {"status": "cancelled"},), NOT_MET, id="a cancelled result"),
        pytest.param((condition("icd|N18.4", 900),), MET, id="kidney disease, stage 4"),
        pytest.param((condition("icd|N18.6", 900),), MET, id="end-stage kidney disease"),
        pytest.param((condition("icd|Z99.2", 900),), MET, id="dialysis"),
        pytest.param((condition("icd|N17.9", 3),), MET, id="acute kidney injury"),
        pytest.param((condition("sct|14669001", 3),), MET, id="acute kidney injury, SNOMED CT"),
        pytest.param(
            (condition("icd|N17.9", 300, clinical="resolved"),), NOT_MET, id="one that is over"
        ),
        pytest.param(
            (condition("icd|N18.4", 9, verification="entered-in-error"),), NOT_MET, id="an error"
        ),
        pytest.param((), NOT_MET, id="nothing recorded"),
    ],
)
def test_what_the_kidneys_rest_on(facts, expected):
    assert status("EXT-GAD-EGFR", PAIN, *facts, draft=order(BOTH)) is expected


@pytest.mark.parametrize(
    ("sign", "value", "expected"),
    [
        pytest.param("<", 15, MET, id="below 15"),
        pytest.param("<", 30, MET, id="below 30"),
        pytest.param("<=", 29, MET, id="29 or less"),
        pytest.param("<=", 30, NOT_MET, id="30 or less may be 30"),
        pytest.param("<", 60, NOT_MET, id="below 60 may be anything"),
        pytest.param(">", 60, NOT_MET, id="above 60"),
        pytest.param(">=", 30, NOT_MET, id="30 or more"),
        pytest.param(">", 15, NOT_MET, id="above 15 may be anything"),
        pytest.param("~", 15, NOT_MET, id="a comparator that does not exist"),
    ],
)
def test_kidney_function_with_a_comparator(sign, value, expected):
    assert status("EXT-GAD-EGFR", PAIN, egfr(value, comparator=sign), draft=order(BOTH)) is expected


@pytest.mark.parametrize(
    ("latest", "expected"),
    [
        pytest.param(egfr(60, 2, comparator=">"), NOT_MET, id="above 60 now"),
        pytest.param(egfr(60, 2, comparator="<"), MET, id="below 60 now hides nothing"),
    ],
)
def test_a_comparator_beside_an_earlier_low_value(latest, expected):
    assert status("EXT-GAD-EGFR", PAIN, egfr(25, 80), latest, draft=order(BOTH)) is expected


def test_a_very_low_value_is_shown_as_reported_and_stops_the_suggestion():
    found = finding("EXT-GAD-EGFR", PAIN, egfr(15, comparator="<"), draft=order(BOTH))
    assert found.evidence[0].value == "<15 mL/min/1.73 m²"
    assert cards(CANCER, egfr(15, comparator="<")) == []


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        pytest.param({"egfr.threshold": 45}, egfr(44), id="threshold"),
        pytest.param({"egfr.lookbackDays": 120}, egfr(25, 120), id="look-back"),
    ],
)
def test_the_limits_of_kidney_function_are_settings(options, facts):
    """egfr.threshold, egfr.lookbackDays."""
    assert status("EXT-GAD-EGFR", PAIN, facts, draft=order(BOTH), options=options) is MET
    assert status("EXT-GAD-EGFR", PAIN, facts, draft=order(BOTH)) is NOT_MET


CKD = condition(f"{SITE}|ckd-3", 900)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return evaluator_with(tmp_path_factory.mktemp("site"), VS_CKD="ckd-3")


@pytest.fixture
def kidney_disease(own, monkeypatch):
    """A site that lists kidney disease of earlier stages; we ship none."""
    monkeypatch.setattr(chart, "evaluator", lambda: own)


@pytest.mark.usefixtures("kidney_disease")
@pytest.mark.parametrize(
    ("facts", "code", "expected"),
    [
        pytest.param((), BOTH, UNKNOWN, id="eGFR not known"),
        pytest.param((egfr(55, 91),), BOTH, UNKNOWN, id="eGFR too old"),
        pytest.param((egfr(55, 5, "stone"),), BOTH, UNKNOWN, id="eGFR without a usable unit"),
        pytest.param((egfr(60, comparator="<"),), BOTH, UNKNOWN, id="below 60 does not tell"),
        pytest.param((egfr(55),), BOTH, NOT_MET, id="eGFR known and not low"),
        pytest.param((egfr(25),), BOTH, MET, id="eGFR low"),
        pytest.param((), WITHOUT, NOT_MET, id="no contrast ordered or suggested"),
        pytest.param((CANCER,), WITHOUT, UNKNOWN, id="contrast suggested for cancer"),
        pytest.param((FEVER,), WITHOUT, UNKNOWN, id="contrast suggested for infection"),
        pytest.param((FEVER, egfr(55)), WITHOUT, NOT_MET, id="suggested, and eGFR known"),
    ],
)
def test_kidney_disease_without_a_stage(facts, code, expected):
    """EXT-GAD-EGFR."""
    assert status("EXT-GAD-EGFR", PAIN, CKD, *facts, draft=order(code)) is expected


@pytest.mark.usefixtures("kidney_disease")
def test_an_unknown_kidney_function_is_an_information():
    assert ("EXT-GAD-EGFR", "info", ()) in cards(CKD, FEVER, code=BOTH)
    assert cards(CKD, FEVER) == [
        ("EXT-CONTRAST-INFECT", "info", ("72156",)),
        ("EXT-GAD-EGFR", "info", ()),
    ]
    assert cards(CKD, FEVER, options={"ext.gad": "false"}) == [
        ("EXT-CONTRAST-INFECT", "info", ("72156",))
    ]
