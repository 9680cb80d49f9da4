"""NOT-MECH, NOT-ACUTE, NOT-NORMALEXAM, NOT-GENERAL: when MRI is not the first step."""

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
    quantity,
    recommend,
    resource,
    status,
)

FEVER = observation("loinc|8310-5", quantity("39.0", "Cel"), 1)
ARM_PAIN = condition("icd|M54.12", 20)
INJURED = condition("icd|S19.9XXA", 0)
NONE_STATED = observation("conservative-therapy-none")


def pain(days, **more):
    return condition(NECK_PAIN, days, **more)


def therapy(days):
    return procedure("sct|91251008", start=days, status="in-progress")


def vague(start):
    """Medicine taken since a date that is not whole."""
    return resource(
        "MedicationStatement",
        status="active",
        medicationCodeableConcept={"text": "naproxen"},
        effectivePeriod={"start": start},
    )


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((pain(27), therapy(27)), MET, id="27 days of symptoms"),
        pytest.param((pain(28), therapy(28)), NOT_MET, id="28 days of both"),
        pytest.param((pain(28), therapy(27)), MET, id="28 days of symptoms, 27 of treatment"),
        pytest.param((pain(90), therapy(28)), NOT_MET, id="28 days of treatment"),
        pytest.param((pain(90), NONE_STATED), MET, id="no treatment, as stated"),
        pytest.param((pain(90),), UNKNOWN, id="treatment not recorded"),
        pytest.param((pain(90), vague("2026")), UNKNOWN, id="treatment since some day this year"),
        pytest.param((pain(None, recorded=5),), UNKNOWN, id="onset and treatment not recorded"),
        pytest.param((pain(None, recorded=5), therapy(20)), MET, id="onset not known, 20 days"),
        pytest.param(
            (pain(None, recorded=5), therapy(30)), UNKNOWN, id="onset not known, 30 days treated"
        ),
        pytest.param((pain("2026-02"),), UNKNOWN, id="onset in February: 2 to 29 days"),
        pytest.param((condition("sct|161882006", 9),), MET, id="stiff neck"),
        pytest.param((condition("icd|M47.812", 9), pain(9)), MET, id="with degeneration"),
        pytest.param((condition("sct|725011006", 9),), NOT_MET, id="whiplash with a deficit"),
        pytest.param((pain(9), ARM_PAIN), NOT_MET, id="radicular symptoms"),
        pytest.param((pain(9), FEVER), NOT_MET, id="a red flag"),
        pytest.param((pain(9, clinical="resolved"),), NOT_MET, id="pain that is over"),
        pytest.param((ARM_PAIN,), NOT_MET, id="no neck pain"),
        pytest.param((pain(9, problem=False),), MET, id="a recent diagnosis of a visit"),
        pytest.param((pain(91, problem=False),), NOT_MET, id="a stale diagnosis of a visit"),
    ],
)
def test_simple_mechanical_neck_pain(chart, expected):
    """NOT-MECH."""
    assert status("NOT-MECH", *chart) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((pain(0),), MET, id="since today"),
        pytest.param((pain(27),), MET, id="27 days"),
        pytest.param((pain(28),), NOT_MET, id="exactly 28 days"),
        pytest.param((pain("2026-02-10"),), MET, id="20 days, as a date"),
        pytest.param((pain("2026-02"),), UNKNOWN, id="February may be 2 or 29 days ago"),
        pytest.param((pain("2026-01"),), NOT_MET, id="January is 30 days ago at least"),
        pytest.param((pain("2026-03"),), MET, id="this month is a day ago at most"),
        pytest.param((pain(None, recorded=3),), UNKNOWN, id="recorded 3 days ago proves nothing"),
        pytest.param((pain(None, recorded=28),), NOT_MET, id="recorded 28 days ago is that old"),
        pytest.param((pain(None),), UNKNOWN, id="undated"),
        pytest.param((pain(-3),), UNKNOWN, id="an onset in the future is left out"),
        pytest.param((pain(9), condition("sct|161882006", 60)), NOT_MET, id="the oldest counts"),
        pytest.param(
            (pain(9), condition("icd|M47.812", 900)), MET, id="degeneration dates no symptom"
        ),
        pytest.param(
            (pain(9), condition("sct|161882006", None, recorded=60)),
            NOT_MET,
            id="an older symptom without onset",
        ),
        pytest.param(
            (pain(9), condition("sct|161882006", None, recorded=20)),
            UNKNOWN,
            id="a symptom recorded before the onset of the other",
        ),
        pytest.param(
            (pain(9), condition("sct|161882006", None, recorded=5)),
            MET,
            id="a symptom recorded after the onset of the other",
        ),
        pytest.param((pain(9), FEVER), NOT_MET, id="a red flag"),
        pytest.param((pain(9), INJURED), NOT_MET, id="an injury without CT"),
        pytest.param((ARM_PAIN,), MET, id="an arm of 20 days"),
        pytest.param((condition("icd|M54.16", 9),), NOT_MET, id="nothing cervical"),
    ],
)
def test_acute_neck_pain(chart, expected):
    """NOT-ACUTE."""
    assert status("NOT-ACUTE", *chart) is expected


def test_an_age_at_onset_is_as_vague_as_the_birth_date():
    sick = pain(None, onsetAge={"value": 45, "unit": "a", "code": "a"})
    assert status("NOT-ACUTE", sick, born="1980-01-01") is NOT_MET
    assert status("NOT-ACUTE", sick, born="1980") is UNKNOWN


def test_the_limit_of_acute_is_a_setting():
    """acute.maxDays."""
    assert status("NOT-ACUTE", pain(41), options={"acute.maxDays": 42}) is MET
    assert status("NOT-ACUTE", pain(42), options={"acute.maxDays": 42}) is NOT_MET
    assert status("NOT-MECH", pain(41), options={"acute.maxDays": 42}) is MET


def test_the_days_of_acute_pain_are_shown():
    found = finding("NOT-ACUTE", pain(20))
    assert found.values == {"days": "20"}
    assert [e.threshold for e in found.evidence] == ["< 28 days"]


NORMAL = observation("neuro-exam-normal", True, 10)
PARTS = tuple(observation(f"{part}-exam", "normal", 10) for part in ("motor", "sensory", "reflex"))


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((NORMAL,), MET, id="normal as a whole"),
        pytest.param((observation("neuro-exam-normal", "sct|17621005", 10),), MET, id="coded"),
        pytest.param((answers(10, neuro_exam_normal=True),), MET, id="answered"),
        pytest.param((observation("neuro-exam-normal", True, 30),), MET, id="30 days ago"),
        pytest.param((observation("neuro-exam-normal", True, 31),), UNKNOWN, id="31 days ago"),
        pytest.param((observation("neuro-exam-normal", True, None),), UNKNOWN, id="undated"),
        pytest.param(
            (observation("neuro-exam-normal", True, 10, status="registered"),),
            UNKNOWN,
            id="not yet done",
        ),
        pytest.param(PARTS, MET, id="strength, sensation and reflexes normal"),
        pytest.param(PARTS[:2], UNKNOWN, id="reflexes not examined"),
        pytest.param(
            (*PARTS[:2], observation("reflex-exam", "normal", 10, site="sct|85562004")),
            UNKNOWN,
            id="reflexes of one place only",
        ),
        pytest.param((), UNKNOWN, id="not examined"),
        pytest.param((NORMAL, ARM_PAIN), NOT_MET, id="radicular symptoms"),
        pytest.param((NORMAL, FEVER), NOT_MET, id="a red flag"),
        pytest.param((NORMAL, therapy(27)), MET, id="27 days of treatment"),
        pytest.param((NORMAL, therapy(28)), NOT_MET, id="28 days of treatment"),
        pytest.param(
            (NORMAL, observation("motor-exam", "abnormal", 20)), MET, id="weak before, normal now"
        ),
        pytest.param((NORMAL, observation("motor-exam", "abnormal", 5)), UNKNOWN, id="weak since"),
        pytest.param(
            (NORMAL, condition("sct|26544005", 40)), UNKNOWN, id="weakness still on the list"
        ),
        pytest.param(
            (NORMAL, condition("sct|26544005", 40, clinical="resolved")), MET, id="weakness ended"
        ),
        pytest.param(
            (NORMAL, condition("sct|86854008", 40)), UNKNOWN, id="a reflex still on the list"
        ),
        pytest.param(
            (NORMAL, observation("motor-exam", "abnormal", 10)), UNKNOWN, id="weak the same day"
        ),
        pytest.param(
            (NORMAL, observation("neuro-exam-normal", False, 20)), MET, id="abnormal before"
        ),
        pytest.param(
            (NORMAL, observation("neuro-exam-normal", False, 5)), UNKNOWN, id="abnormal since"
        ),
        pytest.param(
            (NORMAL, observation("neuro-exam-normal", False, 10)), UNKNOWN, id="both on one day"
        ),
        pytest.param((NORMAL, condition("icd|R29.2", 5)), UNKNOWN, id="reflex change on the list"),
    ],
)
def test_a_normal_examination(chart, expected):
    """NOT-NORMALEXAM."""
    assert status("NOT-NORMALEXAM", pain(100), *chart) is expected


def test_a_normal_examination_needs_a_cervical_problem():
    assert status("NOT-NORMALEXAM", condition("icd|M54.16", 9), NORMAL) is NOT_MET


def test_a_reflex_named_by_the_order_is_to_be_examined():
    draft = order("cpt|72141", "icd|R29.2")
    assert status("NOT-NORMALEXAM", pain(100), NORMAL, draft=draft) is UNKNOWN


def test_a_leg_with_a_lumbar_cause_still_spoils_a_normal_examination():
    back = condition("icd|M54.16", 100)
    leg = observation("motor-exam", "abnormal", 5, site="sct|61685007")
    assert status("NOT-NORMALEXAM", pain(100), back, NORMAL, leg) is UNKNOWN


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((pain(9),), MET, id="acute"),
        pytest.param((pain(90), NONE_STATED), MET, id="untreated"),
        pytest.param((pain(90), NORMAL), MET, id="examined, normal"),
        pytest.param((pain(90),), NOT_MET, id="nothing that defers"),
        pytest.param((pain(9), FEVER), NOT_MET, id="a red flag"),
        pytest.param((pain(9), INJURED), NOT_MET, id="an injury without CT"),
    ],
)
def test_uncomplicated_neck_pain(chart, expected):
    """NOT-GENERAL."""
    assert status("NOT-GENERAL", *chart) is expected


def test_deferral_is_the_outcome_only_where_nothing_else_answers():
    acute = recommend(pain(9))
    assert (acute.outcome, set(acute.fired)) == ("NOT_YET", {"NOT-MECH", "NOT-ACUTE"})
    urgent = recommend(pain(9), FEVER)
    assert urgent.outcome == "MRI_URGENT"
    assert not [s for s in urgent.fired if s.startswith("NOT-")]
