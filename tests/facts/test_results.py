"""Laboratory values against range, flag and default limit; pain scores; white cells (criteria, 0.5)."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    concept,
    condition,
    finding,
    observation,
    quantity,
    recommend,
    report,
    status,
)

PAIN = condition(NECK_PAIN, 100)
CRP, SENSITIVE, ESR, WBC = "loinc|1988-5", "loinc|30522-7", "loinc|4537-7", "loinc|6690-2"


def lab(code, value, unit="mg/L", *, days=3, high=None, flag=None, sign=None, **more):
    value = quantity(value, unit, **({"comparator": sign} if sign else {}))
    ranges = [{"high": quantity(high, unit)}] if high is not None else None
    flags = [{"coding": [{"code": flag}]}] if flag else None
    members = {"referenceRange": ranges, "interpretation": flags} | more
    return observation(code, value, days, **{k: v for k, v in members.items() if v is not None})


def ranged(*ranges, value=8, code=CRP, unit="mg/L"):
    return lab(code, value, unit, referenceRange=list(ranges))


def upto(high, unit="mg/L", **more):
    return {"high": quantity(high, unit)} | more


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(lab(CRP, 11, high=10), MET, id="above the range"),
        pytest.param(lab(CRP, 10, high=10), NOT_MET, id="equal to the range"),
        pytest.param(lab(CRP, 8, high=5), MET, id="above a narrow range"),
        pytest.param(lab(CRP, 12, high=20), NOT_MET, id="inside a wide range"),
        pytest.param(
            lab(CRP, "1.0", "mg/dL", referenceRange=[upto(10)]), NOT_MET, id="units differ, equal"
        ),
        pytest.param(
            lab(CRP, "1.1", "mg/dL", referenceRange=[upto(10)]), MET, id="units differ, above"
        ),
        pytest.param(lab(CRP, 12, high=20, flag="H"), NOT_MET, id="the range goes before the flag"),
        pytest.param(lab(CRP, 8, flag="H"), MET, id="flagged high"),
        pytest.param(lab(CRP, 8, flag="AA"), MET, id="flagged critical"),
        pytest.param(lab(CRP, 80, flag="N"), NOT_MET, id="flagged normal"),
        pytest.param(lab(CRP, 80, flag="L"), NOT_MET, id="flagged low"),
        pytest.param(lab(CRP, 80, flag="?"), MET, id="a flag nobody knows: default limit"),
        pytest.param(lab(CRP, "10.1"), MET, id="above the default limit"),
        pytest.param(lab(CRP, 10), NOT_MET, id="equal to the default limit"),
        pytest.param(lab(CRP, 80, "stone"), UNKNOWN, id="no unit we know"),
        pytest.param(lab(CRP, 80, "stone", flag="H"), MET, id="no unit we know, flagged"),
        pytest.param(observation(CRP, "positive", 3), UNKNOWN, id="words"),
        pytest.param(lab(CRP, 80, days=30), MET, id="30 days old"),
        pytest.param(lab(CRP, 80, days=31), UNKNOWN, id="31 days old"),
        pytest.param(lab(CRP, 80, status="registered"), UNKNOWN, id="not yet measured"),
        pytest.param(lab(CRP, 80, status="preliminary"), MET, id="preliminary"),
        pytest.param(lab(CRP, 80, "mg/l"), MET, id="litre written l"),
        pytest.param(lab(CRP, 8, "mg/dl"), MET, id="decilitre written dl"),
    ],
)
def test_a_raised_crp(item, expected):
    """RF-INFECT-LAB."""
    assert status("RF-INFECT-LAB", PAIN, item) is expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(lab(CRP, 5, sign="<"), NOT_MET, id="below 5"),
        pytest.param(lab(CRP, 10, sign="<="), NOT_MET, id="10 or less"),
        pytest.param(lab(CRP, 20, sign="<"), UNKNOWN, id="below 20 does not tell"),
        pytest.param(lab(CRP, 10, sign=">"), MET, id="above 10"),
        pytest.param(lab(CRP, 5, sign=">"), UNKNOWN, id="above 5 does not tell"),
        pytest.param(lab(CRP, 20, sign="<", flag="H"), MET, id="below 20, flagged high"),
        pytest.param(
            lab(CRP, 5, sign=">", high=8, flag="N"), NOT_MET, id="above 5, flagged normal"
        ),
        pytest.param(lab(CRP, 5, sign=">", high=8), UNKNOWN, id="above 5 of 8"),
        pytest.param(lab(CRP, 80, sign="~"), UNKNOWN, id="a sign nobody knows"),
    ],
)
def test_a_value_with_a_comparator(item, expected):
    assert status("RF-INFECT-LAB", PAIN, item) is expected


NORMAL = {"type": {"coding": [{"code": "normal"}]}}
MEN, WOMEN = ({"appliesTo": [{"coding": [{"code": code}]}]} for code in ("male", "F"))


def aged(low=None, high=None, unit="a"):
    ends = {"low": low, "high": high}
    return {"age": {k: quantity(v, unit) for k, v in ends.items() if v is not None}}


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        pytest.param((upto(5, **NORMAL),), MET, id="typed normal"),
        pytest.param((upto(5, type={"text": "usual"}),), MET, id="a type in words"),
        pytest.param(
            (upto(5, type={"coding": [{"code": "critical"}]}),), NOT_MET, id="a critical range"
        ),
        pytest.param((upto(20), upto(5)), MET, id="of several the lowest"),
        pytest.param((upto(5, **MEN),), NOT_MET, id="for men only"),
        pytest.param((upto(5, **WOMEN),), MET, id="for women"),
        pytest.param((upto(5, **MEN), upto(9, **WOMEN)), NOT_MET, id="each sex its own"),
        pytest.param((upto(5, **aged(18, 60)),), MET, id="of that age"),
        pytest.param((upto(5, **aged(60)),), NOT_MET, id="for older people"),
        pytest.param((upto(5, **aged(None, 40)),), NOT_MET, id="for younger people"),
        pytest.param((upto(5, **aged(600, None, "mo")),), MET, id="an age in months is not read"),
        pytest.param((upto(5, age={}),), MET, id="an age without ends"),
        pytest.param((upto(5, age={"low": {}}),), MET, id="an age without a number"),
        pytest.param(({"high": {"value": 5}},), NOT_MET, id="a range without a unit"),
        pytest.param(({"text": "below 5"},), NOT_MET, id="a range in words"),
        pytest.param(
            (upto(5, appliesTo=[{"coding": [{}, {"code": "8"}]}]),), MET, id="for whom nobody knows"
        ),
    ],
)
def test_which_range_fits_a_woman_of_46(ranges, expected):
    """CRP 8 mg/L; the default limit is 10."""
    assert status("RF-INFECT-LAB", PAIN, ranged(*ranges)) is expected


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        pytest.param({"sex": None}, MET, id="sex not known: every range fits"),
        pytest.param({"born": None}, MET, id="age not known: every range fits"),
    ],
)
def test_a_range_fits_whom_it_may_mean(person, expected):
    item = ranged(upto(5, **MEN, **aged(18, 60)) if "sex" in person else upto(5, **aged(60)))
    assert status("RF-INFECT-LAB", PAIN, item, **person) is expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(lab(SENSITIVE, 11), MET, id="above 10"),
        pytest.param(lab(SENSITIVE, 8, high=3), NOT_MET, id="a cardiac-risk range is not used"),
        pytest.param(lab(SENSITIVE, 8, high=5), MET, id="a range from 5 on is"),
        pytest.param(lab(SENSITIVE, 8, flag="H"), NOT_MET, id="its flag is ignored"),
    ],
)
def test_high_sensitivity_crp(item, expected):
    assert status("RF-INFECT-LAB", PAIN, item) is expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param((lab(CRP, 80, days=9), lab(CRP, 4, days=2)), NOT_MET, id="normal since"),
        pytest.param((lab(CRP, 4, days=9), lab(CRP, 80, days=2)), MET, id="raised since"),
        pytest.param((lab(CRP, 80, days=2), lab(CRP, 4, days=2)), MET, id="both on one day"),
        pytest.param(
            (lab(CRP, 80, days=9), lab(SENSITIVE, 4, days=2)), NOT_MET, id="one test for latest"
        ),
        pytest.param(
            (lab(CRP, 80, days=9), lab(CRP, 4, "stone", days=2)), MET, id="an unusable one since"
        ),
        pytest.param(
            (lab(ESR, 60, "mm/h", days=9), lab(CRP, 4, days=2)), MET, id="a CRP hides no ESR"
        ),
    ],
)
def test_the_latest_usable_result_counts(facts, expected):
    assert status("RF-INFECT-LAB", PAIN, *facts) is expected


@pytest.mark.parametrize(
    ("sex", "born", "limit"),
    [
        pytest.param("male", "1976-03-02", 15, id="man of 50"),
        pytest.param("male", "1975-03-02", 20, id="man of 51"),
        pytest.param("female", "1976-03-02", 20, id="woman of 50"),
        pytest.param("female", "1975-03-02", 30, id="woman of 51"),
        pytest.param("male", None, 20, id="man of unknown age"),
        pytest.param("female", None, 30, id="woman of unknown age"),
        pytest.param(None, "1990-01-01", 30, id="sex not known"),
        pytest.param("other", "1990-01-01", 30, id="another sex"),
    ],
)
def test_default_limits_of_esr(sex, born, limit):
    """esr.method = fixed."""
    for value, expected in ((limit, NOT_MET), (limit + 1, MET)):
        item = lab(ESR, value, "mm/h")
        assert status("RF-INFECT-LAB", PAIN, item, sex=sex, born=born) is expected


@pytest.mark.parametrize(
    ("sex", "born", "limit"),
    [
        pytest.param("male", "1986-01-01", 20, id="man of 40"),
        pytest.param("female", "1986-01-01", 25, id="woman of 40"),
        pytest.param("female", None, 30, id="age not known: fixed limit"),
        pytest.param(None, "1986-01-01", 30, id="sex not known: fixed limit"),
    ],
)
def test_the_miller_limit_of_esr(sex, born, limit):
    """esr.method = miller."""
    for value, expected in ((limit, NOT_MET), (limit + 1, MET)):
        item = lab(ESR, value, "mm/h")
        options = {"esr.method": "miller"}
        assert status("RF-INFECT-LAB", PAIN, item, sex=sex, born=born, options=options) is expected


@pytest.mark.parametrize(
    ("options", "item"),
    [
        pytest.param({"crp.uln": 5}, lab(CRP, 6), id="CRP limit"),
        pytest.param({"lab.lookbackDays": 60}, lab(CRP, 80, days=60), id="look-back"),
    ],
)
def test_the_limits_of_the_laboratory_are_settings(options, item):
    """crp.uln, lab.lookbackDays."""
    assert status("RF-INFECT-LAB", PAIN, item, options=options) is MET
    assert status("RF-INFECT-LAB", PAIN, item) is not MET


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        pytest.param(lab(CRP, "12.50"), ("12.5 mg/L", "limit 10 mg/L (default)"), id="default"),
        pytest.param(
            lab(CRP, 12, high=5), ("12 mg/L", "limit 5 mg/L (laboratory range)"), id="range"
        ),
        pytest.param(lab(CRP, 12, flag="H"), ("12 mg/L", "laboratory flag H"), id="flag"),
        pytest.param(lab(CRP, 10, sign=">"), (">10 mg/L", "limit 10 mg/L (default)"), id="sign"),
        pytest.param(lab(CRP, 2, "mg/dl"), ("2 mg/dl", "limit 10 mg/L (default)"), id="own unit"),
        pytest.param(
            lab(CRP, 12, "milligrams", flag="H"), ("12", "laboratory flag H"), id="unit in words"
        ),
        pytest.param(
            observation(CRP, None, 3, interpretation=[concept("H")]),
            ("flag H", "laboratory flag H"),
            id="no number",
        ),
    ],
)
def test_what_is_shown_of_a_result(item, shown):
    (evidence,) = finding("RF-INFECT-LAB", PAIN, item).evidence
    assert (evidence.value, evidence.threshold) == shown


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(lab(WBC, 14, "10*9/L", high=11), MET, id="above the laboratory's range"),
        pytest.param(lab(WBC, 14000, "/uL", referenceRange=[upto(11, "10*9/L")]), MET, id="per µL"),
        pytest.param(lab(WBC, 11, "10*9/L", high=11), NOT_MET, id="equal to it"),
        pytest.param(lab(WBC, 9, "10*9/L", flag="H"), MET, id="flagged"),
        pytest.param(lab(WBC, 14, "10*9/L"), UNKNOWN, id="no range and no flag"),
    ],
)
def test_raised_white_cells(item, expected):
    """EXT-WBC (ext.wbc)."""
    on = {"ext.wbc": "true"}
    assert status("EXT-WBC", PAIN, item, options=on) is expected
    assert status("EXT-WBC", PAIN, item) is NOT_MET
    lumbar = condition("icd|M54.16", 9)
    assert status("EXT-WBC", lumbar, item, options=on) is not MET


def test_white_cells_make_the_order_urgent_where_switched_on():
    item = lab(WBC, 14, "10*9/L", high=11)
    assert recommend(PAIN, item, options={"ext.wbc": "true"}).outcome == "MRI_URGENT"
    assert recommend(PAIN, item).outcome == "INSUFFICIENT"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(quantity(14, "{score}"), MET, id="14"),
        pytest.param(14, MET, id="14, a whole number"),
        pytest.param(quantity(15, "{score}"), NOT_MET, id="15"),
        pytest.param(quantity(2, "{score}"), NOT_MET, id="2 is not on the scale"),
        pytest.param(None, NOT_MET, id="no value"),
    ],
)
def test_coma_score_after_a_normal_ct(value, expected):
    """EXT-OBTUNDED reads the Glasgow coma score."""
    injured, ct = condition("icd|S19.9XXA", 2), report("cpt|72125", 1, "sct|17621005")
    found = status("EXT-OBTUNDED", PAIN, injured, ct, observation("loinc|9269-2", value, 1))
    assert (found is MET) is (expected is MET)


def test_unusable_results_are_counted():
    pain = observation("loinc|72514-3", quantity(11, "{score}"), 3)
    fever = observation("loinc|8310-5", {"value": 38.5}, 3)
    notes = recommend(PAIN, pain, fever).data_notes
    assert "2 result(s) without a usable unit or value left out" in notes
