"""What the order is about: presenting problem, background, the headline, age (CTX-*, EXT-AGE)."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    answers,
    condition,
    finding,
    observation,
    order,
    procedure,
    recommend,
    status,
)

PAIN = condition(NECK_PAIN, 60)
WEAK = condition("sct|26544005", 5)


@pytest.mark.parametrize(
    "chart",
    [
        pytest.param((PAIN,), id="neck pain"),
        pytest.param((condition(NECK_PAIN, 9, verification="provisional"),), id="suspected"),
        pytest.param((condition(NECK_PAIN, 90, problem=False),), id="neck pain 90 days ago"),
        pytest.param((observation("sct|81680005"),), id="neck pain, asked"),
        pytest.param((condition("icd|M54.12", 900),), id="arm pain"),
        pytest.param((condition("sct|202664003"),), id="myelopathy"),
        pytest.param((condition("icd|S19.9XXA", 400),), id="an old neck injury not yet closed"),
        pytest.param((observation("vertebral-tenderness"),), id="midline tenderness"),
        pytest.param((answers(3, nexus_midline_tenderness=True),), id="midline tenderness, NEXUS"),
        pytest.param((observation("suspected-ligament-injury"),), id="ligament suspected"),
        pytest.param((condition("icd|M53.2X2"),), id="instability"),
        pytest.param((condition("icd|M46.22"),), id="cervical osteomyelitis"),
        pytest.param((condition("sct|94250008"),), id="metastasis of the cervical spine"),
        pytest.param((observation("hoffmann-sign"),), id="Hoffmann is a sign of the hand"),
        pytest.param(
            (condition("sct|282749008", 60, site="sct|45048000"),), id="injury of the neck"
        ),
    ],
)
def test_a_cervical_problem(chart):
    """CTX-SYMPTOM."""
    assert status("CTX-SYMPTOM", *chart) is MET


@pytest.mark.parametrize(
    "chart",
    [
        pytest.param((), id="nothing"),
        pytest.param((condition(NECK_PAIN, 9, clinical="resolved"),), id="neck pain that is over"),
        pytest.param((condition(NECK_PAIN, 91, problem=False),), id="neck pain 91 days ago"),
        pytest.param((condition("icd|C61"),), id="cancer"),
        pytest.param((condition("icd|M46.46"),), id="lumbar discitis"),
        pytest.param((condition("icd|S14.109S", 400),), id="late effect of a cord injury"),
        pytest.param((condition("sct|282749008", 60),), id="injury of head and neck, no site"),
        pytest.param((observation("suspected-ligament-injury", True, 31),), id="31 days ago"),
        pytest.param((answers(31, nexus_midline_tenderness=True),), id="NEXUS 31 days ago"),
        pytest.param((answers(3, nexus_midline_tenderness=False),), id="no midline tenderness"),
    ],
)
def test_no_cervical_problem(chart):
    """CTX-SYMPTOM."""
    assert status("CTX-SYMPTOM", *chart) is NOT_MET
    assert recommend(*chart).outcome == "INSUFFICIENT"


def test_what_was_not_read_is_not_absent():
    """CTX-SYMPTOM, 0.8."""
    assert status("CTX-SYMPTOM", partly=["conditions"]) is UNKNOWN


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(condition("icd|M50.20", 4000, clinical="resolved"), MET, id="old disc"),
        pytest.param(condition("icd|M48.02"), MET, id="stenosis"),
        pytest.param(condition("icd|S14.109S", 4000), MET, id="late effect of a cord injury"),
        pytest.param(condition("icd|M48.02", verification="provisional"), NOT_MET, id="suspected"),
        pytest.param(condition("icd|M48.061"), NOT_MET, id="lumbar stenosis"),
    ],
)
def test_history(entry, expected):
    """CTX-HX: shown, never decisive."""
    with_it, without = recommend(PAIN, entry), recommend(PAIN)
    assert with_it.findings["CTX-HX"].status is expected
    assert (with_it.outcome, with_it.fired) == (without.outcome, without.fired)
    assert ("CTX-HX" in with_it.advisory) is (expected is MET)


@pytest.mark.parametrize(
    ("chart", "flag", "indicated"),
    [
        pytest.param((), NOT_MET, NOT_MET, id="neck pain alone"),
        pytest.param((WEAK,), MET, MET, id="a red flag"),
        pytest.param(
            (procedure("sct|91251008", start=28, status="in-progress"),),
            NOT_MET,
            MET,
            id="four weeks of treatment",
        ),
    ],
)
def test_headline(chart, flag, indicated):
    """RF-ANY, HEAD-INDICATION."""
    found = recommend(PAIN, *chart).findings
    assert (found["RF-ANY"].status, found["HEAD-INDICATION"].status) == (flag, indicated)


def test_the_headline_shows_what_it_rests_on():
    found = recommend(PAIN, WEAK).findings
    assert found["HEAD-INDICATION"].evidence == found["RF-NEURO-MOTOR"].evidence
    assert found["RF-ANY"].evidence == found["RF-NEURO-MOTOR"].evidence


@pytest.mark.parametrize(
    ("born", "expected", "age"),
    [
        pytest.param("2008-03-02", NOT_MET, None, id="18 today"),
        pytest.param("2008-03-03", MET, "17", id="17 until tomorrow"),
        pytest.param("2008", MET, "17", id="born in 2008, the younger age"),
        pytest.param("2007", NOT_MET, None, id="born in 2007"),
        pytest.param(None, UNKNOWN, None, id="no birth date"),
    ],
)
def test_adult(born, expected, age):
    """EXT-AGE."""
    found = finding("EXT-AGE", PAIN, born=born)
    assert (found.status, found.values.get("age")) == (expected, age)


@pytest.mark.parametrize(
    ("born", "chart", "rating"),
    [
        pytest.param("2008-03-03", (condition(NECK_PAIN, 9),), "no-criteria-apply", id="17, wait"),
        pytest.param("2008-03-02", (condition(NECK_PAIN, 9),), "not-appropriate", id="18, wait"),
        pytest.param(
            "2008-03-03", (condition("icd|M54.12", 9),), "no-criteria-apply", id="17, may"
        ),
        pytest.param("2008-03-03", (PAIN, WEAK), "appropriate", id="17, red flag"),
    ],
)
def test_rating_of_a_child(born, chart, rating):
    """EXT-AGE."""
    assert recommend(*chart, born=born).rating == rating


@pytest.mark.parametrize(
    ("born", "outcome"),
    [
        pytest.param("2010-03-02", "CT_FIRST", id="16 today"),
        pytest.param("2010-03-03", "NO_CRITERIA", id="15 until tomorrow"),
    ],
)
def test_injury_of_a_child(born, outcome):
    """EXT-AGE, trauma.ageMin."""
    injury = condition("icd|S19.9XXA", 2)
    assert recommend(injury, born=born).outcome == outcome
    assert recommend(injury, born="2010-03-03", options={"ext.age": False}).outcome == "CT_FIRST"


def test_age_settings():
    """ext.age, age.adultMin."""
    child = "2008-03-03"
    assert status("EXT-AGE", PAIN, born=child, options={"ext.age": False}) is NOT_MET
    assert status("EXT-AGE", PAIN, born=child, options={"age.adultMin": 17}) is NOT_MET
    assert status("EXT-AGE", PAIN, born=child, options={"age.adultMin": 18}) is MET


def test_an_unknown_age_is_named():
    note = "no birth date: rules for adults used"
    assert note in recommend(PAIN, born=None).data_notes
    assert note not in recommend(PAIN).data_notes


def test_rating_and_side():
    """EXT-PAMA, EXT-LATERALITY."""
    assert status("EXT-PAMA", PAIN) is MET
    assert status("EXT-PAMA", PAIN, options={"ext.pama": False}) is NOT_MET
    left = order(bodySite=[{"text": "left"}])
    assert status("EXT-LATERALITY", PAIN, draft=left) is NOT_MET
    assert recommend(PAIN, draft=left).missing == recommend(PAIN).missing
