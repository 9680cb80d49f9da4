"""P0 to P12: every step is reached, and of two that match the earlier one decides (criteria, 2.2)."""

import pytest
from chart import (
    NECK_PAIN,
    condition,
    observation,
    order,
    procedure,
    quantity,
    recommend,
    recommend_all,
    report,
)
from injuries import CORD_INJURY, MRI, NORMAL, WEAK_LIMB, coma_score, ct, injury, nexus, tender
from site_codes import SITE, evaluator_with

from cds_service.criteria.decision.steps import EARLY

STEPS = [f"P{number}" for number in range(13)]
CAUDA = condition("sct|192970008", 3)
LUMBAR = condition("icd|M54.16", 40)
PAIN = condition(NECK_PAIN, 5)
OLD_PAIN = condition(NECK_PAIN, 100)
RADICULOPATHY = condition("icd|M54.12", 90)
WEAK = condition(WEAK_LIMB, 20)
MYELOPATHY = condition("sct|202664003", 3)
CANCER = condition("icd|C61", 900)
ANKYLOSED = condition("icd|M45.9", 900)
FEVER = condition("icd|R50.9", 2)
FUSION = procedure("sct|81099000", on=6)
LOOSE = condition("icd|T84.226A", 100)
OSSIFIED = condition("icd|M48.8X2", 100)
STUDY = report(MRI, 1)
NORMAL_EXAM = observation("neuro-exam-normal", True, 1)
UNTREATED = observation("conservative-therapy-none", True, 1)


def therapy(days):
    return procedure("sct|91251008", start=days, status="in-progress")


def severe_pain():
    return observation("loinc|72514-3", quantity(9, "{score}"), 1)


REACHED = [
    pytest.param((LUMBAR,), "P1", "NO_CRITERIA", id="P1: lumbar, nothing cervical"),
    pytest.param((CAUDA,), "P1", "NO_CRITERIA", id="P1: cauda equina, nothing cervical"),
    pytest.param((), "P1", "INSUFFICIENT", id="P1: nothing at all"),
    pytest.param((injury(0, CORD_INJURY),), "P2", "MRI_EMERGENT", id="P2: cord injury"),
    pytest.param((injury(0),), "P3", "CT_FIRST", id="P3: injured today"),
    pytest.param((injury(0), nexus()), "P3", "NOT_YET", id="P3: injured today, low risk"),
    pytest.param((MYELOPATHY,), "P4", "MRI_EMERGENT", id="P4: new myelopathy"),
    pytest.param((RADICULOPATHY, STUDY), "P5", "DUPLICATE", id="P5: studied, nothing new"),
    pytest.param((RADICULOPATHY, WEAK), "P6", "MRI_URGENT", id="P6: weakness"),
    pytest.param((PAIN, FUSION, LOOSE), "P6", "CT_FIRST", id="P6: hardware after surgery"),
    pytest.param((OLD_PAIN, LOOSE), "P7", "CT_FIRST", id="P7: hardware in question"),
    pytest.param((OLD_PAIN, therapy(42)), "P8", "MRI_ROUTINE", id="P8: six weeks of therapy"),
    pytest.param((OLD_PAIN, OSSIFIED), "P9", "CT_FIRST", id="P9: ossification"),
    pytest.param((OLD_PAIN, therapy(28)), "P10", "MRI_MAY", id="P10: four weeks of therapy"),
    pytest.param((RADICULOPATHY,), "P10", "MRI_MAY", id="P10: radiculopathy"),
    pytest.param((injury(3), ct(3, NORMAL), coma_score(9)), "P10", "MRI_MAY", id="P10: obtunded"),
    pytest.param((injury(3), ct(3, NORMAL), tender()), "P10", "MRI_MAY", id="P10: tender after CT"),
    pytest.param((PAIN,), "P11", "NOT_YET", id="P11: neck pain of five days"),
    pytest.param((OLD_PAIN, NORMAL_EXAM), "P11", "NOT_YET", id="P11: normal examination"),
    pytest.param((OLD_PAIN, UNTREATED), "P11", "NOT_YET", id="P11: mechanical and untreated"),
    pytest.param(
        (PAIN, LUMBAR, condition("icd|Z98.1", 900)), "P11", "INSUFFICIENT", id="P11: HOLD"
    ),
    pytest.param((OLD_PAIN,), "P12", "INSUFFICIENT", id="P12: nobody knows about treatment"),
]


@pytest.mark.parametrize(("chart", "step", "outcome"), REACHED)
def test_every_step_is_reached(chart, step, outcome):
    found = recommend(*chart)
    assert (found.step, found.outcome) == (step, outcome)
    assert [s.id for s in found.steps] == STEPS[: STEPS.index(step) + 1]
    assert [s.decided for s in found.steps] == [False] * (len(found.steps) - 1) + [True]


@pytest.mark.parametrize(
    "draft",
    [
        pytest.param(order("cpt|72148"), id="lumbar MRI"),
        pytest.param(order("cpt|72125"), id="cervical CT"),
        pytest.param(order("cpt|72141", doNotPerform=True), id="not to be performed"),
        pytest.param(order("loinc|43457-1"), id="cervical and thoracic spine"),
    ],
)
def test_p0_other_orders_get_no_answer(draft):
    assert recommend_all(RADICULOPATHY, draft=draft) == []


def test_p0_several_regions_where_configured():
    """scope.multiRegion."""
    options = {"scope.multiRegion": True}
    found = recommend(RADICULOPATHY, draft=order("loinc|43457-1"), options=options)
    assert found.outcome == "MRI_MAY"


@pytest.mark.parametrize(
    ("chart", "step", "outcome"),
    [
        pytest.param((CAUDA, PAIN), "P11", "NOT_YET", id="P1: neck pain is cervical"),
        pytest.param((injury(0, CORD_INJURY), WEAK), "P2", "MRI_EMERGENT", id="P2 before P3: weak"),
        pytest.param(
            (injury(0, CORD_INJURY), nexus()), "P2", "MRI_EMERGENT", id="P2 before P3: low risk"
        ),
        pytest.param((injury(0, CORD_INJURY), STUDY), "P2", "MRI_EMERGENT", id="P2 before P5"),
        pytest.param((injury(0), MYELOPATHY), "P3", "CT_FIRST", id="P3 before P4"),
        pytest.param((injury(1), report(MRI, 0)), "P3", "CT_FIRST", id="P3 before P5"),
        pytest.param((injury(0), CANCER), "P3", "CT_FIRST", id="P3 before P6"),
        pytest.param((injury(0), LOOSE), "P3", "CT_FIRST", id="P3 before P7"),
        pytest.param((injury(0), OLD_PAIN, therapy(50)), "P3", "CT_FIRST", id="P3 before P8"),
        pytest.param((injury(0), RADICULOPATHY), "P3", "CT_FIRST", id="P3 before P10"),
        pytest.param(
            (injury(0), nexus(), OLD_PAIN, therapy(50)), "P3", "NOT_YET", id="P3 low risk before P8"
        ),
        pytest.param((injury(0), nexus(), FEVER), "P6", "MRI_URGENT", id="low risk, fever: P6"),
        pytest.param(
            (injury(0), nexus(), FEVER, report(MRI, 0)), "P5", "DUPLICATE", id="low risk, fever: P5"
        ),
        pytest.param((injury(3), ct(3, NORMAL), MYELOPATHY), "P4", "MRI_EMERGENT", id="P3 with CT"),
        pytest.param((MYELOPATHY, STUDY), "P4", "MRI_EMERGENT", id="P4 before P5"),
        pytest.param((MYELOPATHY, FUSION, LOOSE), "P4", "MRI_EMERGENT", id="P4 before P6 and P7"),
        pytest.param((RADICULOPATHY, WEAK, STUDY), "P5", "DUPLICATE", id="P5 before P6"),
        pytest.param((OLD_PAIN, LOOSE, STUDY), "P5", "DUPLICATE", id="P5 before P7"),
        pytest.param((OLD_PAIN, therapy(50), STUDY), "P5", "DUPLICATE", id="P5 before P8"),
        pytest.param((OLD_PAIN, OSSIFIED, STUDY), "P5", "DUPLICATE", id="P5 before P9"),
        pytest.param((PAIN, STUDY), "P5", "DUPLICATE", id="P5 before P11"),
        pytest.param((OLD_PAIN, WEAK, LOOSE), "P6", "MRI_URGENT", id="P6 before P7"),
        pytest.param((OLD_PAIN, WEAK, therapy(50)), "P6", "MRI_URGENT", id="P6 before P8"),
        pytest.param((OLD_PAIN, WEAK, OSSIFIED), "P6", "MRI_URGENT", id="P6 before P9"),
        pytest.param((PAIN, CANCER, NORMAL_EXAM), "P6", "MRI_URGENT", id="P6 before P11"),
        pytest.param((OLD_PAIN, LOOSE, therapy(50)), "P7", "CT_FIRST", id="P7 before P8"),
        pytest.param((OLD_PAIN, LOOSE, OSSIFIED), "P7", "CT_FIRST", id="P7 before P9"),
        pytest.param((RADICULOPATHY, LOOSE), "P7", "CT_FIRST", id="P7 before P10"),
        pytest.param((PAIN, LOOSE), "P7", "CT_FIRST", id="P7 before P11"),
        pytest.param((OLD_PAIN, OSSIFIED, therapy(50)), "P8", "MRI_ROUTINE", id="P8 before P9"),
        pytest.param((RADICULOPATHY, therapy(50)), "P8", "MRI_ROUTINE", id="P8 before P10"),
        pytest.param((OLD_PAIN, OSSIFIED, therapy(30)), "P9", "CT_FIRST", id="P9 before P10"),
        pytest.param((PAIN, OSSIFIED, NORMAL_EXAM), "P9", "CT_FIRST", id="P9 before P11"),
        pytest.param((condition("icd|M54.12", 5),), "P10", "MRI_MAY", id="P10 before P11"),
    ],
)
def test_the_earlier_step_decides(chart, step, outcome):
    found = recommend(*chart)
    assert (found.step, found.outcome) == (step, outcome)


@pytest.mark.parametrize(
    ("chart", "keep", "indicator", "rating"),
    [
        pytest.param((), False, "warning", "not-appropriate", id="nothing else"),
        pytest.param((tender(),), False, "warning", "not-appropriate", id="tender: routed to CT"),
        pytest.param((WEAK,), True, "critical", "appropriate", id="weakness"),
        pytest.param((MYELOPATHY,), True, "critical", "appropriate", id="myelopathy"),
        pytest.param((ANKYLOSED,), True, "warning", "appropriate", id="ankylosing spondylitis"),
        pytest.param((CANCER,), True, "warning", "appropriate", id="cancer"),
        pytest.param((FEVER,), True, "warning", "appropriate", id="fever"),
    ],
)
def test_p3_a_red_flag_keeps_the_mri(chart, keep, indicator, rating):
    found = recommend(injury(0), *chart)
    assert (found.outcome, found.keep_mri, found.suggest_ct) == ("CT_FIRST", keep, True)
    assert (found.indicator, found.rating, found.suggest_delete) == (indicator, rating, not keep)


@pytest.mark.parametrize(
    ("chart", "outcome", "rating"),
    [
        pytest.param((), ("NO_CRITERIA", "P3"), "no-criteria-apply", id="injured, nothing else"),
        pytest.param((WEAK,), ("MRI_URGENT", "P6"), "appropriate", id="weak"),
        pytest.param((MYELOPATHY,), ("MRI_EMERGENT", "P4"), "appropriate", id="myelopathy"),
        pytest.param((tender(),), ("MRI_URGENT", "P6"), "appropriate", id="tender"),
        pytest.param((ct(0, NORMAL),), ("INSUFFICIENT", "P12"), None, id="CT done"),
    ],
)
def test_p3_a_child(chart, outcome, rating):
    found = recommend(injury(0), *chart, born="2012-01-01")
    assert (found.outcome, found.step) == outcome
    assert found.rating == rating
    assert "TRAUMA-CT-INITIAL" not in (*found.fired, *found.advisory)


@pytest.mark.parametrize(
    ("options", "chart", "step", "outcome"),
    [
        pytest.param(
            {"ext.region": False}, (LUMBAR,), "P1", "INSUFFICIENT", id="P1 without ext.region"
        ),
        pytest.param(
            {"ext.emergent": False}, (MYELOPATHY,), "P6", "MRI_URGENT", id="P4 without ext.emergent"
        ),
        pytest.param(
            {"urgency.mode": "article"}, (MYELOPATHY,), "P6", "MRI_URGENT", id="P4 as the article"
        ),
        pytest.param(
            {"ext.duplicate": False}, (PAIN, STUDY), "P11", "NOT_YET", id="P5 without ext.duplicate"
        ),
        pytest.param(
            {"urgency.intractable": "routine"},
            (OLD_PAIN, therapy(30), severe_pain()),
            "P6",
            "MRI_ROUTINE",
            id="P6: intractable pain as routine",
        ),
        pytest.param(
            {"urgency.intractable": "routine"},
            (OLD_PAIN, therapy(30), severe_pain(), WEAK),
            "P6",
            "MRI_URGENT",
            id="P6: intractable pain as routine, and weakness",
        ),
        pytest.param(
            {}, (OLD_PAIN, therapy(30), severe_pain()), "P6", "MRI_URGENT", id="P6: intractable pain"
        ),
        pytest.param(
            {"cons.mode": "single"}, (OLD_PAIN, therapy(41)), "P12", "INSUFFICIENT", id="P10 no band"
        ),
        pytest.param(
            {"ext.radicular": False}, (condition("icd|M54.12", 5),), "P11", "NOT_YET",
            id="P10 without ext.radicular",
        ),
        pytest.param(
            {"radicular.outcome": "MRI_ROUTINE"}, (RADICULOPATHY,), "P10", "MRI_ROUTINE",
            id="P10: radiculopathy as routine",
        ),
        pytest.param(
            {"ext.immuno": True}, (PAIN, condition("icd|B20", 900)), "P6", "MRI_URGENT",
            id="P6: immunosuppression where switched on",
        ),
        pytest.param({}, (PAIN, condition("icd|B20", 900)), "P11", "NOT_YET", id="P6: by default not"),
        pytest.param(
            {"redflag.missing": "undetermined"}, (PAIN,), "P11", "INSUFFICIENT",
            id="P11: unknown red flags are asked",
        ),
    ],
)  # fmt: skip
def test_settings_move_a_decision(options, chart, step, outcome):
    found = recommend(*chart, options=options)
    assert (found.step, found.outcome) == (step, outcome)


@pytest.mark.parametrize(
    ("entrapped", "outcome"),
    [
        pytest.param(100, "MRI_MAY", id="carpal tunnel before the numbness"),
        pytest.param(20, "MRI_URGENT", id="carpal tunnel after the numbness"),
    ],
)
def test_p6_numbness_with_an_earlier_explanation(tmp_path, entrapped, outcome):
    """EXT-NEURO-MIMIC, with the value set of a site."""
    found = recommend(
        OLD_PAIN,
        condition("sct|309521004", 50),
        condition(f"{SITE}|carpal-tunnel", entrapped),
        options={"ext.mimic": True},
        service=evaluator_with(tmp_path, VS_MIMIC="carpal-tunnel"),
    )
    assert (found.step, found.outcome) == ("P6", outcome)


@pytest.mark.parametrize(
    ("chart", "outcomes", "underlying"),
    [
        pytest.param((PAIN,), ["NOT_YET", "DUPLICATE"], "NOT_YET", id="neck pain"),
        pytest.param((OLD_PAIN, WEAK), ["MRI_URGENT", "DUPLICATE"], "MRI_URGENT", id="weakness"),
        pytest.param((OLD_PAIN,), ["INSUFFICIENT", "DUPLICATE"], "INSUFFICIENT", id="not rated"),
        pytest.param((), ["INSUFFICIENT", "DUPLICATE"], "INSUFFICIENT", id="nothing cervical"),
        pytest.param((MYELOPATHY,), ["MRI_EMERGENT", "DUPLICATE"], "MRI_EMERGENT", id="emergency"),
        pytest.param((injury(0),), ["CT_FIRST", "DUPLICATE"], "CT_FIRST", id="acute injury"),
    ],
)
def test_a_second_selected_draft(chart, outcomes, underlying):
    """The first is rated on its own; a later one is a duplicate, whatever its step would be."""
    first, second = recommend_all(*chart, draft=[order(), order("cpt|72156")])
    assert [first.outcome, second.outcome] == outcomes
    assert (second.underlying, second.rating) == (underlying, first.rating)
    assert second.prior is not None
    assert second.prior_kind == "draft"
    assert second.prior.display == "Cervical spine MRI, no contrast"
    assert (second.suggested_priority, second.raise_pending_priority) == (None, None)
    assert "EXT-DUP-PENDING" in second.fired


def test_a_draft_after_another_study_is_no_duplicate_of_it():
    (only,) = recommend_all(PAIN, draft=[order("cpt|72148"), order()])
    assert only.outcome == "NOT_YET"


def test_what_comes_before_the_steps_is_what_the_table_says():
    """An emergency (P4) of the first order is a duplicate at P5 of the second."""
    first, second = recommend_all(MYELOPATHY, draft=[order(), order()])
    assert first.step == "P4"
    assert (second.step, second.outcome) == (EARLY.step, EARLY.outcome)
    assert [step.id for step in second.steps] == ["P0", EARLY.step]
    off = recommend_all(MYELOPATHY, draft=[order(), order()], options={EARLY.switch: False})
    assert [found.step for found in off] == ["P4", "P4"]


def test_a_second_draft_where_duplicates_are_switched_off():
    both = recommend_all(PAIN, draft=[order(), order()], options={"ext.duplicate": False})
    assert [found.outcome for found in both] == ["NOT_YET", "NOT_YET"]


def test_a_second_draft_is_a_duplicate_even_where_change_cannot_be_known():
    _, second = recommend_all(PAIN, WEAK, draft=[order(), order()], unread=["procedures"])
    assert second.outcome == "DUPLICATE"
