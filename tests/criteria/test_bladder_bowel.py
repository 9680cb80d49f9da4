"""RF-MYELO-BB and EXT-CAUDA: bladder and bowel, new or long known, cervical or lumbar."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, UNKNOWN, condition, observation, order, recommend, status

PAIN = condition(NECK_PAIN, 10)
RETENTION = "sct|267064002"


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        pytest.param(
            condition(RETENTION, 4000, clinical="resolved"),
            MET,
            id="an episode that ended years ago",
        ),
        pytest.param(condition(RETENTION, 4000), UNKNOWN, id="there for years and still there"),
        pytest.param(condition(RETENTION, 365), MET, id="there for exactly a year"),
        pytest.param(condition(RETENTION, 366), UNKNOWN, id="there for more than a year"),
        pytest.param(condition("icd|R15.9", 4000), MET, id="another dysfunction is long known"),
    ],
)
def test_new_retention_beside_an_earlier_one(earlier, expected):
    """RF-MYELO-BB."""
    assert status("RF-MYELO-BB", PAIN, condition(RETENTION, 3), earlier) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), UNKNOWN, id="nobody asked"),
        pytest.param((condition(RETENTION, 90),), MET, id="begun 90 days ago"),
        pytest.param((condition(RETENTION, 91),), UNKNOWN, id="begun 91 days ago"),
        pytest.param((condition(RETENTION, 200, recorded=90),), MET, id="recorded 90 days ago"),
        pytest.param((condition(RETENTION),), UNKNOWN, id="no date"),
        pytest.param((condition(RETENTION, 200, clinical="relapse"),), MET, id="relapse"),
        pytest.param(
            (condition(RETENTION, 200), observation("symptom-worsening")), MET, id="old and worse"
        ),
        pytest.param((condition(RETENTION, 9, verification="provisional"),), MET, id="suspected"),
        pytest.param((condition("icd|R15.9", 9),), MET, id="faecal incontinence"),
        pytest.param((condition("icd|N39.3", 9),), UNKNOWN, id="stress incontinence"),
        pytest.param((condition("sct|60241006", 9),), UNKNOWN, id="female stress incontinence"),
        pytest.param((observation(RETENTION),), MET, id="seen"),
        pytest.param((observation(RETENTION, False),), NOT_MET, id="denied"),
        pytest.param(
            (condition(RETENTION, 4000), observation(RETENTION)), MET, id="an Observation is new"
        ),
    ],
)
def test_new_dysfunction(chart, expected):
    """RF-MYELO-BB."""
    assert status("RF-MYELO-BB", PAIN, *chart) is expected


def test_a_reason_of_the_order_is_new():
    draft = order("cpt|72141", RETENTION)
    assert status("RF-MYELO-BB", PAIN, condition(RETENTION, 4000), draft=draft) is MET


def test_bladder_trouble_alone_is_no_cervical_problem():
    """RF-MYELO-BB, CTX-SYMPTOM."""
    assert status("RF-MYELO-BB", condition(RETENTION, 9)) is NOT_MET


CAUDA = "icd|G83.4"
LUMBAR = condition("icd|M54.16", 60)


@pytest.mark.parametrize(
    ("chart", "holds"),
    [
        pytest.param((), False, id="nothing"),
        pytest.param((condition(CAUDA, 3),), True, id="cauda equina"),
        pytest.param((condition("sct|192970008", 3),), True, id="cauda equina, SNOMED"),
        pytest.param((condition(CAUDA, 3, verification="provisional"),), True, id="suspected"),
        pytest.param((condition(CAUDA, 3, clinical="resolved"),), False, id="resolved"),
        pytest.param((observation("saddle-anesthesia"),), True, id="saddle anaesthesia"),
        pytest.param((observation("saddle-anesthesia", False),), False, id="no saddle anaesthesia"),
        pytest.param((observation("saddle-anesthesia", True, 31),), False, id="31 days ago"),
        pytest.param((condition("sct|449813001", 3),), True, id="numb saddle as a Condition"),
        pytest.param((LUMBAR, condition(RETENTION, 9)), True, id="new retention, lumbar problem"),
        pytest.param((LUMBAR, condition(RETENTION, 91)), False, id="old retention"),
        pytest.param((condition(RETENTION, 9),), False, id="new retention alone"),
        pytest.param((LUMBAR, condition("icd|N39.3", 9)), False, id="stress incontinence"),
    ],
)
def test_possible_cauda_equina(chart, holds):
    """EXT-CAUDA, with and without neck pain."""
    assert status("EXT-CAUDA", *chart) is (MET if holds else NOT_MET)
    beside = recommend(PAIN, *chart)
    shown = {o.id: o.indicator for o in beside.overlays}
    assert shown.get("EXT-CAUDA") == ("critical" if holds else None)
    if holds:
        alone = recommend(*chart)
        assert (alone.outcome, "EXT-CAUDA" in alone.fired) == ("NO_CRITERIA", True)


def test_cauda_equina_as_a_reason_of_the_order():
    found = recommend(draft=order("cpt|72141", CAUDA))
    assert found.outcome == "NO_CRITERIA"
    assert set(found.fired) == {"EXT-REGION", "EXT-CAUDA"}


def test_cauda_equina_is_switched_off_with_the_region():
    """ext.region."""
    found = recommend(condition(CAUDA, 3), options={"ext.region": False})
    assert (found.outcome, found.fired, found.overlays) == ("INSUFFICIENT", (), ())
    assert found.findings["EXT-CAUDA"].reason == "switched off (ext.region)"
