"""Overlay cards: which, how urgent, in what order, how many; they never change the outcome."""

import pytest
from chart import (
    NECK_PAIN,
    answers,
    concept,
    condition,
    observation,
    order,
    quantity,
    recommend,
    resource,
)

PAIN = condition(NECK_PAIN, 100)
PACEMAKER = condition("icd|Z95.0", 900)
COCHLEAR = condition("icd|Z96.21", 900)
STIMULATOR = condition("icd|Z96.82", 900)
ORBIT = condition("icd|H05.51", 900)
CAUDA = condition("icd|G83.4", 1)
KIDNEYS = condition("icd|N18.5", 900)
PREGNANT = condition("icd|Z33.1", 60)
REACTION = condition("sct|292097002", 900)
FEVER = observation("loinc|8310-5", quantity("39.0", "Cel"), 1)
CANCER = condition("icd|C61", 400)
BOTH, WITH = order("cpt|72156"), order("cpt|72142")


def cards(*facts, draft=None, **rest):
    found = recommend(PAIN, *facts, draft=draft, **rest)
    return [(o.id.removeprefix("EXT-"), o.indicator) for o in found.overlays]


@pytest.mark.parametrize(
    ("facts", "draft", "expected"),
    [
        pytest.param((), None, [], id="nothing to say"),
        pytest.param(
            (STIMULATOR, PACEMAKER),
            None,
            [("MRS-CIED", "critical"), ("MRS-OTHER", "warning")],
            id="critical before warning",
        ),
        pytest.param(
            (FEVER, STIMULATOR),
            None,
            [("MRS-OTHER", "warning"), ("CONTRAST-INFECT", "info")],
            id="warning before info",
        ),
        pytest.param(
            (PACEMAKER, CAUDA),
            None,
            [("CAUDA", "critical"), ("MRS-CIED", "critical")],
            id="cauda equina before every implant",
        ),
        pytest.param(
            (ORBIT, COCHLEAR, PACEMAKER),
            None,
            [("MRS-CIED", "critical"), ("MRS-COCHLEAR", "critical"), ("MRS-ORBIT", "critical")],
            id="implants in a fixed order",
        ),
        pytest.param(
            (CANCER, FEVER),
            None,
            [("CONTRAST-INFECT", "info"), ("CONTRAST-MALIG", "info")],
            id="infection before cancer",
        ),
        pytest.param(
            (STIMULATOR, KIDNEYS),
            WITH,
            [("CONTRAST-NONE", "warning"), ("MRS-OTHER", "warning"), ("GAD-EGFR", "warning")],
            id="contrast, implants, kidneys",
        ),
        pytest.param(
            (KIDNEYS,),
            BOTH,
            [("GAD-EGFR", "warning"), ("CONTRAST-NONE", "info")],
            id="contrast without an indication is an information",
        ),
    ],
)
def test_order_of_the_cards(facts, draft, expected):
    assert cards(*facts, draft=draft) == expected


MANY = (PACEMAKER, COCHLEAR, STIMULATOR, PREGNANT, REACTION, CANCER)


def test_three_cards_and_the_rest_as_lines():
    """cards.maxOverlays."""
    found = recommend(PAIN, *MANY, draft=BOTH)
    assert [o.id for o in found.overlays] == ["EXT-MRS-CIED", "EXT-MRS-COCHLEAR", "EXT-MRS-OTHER"]
    assert {"EXT-GAD-PREG", "EXT-GAD-ALLERGY"} <= set(found.advisory)


@pytest.mark.parametrize("most", [0, 1, 5, 9])
def test_how_many_cards_is_a_setting(most):
    """cards.maxOverlays."""
    found = recommend(PAIN, *MANY, draft=BOTH, options={"cards.maxOverlays": most})
    rest = [s for s in found.advisory if s.startswith(("EXT-MRS", "EXT-GAD"))]
    assert (len(found.overlays), len(rest)) == (min(most, 5), max(5 - most, 0))


def test_a_line_is_named_once():
    found = recommend(PAIN, *MANY, FEVER, draft=order())
    assert len(found.advisory) == len(set(found.advisory))


@pytest.mark.parametrize(
    "chart",
    [
        pytest.param((condition(NECK_PAIN, 9),), id="not yet"),
        pytest.param((PAIN,), id="insufficient"),
        pytest.param((PAIN, FEVER), id="urgent"),
        pytest.param((condition("icd|S19.9XXA", 1),), id="CT first"),
        pytest.param((condition("icd|M54.16", 9),), id="no criteria"),
    ],
)
def test_cards_never_change_the_outcome(chart):
    plain = recommend(*chart)
    warned = recommend(*chart, PACEMAKER, ORBIT, PREGNANT, REACTION, KIDNEYS)
    assert (warned.outcome, warned.rating, warned.fired) == (
        plain.outcome,
        plain.rating,
        plain.fired,
    )
    assert [o.id for o in warned.overlays] == ["EXT-MRS-CIED", "EXT-MRS-ORBIT"]


@pytest.mark.parametrize(
    ("fact", "where"),
    [
        pytest.param(condition("icd|G83.4", 1), "card", id="cauda equina coded"),
        pytest.param(observation("saddle-anesthesia"), "card", id="saddle anaesthesia"),
        pytest.param(answers(saddle_anesthesia=True), "card", id="saddle anaesthesia answered"),
        pytest.param(observation("saddle-anesthesia", False), None, id="denied"),
    ],
)
def test_cauda_equina_beside_neck_pain(fact, where):
    found = recommend(PAIN, fact)
    assert ("EXT-CAUDA" in [o.id for o in found.overlays]) is (where == "card")
    assert "EXT-CAUDA" not in found.fired
    off = recommend(PAIN, fact, options={"ext.region": "false"})
    assert not off.overlays


def test_the_evidence_goes_with_the_card():
    device = resource("Device", status="active", type=concept("sct|14106009"), id="d1")
    (card,) = recommend(PAIN, device).overlays
    assert [e.reference for e in card.evidence] == ["Device/d1"]
