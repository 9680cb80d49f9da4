"""RF-MYELO-GAIT, -HAND, -DX, and the cord pattern that is a cervical problem of its own."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    answers,
    condition,
    observation,
    order,
    recommend,
    status,
)

PAIN = condition(NECK_PAIN, 60)
UNSTEADY, CLUMSY, MYELOPATHY = "sct|394616008", "icd|R27.8", "sct|202664003"
LUMBAR = condition("icd|M54.16", 60)
LEG = "sct|61685007"


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), UNKNOWN, id="nobody looked"),
        pytest.param((condition(UNSTEADY, 90, problem=False),), MET, id="90 days ago"),
        pytest.param((condition(UNSTEADY, 91, problem=False),), UNKNOWN, id="91 days ago"),
        pytest.param((condition(UNSTEADY, 5, verification="provisional"),), MET, id="suspected"),
        pytest.param((condition("icd|R26.81", 5),), MET, id="unsteadiness on feet"),
        pytest.param((observation("gait-exam", "abnormal", 30),), MET, id="seen 30 days ago"),
        pytest.param((observation("gait-exam", "abnormal", 31),), UNKNOWN, id="seen 31 days ago"),
        pytest.param((observation("gait-exam", "normal"),), NOT_MET, id="normal gait"),
        pytest.param(
            (condition(UNSTEADY, 5), observation("gait-exam", "normal", 1)),
            NOT_MET,
            id="gait normal since",
        ),
        pytest.param(
            (condition(UNSTEADY, 5), observation("neuro-exam-normal", True, 1)),
            MET,
            id="normal neurology does not cover the gait (CF-2)",
        ),
    ],
)
def test_gait(chart, expected):
    """RF-MYELO-GAIT."""
    assert status("RF-MYELO-GAIT", PAIN, *chart) is expected


def test_gait_alone_is_no_cervical_problem():
    """RF-MYELO-GAIT, CTX-SYMPTOM."""
    assert status("RF-MYELO-GAIT", condition(UNSTEADY, 5)) is NOT_MET


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), UNKNOWN, id="nobody asked"),
        pytest.param((condition(CLUMSY, 90, problem=False),), MET, id="90 days ago"),
        pytest.param((condition(CLUMSY, 91, problem=False),), UNKNOWN, id="91 days ago"),
        pytest.param((condition("hand-clumsiness", 5),), MET, id="local code on a Condition"),
        pytest.param(
            (condition("hand-clumsiness", 91, problem=False),),
            UNKNOWN,
            id="local code on a Condition, 91 days ago",
        ),
        pytest.param((condition(CLUMSY, 5, verification="unconfirmed"),), MET, id="suspected"),
        pytest.param((observation("hand-clumsiness"),), MET, id="seen"),
        pytest.param((answers(3, hand_clumsiness=True),), MET, id="answered yes"),
        pytest.param((answers(3, hand_clumsiness=False),), NOT_MET, id="answered no"),
        pytest.param((answers(31, hand_clumsiness=True),), UNKNOWN, id="answered 31 days ago"),
    ],
)
def test_clumsy_hands(chart, expected):
    """RF-MYELO-HAND."""
    assert status("RF-MYELO-HAND", PAIN, *chart) is expected


def test_clumsy_hands_point_to_the_neck_by_themselves():
    assert status("RF-MYELO-HAND", condition(CLUMSY, 5)) is MET


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), UNKNOWN, id="nothing recorded"),
        pytest.param((condition(MYELOPATHY, 4000),), MET, id="current for years"),
        pytest.param((condition(MYELOPATHY, problem=False),), MET, id="a diagnosis needs no date"),
        pytest.param((condition(MYELOPATHY, 5, verification="differential"),), MET, id="suspected"),
        pytest.param((condition(MYELOPATHY, 5, clinical="resolved"),), UNKNOWN, id="resolved"),
        pytest.param((condition("icd|G95.20", 5),), MET, id="cord compression, no level"),
        pytest.param(
            (condition(MYELOPATHY, 5, verification="entered-in-error"),), UNKNOWN, id="in error"
        ),
        pytest.param(
            (condition(MYELOPATHY, 5), condition(MYELOPATHY, verification="refuted", recorded=1)),
            NOT_MET,
            id="refuted since",
        ),
        pytest.param(
            (condition(MYELOPATHY, 5), observation("neuro-exam-normal", True, 1)),
            MET,
            id="a normal examination does not undo a diagnosis",
        ),
    ],
)
def test_myelopathy(chart, expected):
    """RF-MYELO-DX."""
    assert status("RF-MYELO-DX", *chart) is expected


def test_myelopathy_as_a_reason_of_the_order():
    assert status("RF-MYELO-DX", draft=order("cpt|72141", MYELOPATHY)) is MET


GAIT = condition(UNSTEADY, 60)
WEAK_LEGS = condition("sct|1845001", 60)
BABINSKI = observation("babinski-sign")
RETENTION = condition("sct|267064002", 60)


@pytest.mark.parametrize(
    ("chart", "cervical"),
    [
        pytest.param((GAIT, WEAK_LEGS), True, id="gait and weak legs"),
        pytest.param((GAIT, BABINSKI), True, id="gait and Babinski"),
        pytest.param((GAIT, RETENTION), True, id="gait and new retention"),
        pytest.param((WEAK_LEGS, RETENTION), True, id="weak legs and new retention"),
        pytest.param((BABINSKI, RETENTION), True, id="Babinski and new retention"),
        pytest.param((condition("sct|312444006", 60), GAIT), True, id="spastic legs and gait"),
        pytest.param(
            (observation("spasticity", True, 1, site=LEG), BABINSKI), True, id="spastic, Babinski"
        ),
        pytest.param(
            (BABINSKI, observation("clonus", True, 1, site=LEG)),
            False,
            id="Babinski and clonus of a foot are one kind of sign",
        ),
        pytest.param((GAIT,), False, id="gait alone"),
        pytest.param((BABINSKI,), False, id="Babinski alone"),
        pytest.param((condition("sct|9447003", 60),), False, id="spastic gait is one entry"),
        pytest.param(
            (observation("spasticity", True, 1, site=LEG),), False, id="a spastic leg is one entry"
        ),
        pytest.param((GAIT, observation("motor-strength", 4)), False, id="weak, nobody says where"),
        pytest.param((LUMBAR, GAIT, WEAK_LEGS), False, id="a lumbar problem explains both"),
        pytest.param((LUMBAR, GAIT, BABINSKI), True, id="a lumbar problem explains no Babinski"),
    ],
)
def test_two_cord_signs_are_a_cervical_problem(chart, cervical):
    """CTX-SYMPTOM, CORD-PATTERN."""
    assert status("CTX-SYMPTOM", *chart) is (MET if cervical else NOT_MET)
    found = recommend(*chart)
    assert found.outcome == (
        "MRI_URGENT" if cervical else "NO_CRITERIA" if LUMBAR in chart else "INSUFFICIENT"
    )
