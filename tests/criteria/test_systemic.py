"""RF-SYS-MALIG, RF-SYS-AS, RF-SYS-INFLAM, and the systemic rows that are off by default."""

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
    order,
    quantity,
    recommend,
    status,
)

PAIN = condition(NECK_PAIN, 10)
PROSTATE, BREAST_PAST = "icd|C61", "icd|Z85.3"
SPONDYLITIS, RHEUMATOID = "icd|M45.2", "icd|M05.79"


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), UNKNOWN, id="nothing recorded"),
        pytest.param((condition(PROSTATE),), MET, id="current"),
        pytest.param((condition(PROSTATE, 9000, clinical="resolved"),), MET, id="cured long ago"),
        pytest.param((condition(BREAST_PAST, 9000),), MET, id="history of breast cancer"),
        pytest.param((condition(PROSTATE, verification=None),), MET, id="verification not given"),
        pytest.param((condition(PROSTATE, verification="provisional"),), UNKNOWN, id="suspected"),
        pytest.param(
            (condition(PROSTATE, verification="refuted", recorded=2),), NOT_MET, id="refuted"
        ),
        pytest.param((condition("icd|Z80.3"),), UNKNOWN, id="breast cancer in the family"),
        pytest.param((condition("icd|D05.10"),), UNKNOWN, id="in situ"),
        pytest.param((condition("icd|C44.91"),), UNKNOWN, id="basal cell carcinoma"),
        pytest.param((condition("icd|Z85.828"),), UNKNOWN, id="skin cancer in the past"),
        pytest.param((condition("icd|Z85.820"),), MET, id="melanoma in the past"),
        pytest.param((condition("icd|C43.9"),), MET, id="melanoma"),
    ],
)
def test_cancer(chart, expected):
    """RF-SYS-MALIG."""
    assert status("RF-SYS-MALIG", PAIN, *chart) is expected


@pytest.mark.parametrize(
    ("statement", "code", "expected"),
    [
        pytest.param("RF-SYS-AS", SPONDYLITIS, MET, id="ankylosing spondylitis"),
        pytest.param("RF-SYS-AS", "icd|M08.1", MET, id="juvenile spondylitis"),
        pytest.param("RF-SYS-AS", RHEUMATOID, UNKNOWN, id="rheumatoid is no spondylitis"),
        pytest.param("RF-SYS-INFLAM", RHEUMATOID, MET, id="rheumatoid"),
        pytest.param("RF-SYS-INFLAM", "icd|L40.52", MET, id="psoriatic"),
        pytest.param("RF-SYS-INFLAM", "icd|M08.00", MET, id="juvenile"),
        pytest.param("RF-SYS-INFLAM", SPONDYLITIS, UNKNOWN, id="spondylitis has its own row"),
        pytest.param("RF-SYS-INFLAM", "icd|M46.1", UNKNOWN, id="sacroiliitis"),
        pytest.param("RF-SYS-INFLAM", "icd|M10.9", UNKNOWN, id="gout"),
        pytest.param("RF-SYS-INFLAM", "icd|M19.90", UNKNOWN, id="osteoarthritis"),
        pytest.param("RF-SYS-INFLAM", "icd|M35.3", UNKNOWN, id="polymyalgia"),
    ],
)
def test_arthritis(statement, code, expected):
    """RF-SYS-AS, RF-SYS-INFLAM."""
    assert status(statement, PAIN, condition(code)) is expected


@pytest.mark.parametrize(
    ("clinical", "spondylitis", "rheumatoid"),
    [
        pytest.param("active", MET, MET, id="active"),
        pytest.param(None, MET, MET, id="status not given"),
        pytest.param("remission", UNKNOWN, MET, id="in remission"),
        pytest.param("resolved", UNKNOWN, UNKNOWN, id="resolved"),
        pytest.param("inactive", UNKNOWN, UNKNOWN, id="inactive"),
    ],
)
def test_which_clinical_status_counts(clinical, spondylitis, rheumatoid):
    """RF-SYS-AS, RF-SYS-INFLAM."""
    assert status("RF-SYS-AS", PAIN, condition(SPONDYLITIS, clinical=clinical)) is spondylitis
    assert status("RF-SYS-INFLAM", PAIN, condition(RHEUMATOID, clinical=clinical)) is rheumatoid


ROWS = [
    pytest.param("RF-SYS-MALIG", PROSTATE, id="cancer"),
    pytest.param("RF-SYS-AS", SPONDYLITIS, id="spondylitis"),
    pytest.param("RF-SYS-INFLAM", RHEUMATOID, id="rheumatoid arthritis"),
]


@pytest.mark.parametrize(("statement", "code"), ROWS)
def test_a_suspected_one_is_asked_and_the_order_may_confirm_it(statement, code):
    """RF-SYS-*, HOLD: order reasons count, suspected Conditions are possible."""
    suspected = condition(code, 9, verification="unconfirmed")
    found = recommend(PAIN, suspected)
    assert (found.outcome, found.fired) == ("INSUFFICIENT", ())
    assert [q.partition(":")[0] for q in found.possible] == ["is it confirmed"]
    by_code = order("cpt|72141", code)
    named = order("cpt|72141", reasonReference=[{"reference": f"Condition/{suspected['id']}"}])
    assert fired(PAIN, draft=by_code) == {statement}
    assert fired(PAIN, suspected, draft=named) == {statement}


@pytest.mark.parametrize(("statement", "code"), ROWS)
def test_without_a_neck_it_fires_nothing(statement, code):
    """CTX-SYMPTOM, the gate."""
    assert status(statement, condition(code)) is NOT_MET
    assert recommend(condition(code)).outcome == "INSUFFICIENT"


@pytest.mark.parametrize("code", ["icd|C44.91", "icd|Z85.828", "sct|428053000"])
def test_skin_cancer_counts_where_the_site_says_so(code):
    """malig.excludeNMSC."""
    options = {"malig.excludeNMSC": False}
    assert status("RF-SYS-MALIG", PAIN, condition(code), options=options) is MET


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        pytest.param("2021-03-03", MET, id="five years less a leap day"),
        pytest.param("2021-03-02", UNKNOWN, id="more than five times 365 days"),
        pytest.param("2021", MET, id="some day five years ago"),
        pytest.param(None, MET, id="nobody wrote when"),
    ],
)
def test_years_since_it_ended(ended, expected):
    """malig.yearsSinceResolved."""
    abated = {"abatementDateTime": ended} if ended else {}
    cured = condition(PROSTATE, 9000, clinical="resolved", **abated)
    options = {"malig.yearsSinceResolved": 5}
    assert status("RF-SYS-MALIG", PAIN, cured, options=options) is expected
    assert status("RF-SYS-MALIG", PAIN, cured) is MET


def test_an_active_cancer_counts_whatever_end_is_written():
    """malig.yearsSinceResolved; 0.3: an explicit status beats an abatement date."""
    back = condition(PROSTATE, 9000, clinical="recurrence", abatementDateTime="2010-01-01")
    options = {"malig.yearsSinceResolved": 5}
    assert status("RF-SYS-MALIG", PAIN, back, options=options) is MET


def test_crystals_have_no_confirmed_code_yet():
    """inflam.includeCrystal."""
    options = {"inflam.includeCrystal": True}
    assert status("RF-SYS-INFLAM", PAIN, condition("icd|M10.9"), options=options) is UNKNOWN
    assert status("RF-SYS-INFLAM", PAIN, condition(RHEUMATOID), options=options) is MET


HIV = condition("icd|B20", 4000)


def white_cells(value, high=11, unit="10*9/L", days=1):
    limit = [{"high": quantity(high, unit)}] if high else None
    return observation("loinc|6690-2", quantity(value, unit), days, referenceRange=limit)


@pytest.mark.parametrize(
    ("statement", "key", "chart", "expected"),
    [
        pytest.param("EXT-IMMUNO", "ext.immuno", (HIV,), MET, id="HIV"),
        pytest.param("EXT-IMMUNO", "ext.immuno", (), UNKNOWN, id="no immunosuppression"),
        pytest.param(
            "EXT-IMMUNO",
            "ext.immuno",
            (condition("icd|B20", 9, verification="provisional"),),
            UNKNOWN,
            id="HIV suspected",
        ),
        pytest.param("EXT-WBC", "ext.wbc", (white_cells("11.1"),), MET, id="above the range"),
        pytest.param("EXT-WBC", "ext.wbc", (white_cells(11),), NOT_MET, id="at the limit"),
        pytest.param("EXT-WBC", "ext.wbc", (white_cells(20, None),), UNKNOWN, id="no range"),
        pytest.param("EXT-WBC", "ext.wbc", (white_cells(20, days=31),), UNKNOWN, id="31 days ago"),
        pytest.param("EXT-WEIGHTLOSS", "ext.weightloss", (), UNKNOWN, id="no codes"),
        pytest.param("EXT-DISH", "ext.dish", (), UNKNOWN, id="no codes for DISH"),
    ],
)
def test_rows_that_are_off_by_default(statement, key, chart, expected):
    """EXT-IMMUNO, EXT-WBC, EXT-WEIGHTLOSS, EXT-DISH."""
    off = finding(statement, PAIN, *chart)
    assert (off.status, off.reason) == (NOT_MET, f"switched off ({key})")
    on = recommend(PAIN, *chart, options={key: True})
    assert on.findings[statement].status is expected
    assert (statement in on.fired) is (expected is MET)
    assert (on.outcome == "MRI_URGENT") is (expected is MET)


def test_white_cells_without_a_neck_fire_nothing():
    assert status("EXT-WBC", white_cells(20), options={"ext.wbc": True}) is NOT_MET
