"""RF-MYELO-BB and EXT-CAUDA: bladder and bowel, new or long known, cervical or lumbar."""

import pytest
from chart import MET, NECK_PAIN, UNKNOWN, condition, status

PAIN = condition(NECK_PAIN, 10)
RETENTION = "sct|267064002"


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        pytest.param(
            condition(RETENTION, 4000, clinical="resolved"),
            MET,
            id="an episode that ended years ago",
        ),
        pytest.param(condition(RETENTION, 4000), UNKNOWN, id="there for years and still there"),
        pytest.param(condition(RETENTION, 365), MET, id="there for exactly a year"),
        pytest.param(condition(RETENTION, 366), UNKNOWN, id="there for more than a year"),
        pytest.param(condition("icd|R15.9", 4000), MET, id="another dysfunction is long known"),
    ],
)
def test_new_retention_beside_an_earlier_one(earlier, expected):
    """RF-MYELO-BB."""
    assert status("RF-MYELO-BB", PAIN, condition(RETENTION, 3), earlier) is expected
