"""RF-INFECT-FEVER: the highest temperature of a week, and diagnoses of fever."""

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

PAIN = condition(NECK_PAIN, 10)
FEVER = "icd|R50.9"


def temperature(value, unit="Cel", days=1, code="loinc|8310-5", **members):
    return observation(code, quantity(value, unit, **members), days)


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        pytest.param(temperature(37.9), NOT_MET, id="37.9 °C"),
        pytest.param(temperature("38.0"), MET, id="38.0 °C"),
        pytest.param(temperature("37.99"), NOT_MET, id="37.99 °C is not rounded up"),
        pytest.param(temperature("100.3", "[degF]"), NOT_MET, id="100.3 °F"),
        pytest.param(temperature("100.4", "[degF]"), MET, id="100.4 °F"),
        pytest.param(temperature("311.14", "K"), NOT_MET, id="311.14 K"),
        pytest.param(temperature("311.15", "K"), MET, id="311.15 K"),
        pytest.param(temperature(39, code="loinc|8332-9"), MET, id="rectal"),
        pytest.param(temperature(39, code="loinc|8333-7"), MET, id="in the ear"),
        pytest.param(temperature(39, days=7), MET, id="seven days ago"),
        pytest.param(temperature(39, days=8), UNKNOWN, id="eight days ago"),
        pytest.param(temperature(39, days=-1), UNKNOWN, id="dated tomorrow"),
        pytest.param(temperature(39, "fever units"), UNKNOWN, id="a unit nobody knows"),
        pytest.param(temperature(101), UNKNOWN, id="101 °C is a slip of the unit"),
        pytest.param(temperature(29, "Cel"), UNKNOWN, id="29 °C is a slip"),
        pytest.param(
            observation("loinc|8310-5", {"value": 39}, 1), UNKNOWN, id="39 without a unit"
        ),
        pytest.param(observation("loinc|8310-5", 39, 1), UNKNOWN, id="39 as a bare integer"),
        pytest.param(temperature(38.5, comparator=">"), MET, id="more than 38.5 °C"),
        pytest.param(temperature("38.0", comparator=">="), MET, id="38.0 °C or more"),
        pytest.param(temperature(37, comparator=">"), UNKNOWN, id="more than 37 °C may be fever"),
        pytest.param(temperature(39, comparator="<"), UNKNOWN, id="less than 39 °C may be fever"),
    ],
)
def test_temperature(measured, expected):
    """RF-INFECT-FEVER."""
    assert status("RF-INFECT-FEVER", PAIN, measured) is expected


def test_the_highest_of_the_week_counts_not_the_last():
    """CF-6."""
    found = finding("RF-INFECT-FEVER", PAIN, temperature(38.4, days=6), temperature(36.6, days=0))
    assert (found.status, found.values["value"]) == (MET, "38.4 °C")


def test_what_is_shown_of_a_bound():
    found = finding("RF-INFECT-FEVER", PAIN, temperature(38.5, comparator=">"))
    assert found.evidence[0].value == ">38.5 °C"


@pytest.mark.parametrize(
    ("options", "value", "expected"),
    [
        pytest.param({"fever.thresholdC": "38.3"}, 38.2, NOT_MET, id="below a raised limit"),
        pytest.param({"fever.thresholdC": "38.3"}, 38.3, MET, id="at a raised limit"),
        pytest.param({"fever.inclusive": False}, "38.0", NOT_MET, id="at the limit, exclusive"),
        pytest.param({"fever.inclusive": False}, "38.1", MET, id="above the limit, exclusive"),
    ],
)
def test_threshold_settings(options, value, expected):
    """fever.thresholdC, fever.inclusive."""
    assert status("RF-INFECT-FEVER", PAIN, temperature(value), options=options) is expected


def test_more_than_the_threshold_is_above_an_exclusive_one():
    measured = temperature("38.0", comparator=">")
    options = {"fever.inclusive": False}
    assert status("RF-INFECT-FEVER", PAIN, measured, options=options) is MET


@pytest.mark.parametrize(("days", "expected"), [(3, MET), (4, UNKNOWN)])
def test_window_setting(days, expected):
    """fever.lookbackDays."""
    options = {"fever.lookbackDays": 3}
    assert status("RF-INFECT-FEVER", PAIN, temperature(39, days=days), options=options) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((condition(FEVER, 14),), MET, id="begun 14 days ago"),
        pytest.param((condition(FEVER, 15),), UNKNOWN, id="begun 15 days ago"),
        pytest.param((condition(FEVER, recorded=14),), MET, id="recorded 14 days ago"),
        pytest.param((condition(FEVER, recorded=15),), UNKNOWN, id="recorded 15 days ago"),
        pytest.param((condition(FEVER, 40, recorded=2),), MET, id="recorded again"),
        pytest.param((condition(FEVER),), UNKNOWN, id="no date"),
        pytest.param((condition("icd|R50.82", 2),), UNKNOWN, id="fever after surgery is another"),
        pytest.param((condition(FEVER, 2, verification="unconfirmed"),), MET, id="suspected"),
        pytest.param((condition(FEVER, 2, clinical="resolved"),), UNKNOWN, id="over"),
        pytest.param((condition(FEVER, 2), temperature(36.6)), MET, id="beside a normal reading"),
        pytest.param(
            (condition(FEVER, 5), condition("sct|386661006", verification="refuted", recorded=3)),
            NOT_MET,
            id="refuted later under another code of fever",
        ),
        pytest.param(
            (condition(FEVER, 3), condition(FEVER, verification="refuted", recorded=5)),
            MET,
            id="refuted before",
        ),
        pytest.param(
            (condition(FEVER, 3), condition(FEVER, verification="refuted", recorded=3)),
            MET,
            id="refuted the same day, the positive wins",
        ),
        pytest.param(
            (temperature(38.5, days=5), condition(FEVER, verification="refuted", recorded=3)),
            MET,
            id="a measurement is not refuted",
        ),
        pytest.param(
            (condition(FEVER, 2, verification="entered-in-error"),), UNKNOWN, id="entered in error"
        ),
    ],
)
def test_diagnosis(chart, expected):
    """RF-INFECT-FEVER, CF-4."""
    assert status("RF-INFECT-FEVER", PAIN, *chart) is expected


def test_fever_as_a_reason_of_the_order():
    assert status("RF-INFECT-FEVER", PAIN, draft=order("cpt|72141", FEVER)) is MET


def test_fever_without_a_neck_fires_nothing():
    """CTX-SYMPTOM, the gate."""
    found = finding("RF-INFECT-FEVER", temperature(39))
    assert (found.status, found.reason) == (NOT_MET, "no cervical presentation (gate)")
    assert status("RF-INFECT-FEVER", condition(FEVER, 2)) is NOT_MET


def test_an_unusable_reading_is_named():
    assert recommend(PAIN, temperature(39, "fever units")).data_notes == (
        "1 result(s) without a usable unit or value left out",
    )


@pytest.mark.parametrize(("days", "expected"), [(30, MET), (31, UNKNOWN)])
def test_fever_seen_but_not_measured_counts_like_an_examination(days, expected):
    """RF-INFECT-FEVER; exam.lookbackDays."""
    assert status("RF-INFECT-FEVER", PAIN, observation("sct|386661006", True, days)) is expected
