"""RF-PAIN-INTRACTABLE, RF-VERT-TENDER, CONS-4WK, CONS-6WK: pain that outlasts treatment, tenderness."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    answers,
    condition,
    fired,
    observation,
    procedure,
    quantity,
    recommend,
    report,
    resource,
    status,
)

PAIN = condition(NECK_PAIN, 100)
THERAPY = "sct|91251008"


def therapy(days):
    return procedure(THERAPY, start=days, status="in-progress")


def vague(start):
    """Medicine taken since a date that is not whole."""
    return resource(
        "MedicationStatement",
        status="active",
        medicationCodeableConcept={"text": "naproxen"},
        effectivePeriod={"start": start},
    )


def score(value, days=1, unit="{score}", code="loinc|72514-3", **more):
    return observation(code, quantity(value, unit, **more), days)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(27, set(), id="27 days is short of the band"),
        pytest.param(28, {"CONS-4WK"}, id="28 days counts"),
        pytest.param(41, {"CONS-4WK"}, id="41 days is still the band"),
        pytest.param(42, {"CONS-6WK"}, id="42 days is the full course"),
    ],
)
def test_conservative_therapy_boundaries(days, expected):
    """CONS-4WK, CONS-6WK."""
    assert {s for s in fired(PAIN, therapy(days)) if s.startswith("CONS-")} == expected


@pytest.mark.parametrize(
    ("days", "outcome"),
    [
        pytest.param(27, "NOT_YET", id="27 days"),
        pytest.param(28, "MRI_MAY", id="28 days"),
        pytest.param(41, "MRI_MAY", id="41 days"),
        pytest.param(42, "MRI_ROUTINE", id="42 days"),
    ],
)
def test_outcome_of_the_band(days, outcome):
    assert recommend(PAIN, therapy(days)).outcome == outcome


@pytest.mark.parametrize(
    ("options", "days", "expected"),
    [
        pytest.param({"cons.mode": "single"}, 41, set(), id="single threshold, 41 days"),
        pytest.param({"cons.mode": "single"}, 42, {"CONS-6WK"}, id="single threshold, 42 days"),
        pytest.param(
            {"cons.mode": "single", "cons.fullDays": 28},
            28,
            {"CONS-6WK"},
            id="single threshold of 28",
        ),
        pytest.param({"cons.minDays": 21}, 21, {"CONS-4WK"}, id="band from 21"),
        pytest.param({"cons.minDays": 21}, 20, set(), id="short of 21"),
        pytest.param({"cons.fullDays": 56}, 55, {"CONS-4WK"}, id="band up to 56"),
        pytest.param({"cons.fullDays": 56}, 56, {"CONS-6WK"}, id="full course of 56"),
    ],
)
def test_the_window_is_a_setting(options, days, expected):
    """cons.mode, cons.minDays, cons.fullDays."""
    found = fired(PAIN, therapy(days), options=options)
    assert {s for s in found if s.startswith("CONS-")} == expected


@pytest.mark.parametrize(
    ("chart", "four", "six"),
    [
        pytest.param((PAIN,), UNKNOWN, UNKNOWN, id="treatment not recorded"),
        pytest.param((PAIN, vague("2026")), UNKNOWN, UNKNOWN, id="since some day this year"),
        pytest.param((PAIN, vague("2026-01")), MET, UNKNOWN, id="since January: 30 to 60 days"),
        pytest.param((PAIN, vague("2025")), NOT_MET, MET, id="since last year"),
        pytest.param(
            (PAIN, observation("conservative-therapy-none")), NOT_MET, NOT_MET, id="none, as stated"
        ),
        pytest.param(
            (condition(NECK_PAIN, 100, clinical="resolved"), therapy(60)),
            NOT_MET,
            NOT_MET,
            id="the pain is over",
        ),
        pytest.param((condition("icd|M54.16", 100), therapy(60)), NOT_MET, NOT_MET, id="lumbar"),
        pytest.param((condition("icd|M54.12", 100), therapy(60)), NOT_MET, MET, id="radicular"),
    ],
)
def test_symptoms_that_persist(chart, four, six):
    """CONS-4WK, CONS-6WK."""
    assert (status("CONS-4WK", *chart), status("CONS-6WK", *chart)) == (four, six)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((therapy(28), score(7)), MET, id="7 of 10 after 28 days"),
        pytest.param((therapy(28), score("6.9")), NOT_MET, id="6.9 of 10 is not severe"),
        pytest.param((therapy(28), score(6)), NOT_MET, id="6 of 10 is not severe"),
        pytest.param((therapy(27), score(9)), NOT_MET, id="27 days is too early"),
        pytest.param((therapy(28),), UNKNOWN, id="nobody scored the pain"),
        pytest.param((score(9),), UNKNOWN, id="treatment not recorded"),
        pytest.param((score(9), vague("2026")), UNKNOWN, id="treatment since some day this year"),
        pytest.param(
            (score(9), observation("conservative-therapy-none")), NOT_MET, id="none, as stated"
        ),
        pytest.param((therapy(28), score(9, 14)), MET, id="scored 14 days ago"),
        pytest.param((therapy(28), score(9, 15)), UNKNOWN, id="scored 15 days ago"),
        pytest.param((therapy(28), score(9, 5), score(3, 1)), NOT_MET, id="better since"),
        pytest.param((therapy(28), score(3, 5), score(9, 1)), MET, id="worse since"),
        pytest.param((therapy(28), score(3), score(9)), MET, id="two scores on one day"),
        pytest.param((therapy(28), score(70, unit="mm")), MET, id="70 of 100 mm"),
        pytest.param((therapy(28), score(11)), UNKNOWN, id="11 of 10 is no score"),
        pytest.param((therapy(28), score(9, unit="stone")), UNKNOWN, id="a unit nobody knows"),
        pytest.param((therapy(28), score(6, comparator=">")), UNKNOWN, id="more than 6"),
        pytest.param(
            (therapy(28), observation("loinc|72514-3", 8, 1)), MET, id="a whole number alone"
        ),
        pytest.param(
            (therapy(28), score(8, code="loinc|38208-5")), MET, id="another scale of the family"
        ),
        pytest.param((therapy(28), observation("intractable-pain")), MET, id="called intractable"),
        pytest.param((therapy(28), answers(intractable_pain=True)), MET, id="answered so"),
        pytest.param(
            (therapy(28), condition("intractable-pain", 9, verification="provisional")),
            MET,
            id="suspected is enough",
        ),
        pytest.param(
            (therapy(28), observation("intractable-pain"), score(3)),
            MET,
            id="called intractable beside a low score",
        ),
        pytest.param((therapy(27), observation("intractable-pain")), NOT_MET, id="too early"),
        pytest.param(
            (therapy(28), observation("intractable-pain", False)), UNKNOWN, id="denied, no score"
        ),
    ],
)
def test_intractable_pain(chart, expected):
    """RF-PAIN-INTRACTABLE."""
    assert status("RF-PAIN-INTRACTABLE", PAIN, *chart) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((condition("icd|M54.12", 100),), MET, id="radicular pain"),
        pytest.param((condition("sct|309521004", 100),), NOT_MET, id="a numb arm does not hurt"),
        pytest.param((condition("icd|M54.16", 100),), NOT_MET, id="a back is no neck"),
    ],
)
def test_which_pain_can_be_intractable(chart, expected):
    assert status("RF-PAIN-INTRACTABLE", *chart, therapy(28), score(9)) is expected


@pytest.mark.parametrize(
    ("options", "chart"),
    [
        pytest.param({"intractable.minDays": 21}, (therapy(21), score(7)), id="days"),
        pytest.param({"intractable.painScore": "6"}, (therapy(28), score(6)), id="score"),
    ],
)
def test_the_limits_of_intractable_pain_are_settings(options, chart):
    """intractable.minDays, intractable.painScore."""
    assert status("RF-PAIN-INTRACTABLE", PAIN, *chart, options=options) is MET
    assert status("RF-PAIN-INTRACTABLE", PAIN, *chart) is NOT_MET


def test_the_urgency_of_intractable_pain_is_a_setting():
    """urgency.intractable."""
    chart = (PAIN, therapy(28), score(8))
    assert recommend(*chart).outcome == "MRI_URGENT"
    assert recommend(*chart, options={"urgency.intractable": "routine"}).outcome == "MRI_ROUTINE"


TENDER = observation("vertebral-tenderness")
INJURED = condition("icd|S19.9XXA", 2)
CT_NORMAL = report("cpt|72125", 1, "sct|17621005")


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((TENDER,), MET, id="midline tenderness"),
        pytest.param((observation("vertebral-tenderness", True, 30),), MET, id="30 days ago"),
        pytest.param((observation("vertebral-tenderness", True, 31),), UNKNOWN, id="31 days ago"),
        pytest.param((answers(nexus_midline_tenderness=True),), MET, id="told on the screen"),
        pytest.param((condition("vertebral-tenderness", 9),), MET, id="as a condition"),
        pytest.param(
            (condition("vertebral-tenderness", 9, verification="provisional"),), MET, id="suspected"
        ),
        pytest.param((observation("vertebral-tenderness", False),), NOT_MET, id="denied"),
        pytest.param(
            (
                observation("vertebral-tenderness", True, 9),
                observation("vertebral-tenderness", False),
            ),
            NOT_MET,
            id="gone since",
        ),
        pytest.param(
            (TENDER, observation("vertebral-tenderness", False)), MET, id="both on one day"
        ),
        pytest.param((), UNKNOWN, id="not palpated"),
        pytest.param((TENDER, INJURED), NOT_MET, id="after an injury: CT first"),
        pytest.param((TENDER, INJURED, CT_NORMAL), NOT_MET, id="after a normal CT: its own row"),
    ],
)
def test_vertebral_tenderness(chart, expected):
    """RF-VERT-TENDER."""
    assert status("RF-VERT-TENDER", PAIN, *chart) is expected


def test_tenderness_after_a_normal_ct_is_a_switch():
    """ext.traumatender."""
    chart, off = (PAIN, TENDER, INJURED, CT_NORMAL), {"ext.traumatender": "false"}
    assert recommend(*chart).outcome == "MRI_MAY"
    assert recommend(*chart, options=off).outcome == "MRI_URGENT"
