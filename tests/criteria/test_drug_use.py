"""RF-INFECT-IVDU: injecting drug use, its route, its date, its denial."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    answers,
    condition,
    observation,
    status,
)

PAIN = condition(NECK_PAIN, 10)
INJECTS, NEVER, OPIOIDS = "sct|226034001", "sct|413096007", "icd|F11.20"
ROUTE = "route of drug use"


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), UNKNOWN, id="nobody asked"),
        pytest.param((condition(INJECTS, 4000),), MET, id="current"),
        pytest.param((condition(INJECTS, 4000, clinical="remission"),), MET, id="in remission"),
        pytest.param((condition(INJECTS, clinical="inactive"),), MET, id="inactive, no date"),
        pytest.param(
            (condition(INJECTS, verification="refuted", recorded=9),), NOT_MET, id="refuted"
        ),
        pytest.param((condition(INJECTS, 9, verification="provisional"),), UNKNOWN, id="suspected"),
        pytest.param((condition("iv-drug-use", 4000),), MET, id="local code on a Condition"),
        pytest.param((observation("iv-drug-use", True, 4000),), MET, id="said yes years ago"),
        pytest.param((observation("sct|228388006", True, 4000),), MET, id="coded yes years ago"),
        pytest.param((answers(20, iv_drug_use=True),), MET, id="answered yes"),
        pytest.param((observation("iv-drug-use", False, 20),), NOT_MET, id="said no"),
        pytest.param((condition(NEVER, 20),), NOT_MET, id="never injected"),
        pytest.param((condition(OPIOIDS, 20),), UNKNOWN, id="opioids, route not stated"),
        pytest.param(
            (observation("iv-drug-use", True, 400), answers(2, iv_drug_use=False)),
            MET,
            id="an answer does not take away what was recorded",
        ),
    ],
)
def test_injecting_drug_use(chart, expected):
    """RF-INFECT-IVDU."""
    assert status("RF-INFECT-IVDU", PAIN, *chart) is expected
