"""Questionnaire answers: which responses and items are read, and what they may say."""

import pytest
from chart import MET, NECK_PAIN, answers, condition, status

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
