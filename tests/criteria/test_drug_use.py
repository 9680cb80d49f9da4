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
    order,
    recommend,
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


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(condition(INJECTS, 4000), MET, id="current use, recorded long ago"),
        pytest.param(condition(INJECTS, 365, clinical="inactive"), MET, id="past use, 365 days"),
        pytest.param(
            condition(INJECTS, 366, clinical="inactive"), UNKNOWN, id="past use, 366 days"
        ),
        pytest.param(observation("iv-drug-use", True, 366), UNKNOWN, id="said 366 days ago"),
    ],
)
def test_a_look_back_of_a_year(entry, expected):
    """ivdu.lookback."""
    options = {"ivdu.lookback": 365}
    assert status("RF-INFECT-IVDU", PAIN, entry, options=options) is expected


@pytest.mark.parametrize(
    ("chart", "asked"),
    [
        pytest.param((condition(OPIOIDS, 20),), True, id="opioids, route not stated"),
        pytest.param((condition(OPIOIDS, 20), condition(NEVER, 20)), False, id="never injected"),
        pytest.param(
            (condition(OPIOIDS, 20), answers(2, iv_drug_use=False)), False, id="answered no"
        ),
        pytest.param((condition(OPIOIDS, 20), condition(INJECTS)), False, id="route known"),
    ],
)
def test_the_route_is_asked_before_the_scan_is_refused(chart, asked):
    """RF-INFECT-IVDU, HOLD."""
    found = recommend(PAIN, *chart)
    assert (ROUTE in found.possible) is asked
    assert (found.outcome == "INSUFFICIENT") is asked


@pytest.mark.parametrize(
    "draft",
    [
        pytest.param(order("cpt|72141", INJECTS), id="as a reason of the order"),
        pytest.param(None, id="as a suspected Condition"),
    ],
)
def test_injecting_that_nobody_confirmed_is_asked(draft):
    chart = () if draft else (condition(INJECTS, 9, verification="unconfirmed"),)
    found = recommend(PAIN, *chart, draft=draft)
    assert found.outcome == "INSUFFICIENT"
    assert found.possible == ("is it confirmed: Injecting drug user",)


def test_opioids_count_where_the_site_says_so():
    """ivdu.acceptDxWithoutRoute, also for the emergency pattern E2."""
    options = {"ivdu.acceptDxWithoutRoute": True}
    found = recommend(PAIN, condition(OPIOIDS, 20), options=options)
    assert found.fired == ("RF-INFECT-IVDU",)
    found = recommend(PAIN, condition(OPIOIDS, 20), condition("sct|394616008", 20), options=options)
    assert found.findings["EXT-EMERG"].tags == ("E2",)
