"""RF-POSTOP and POSTOP-*: new symptoms and open questions after surgery of the neck."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    ago,
    condition,
    observation,
    order,
    procedure,
    recommend,
    status,
)
from site_codes import SITE, evaluator_with

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
        pytest.param(fusion(code="sct|50172003"), NOT_MET, id="lumbar fusion"),
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


@pytest.mark.parametrize(
    ("history", "draft"),
    [
        pytest.param((condition("icd|Z98.1", 900),), None, id="arthrodesis status, no region"),
        pytest.param((condition("icd|M96.1", 900, clinical="resolved"),), None, id="resolved"),
        pytest.param(
            (condition("icd|M96.1", 900, verification="provisional"),), None, id="suspected"
        ),
        pytest.param((), order("cpt|72141", "icd|M96.1"), id="only the order says so"),
        pytest.param((fusion(code="sct|55705006"),), None, id="fusion of some part of the spine"),
        pytest.param(
            (fusion(code="sct|55705006", site="sct|53120007"),), None, id="a site that is no neck"
        ),
    ],
)
def test_surgery_that_may_have_been_cervical_is_asked(history, draft):
    found = recommend(PAIN, *history, draft=draft)
    assert found.findings["RF-POSTOP"].status is UNKNOWN
    assert (found.outcome, found.possible) == ("INSUFFICIENT", (ASKED,))


def test_a_condition_behind_the_order_is_shown_once():
    history = condition("icd|M96.1", 900)
    reason = {"reference": f"Condition/{history['id']}"}
    found = recommend(PAIN, history, draft=order(reasonReference=[reason]))
    assert len(found.findings["RF-POSTOP"].evidence) == 1


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param({}, MET, id="documented"),
        pytest.param({"clinical": "resolved"}, MET, id="resolved: history counts"),
        pytest.param({"verification": "provisional"}, UNKNOWN, id="suspected: asked"),
    ],
)
def test_a_history_code_of_the_site_stands_for_the_surgery(tmp_path, members, expected):
    """VS-CSURG-HX is empty as shipped: no code has a confirmed meaning yet."""
    service = evaluator_with(tmp_path, VS_CSURG_HX="neck-surgery")
    history = condition(f"{SITE}|neck-surgery", 900, **members)
    assert status("RF-POSTOP", PAIN, history, service=service) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((condition("icd|M54.12", 300),), UNKNOWN, id="older than the surgery"),
        pytest.param(
            (condition("icd|M54.12", 300), observation("symptom-worsening", True, 99)),
            MET,
            id="older, and worse the day after it",
        ),
        pytest.param(
            (condition("icd|M54.12", 300, clinical="recurrence", recorded=20),),
            MET,
            id="older, and recurred since",
        ),
        pytest.param(
            (condition("icd|M54.12", None, recorded=20),), UNKNOWN, id="recorded since, no onset"
        ),
        pytest.param((condition("icd|M54.16", 20),), UNKNOWN, id="new, but lumbar"),
        pytest.param((), UNKNOWN, id="no symptom at all"),
    ],
)
def test_new_or_worse_since_the_surgery(chart, expected):
    """RF-POSTOP."""
    worsening_counts = {"exam.lookbackDays": 180}
    found = recommend(fusion(100), *chart, options=worsening_counts)
    assert found.findings["RF-POSTOP"].status is expected


def test_surgery_dated_by_the_year_ends_with_the_year():
    """Pain since November 2025 may be older than surgery "2025"; surgery "2024" is not."""
    pain = condition(NECK_PAIN, "2025-11-05")
    operation = fusion(None) | {"performedDateTime": "2025"}
    assert status("RF-POSTOP", pain, operation) is UNKNOWN
    assert status("RF-POSTOP", pain, operation | {"performedDateTime": "2024"}) is MET


def test_unread_procedures_leave_the_question_open():
    assert status("RF-POSTOP", PAIN, unread=["procedures"]) is UNKNOWN
    assert status("RF-POSTOP", PAIN) is NOT_MET


@pytest.mark.parametrize("code", ["sct|55705006", "sct|387731002", "sct|359586003"])
def test_surgery_of_the_spine_counts_where_its_site_is_the_neck(code):
    assert status("RF-POSTOP", PAIN, fusion(code=code, site="sct|45048000")) is MET
    assert status("RF-POSTOP", PAIN, fusion(code=code)) is UNKNOWN


BROKEN, LOOSE = "icd|T84.216A", "icd|T84.226A"


@pytest.mark.parametrize(
    ("chart", "draft", "expected"),
    [
        pytest.param((condition(LOOSE, 5),), None, MET, id="displaced fixation"),
        pytest.param(
            (condition(BROKEN, 5, verification="provisional"),), None, MET, id="suspected"
        ),
        pytest.param((), order("cpt|72141", LOOSE), MET, id="the order asks"),
        pytest.param((condition(LOOSE, 5, clinical="resolved"),), None, NOT_MET, id="resolved"),
        pytest.param(
            (observation("fusion-status-question", True, 30),), None, MET, id="asked 30 days ago"
        ),
        pytest.param(
            (observation("fusion-status-question", True, 31),), None, NOT_MET, id="31 days ago"
        ),
        pytest.param(
            (observation("fusion-status-question", False, 1),), None, NOT_MET, id="not in question"
        ),
        pytest.param(
            (condition("fusion-status-question", 1),), None, MET, id="on the problem list"
        ),
        pytest.param((condition("icd|M96.0", 5),), None, NOT_MET, id="pseudarthrosis, no surgery"),
        pytest.param(
            (condition("icd|M96.0", 5), fusion(4)), None, MET, id="pseudarthrosis after surgery"
        ),
        pytest.param((condition("icd|T84.63XA", 5),), None, NOT_MET, id="infected hardware"),
        pytest.param((), None, NOT_MET, id="nothing in question"),
    ],
)
def test_fusion_or_hardware_in_question(chart, draft, expected):
    """POSTOP-HARDWARE-CT."""
    assert status("POSTOP-HARDWARE-CT", PAIN, *chart, draft=draft) is expected


def test_without_a_cervical_problem_hardware_is_no_question_of_ours():
    assert status("POSTOP-HARDWARE-CT", condition(LOOSE, 5)) is NOT_MET


@pytest.mark.parametrize(
    ("chart", "outcome", "keep", "fired", "advisory"),
    [
        pytest.param(
            (fusion(6),),
            ("MRI_URGENT", "P6"),
            False,
            {"RF-POSTOP", "POSTOP-MRI-NEXT"},
            {"POSTOP-MRI-TARGETS", "POSTOP-HARDWARE-CT"},
            id="new symptoms after fusion: MRI next, CT beside it",
        ),
        pytest.param(
            (fusion(6, "sct|445429009"),),
            ("MRI_URGENT", "P6"),
            False,
            {"RF-POSTOP", "POSTOP-MRI-NEXT"},
            {"POSTOP-MRI-TARGETS"},
            id="new symptoms after laminectomy: nothing is fused",
        ),
        pytest.param(
            (fusion(6), condition(LOOSE, 5)),
            ("CT_FIRST", "P6"),
            True,
            {"RF-POSTOP", "POSTOP-HARDWARE-CT"},
            set(),
            id="hardware is the only other question: CT first, the MRI stays",
        ),
        pytest.param(
            (fusion(6), condition(LOOSE, 5), condition("sct|309521004", 3)),
            ("MRI_URGENT", "P6"),
            False,
            {"RF-POSTOP", "RF-NEURO-SENS", "POSTOP-MRI-NEXT"},
            {"POSTOP-MRI-TARGETS", "POSTOP-HARDWARE-CT"},
            id="hardware and numbness: MRI, with CT beside it",
        ),
        pytest.param(
            (fusion(5), condition(LOOSE, 5)),
            ("CT_FIRST", "P7"),
            False,
            {"POSTOP-HARDWARE-CT"},
            set(),
            id="hardware without new symptoms: CT instead",
        ),
        pytest.param(
            (condition(LOOSE, 5), condition("icd|C61", 900)),
            ("MRI_URGENT", "P6"),
            False,
            {"RF-SYS-MALIG"},
            {"POSTOP-HARDWARE-CT"},
            id="hardware and cancer: MRI",
        ),
    ],
)
def test_mri_or_ct_after_surgery(chart, outcome, keep, fired, advisory):
    found = recommend(PAIN, *chart)
    assert (found.outcome, found.step) == outcome
    assert found.keep_mri is keep
    assert set(found.fired) == fired
    assert {s for s in found.advisory if s.startswith("POSTOP-")} == advisory
    assert found.suggest_ct is (found.outcome == "CT_FIRST")
    assert found.suggest_delete is (found.outcome == "CT_FIRST" and not keep)
