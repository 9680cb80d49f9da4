"""EXT-TRAUMA-CTPOS, EXT-OBTUNDED, EXT-TRAUMA-TENDER: what a CT after an injury leaves open."""

import pytest
from chart import MET, NOT_MET, UNKNOWN, condition, recommend, status
from injuries import FRACTURE, LIGAMENT, NORMAL, WEAK_LIMB, coma_score, ct, injury, tender


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((injury(3), ct(2, FRACTURE)), MET, id="fracture on CT"),
        pytest.param(
            (injury(3), ct(2, FRACTURE, status="preliminary")), MET, id="preliminary report"
        ),
        pytest.param((injury(3), ct(2), condition(FRACTURE, 2)), MET, id="diagnosed on that day"),
        pytest.param(
            (injury(3), ct(2), condition(FRACTURE, 3, recorded=1)), MET, id="recorded after the CT"
        ),
        pytest.param(
            (injury(3), ct(2), condition(FRACTURE, 3)), UNKNOWN, id="diagnosed before the CT"
        ),
        pytest.param(
            (injury(3), ct(2), condition(FRACTURE, 2, verification="provisional")),
            UNKNOWN,
            id="suspected",
        ),
        pytest.param((injury(3), ct(2), condition(FRACTURE)), UNKNOWN, id="fracture without date"),
        pytest.param((injury(3), ct(2)), UNKNOWN, id="the result is free text"),
        pytest.param((injury(3), ct(2, NORMAL)), NOT_MET, id="normal CT"),
        pytest.param((injury(3), ct(2, LIGAMENT)), NOT_MET, id="instability is TRAUMA-LIG"),
        pytest.param((injury(3, FRACTURE),), NOT_MET, id="fracture coded, CT not done"),
        pytest.param((injury(30), ct(29, FRACTURE)), MET, id="injured 30 days ago"),
        pytest.param((injury(31), ct(30, FRACTURE)), NOT_MET, id="injured 31 days ago"),
    ],
)
def test_fracture_on_ct(chart, expected):
    """EXT-TRAUMA-CTPOS."""
    assert status("EXT-TRAUMA-CTPOS", *chart) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((ct(3, NORMAL), coma_score(14)), MET, id="score 14"),
        pytest.param((ct(3, NORMAL), coma_score(15)), NOT_MET, id="score 15"),
        pytest.param((ct(3, NORMAL), coma_score(14, 3)), MET, id="on the day of the injury"),
        pytest.param((ct(3, NORMAL), coma_score(14, 4)), UNKNOWN, id="before the injury"),
        pytest.param((ct(3, NORMAL), coma_score(9, 2), coma_score(15)), NOT_MET, id="awake again"),
        pytest.param((ct(3, NORMAL), coma_score(14), coma_score(15)), MET, id="two on one day"),
        pytest.param((ct(3, NORMAL), coma_score(2)), UNKNOWN, id="an impossible score"),
        pytest.param((ct(3, NORMAL),), UNKNOWN, id="no score"),
        pytest.param((ct(3), coma_score(14)), NOT_MET, id="the result is free text"),
        pytest.param((coma_score(14),), NOT_MET, id="no CT"),
    ],
)
def test_obtunded_with_a_negative_ct(chart, expected):
    """EXT-OBTUNDED."""
    assert status("EXT-OBTUNDED", injury(3), *chart) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((injury(3), ct(3, NORMAL), tender(1)), MET, id="still tender"),
        pytest.param((injury(3), ct(3, NORMAL)), NOT_MET, id="not tender"),
        pytest.param((injury(3), ct(3), tender(1)), NOT_MET, id="the result is free text"),
        pytest.param((injury(31), ct(31, NORMAL), tender(1)), NOT_MET, id="injured 31 days ago"),
        pytest.param(
            (injury(3), ct(3, NORMAL), tender(1), condition(WEAK_LIMB, 2)),
            NOT_MET,
            id="with a deficit TRAUMA-NEG-CT answers",
        ),
    ],
)
def test_tender_after_a_negative_ct(chart, expected):
    """EXT-TRAUMA-TENDER."""
    assert status("EXT-TRAUMA-TENDER", *chart) is expected


@pytest.mark.parametrize(
    ("switch", "statement", "chart", "on", "off"),
    [
        pytest.param(
            "ext.ctpos",
            "EXT-TRAUMA-CTPOS",
            (ct(3, FRACTURE),),
            ("MRI_URGENT", "P6"),
            ("INSUFFICIENT", "P12"),
            id="fracture on CT; without the row the open result is asked",
        ),
        pytest.param(
            "ext.obtunded",
            "EXT-OBTUNDED",
            (ct(3, NORMAL), coma_score(13)),
            ("MRI_MAY", "P10"),
            ("INSUFFICIENT", "P12"),
            id="obtunded",
        ),
        pytest.param(
            "ext.traumatender",
            "EXT-TRAUMA-TENDER",
            (ct(3, NORMAL), tender()),
            ("MRI_MAY", "P10"),
            ("MRI_URGENT", "P6"),
            id="tender; without the row vertebral tenderness is a red flag",
        ),
    ],
)
def test_each_row_has_its_switch(switch, statement, chart, on, off):
    found = recommend(injury(3), *chart)
    assert (found.outcome, found.step) == on
    assert statement in found.fired
    found = recommend(injury(3), *chart, options={switch: False})
    assert (found.outcome, found.step) == off
    assert found.findings[statement].status is NOT_MET
