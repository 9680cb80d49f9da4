"""TRAUMA-SCI: a confirmed injury of the cervical cord, which no other step may overrule."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, UNKNOWN, condition, order, recommend, status
from injuries import CORD_INJURY, NECK_INJURY, injury

CODED_ACUTE, CODED_LATER, CODED_LATE = "icd|S14.109A", "icd|S14.109D", "icd|S14.109S"
HERE = {"reference": "Encounter/here"}


@pytest.mark.parametrize(
    ("cord", "expected"),
    [
        pytest.param(injury(0, CODED_ACUTE), MET, id="injured today, initial encounter"),
        pytest.param(injury(20, CODED_LATER), MET, id="subsequent encounter"),
        pytest.param(injury(5, CODED_LATE), NOT_MET, id="a late effect never"),
        pytest.param(injury(5, "sct|81642009"), NOT_MET, id="a coded late effect never"),
        pytest.param(injury(30, CODED_ACUTE), MET, id="30 days ago is inside the window"),
        pytest.param(injury(31, CODED_ACUTE), NOT_MET, id="31 days ago is not"),
        pytest.param(injury(None, CORD_INJURY, recorded=30), MET, id="recorded 30 days ago"),
        pytest.param(injury(None, CORD_INJURY, recorded=31), NOT_MET, id="recorded 31 days ago"),
        pytest.param(injury(3, CORD_INJURY), MET, id="begun three days ago, recording undated"),
        pytest.param(injury(31, CORD_INJURY), NOT_MET, id="begun 31 days ago"),
        pytest.param(
            injury(3, CODED_ACUTE, verification="provisional"), NOT_MET, id="suspected only"
        ),
        pytest.param(injury(3, CODED_ACUTE, clinical="resolved"), NOT_MET, id="resolved"),
        pytest.param(
            injury(3, CODED_ACUTE, verification="entered-in-error"), NOT_MET, id="entered in error"
        ),
        pytest.param(injury(None, CODED_ACUTE), UNKNOWN, id="nobody wrote down when"),
        pytest.param(injury(3), NOT_MET, id="injury of the neck without the cord"),
        pytest.param(
            injury("2026-01", CODED_ACUTE), NOT_MET, id="in January: not proven to be recent"
        ),
    ],
)
def test_confirmed_cord_injury(cord, expected):
    assert status("TRAUMA-SCI", cord) is expected


@pytest.mark.parametrize(
    ("encounter", "expected"),
    [
        pytest.param("here", MET, id="this encounter"),
        pytest.param("elsewhere", NOT_MET, id="another encounter"),
        pytest.param(None, NOT_MET, id="the call names no encounter"),
    ],
)
def test_an_older_cord_injury_counts_in_its_own_encounter(encounter, expected):
    cord = injury(60, CODED_ACUTE, encounter=HERE)
    assert status("TRAUMA-SCI", cord, encounter=encounter) is expected


def test_an_undated_cord_injury_of_this_encounter_counts():
    assert status("TRAUMA-SCI", injury(None, CODED_ACUTE, encounter=HERE), encounter="here") is MET


def test_an_order_reason_confirms_nothing():
    found = recommend(condition(NECK_PAIN, 3), draft=order("cpt|72141", CODED_ACUTE))
    assert found.findings["TRAUMA-SCI"].status is NOT_MET
    assert found.outcome == "INSUFFICIENT"
    assert "date of injury" in found.missing


@pytest.mark.parametrize(
    ("options", "outcome", "priority"),
    [
        pytest.param({}, "MRI_EMERGENT", "stat", id="emergency tier"),
        pytest.param({"ext.emergent": False}, "MRI_URGENT", "urgent", id="ext.emergent off"),
        pytest.param({"urgency.mode": "article"}, "MRI_URGENT", "urgent", id="as in the article"),
    ],
)
def test_mri_without_waiting_for_ct(options, outcome, priority):
    """P2 comes before P3; the CT is added, not waited for."""
    found = recommend(injury(0, CODED_ACUTE), options=options)
    assert (found.outcome, found.step, found.suggested_priority) == (outcome, "P2", priority)
    assert "TRAUMA-SCI" in found.fired
    assert "TRAUMA-CT-INITIAL" in found.advisory
    assert (found.suggest_ct, found.suggest_delete) == (True, False)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(30, MET, id="recorded 30 days ago"),
        pytest.param(31, NOT_MET, id="recorded 31 days ago: an old one, and a new injury"),
    ],
)
def test_how_old_a_cord_injury_beside_a_new_injury_may_be(days, expected):
    cord = injury(None, CORD_INJURY, recorded=days)
    assert status("TRAUMA-SCI", cord, injury(0, NECK_INJURY)) is expected


def test_the_cord_counts_beside_a_newer_injury_of_the_neck():
    found = recommend(injury(10, CODED_LATER), injury(0, NECK_INJURY))
    assert (found.outcome, found.step) == ("MRI_EMERGENT", "P2")


def test_a_cord_injury_of_today_is_never_refused():
    """Begun today and not dated otherwise: not CT first instead of the MRI."""
    found = recommend(injury(0, CORD_INJURY))
    assert (found.outcome, found.rating) == ("MRI_EMERGENT", "appropriate")
    assert not found.suggest_delete
