"""EXT-DUP-RECENT, EXT-DUP-PENDING and CHANGED: the same study, and whether anything is new."""

import pytest
from chart import condition, observation, recommend, report
from injuries import MRI

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
