"""EXT-EMERG: E1 cord signs that are fresh or worse, E2 with infection, E3 with cancer, E5 weakness."""

import pytest
from chart import (
    NECK_PAIN,
    NOT_MET,
    condition,
    finding,
    observation,
    order,
    quantity,
    recommend,
)

PAIN = condition(NECK_PAIN, 60)
UNSTEADY, CLUMSY, MYELOPATHY, WEAK = "sct|394616008", "icd|R27.8", "sct|202664003", "sct|26544005"
WORSE = observation("symptom-worsening")
FEVER = observation("loinc|8310-5", quantity(39, "Cel"), 1)


def tags(*chart, **rest):
    return set(finding("EXT-EMERG", PAIN, *chart, **rest).tags)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((condition(UNSTEADY, 7), condition(CLUMSY, 30)), True, id="one since 7 days"),
        pytest.param((condition(UNSTEADY, 8), condition(CLUMSY, 30)), False, id="since 8 days"),
        pytest.param(
            (condition(UNSTEADY, recorded=2), condition(CLUMSY, recorded=2)),
            False,
            id="recorded is not begun",
        ),
        pytest.param(
            (condition(UNSTEADY, "2026-02"), condition(CLUMSY, 30)),
            False,
            id="begun some day last month",
        ),
        pytest.param((condition(UNSTEADY, 60), condition(CLUMSY, 60), WORSE), True, id="worse"),
        pytest.param(
            (condition(UNSTEADY, 60, clinical="recurrence"), condition(CLUMSY, 60)),
            True,
            id="recurrence",
        ),
        pytest.param((condition(UNSTEADY, 3),), False, id="one isolated sign stays urgent"),
        pytest.param((condition("sct|9447003", 3),), False, id="spastic gait is one entry"),
        pytest.param(
            (condition(UNSTEADY, 3), observation("babinski-sign")), True, id="gait and Babinski"
        ),
        pytest.param((condition(UNSTEADY, 3), condition(WEAK, 30)), True, id="gait and weakness"),
        pytest.param(
            (condition(UNSTEADY, 3), condition("sct|86854008", 3, verification="provisional")),
            False,
            id="gait and a suspected reflex",
        ),
        pytest.param(
            (condition(WEAK, 3), observation("babinski-sign")),
            False,
            id="weakness and Babinski without a cord row",
        ),
        pytest.param(
            (condition(CLUMSY, 3), condition("sct|267064002", 3)), True, id="hands and bladder"
        ),
        pytest.param((condition(MYELOPATHY, 7),), True, id="myelopathy for 7 days"),
        pytest.param((condition(MYELOPATHY, 8),), False, id="myelopathy for 8 days"),
        pytest.param(
            (condition(MYELOPATHY, 7, verification="provisional"),), True, id="suspected myelopathy"
        ),
        pytest.param(
            (condition(MYELOPATHY, 400), condition(WEAK, 3)), True, id="myelopathy, fresh weakness"
        ),
    ],
)
def test_fresh_or_worse_cord_signs(chart, expected):
    """EXT-EMERG E1."""
    assert ("E1" in tags(*chart)) is expected
    assert (recommend(PAIN, *chart).outcome == "MRI_EMERGENT") is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((condition(CLUMSY, 30), FEVER), True, id="clumsy hands and fever"),
        pytest.param((condition(WEAK, 30), FEVER), True, id="weakness and fever"),
        pytest.param((condition("sct|309521004", 30), FEVER), False, id="numb hand and fever"),
        pytest.param((FEVER,), False, id="fever alone"),
        pytest.param((condition(WEAK, 30),), False, id="weakness alone"),
        pytest.param(
            (condition(WEAK, 30), condition("sct|226034001", 4000)), True, id="injects today"
        ),
        pytest.param(
            (condition(WEAK, 30), condition("sct|226034001", recorded=365, clinical="inactive")),
            True,
            id="injected, recorded 365 days ago",
        ),
        pytest.param(
            (condition(WEAK, 30), condition("sct|226034001", recorded=366, clinical="inactive")),
            False,
            id="injected, recorded 366 days ago",
        ),
        pytest.param(
            (condition(WEAK, 30), observation("iv-drug-use", True, 366)),
            False,
            id="said so 366 days ago",
        ),
        pytest.param(
            (
                condition(WEAK, 30),
                FEVER,
                condition("sct|226034001", recorded=366, clinical="inactive"),
            ),
            True,
            id="injected long ago, and fever",
        ),
    ],
)
def test_cord_or_weakness_with_infection(chart, expected):
    """EXT-EMERG E2."""
    assert ("E2" in tags(*chart)) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((condition(UNSTEADY, 60), condition("icd|C61")), True, id="gait and cancer"),
        pytest.param((condition(WEAK, 60), condition("icd|C61")), False, id="weakness and cancer"),
        pytest.param(
            (condition(UNSTEADY, 60), condition("icd|C61", verification="provisional")),
            False,
            id="suspected cancer",
        ),
    ],
)
def test_cord_sign_with_cancer(chart, expected):
    """EXT-EMERG E3."""
    assert ("E3" in tags(*chart)) is expected


ACUTE = condition("icd|M54.12", 7)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((observation("motor-strength", 3), ACUTE), True, id="3 of 5"),
        pytest.param((observation("motor-strength", "3+/5"), ACUTE), False, id="3+ of 5"),
        pytest.param((observation("motor-strength", 4), ACUTE), False, id="4 of 5"),
        pytest.param((observation("motor-exam", "abnormal"), ACUTE), False, id="no grade"),
        pytest.param((observation("motor-strength", 3),), False, id="3 of 5, since when unknown"),
        pytest.param((observation("motor-strength", 3), WORSE), True, id="3 of 5 and worse"),
        pytest.param(
            (observation("motor-strength", 3), observation("motor-strength", 4, 20)),
            True,
            id="was 4 of 5",
        ),
    ],
)
def test_severe_weakness(chart, expected):
    """EXT-EMERG E5."""
    assert ("E5" in tags(*chart)) is expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, set(), id="by default neither"),
        pytest.param({"emerg.acuteDays": 8}, {"E1"}, id="eight days count as acute"),
        pytest.param({"emerg.acuteDays": 8, "emerg.mrcMax": 4}, {"E1", "E5"}, id="and 4 of 5"),
    ],
)
def test_emergency_settings(options, expected):
    """emerg.acuteDays, emerg.mrcMax."""
    chart = (condition(MYELOPATHY, 8), observation("motor-strength", 4, 8))
    assert tags(*chart, options=options) == expected


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"ext.emergent": False}, "switched off (ext.emergent)"),
        ({"urgency.mode": "article"}, "switched off (urgency.mode = article)"),
    ],
)
def test_without_the_emergency_tier_it_is_urgent(options, reason):
    """ext.emergent, urgency.mode."""
    found = recommend(PAIN, condition(MYELOPATHY, 3), options=options)
    assert (found.outcome, found.suggested_priority) == ("MRI_URGENT", "urgent")
    assert found.findings["EXT-EMERG"].reason == reason


def test_an_emergency_asks_for_stat_and_shows_what_is_worse():
    found = recommend(PAIN, condition(MYELOPATHY, 60), WORSE)
    assert (found.outcome, found.suggested_priority, found.indicator) == (
        "MRI_EMERGENT",
        "stat",
        "critical",
    )
    shown = {e.reference for e in found.findings["EXT-EMERG"].evidence}
    assert f"Observation/{WORSE['id']}" in shown


def test_a_sign_the_order_repeats_is_an_entry_of_its_own():
    """CORD-PATTERN by entry: spastic gait is gait and upper-motor-neuron sign, and said twice."""
    spastic = condition("sct|9447003", 3)
    assert "E1" not in tags(spastic)
    assert "E1" in tags(spastic, draft=order("cpt|72141", "sct|9447003"))


def test_nothing_is_an_emergency_without_a_neck():
    """CTX-SYMPTOM, the gate."""
    draft = order("cpt|72141", "icd|M54.16")
    found = recommend(condition(WEAK, 3), FEVER, draft=draft)
    assert found.findings["EXT-EMERG"].status is NOT_MET
