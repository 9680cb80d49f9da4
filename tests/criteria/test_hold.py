"""HOLD, the missing list, and what unread data do to a refusal (criteria, 2.2 and 0.8)."""

import pytest
from chart import NECK_PAIN, answers, condition, observation, order, procedure, recommend
from injuries import FRACTURE, NORMAL, TINGLING_HAND, WEAK_LIMB, WHIPLASH, ct, injury, nexus

PAIN = condition(NECK_PAIN, 5)
SPRAIN = "icd|S13.4XXA"


def provisional(code, **members):
    return condition(code, 900, verification="provisional", **members)


@pytest.mark.parametrize(
    ("chart", "question"),
    [
        pytest.param(
            (provisional("icd|C61"),),
            "is it confirmed: Malignant neoplasm of prostate",
            id="cancer",
        ),
        pytest.param(
            (provisional("icd|M45.9"),),
            "is it confirmed: Ankylosing spondylitis",
            id="ankylosing spondylitis",
        ),
        pytest.param(
            (provisional("sct|69896004"),), "is it confirmed: Rheumatoid arthritis", id="arthritis"
        ),
        pytest.param(
            (provisional("sct|226034001"),),
            "is it confirmed: Injecting drug user",
            id="injecting drugs",
        ),
        pytest.param(
            (condition("icd|R29.2", 5, verification="provisional"),),
            "is it confirmed: Abnormal reflex",
            id="a reflex change",
        ),
        pytest.param(
            (procedure("sct|81099000", on=4),), "region or date of prior surgery", id="older pain"
        ),
        pytest.param(
            (condition("icd|Z98.1", 900),), "region or date of prior surgery", id="region unknown"
        ),
        pytest.param((condition("icd|F11.20", 900),), "route of drug use", id="opioid dependence"),
        pytest.param(
            (condition("icd|M54.16", 40), condition("sct|309537005", 40)),
            "leg findings: lumbar or cervical",
            id="numb leg beside lumbar radiculopathy",
        ),
        pytest.param((injury(30),), "CT not found", id="injured 30 days ago, no CT"),
        pytest.param((injury(30), ct(30)), "result of CT", id="injured 30 days ago, CT as text"),
        pytest.param((injury(None),), "date of injury", id="injury coded A, undated"),
        pytest.param(
            (observation("neuro-exam-normal", False, 1),),
            "neurological examination abnormal: which finding",
            id="an abnormal examination nobody specified",
        ),
        pytest.param(
            (injury(10), ct(10, NORMAL), answers(1, nexus_focal_deficit=True)),
            "neurological deficit on the trauma screen: which finding",
            id="NEXUS: a focal deficit nobody specified",
        ),
        pytest.param(
            (injury(10), ct(10, NORMAL), answers(1, ccr_limb_paraesthesia=True)),
            "neurological deficit on the trauma screen: which finding",
            id="C-Spine Rule: paraesthesia nobody specified",
        ),
    ],
)
def test_an_open_question_stops_a_refusal(chart, question):
    """P11: INSUFFICIENT instead of NOT_YET, and the question comes first."""
    found = recommend(PAIN, *chart)
    assert (found.outcome, found.step, found.rating) == ("INSUFFICIENT", "P11", None)
    assert (found.missing[0], found.possible) == (question, (question,))


@pytest.mark.parametrize(
    "chart",
    [
        pytest.param((injury(31),), id="injured 31 days ago"),
        pytest.param((injury(30), ct(30, NORMAL)), id="normal CT"),
        pytest.param((injury(30), nexus(1)), id="NEXUS low risk within the window"),
        pytest.param((injury(None, "icd|S19.9XXD"),), id="undated, but a subsequent encounter"),
        pytest.param((injury(None), injury(20), ct(20, NORMAL)), id="undated beside one of today"),
        pytest.param(
            (condition("icd|F11.20", 900), observation("iv-drug-use", False, 100)),
            id="never injected, as answered",
        ),
        pytest.param(
            (condition("icd|F11.20", 900), condition("sct|413096007", 100)),
            id="never injected, as coded",
        ),
        pytest.param((provisional("icd|C44.1"),), id="skin cancer suspected"),
        pytest.param((condition("icd|C61", 900, verification="refuted"),), id="cancer refuted"),
    ],
)
def test_without_a_question_imaging_can_wait(chart):
    found = recommend(PAIN, *chart)
    assert (found.outcome, found.possible, found.missing) == ("NOT_YET", (), ())


@pytest.mark.parametrize(
    ("reasons", "history", "question"),
    [
        pytest.param([WHIPLASH], (), "date of injury", id="whiplash, undated"),
        pytest.param([SPRAIN], (), "date of injury", id="sprain coded A, undated"),
        pytest.param(["icd|S13.4XXD"], (), None, id="sprain coded D: long treated"),
        pytest.param(
            ["sct|90460009"], (injury(400, "sct|90460009"),), None, id="dated in the chart"
        ),
        pytest.param(
            [WHIPLASH], (injury(400, FRACTURE),), "date of injury", id="another injury is dated"
        ),
        pytest.param(["icd|F11.20"], (), "route of drug use", id="opioid dependence"),
    ],
)
def test_questions_the_order_raises(reasons, history, question):
    found = recommend(PAIN, *history, draft=order("cpt|72141", *reasons))
    assert found.possible == ((question,) if question else ())
    assert found.outcome == ("INSUFFICIENT" if question else "NOT_YET")


def test_an_injury_behind_the_order_that_healed_is_asked_for_its_date():
    healed = injury(None, clinical="resolved")
    reason = [{"reference": f"Condition/{healed['id']}"}]
    assert recommend(PAIN, healed, draft=order(reasonReference=reason)).possible == (
        "date of injury",
    )


def test_hold_stops_the_refusal_of_a_low_risk_screen():
    """P3: injured today, low risk, and cancer suspected."""
    found = recommend(injury(0), nexus(), provisional("icd|C61"))
    assert (found.outcome, found.step) == ("INSUFFICIENT", "P3")
    assert found.missing[0] == "is it confirmed: Malignant neoplasm of prostate"


def test_hold_stops_nothing_but_a_refusal():
    found = recommend(PAIN, provisional("icd|C61"), condition(WEAK_LIMB, 20))
    assert found.outcome == "MRI_URGENT"
    assert found.possible == ("is it confirmed: Malignant neoplasm of prostate",)


def test_ct_first_does_not_ask_for_the_ct():
    found = recommend(injury(0), provisional("icd|C61"))
    assert found.outcome == "CT_FIRST"
    assert found.possible == ("is it confirmed: Malignant neoplasm of prostate",)


def test_open_questions_of_a_lumbar_order_are_none_of_ours():
    assert recommend(condition("icd|M54.16", 40), condition("icd|Z98.1", 900)).possible == ()


ONSET, EXAM, THERAPY = "symptom onset", "neurological examination", "conservative therapy"
REASON = "reason for examination"
OLD_PAIN = condition(NECK_PAIN, 100)
UNTREATED = observation("conservative-therapy-none", True, 1)


def therapy(days, **members):
    return procedure("sct|91251008", start=days, **members)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), ("presenting symptom", ONSET, EXAM, THERAPY, REASON), id="empty chart"),
        pytest.param((condition(NECK_PAIN),), (ONSET, EXAM, THERAPY, REASON), id="only neck pain"),
        pytest.param((OLD_PAIN,), (EXAM, THERAPY, REASON), id="onset known"),
        pytest.param(
            (condition(NECK_PAIN, None, recorded=10),),
            (ONSET, EXAM, THERAPY, REASON),
            id="recorded ten days ago: how long before?",
        ),
        pytest.param(
            (condition(NECK_PAIN, None, recorded=28),),
            (EXAM, THERAPY, REASON),
            id="recorded 28 days ago: long enough",
        ),
        pytest.param(
            (OLD_PAIN, observation("motor-exam", "sct|17621005", 1)),
            (THERAPY, REASON),
            id="strength examined",
        ),
        pytest.param(
            (OLD_PAIN, observation("motor-exam", "sct|17621005", 31)),
            (EXAM, THERAPY, REASON),
            id="strength examined 31 days ago",
        ),
        pytest.param(
            (PAIN, condition("icd|Z98.1", 900), UNTREATED),
            ("region or date of prior surgery", EXAM, REASON),
            id="untreated, as stated",
        ),
        pytest.param(
            (OLD_PAIN, therapy(50)), (EXAM, THERAPY, REASON), id="therapy whose end nobody wrote"
        ),
        pytest.param(
            (OLD_PAIN, injury(20, "sct|90460009"), ct(20)),
            ("result of CT", EXAM, THERAPY, REASON),
            id="an open question comes first and once",
        ),
        pytest.param(
            (OLD_PAIN, injury(20, "sct|90460009"), ct(20), nexus(1)),
            (EXAM, THERAPY, "result of CT", REASON),
            id="low risk: the result of the CT is asked last",
        ),
    ],
)
def test_the_missing_list(chart, expected):
    found = recommend(*chart)
    assert (found.outcome, found.missing) == ("INSUFFICIENT", expected)


def test_a_reason_for_the_order_is_not_asked_twice():
    assert REASON not in recommend(draft=order("cpt|72141", NECK_PAIN)).missing
    reason = [{"reference": f"Condition/{OLD_PAIN['id']}"}]
    assert REASON not in recommend(OLD_PAIN, draft=order(reasonReference=reason)).missing


def test_radicular_symptoms_are_asked_for_their_treatment():
    """EXT-RADICULAR: MRI_MAY at any duration, missing therapy named."""
    assert recommend(condition("icd|M54.12", 50)).missing == (THERAPY,)
    for known in (therapy(30, status="in-progress"), UNTREATED):
        told = recommend(condition("icd|M54.12", 50), known)
        assert (told.outcome, told.missing) == ("MRI_MAY", ())


INJURED = (injury(0),)
HARDWARE = (OLD_PAIN, condition("icd|T84.226A", 100))


@pytest.mark.parametrize(
    ("chart", "read", "unread"),
    [
        pytest.param((PAIN,), "NOT_YET", "INSUFFICIENT", id="neck pain of five days"),
        pytest.param((injury(0), nexus()), "NOT_YET", "INSUFFICIENT", id="low-risk screen"),
        pytest.param(INJURED, "CT_FIRST", "INSUFFICIENT", id="CT instead of the MRI"),
        pytest.param(HARDWARE, "CT_FIRST", "INSUFFICIENT", id="hardware in question"),
        pytest.param(
            (*INJURED, condition(WEAK_LIMB, 0)), "CT_FIRST", "CT_FIRST", id="CT beside it"
        ),
        pytest.param((OLD_PAIN, therapy(50, status="in-progress")), *["MRI_ROUTINE"] * 2, id="MRI"),
        pytest.param((condition(TINGLING_HAND, 50),), *["MRI_URGENT"] * 2, id="a red flag"),
    ],
)
@pytest.mark.parametrize(
    ("how", "key", "label"),
    [
        pytest.param("partly", "conditions", "conditions", id="conditions partly read"),
        pytest.param("partly", "imaging", "imaging", id="imaging partly read"),
        pytest.param("unread", "imaging", "imaging", id="imaging failed"),
        pytest.param("unread", "imaging-studies", "imaging", id="imaging studies failed"),
    ],
)
def test_refusing_needs_what_absence_rests_on(chart, read, unread, how, key, label):
    assert recommend(*chart).outcome == read
    found = recommend(*chart, **{how: [key]})
    assert found.outcome == unread
    if unread != read:
        assert found.rating is None
        assert found.missing[0].startswith(f"could not read {label}")
        assert found.steps[-1].text.endswith("(conditions or imaging not read)")
        assert not found.suggest_delete
    assert any("read:" in note for note in found.data_notes)


def test_a_lumbar_picture_needs_all_conditions():
    lumbar = condition("icd|M54.16", 40)
    assert recommend(lumbar).outcome == "NO_CRITERIA"
    assert recommend(lumbar, partly=["conditions"]).outcome == "INSUFFICIENT"


@pytest.mark.parametrize("key", ["obs-exam", "procedures", "meds", "answers", "orders"])
def test_other_unread_data_are_named_and_stop_nothing(key):
    found = recommend(PAIN, unread=[key])
    assert found.outcome == "NOT_YET"
    assert any(note.startswith("could not read: ") for note in found.data_notes)
