"""EXT-DUP-RECENT, EXT-DUP-PENDING and CHANGED: the same study, and whether anything is new."""

import pytest
from chart import condition, observation, procedure, recommend, report
from injuries import FRACTURE, MRI, ct, injury

RADICULOPATHY = condition("icd|M54.12", 90)
NUMB_HAND = condition("sct|309521004", 82)
STUDY = report(MRI, 45)
EXAM_TODAY = observation("sensory-exam", "sct|263654008", 0, site="sct|53120007")


@pytest.mark.parametrize(
    ("options", "chart", "outcome"),
    [
        pytest.param({}, (EXAM_TODAY,), "MRI_URGENT", id="new on examination"),
        pytest.param({}, (NUMB_HAND, EXAM_TODAY), "DUPLICATE", id="reported before, now examined"),
        pytest.param(
            {"neuro.subjectiveSensoryIsRedFlag": False},
            (NUMB_HAND, EXAM_TODAY),
            "MRI_URGENT",
            id="only what is examined counts: new",
        ),
        pytest.param(
            {"neuro.radiculopathyDxIsDeficit": True},
            (),
            "DUPLICATE",
            id="the diagnosis counts as deficit: older than the study",
        ),
    ],
)
def test_a_sensory_change_is_as_new_as_what_it_rests_on(options, chart, outcome):
    """RF-NEURO-SENS."""
    assert recommend(RADICULOPATHY, STUDY, *chart, options=options).outcome == outcome


VAGUE_STUDY = report(MRI, None, effectivePeriod={"start": "2026-01"})


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        pytest.param(observation("symptom-worsening", True, 29), "MRI_MAY", id="worse in February"),
        pytest.param(
            observation("symptom-worsening", True, 30), "MRI_MAY", id="worse on 31 January"
        ),
        pytest.param(condition("sct|90460009", 31), "MRI_MAY", id="injured on 30 January"),
        pytest.param(condition("sct|90460009", 59), "MRI_MAY", id="injured on 2 January"),
        pytest.param(condition("sct|90460009", 60), "DUPLICATE", id="injured on 1 January"),
        pytest.param(procedure("sct|81099000", on=40), "MRI_MAY", id="operated on in January"),
        pytest.param(procedure("sct|81099000", on=80), "DUPLICATE", id="operated on in December"),
    ],
)
def test_a_study_dated_by_the_month_saw_nothing_of_that_month_for_certain(event, outcome):
    """CHANGED: done in January; what happened in that month may have come after it."""
    assert recommend(RADICULOPATHY, VAGUE_STUDY, event).outcome == outcome


@pytest.mark.parametrize(
    ("days", "outcome"),
    [
        pytest.param(18, "DUPLICATE", id="seen on the day of the MRI"),
        pytest.param(17, "MRI_URGENT", id="seen the day after"),
    ],
)
def test_a_fracture_on_ct_after_the_study_is_new(days, outcome):
    """EXT-TRAUMA-CTPOS: injured 20 days ago, MRI two days later."""
    found = recommend(injury(20), report(MRI, 18), ct(days, FRACTURE))
    assert "EXT-TRAUMA-CTPOS" in found.fired
    assert found.outcome == outcome
