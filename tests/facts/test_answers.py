"""Questionnaire answers: which responses and items are read, and what they may say."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    answers,
    condition,
    fired,
    observation,
    quantity,
    status,
)

PAIN = condition(NECK_PAIN, 10)
YES, NO = "sct|373066001", "sct|373067005"


def under(response, wrap):
    return response | {"item": [wrap(response["item"])]}


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda items: {"linkId": "group", "item": items}, id="in a group"),
        pytest.param(
            lambda items: {
                "linkId": "any-trouble",
                "answer": [{"valueBoolean": True, "item": items}],
            },
            id="below an answer",
        ),
    ],
)
def test_nested_questions_are_read(wrap):
    """0.3, QuestionnaireResponse."""
    response = under(answers(1, hand_clumsiness=True), wrap)
    assert status("RF-MYELO-HAND", PAIN, response) is MET


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(answers(1, hand_clumsiness=True), MET, id="completed"),
        pytest.param(answers(1, status="amended", hand_clumsiness=True), MET, id="amended"),
        pytest.param(answers(1, status="in-progress", hand_clumsiness=True), UNKNOWN, id="open"),
        pytest.param(answers(1, status="stopped", hand_clumsiness=True), UNKNOWN, id="stopped"),
        pytest.param(
            answers(1, status="entered-in-error", hand_clumsiness=True), UNKNOWN, id="in error"
        ),
        pytest.param(answers(30, hand_clumsiness=True), MET, id="30 days ago"),
        pytest.param(answers(31, hand_clumsiness=True), UNKNOWN, id="31 days ago"),
        pytest.param(answers(-1, hand_clumsiness=True), UNKNOWN, id="tomorrow"),
        pytest.param(
            {k: v for k, v in answers(1, hand_clumsiness=True).items() if k != "authored"},
            UNKNOWN,
            id="no date",
        ),
        pytest.param(
            {k: v for k, v in answers(1, hand_clumsiness=True).items() if k != "id"},
            MET,
            id="no id",
        ),
        pytest.param(answers(1, hand_clumsiness=YES), MET, id="coded yes"),
        pytest.param(answers(1, hand_clumsiness=NO), NOT_MET, id="coded no"),
        pytest.param(answers(1, hand_clumsiness=False), NOT_MET, id="false"),
        pytest.param(answers(1, hand_clumsiness="perhaps"), UNKNOWN, id="free text"),
        pytest.param(answers(1, favourite_colour=True), UNKNOWN, id="another question"),
        pytest.param(
            answers(1, hand_clumsiness=True) | {"item": [{"linkId": "hand-clumsiness"}]},
            UNKNOWN,
            id="no answer",
        ),
    ],
)
def test_which_answers_count(response, expected):
    """0.3, QuestionnaireResponse."""
    assert status("RF-MYELO-HAND", PAIN, response) is expected


def test_a_strength_may_be_a_decimal_or_a_quantity():
    response = answers(1, motor_strength=5)
    (item,) = response["item"]
    for value, expected in (
        ({"valueDecimal": 4.5}, MET),
        ({"valueDecimal": 5}, NOT_MET),
        ({"valueQuantity": {"value": 4}}, MET),
    ):
        changed = response | {"item": [item | {"answer": [value]}]}
        assert status("RF-NEURO-MOTOR", PAIN, changed) is expected


@pytest.mark.parametrize(
    ("weeks", "fires"),
    [pytest.param(3, set(), id="three weeks"), pytest.param(4, {"CONS-4WK"}, id="four weeks")],
)
def test_stated_weeks_of_treatment(weeks, fires):
    """0.7, conservative-therapy-weeks."""
    stated = answers(0, conservative_therapy_weeks=quantity(weeks, "wk"))
    found = fired(condition(NECK_PAIN, 60), stated)
    assert {s for s in found if s.startswith("CONS-")} == fires


def test_no_site_is_read_from_a_coding_without_a_system():
    """0.3, body site."""
    weak = observation("sct|26544005", True, 1)
    weak["bodySite"] = {"coding": [{"code": "61685007"}], "text": "leg"}
    lumbar = condition("icd|M54.16", 60)
    assert status("RF-NEURO-MOTOR", PAIN, lumbar, weak) is MET


def test_a_coding_without_a_system_is_no_code():
    named = condition("sct|202664003", 9)
    named["code"]["coding"].insert(0, {"code": "M54.16"})
    assert status("RF-MYELO-DX", named) is MET
