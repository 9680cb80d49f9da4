"""RF-INFECT-LAB: CRP and ESR, their units, ranges, flags and limits; and infect.minMarkers."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    condition,
    finding,
    fired,
    observation,
    quantity,
    recommend,
    status,
)

PAIN = condition(NECK_PAIN, 10)
CRP, HS_CRP, ESR = "loinc|1988-5", "loinc|30522-7", "loinc|4537-7"


def lab(code, value, unit, days=1, flags=(), ranges=(), **members):
    marked = [{"coding": [{"code": flag} for flag in flags]}] if flags else None
    return observation(
        code,
        quantity(value, unit, **members),
        days,
        interpretation=marked,
        referenceRange=list(ranges) or None,
    )


def up_to(high, unit, **members):
    return {"high": quantity(high, unit)} | members


def kind(code):
    return {"type": {"coding": [{"code": code}]}}


def sex(code):
    return {"appliesTo": [{"coding": [{"code": code}]}]}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        pytest.param(lab(CRP, 10, "mg/L"), NOT_MET, id="10 mg/L is the limit"),
        pytest.param(lab(CRP, "10.1", "mg/L"), MET, id="10.1 mg/L"),
        pytest.param(lab(CRP, "1.0", "mg/dL"), NOT_MET, id="1.0 mg/dL is the limit"),
        pytest.param(lab(CRP, "1.01", "mg/dL"), MET, id="1.01 mg/dL"),
        pytest.param(lab(CRP, "95.24", "nmol/L"), NOT_MET, id="95.24 nmol/L is the limit"),
        pytest.param(lab(CRP, "95.25", "nmol/L"), MET, id="95.25 nmol/L"),
        pytest.param(lab(CRP, "0.011", "g/L"), MET, id="0.011 g/L"),
        pytest.param(lab(CRP, 11, "ug/mL"), MET, id="11 ug/mL"),
        pytest.param(lab(CRP, 11, "mg"), UNKNOWN, id="a unit nobody knows"),
        pytest.param(lab(CRP, 11, "mg", flags="H"), MET, id="no usable unit, flagged high"),
        pytest.param(lab(CRP, 11, "mg/L", flags="N"), NOT_MET, id="flag before the default"),
        pytest.param(
            lab(CRP, 11, "mg/L", flags="NH"), MET, id="flagged normal and high: high wins"
        ),
        pytest.param(lab(CRP, 9, "mg/L", flags="H"), MET, id="flagged high below the default"),
        pytest.param(
            lab(CRP, 9, "mg/L", flags="H", ranges=[up_to(10, "mg/L")]),
            NOT_MET,
            id="the number beats the flag where there is a range",
        ),
        pytest.param(lab(CRP, 6, "mg/L", ranges=[up_to("0.5", "mg/dL")]), MET, id="range in mg/dL"),
        pytest.param(lab(CRP, 5, "mg/L", ranges=[up_to("0.5", "mg/dL")]), NOT_MET, id="at it"),
        pytest.param(
            lab(CRP, 6, "mg/L", ranges=[{"high": {"value": 5}}]), NOT_MET, id="range without a unit"
        ),
        pytest.param(
            lab(CRP, 6, "mg/L", ranges=[up_to(5, "mg/L", **kind("therapeutic"))]),
            NOT_MET,
            id="a range that is not the normal one",
        ),
        pytest.param(
            lab(CRP, 6, "mg/L", ranges=[up_to(5, "mg/L", **kind("normal"))]), MET, id="normal range"
        ),
        pytest.param(
            lab(CRP, 6, "mg/L", ranges=[up_to(5, "mg/L"), up_to(8, "mg/L")]),
            MET,
            id="the lowest of the ranges that fit",
        ),
        pytest.param(
            lab(CRP, 6, "mg/L", ranges=[up_to(5, "mg/L", **sex("male")), up_to(8, "mg/L")]),
            NOT_MET,
            id="a range for men does not fit a woman",
        ),
        pytest.param(lab(CRP, 10, "mg/L", comparator="<"), NOT_MET, id="less than the limit"),
        pytest.param(lab(CRP, 11, "mg/L", comparator="<"), UNKNOWN, id="less than 11"),
        pytest.param(lab(CRP, 10, "mg/L", comparator=">"), MET, id="more than the limit"),
        pytest.param(lab(CRP, 9, "mg/L", comparator=">"), UNKNOWN, id="more than 9"),
        pytest.param(
            lab(CRP, 9, "mg/L", comparator=">", flags="H", ranges=[up_to(10, "mg/L")]),
            MET,
            id="more than 9, flagged high",
        ),
        pytest.param(lab(CRP, 99, "mg/L", days=30), MET, id="30 days ago"),
        pytest.param(lab(CRP, 99, "mg/L", days=31), UNKNOWN, id="31 days ago"),
        pytest.param(lab(CRP, 99, "mg/L") | {"status": "registered"}, UNKNOWN, id="registered"),
        pytest.param(lab(CRP, 99, "mg/L") | {"status": "cancelled"}, UNKNOWN, id="cancelled"),
        pytest.param(lab(CRP, 99, "mg/L") | {"status": "preliminary"}, MET, id="preliminary"),
    ],
)
def test_crp(result, expected):
    """RF-INFECT-LAB:CRP."""
    assert status("RF-INFECT-LAB", PAIN, result) is expected


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        pytest.param(lab(HS_CRP, 10, "mg/L"), NOT_MET, id="10 mg/L"),
        pytest.param(lab(HS_CRP, 11, "mg/L"), MET, id="11 mg/L"),
        pytest.param(lab(HS_CRP, 4, "mg/L", flags="H"), NOT_MET, id="its flag is about the heart"),
        pytest.param(
            lab(HS_CRP, 6, "mg/L", ranges=[up_to(3, "mg/L")]), NOT_MET, id="a range of the heart"
        ),
        pytest.param(
            lab(HS_CRP, 11, "mg/L", ranges=[up_to(3, "mg/L")]), MET, id="the default instead"
        ),
        pytest.param(
            lab(HS_CRP, 6, "mg/L", ranges=[up_to("4.9", "mg/L")]), NOT_MET, id="a range of 4.9"
        ),
        pytest.param(
            lab(HS_CRP, 6, "mg/L", ranges=[up_to(5, "mg/L")]), MET, id="a range of inflammation, 5"
        ),
    ],
)
def test_high_sensitivity_crp(result, expected):
    """RF-INFECT-LAB:CRP."""
    assert status("RF-INFECT-LAB", PAIN, result) is expected


@pytest.mark.parametrize(
    ("sex_of_patient", "born", "limit"),
    [
        pytest.param("male", "1976-03-02", 15, id="man of 50"),
        pytest.param("male", "1975-03-02", 20, id="man of 51"),
        pytest.param("male", "1975-03-03", 15, id="man of 51 tomorrow"),
        pytest.param("female", "1976-03-02", 20, id="woman of 50"),
        pytest.param("female", "1975-03-02", 30, id="woman of 51"),
        pytest.param("male", None, 20, id="man of unknown age"),
        pytest.param("female", None, 30, id="woman of unknown age"),
        pytest.param(None, "1976-03-02", 30, id="sex unknown"),
        pytest.param("other", "1976-03-02", 30, id="sex other"),
        pytest.param("male", "1975", 15, id="born in 1975, the younger age"),
    ],
)
def test_esr_limit(sex_of_patient, born, limit):
    """RF-INFECT-LAB:ESR, esr.method = fixed."""
    who = {"sex": sex_of_patient, "born": born}
    assert status("RF-INFECT-LAB", PAIN, lab(ESR, limit, "mm/h"), **who) is NOT_MET
    assert status("RF-INFECT-LAB", PAIN, lab(ESR, f"{limit}.1", "mm/hr"), **who) is MET


@pytest.mark.parametrize(
    ("sex_of_patient", "born", "limit"),
    [
        pytest.param("male", "1966-03-02", 30, id="man of 60: half"),
        pytest.param("female", "1966-03-02", 35, id="woman of 60: half of ten more"),
        pytest.param("male", None, 20, id="age unknown: the fixed limit"),
        pytest.param(None, "1966-03-02", 30, id="sex unknown: the fixed limit"),
    ],
)
def test_esr_limit_by_miller(sex_of_patient, born, limit):
    """esr.method = miller."""
    who = {"sex": sex_of_patient, "born": born, "options": {"esr.method": "miller"}}
    assert status("RF-INFECT-LAB", PAIN, lab(ESR, limit, "mm/h"), **who) is NOT_MET
    assert status("RF-INFECT-LAB", PAIN, lab(ESR, limit + 1, "mm/h"), **who) is MET


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((lab(CRP, 40, "mg/L", 9), lab(CRP, 4, "mg/L", 2)), set(), id="normal since"),
        pytest.param(
            (lab(CRP, 40, "mg/L", 9), lab(HS_CRP, 4, "mg/L", 2)),
            set(),
            id="normal since by the sensitive test",
        ),
        pytest.param(
            (lab(CRP, 40, "mg/L", 9), lab(CRP, 4, "nonsense", 2)),
            {"CRP"},
            id="an unusable one hides nothing",
        ),
        pytest.param(
            (lab(CRP, 40, "mg/L", 2), lab(CRP, 4, "mg/L", 2)), {"CRP"}, id="both the same day"
        ),
        pytest.param(
            (lab(ESR, 60, "mm/h", 9), lab(CRP, 4, "mg/L", 2)),
            {"ESR"},
            id="a normal CRP does not cancel an ESR",
        ),
        pytest.param(
            (lab(ESR, 60, "mm/h", 9), lab("loinc|30341-2", 60, "mm/h", 2), lab(CRP, 40, "mg/L")),
            {"CRP", "ESR"},
            id="both raised",
        ),
    ],
)
def test_the_latest_usable_result_of_each_test_counts(chart, expected):
    """RF-INFECT-LAB, CF-6."""
    assert set(finding("RF-INFECT-LAB", PAIN, *chart).tags) == expected


def test_tags_are_listed():
    found = recommend(PAIN, lab(CRP, 40, "mg/L"), lab(ESR, 60, "mm/h"))
    assert found.fired == ("RF-INFECT-LAB:CRP", "RF-INFECT-LAB:ESR")


@pytest.mark.parametrize("code", [CRP, HS_CRP, ESR])
def test_a_result_nobody_can_read_is_named(code):
    """RF-INFECT-LAB, 0.5: it is neither raised nor normal."""
    found = recommend(PAIN, lab(code, 99, "nonsense"))
    assert found.findings["RF-INFECT-LAB"].status is UNKNOWN
    assert found.data_notes == ("1 result(s) without a usable unit or value left out",)
    assert recommend(PAIN, lab(code, 99, "nonsense", days=31)).data_notes == ()


def test_raised_markers_without_a_neck_fire_nothing():
    """CTX-SYMPTOM, the gate."""
    assert status("RF-INFECT-LAB", lab(CRP, 40, "mg/L")) is NOT_MET
    assert status("RF-INFECT-LAB", PAIN) is UNKNOWN


@pytest.mark.parametrize(
    ("options", "result", "expected"),
    [
        pytest.param({"crp.uln": "5"}, lab(CRP, 6, "mg/L"), MET, id="crp.uln lower"),
        pytest.param({"crp.uln": "20"}, lab(CRP, 20, "mg/L"), NOT_MET, id="crp.uln higher"),
        pytest.param({"lab.lookbackDays": 7}, lab(CRP, 40, "mg/L", 7), MET, id="within a week"),
        pytest.param({"lab.lookbackDays": 7}, lab(CRP, 40, "mg/L", 8), UNKNOWN, id="beyond it"),
    ],
)
def test_settings(options, result, expected):
    """crp.uln, lab.lookbackDays."""
    assert status("RF-INFECT-LAB", PAIN, result, options=options) is expected


FEVER = observation("loinc|8310-5", quantity(39, "Cel"), 1)
INJECTS = condition("sct|226034001", 400)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((FEVER,), set(), id="fever alone"),
        pytest.param((INJECTS,), set(), id="injecting alone"),
        pytest.param((lab(CRP, 40, "mg/L"), lab(ESR, 60, "mm/h")), set(), id="two blood tests"),
        pytest.param(
            (FEVER, lab(CRP, 40, "mg/L")),
            {"RF-INFECT-FEVER", "RF-INFECT-LAB"},
            id="fever and a blood test",
        ),
        pytest.param(
            (FEVER, INJECTS), {"RF-INFECT-FEVER", "RF-INFECT-IVDU"}, id="fever and injecting"
        ),
        pytest.param(
            (condition("sct|302935008", 9),), {"RF-INFECT-DX"}, id="a diagnosis is no marker"
        ),
    ],
)
def test_two_markers_where_the_site_asks_for_two(chart, expected):
    """infect.minMarkers."""
    found = fired(PAIN, *chart, options={"infect.minMarkers": 2})
    assert {s for s in found if s.startswith("RF-")} == expected
