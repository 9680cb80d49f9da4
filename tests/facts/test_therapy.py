"""D_cons, the duration of conservative treatment: how spans become one duration."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    ago,
    answers,
    condition,
    finding,
    observation,
    procedure,
    quantity,
    recommend,
    resource,
    status,
)
from treated import NONE_RECORDED, NONE_STATED, PAIN, THERAPY, d_cons


def therapy(start, end=None, state="completed"):
    return procedure(THERAPY, start=start, end=end, status="in-progress" if end is None else state)


def naproxen(start, end, state="completed"):
    """Taken for a period given as FHIR dates."""
    return resource(
        "MedicationStatement",
        status=state,
        medicationCodeableConcept={"text": "naproxen 500 mg"},
        effectivePeriod={k: v for k, v in (("start", start), ("end", end)) if v},
    )


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((therapy(30),), "30 days", id="one treatment that goes on"),
        pytest.param((therapy(30, 10),), "20 days", id="one that ended"),
        pytest.param((therapy(30, -5),), "30 days", id="an end in the future is today"),
        pytest.param((therapy(60, 34), therapy(20)), "60 days", id="a gap of 14 days is bridged"),
        pytest.param((therapy(60, 35), therapy(20)), "20 days", id="a gap of 15 days is not"),
        pytest.param((therapy(50, 20), therapy(40, 10)), "40 days", id="overlap counts once"),
        pytest.param((therapy(50, 10), therapy(40, 20)), "40 days", id="one inside the other"),
        pytest.param((therapy(100, 60),), "40 days", id="ended 60 days ago is recent"),
        pytest.param((therapy(100, 61),), NONE_RECORDED, id="ended 61 days ago is not"),
        pytest.param(
            (therapy(150, 80), therapy(40, 30)), "10 days", id="the chain that ends latest counts"
        ),
        pytest.param((therapy(300),), "180 days", id="180 days back and no further"),
        pytest.param((therapy(200, 181),), NONE_RECORDED, id="before the look-back is dropped"),
        pytest.param((therapy(-3),), NONE_RECORDED, id="a start in the future is left out"),
        pytest.param((), NONE_RECORDED, id="nothing recorded"),
    ],
)
def test_one_chain_of_treatment(chart, expected):
    assert d_cons(*chart) == expected


@pytest.mark.parametrize(
    ("key", "value", "chart", "expected"),
    [
        pytest.param("cons.maxGapDays", 15, (therapy(60, 35), therapy(20)), "60 days", id="gap"),
        pytest.param("cons.recencyDays", 61, (therapy(100, 61),), "39 days", id="recency"),
        pytest.param("cons.lookbackDays", 200, (therapy(300),), "200 days", id="look-back"),
    ],
)
def test_the_limits_are_settings(key, value, chart, expected):
    assert d_cons(*chart, options={key: value}) == expected


@pytest.mark.parametrize(
    ("onset", "chart", "expected"),
    [
        pytest.param(20, (therapy(100),), "20 days", id="no longer than the symptoms last"),
        pytest.param(
            50, (therapy(100, 45), therapy(31)), "50 days", id="begun earlier: from 7 days before"
        ),
        pytest.param(
            38, (therapy(100, 45), therapy(31)), "38 days", id="ended 7 days before onset is kept"
        ),
        pytest.param(
            37, (therapy(100, 45), therapy(31)), "31 days", id="ended 8 days before onset is not"
        ),
        pytest.param("2026-01", (therapy(100),), "37–60 days", id="onset known to the month"),
    ],
)
def test_treatment_belongs_to_the_present_symptoms(onset, chart, expected):
    assert d_cons(*chart, pain=condition(NECK_PAIN, onset)) == expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param(
            (condition(NECK_PAIN, None, recorded=5), therapy(100)),
            "100 days",
            id="recorded without an onset: not clipped",
        ),
        pytest.param(
            (
                condition(NECK_PAIN, None, recorded=100),
                condition("sct|161882006", 20),
                therapy(60),
            ),
            "60 days",
            id="a symptom on record before the first documented onset: the onset is older",
        ),
        pytest.param(
            (
                condition(NECK_PAIN, None, recorded=10),
                condition("sct|161882006", 20),
                therapy(60),
            ),
            "20 days",
            id="a symptom recorded after it: the onset is known",
        ),
    ],
)
def test_an_onset_that_is_not_known_clips_nothing(chart, expected):
    assert d_cons(*chart, pain=None) == expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((naproxen("2026-02", None, "active"),), "2–29 days", id="start in a month"),
        pytest.param((naproxen("2026-01-20", "2026-02"),), "12–39 days", id="end in a month"),
        pytest.param((naproxen("2026-02", "2026-02"),), "0–27 days", id="both in the same month"),
        pytest.param((naproxen("2026", None, "active"),), "0–60 days", id="this year"),
        pytest.param((naproxen("2026-01-20", None),), "0–41 days", id="completed, no end"),
        pytest.param(
            (therapy(80, 50), naproxen("2026-02", "2026-02")),
            "0–27 days",
            id="a later treatment without a proven day still ends the earlier chain",
        ),
    ],
)
def test_partial_dates_prove_least_and_allow_most(chart, expected):
    assert d_cons(*chart) == expected


def weeks(value, days=0):
    return observation("conservative-therapy-weeks", value, days)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((weeks(4),), "28 days", id="whole number of weeks"),
        pytest.param((weeks(quantity(4, "wk")),), "28 days", id="weeks with a unit"),
        pytest.param((weeks(quantity(40, "d")),), "40 days", id="days"),
        pytest.param((weeks({"value": 4}),), "28 days", id="no unit: weeks"),
        pytest.param((weeks(quantity("5.9", "wk")),), "41 days", id="no rounding up"),
        pytest.param((weeks(0),), "0 days", id="none at all"),
        pytest.param((answers(conservative_therapy_weeks=4),), "28 days", id="an answer"),
        pytest.param((weeks(4, 30),), "28–58 days", id="said 30 days ago"),
        pytest.param((weeks(4, 31),), NONE_RECORDED, id="said 31 days ago"),
        pytest.param((weeks(4, 10), therapy(20)), "38 days", id="grows while a treatment goes on"),
        pytest.param((weeks(4, 10), therapy(20, 1)), "28–38 days", id="and not after its end"),
        pytest.param((weeks(2), therapy(30)), "30 days", id="the larger of both"),
        pytest.param((weeks(6), weeks(2)), "42 days", id="the largest number said"),
        pytest.param((weeks(-1),), NONE_RECORDED, id="a negative number"),
        pytest.param((weeks(9999),), NONE_RECORDED, id="an impossible number"),
        pytest.param((weeks(quantity(9999, "mo")),), NONE_RECORDED, id="impossible months"),
        pytest.param((weeks(quantity(4, "furlong")),), NONE_RECORDED, id="an unknown unit"),
        pytest.param((weeks(quantity(4, "wk", comparator=">")),), NONE_RECORDED, id="more than 4"),
        pytest.param((weeks("a month"),), NONE_RECORDED, id="free text"),
    ],
)
def test_weeks_the_patient_states(chart, expected):
    assert d_cons(*chart) == expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((observation("conservative-therapy-none", True, 30),), NONE_STATED, id="said"),
        pytest.param((answers(conservative_therapy_none=True),), NONE_STATED, id="answered"),
        pytest.param(
            (observation("conservative-therapy-none", True, 31),), NONE_RECORDED, id="31 days ago"
        ),
        pytest.param((observation("conservative-therapy-none", False),), NONE_RECORDED, id="no"),
        pytest.param(
            (observation("conservative-therapy-none", True), therapy(5)),
            "5 days",
            id="a recorded treatment goes before what was said",
        ),
    ],
)
def test_none_stated(chart, expected):
    assert d_cons(*chart) == expected


@pytest.mark.parametrize(
    ("unread", "expected"),
    [
        pytest.param(key, "at least 20 days", id=f"{key} failed: there may be more")
        for key in (
            "procedures",
            "meds",
            "med-statements",
            "med-dispenses",
            "orders",
            "obs-exam",
            "answers",
        )
    ]
    + [pytest.param("devices", "20 days", id="devices hold no treatment")],
)
def test_what_could_not_be_read_leaves_the_maximum_open(unread, expected):
    chart = (therapy(20), naproxen(ago(20), None, "active"))
    pain = condition(NECK_PAIN, None, recorded=50)
    assert d_cons(*chart, pain=pain, unread=[unread]) == expected


def test_the_symptoms_cap_a_maximum_that_is_open():
    pain = condition(NECK_PAIN, 50)
    assert d_cons(therapy(20), pain=pain, unread=["meds"]) == "20–50 days"


def test_an_unread_list_of_medicines_is_no_proof_of_too_little_treatment():
    chart = (condition(NECK_PAIN, 50), therapy(20))
    assert recommend(*chart).outcome == "NOT_YET"
    assert recommend(*chart, unread=["med-statements"]).outcome == "INSUFFICIENT"


@pytest.mark.parametrize(
    ("days", "four", "six"),
    [
        pytest.param(27, NOT_MET, NOT_MET, id="27 days"),
        pytest.param(28, MET, NOT_MET, id="28 days"),
        pytest.param(41, MET, NOT_MET, id="41 days"),
        pytest.param(42, NOT_MET, MET, id="42 days"),
    ],
)
def test_the_duration_answers_both_windows(days, four, six):
    chart = (PAIN, therapy(days))
    assert (status("CONS-4WK", *chart), status("CONS-6WK", *chart)) == (four, six)


def test_a_vague_duration_answers_neither():
    chart = (PAIN, naproxen("2026", None, "active"))
    assert (status("CONS-4WK", *chart), status("CONS-6WK", *chart)) == (UNKNOWN, UNKNOWN)


def test_the_treatments_are_shown():
    found = finding("CONS-6WK", PAIN, therapy(45), naproxen(ago(50), ago(40)))
    assert [e.value for e in found.evidence] == ["50 days", "45 days proven", "10 days proven"]
