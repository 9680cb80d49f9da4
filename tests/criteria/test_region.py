"""EXT-REGION and EXT-RADICULAR: lumbar pictures, and arm pain without a red flag."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, condition, observation, order, procedure, recommend

LUMBAR = condition("icd|M54.16", 60)
PAIN = condition(NECK_PAIN, 60)
ARM_PAIN = condition("icd|M54.12", 60)


@pytest.mark.parametrize(
    ("chart", "draft", "outcome"),
    [
        pytest.param((LUMBAR,), None, "NO_CRITERIA", id="sciatica on the problem list"),
        pytest.param(
            (), order("cpt|72141", "icd|M54.16"), "NO_CRITERIA", id="sciatica as the reason"
        ),
        pytest.param(
            (condition("icd|M48.061", 60, verification="provisional"),),
            None,
            "NO_CRITERIA",
            id="suspected lumbar stenosis",
        ),
        pytest.param(
            (condition("icd|M54.16", 60, clinical="resolved"),),
            None,
            "INSUFFICIENT",
            id="sciatica that is over",
        ),
        pytest.param((), None, "INSUFFICIENT", id="nothing at all"),
        pytest.param((LUMBAR, observation("hand-clumsiness")), None, "MRI_URGENT", id="and hands"),
    ],
)
def test_a_lumbar_picture(chart, draft, outcome):
    """EXT-REGION."""
    found = recommend(*chart, draft=draft)
    assert found.outcome == outcome
    holds = MET if outcome == "NO_CRITERIA" else NOT_MET
    assert found.findings["EXT-REGION"].status is holds
    assert found.fired == (("EXT-REGION",) if holds is MET else found.fired)


def test_reasons_say_why_the_region_is_not_in_doubt():
    assert recommend(LUMBAR, PAIN).findings["EXT-REGION"].reason == (
        "a cervical problem is documented"
    )
    assert recommend().findings["EXT-REGION"].reason == "no lumbar problem"


def test_region_switched_off():
    """ext.region."""
    found = recommend(LUMBAR, options={"ext.region": False})
    assert (found.outcome, found.fired) == ("INSUFFICIENT", ())
    assert found.missing[0] == "presenting symptom"


def test_conditions_unread_are_no_proof_of_a_lumbar_picture():
    """EXT-REGION, 0.8."""
    draft = order("cpt|72141", "icd|M54.16")
    assert recommend(draft=draft, partly=["conditions"]).outcome == "INSUFFICIENT"
    assert recommend(draft=draft, unread=["obs-exam"]).outcome == "NO_CRITERIA"


def treated(days):
    return procedure("sct|91251008", start=days, status="in-progress")


@pytest.mark.parametrize(
    ("chart", "holds", "outcome"),
    [
        pytest.param((PAIN,), False, "INSUFFICIENT", id="no arm pain"),
        pytest.param((ARM_PAIN,), True, "MRI_MAY", id="arm pain"),
        pytest.param((condition("icd|M54.12", 3),), True, "MRI_MAY", id="arm pain for three days"),
        pytest.param(
            (condition("icd|M54.12", 60, verification="provisional"),),
            True,
            "MRI_MAY",
            id="suspected",
        ),
        pytest.param(
            (PAIN, condition("icd|M54.12", 60, clinical="resolved")),
            False,
            "INSUFFICIENT",
            id="arm pain that is over",
        ),
        pytest.param(
            (ARM_PAIN, condition("sct|309521004", 9)), False, "MRI_URGENT", id="with a numb hand"
        ),
        pytest.param((ARM_PAIN, treated(41)), True, "MRI_MAY", id="treated for 41 days"),
        pytest.param((ARM_PAIN, treated(42)), False, "MRI_ROUTINE", id="treated for 42 days"),
    ],
)
def test_radicular_symptoms(chart, holds, outcome):
    """EXT-RADICULAR."""
    found = recommend(*chart)
    assert found.findings["EXT-RADICULAR"].status is (MET if holds else NOT_MET)
    assert found.outcome == outcome


@pytest.mark.parametrize(
    ("options", "days", "outcome"),
    [
        pytest.param({"ext.radicular": False}, 10, "NOT_YET", id="off, early"),
        pytest.param({"ext.radicular": False}, 60, "INSUFFICIENT", id="off, late"),
        pytest.param({"radicular.outcome": "MRI_ROUTINE"}, 10, "MRI_ROUTINE", id="routine"),
    ],
)
def test_radicular_settings(options, days, outcome):
    """ext.radicular, radicular.outcome."""
    assert recommend(condition("icd|M54.12", days), options=options).outcome == outcome
