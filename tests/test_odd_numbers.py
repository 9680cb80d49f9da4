"""Numbers JSON allows and no chart means: of any length, with any exponent."""

import json
from decimal import Decimal

import pytest
from calls import call
from chart import NECK_PAIN, answers, condition, observation, recommend, request
from hypothesis import given
from hypothesis import strategies as st
from samples import CLIENT, NOW, evaluator

from cds_service.cdshooks.request import decode
from cds_service.errors import BadRequest
from cds_service.fhir.resources import Quantity

ODD = ("1e999999", "-1E+1000000000", "1e-1000000000", "9" * 5000, f"0.{'1' * 5000}")
CODES = {
    "loinc|1988-5": "mg/dL",
    "loinc|8310-5": "[degF]",
    "loinc|72514-3": "mm",
    "motor-strength": "1",
    "reflex-exam": "1",
    "conservative-therapy-weeks": "wk",
}


PAIN = condition(NECK_PAIN, 10)


def outcome(body: str) -> str:
    (advice,) = evaluator().advise(decode(body.encode()), NOW, CLIENT)
    found: str = advice.recommendation.outcome
    return found


@pytest.mark.parametrize("number", ODD)
@pytest.mark.parametrize(("code", "unit"), CODES.items())
def test_such_a_result_says_nothing(number, code, unit):
    """Neither a red flag nor a normal result, and an answer at all."""
    odd = observation(code, {"value": 1, "unit": unit, "code": unit}, 1)
    body = json.dumps(request(PAIN, odd)).replace('"value": 1,', f'"value": {number},')
    assert number in body
    found = outcome(body)
    assert found == recommend(PAIN).outcome


@pytest.mark.parametrize("number", ODD)
def test_such_an_answer_says_nothing(number):
    body = json.dumps(request(PAIN, answers(1, motor_strength={"value": 3})))
    body = body.replace('"valueQuantity": {"value": 3}', f'"valueDecimal": {number}')
    assert number in body
    assert outcome(body) == recommend(PAIN).outcome


@pytest.mark.parametrize("number", ["1e999999", "1e99999999999999999999", "-1e401"])
def test_an_order_that_holds_one_is_refused(number):
    body = json.dumps(call()).replace('"status": "draft"', f'"status": "draft", "x": {number}', 1)
    with pytest.raises(BadRequest, match="out of range"):
        decode(body.encode())


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_a_number_is_one_that_can_be_worked_with(value):
    number = Quantity(value=value).number
    if value.is_zero():
        assert number == 0
    assert number is None or (number.is_finite() and abs(number) < Decimal(10) ** 13)
