"""An examination takes away the finding it denies, and nothing else the entry says (0.4)."""

import pytest
from chart import NECK_PAIN, answers, concept, condition, fired, observation, recommend, report

STRONG = observation("motor-strength", 5, 1)
WHOLE = observation("neuro-exam-normal", True, 1)
WALKS = observation("gait-exam", "normal", 1)


def coded(*codes, onset=3, **more):
    """One Condition with several codings."""
    together = condition(codes[0], onset, recorded=onset, **more)
    together["code"]["coding"] = [c for code in codes for c in concept(code)["coding"]]
    return together


@pytest.mark.parametrize("exam", [STRONG, WHOLE], ids=["full strength", "a normal examination"])
def test_a_cord_injury_is_not_denied_by_full_strength_the_next_day(exam):
    """TRAUMA-SCI: one code that is a weakness and an injury."""
    found = recommend(condition(NECK_PAIN, 3), coded("sct|441794001"), exam)
    assert (found.outcome, found.step) == ("MRI_EMERGENT", "P2")
    assert "RF-NEURO-MOTOR" not in found.fired


@pytest.mark.parametrize(
    ("codes", "exam", "stays", "gone"),
    [
        pytest.param(
            ("icd|M47.12", "icd|R26.81"), WALKS, "RF-MYELO-DX", "RF-MYELO-GAIT",
            id="myelopathy with a gait that is normal again",
        ),
        pytest.param(
            ("icd|M62.81", "icd|R20.0"), observation("motor-exam", "normal", 1),
            "RF-NEURO-SENS", "RF-NEURO-MOTOR", id="numbness coded with weakness",
        ),
        pytest.param(
            ("icd|M54.12", "sct|713512009"), observation("motor-exam", "normal", 1),
            "EXT-RADICULAR", "RF-NEURO-MOTOR", id="radiculopathy coded with weakness",
        ),
        pytest.param(
            ("icd|M62.81", "icd|R26.81"), observation("motor-exam", "normal", 1),
            "RF-MYELO-GAIT", "RF-NEURO-MOTOR", id="gait coded with weakness",
        ),
    ],
)  # fmt: skip
def test_what_else_an_entry_is_coded_with_stays(codes, exam, stays, gone):
    names = fired(condition(NECK_PAIN, 3), coded(*codes), exam)
    assert stays in names
    assert gone not in names


def test_both_findings_of_an_entry_can_be_denied():
    names = fired(
        condition(NECK_PAIN, 3), coded("icd|M62.81", "icd|R26.81"),
        observation("motor-exam", "normal", 1), WALKS,
    )  # fmt: skip
    assert names.isdisjoint({"RF-NEURO-MOTOR", "RF-MYELO-GAIT"})


def test_a_finding_by_itself_is_gone():
    assert "RF-MYELO-GAIT" not in fired(condition(NECK_PAIN, 3), coded("sct|9447003"), WALKS)
    assert "RF-NEURO-REFLEX" not in fired(condition(NECK_PAIN, 3), coded("sct|9447003"), WALKS)


CT = report("cpt|72125", 0)


@pytest.mark.parametrize(
    ("codes", "fires"),
    [
        pytest.param(("icd|C44.42", "icd|C79.51"), "RF-SYS-MALIG", id="skin cancer in the bone"),
        pytest.param(
            ("icd|N39.3", "icd|R33.9"), "RF-MYELO-BB", id="stress incontinence, retention"
        ),
    ],
)
def test_an_excluded_code_takes_out_itself_only(codes, fires):
    """RF-SYS-MALIG, RF-MYELO-BB: the criteria exclude codes, not what stands beside them."""
    assert fires in fired(condition(NECK_PAIN, 3), coded(*codes))
    assert fires not in fired(condition(NECK_PAIN, 3), coded(codes[0]))


def test_a_dated_pain_coded_with_degeneration_dates_the_symptoms():
    """D_sym: only the code of the degeneration is left out."""
    assert recommend(coded("icd|M54.2", "icd|M50.30", onset=10)).outcome == "NOT_YET"


@pytest.mark.parametrize(
    ("codes", "gone"),
    [
        pytest.param(("icd|S13.4XXS", "sct|39848009"), "TRAUMA-CT-INITIAL", id="old whiplash"),
        pytest.param(("icd|S14.109S", "sct|441794001"), "TRAUMA-SCI", id="old cord injury"),
    ],
)
def test_a_sequela_coded_in_one_system_is_no_fresh_injury_in_the_other(codes, gone):
    """H-NECKINJURY, TRAUMA-SCI: a late effect is none, whatever other coding stands beside it."""
    assert gone not in fired(condition(NECK_PAIN, 3), coded(*codes, onset=1))


def test_an_observation_with_two_local_codes_says_both():
    """The answer does not depend on the order in which a program keeps its sets."""
    both = observation("vertebral-tenderness", True, 1)
    both["code"]["coding"] += concept("hoffmann-sign")["coding"]
    assert {"RF-NEURO-REFLEX", "RF-VERT-TENDER"} <= fired(condition(NECK_PAIN, 3), both)


ASKED = answers(5, nexus_midline_tenderness=True)


@pytest.mark.parametrize(
    ("later", "fires"),
    [
        pytest.param((), True, id="nothing later"),
        pytest.param((answers(1, nexus_midline_tenderness=False),), False, id="answered no"),
        pytest.param((observation("vertebral-tenderness", False, 1),), False, id="examined"),
        pytest.param((observation("vertebral-tenderness", False, 5),), True, id="the same day"),
        pytest.param((answers(9, nexus_midline_tenderness=False),), True, id="answered no before"),
    ],
)
def test_midline_tenderness_told_on_a_screen_can_be_gone_later(later, fires):
    """RF-VERT-TENDER, CF-1."""
    names = fired(condition(NECK_PAIN, 20), ASKED, *later)
    assert ("RF-VERT-TENDER" in names) is fires
