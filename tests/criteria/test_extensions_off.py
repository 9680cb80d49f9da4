"""EXT-RADICULAR, and the extensions that are off until somebody switches them on."""

import chart
import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    condition,
    observation,
    procedure,
    quantity,
    recommend,
    status,
)
from site_codes import SITE, evaluator_with

PAIN = condition(NECK_PAIN, 100)
ARM_PAIN = condition("icd|M54.12", 20)
FEVER = observation("loinc|8310-5", quantity("39.0", "Cel"), 1)


def therapy(days):
    return procedure("sct|91251008", start=days, status="in-progress")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param((ARM_PAIN,), MET, id="radicular pain of 20 days"),
        pytest.param((condition("icd|M54.12", 400),), MET, id="radicular pain of any duration"),
        pytest.param(
            (condition("icd|M54.12", 20, verification="provisional"),), MET, id="suspected"
        ),
        pytest.param((condition("icd|M53.1", 20),), MET, id="cervicobrachial syndrome"),
        pytest.param((ARM_PAIN, FEVER), NOT_MET, id="a red flag answers"),
        pytest.param((condition("icd|M54.12", 60), therapy(42)), NOT_MET, id="42 days treated"),
        pytest.param((condition("icd|M54.12", 60), therapy(41)), MET, id="41 days treated"),
        pytest.param((PAIN, condition("icd|M54.12", 900, clinical="resolved")), NOT_MET, id="over"),
        pytest.param((condition("icd|M54.16", 20),), NOT_MET, id="lumbar"),
        pytest.param((PAIN,), NOT_MET, id="neck pain only"),
    ],
)
def test_radicular_symptoms_without_a_red_flag(facts, expected):
    """EXT-RADICULAR."""
    assert status("EXT-RADICULAR", *facts) is expected


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        pytest.param({}, "MRI_MAY", id="by default"),
        pytest.param({"radicular.outcome": "MRI_ROUTINE"}, "MRI_ROUTINE", id="set to routine"),
        pytest.param({"ext.radicular": "false"}, "NOT_YET", id="switched off: acute"),
    ],
)
def test_what_radicular_symptoms_lead_to(options, outcome):
    """radicular.outcome, ext.radicular."""
    assert recommend(ARM_PAIN, options=options).outcome == outcome


def test_radicular_symptoms_ask_for_the_treatment():
    assert recommend(ARM_PAIN).missing == ("conservative therapy",)
    assert recommend(ARM_PAIN, therapy(10)).missing == ()


IMMUNE = "icd|B20"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    return evaluator_with(folder, VS_WEIGHTLOSS="thin", VS_DISH="dish", VS_MIMIC="carpal")


@pytest.fixture
def own_codes(own, monkeypatch):
    """A site that gives codes to the sets we ship empty."""
    monkeypatch.setattr(chart, "evaluator", lambda: own)


@pytest.mark.usefixtures("own_codes")
@pytest.mark.parametrize(
    ("statement", "key", "code"),
    [
        pytest.param("EXT-IMMUNO", "ext.immuno", IMMUNE, id="HIV"),
        pytest.param("EXT-WEIGHTLOSS", "ext.weightloss", f"{SITE}|thin", id="weight loss"),
        pytest.param("EXT-DISH", "ext.dish", f"{SITE}|dish", id="hyperostosis"),
    ],
)
def test_a_red_flag_that_is_off(statement, key, code):
    fact, on = condition(code, 400), {key: "true"}
    assert status(statement, PAIN, fact) is NOT_MET
    assert recommend(PAIN, fact).outcome == "INSUFFICIENT"
    assert status(statement, PAIN, fact, options=on) is MET
    found = recommend(PAIN, fact, options=on)
    assert found.outcome == "MRI_URGENT"
    assert statement in found.fired
    assert status(statement, PAIN, options=on) is UNKNOWN
    assert status(statement, condition("icd|M54.16", 9), fact, options=on) is NOT_MET
    over = condition(code, 400, clinical="resolved")
    assert status(statement, PAIN, over, options=on) is UNKNOWN
    suspected = condition(code, 400, verification="provisional")
    assert status(statement, PAIN, suspected, options=on) is UNKNOWN


NUMB = condition("sct|309521004", 20)
CARPAL = f"{SITE}|carpal"


@pytest.mark.usefixtures("own_codes")
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param((NUMB, condition(CARPAL, 60)), MET, id="carpal tunnel before the numbness"),
        pytest.param((NUMB, condition(CARPAL, 20)), NOT_MET, id="on the same day"),
        pytest.param((NUMB, condition(CARPAL, 5)), NOT_MET, id="after it"),
        pytest.param((NUMB, condition(CARPAL)), NOT_MET, id="undated"),
        pytest.param(
            (condition("sct|309521004"), condition(CARPAL, 60)), NOT_MET, id="numb since?"
        ),
        pytest.param((NUMB,), NOT_MET, id="no other explanation"),
        pytest.param((NUMB, condition(CARPAL, 60), FEVER), NOT_MET, id="another red flag"),
        pytest.param((condition(CARPAL, 60),), NOT_MET, id="no numbness"),
    ],
)
def test_numbness_that_is_explained_elsewhere(facts, expected):
    """EXT-NEURO-MIMIC (ext.mimic)."""
    assert status("EXT-NEURO-MIMIC", PAIN, *facts, options={"ext.mimic": "true"}) is expected
    assert status("EXT-NEURO-MIMIC", PAIN, *facts) is NOT_MET


@pytest.mark.usefixtures("own_codes")
def test_an_explained_numbness_is_less_urgent():
    facts = (PAIN, NUMB, condition(CARPAL, 60))
    assert recommend(*facts).outcome == "MRI_URGENT"
    assert recommend(*facts, options={"ext.mimic": "true"}).outcome == "MRI_MAY"
