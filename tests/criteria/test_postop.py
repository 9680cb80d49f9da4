"""RF-POSTOP and POSTOP-*: new symptoms and open questions after surgery of the neck."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, UNKNOWN, ago, condition, procedure, recommend

FUSION = "sct|81099000"
ASKED = "region or date of prior surgery"
PAIN = condition(NECK_PAIN, 5)


def fusion(on=900, code=FUSION, **members):
    return procedure(code, on=on, **members)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        pytest.param(fusion(6), MET, id="pain began the day after"),
        pytest.param(fusion(5), UNKNOWN, id="pain began on the day of surgery"),
        pytest.param(fusion(4), UNKNOWN, id="pain is older than the surgery"),
        pytest.param(fusion(None), UNKNOWN, id="nobody wrote down when"),
        pytest.param(fusion(-30), UNKNOWN, id="completed in the future: the date is wrong"),
        pytest.param(
            fusion(None) | {"performedDateTime": "10/03/2023"}, UNKNOWN, id="a date nobody can read"
        ),
        pytest.param(
            fusion(None) | {"performedPeriod": {"start": ago(9), "end": ago(6)}},
            MET,
            id="a stay that ended before the pain began",
        ),
        pytest.param(
            fusion(None) | {"performedPeriod": {"start": ago(9), "end": ago(4)}},
            UNKNOWN,
            id="a stay that ended after the pain began",
        ),
        pytest.param(
            fusion(None) | {"performedPeriod": {"start": ago(9)}}, MET, id="only the start is known"
        ),
        pytest.param(fusion(status="in-progress"), NOT_MET, id="not completed"),
        pytest.param(fusion(status="not-done"), NOT_MET, id="not done"),
        pytest.param(fusion(status="entered-in-error"), NOT_MET, id="entered in error"),
        pytest.param(fusion(code="sct|80146002"), NOT_MET, id="appendicectomy"),
    ],
)
def test_new_symptoms_after_surgery(operation, expected):
    """RF-POSTOP."""
    found = recommend(PAIN, operation)
    assert found.findings["RF-POSTOP"].status is expected
    assert (
        found.outcome == {MET: "MRI_URGENT", UNKNOWN: "INSUFFICIENT", NOT_MET: "NOT_YET"}[expected]
    )
    assert (ASKED in found.possible) is (expected is UNKNOWN)
