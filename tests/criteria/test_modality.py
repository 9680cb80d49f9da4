"""SUP-*, CT-OSSIFIED, PITFALL-*: why MRI, when CT, and what to keep in mind."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    condition,
    observation,
    order,
    procedure,
    quantity,
    recommend,
    report,
    status,
)

PAIN = condition(NECK_PAIN, 100)
ACUTE = condition(NECK_PAIN, 9)
ARM_PAIN = condition("icd|M54.12", 100)
NUMB = condition("sct|309521004", 100)
MYELOPATHY = condition("sct|202664003", 100)
DISC = condition("sct|240215009", 100)
FEVER = observation("loinc|8310-5", quantity("39.0", "Cel"), 1)
TREATED = procedure("sct|91251008", start=42, status="in-progress")
PARTLY = procedure("sct|91251008", start=30, status="in-progress")
INJURED = condition("icd|S19.9XXA", 2)
CORD_INJURY = condition("icd|S14.109A", 2)
LIGAMENT = condition("icd|M53.2X2", 2)
CT_NORMAL = report("cpt|72125", 2, "sct|17621005")
TINGLING = condition("sct|309086004", 2)


@pytest.mark.parametrize(
    ("chart", "outcome"),
    [
        pytest.param((MYELOPATHY, FEVER), "MRI_EMERGENT", id="emergency"),
        pytest.param((PAIN, FEVER), "MRI_URGENT", id="urgent"),
        pytest.param((PAIN, TREATED), "MRI_ROUTINE", id="routine"),
        pytest.param((PAIN, PARTLY), "MRI_MAY", id="may be appropriate"),
    ],
)
def test_every_mri_outcome_says_why_mri(chart, outcome):
    """SUP-GENERAL, PITFALL-CORRELATE."""
    found = recommend(*chart)
    assert found.outcome == outcome
    assert {"SUP-GENERAL", "PITFALL-CORRELATE"} <= set(found.advisory)


@pytest.mark.parametrize(
    "chart",
    [
        pytest.param((ACUTE,), id="not yet"),
        pytest.param((PAIN, INJURED), id="CT first"),
        pytest.param((PAIN,), id="insufficient"),
        pytest.param((condition("icd|M54.16", 9),), id="no criteria"),
    ],
)
def test_no_other_outcome_does(chart):
    found = recommend(*chart)
    assert not found.outcome.startswith("MRI_")
    named = [s for s in found.advisory if s.startswith("SUP-") or s == "PITFALL-CORRELATE"]
    assert named == []
    assert status("SUP-GENERAL", *chart) is NOT_MET
    assert status("PITFALL-CORRELATE", *chart) is NOT_MET


def test_a_duplicate_keeps_what_its_rating_rests_on():
    found = recommend(PAIN, NUMB, report("cpt|72141", 20))
    assert found.outcome == "DUPLICATE"
    assert {"SUP-GENERAL", "SUP-ROOT"} <= set(found.advisory)


@pytest.mark.parametrize(
    ("statement", "chart", "expected"),
    [
        pytest.param("SUP-ROOT", (ARM_PAIN,), MET, id="radicular pain"),
        pytest.param("SUP-ROOT", (PAIN, NUMB), MET, id="numb arm"),
        pytest.param("SUP-ROOT", (PAIN, FEVER), NOT_MET, id="fever is no root sign"),
        pytest.param(
            "SUP-ROOT", (ARM_PAIN, INJURED), NOT_MET, id="radicular pain, CT is the first study"
        ),
        pytest.param("SUP-CORD", (MYELOPATHY,), MET, id="myelopathy"),
        pytest.param("SUP-CORD", (PAIN, observation("hand-clumsiness")), MET, id="clumsy hands"),
        pytest.param("SUP-CORD", (CORD_INJURY,), MET, id="cord injury"),
        pytest.param("SUP-CORD", (PAIN, NUMB), NOT_MET, id="a numb arm is no cord sign"),
        pytest.param("SUP-DISC", (PAIN, DISC, TREATED), MET, id="disc herniation"),
        pytest.param("SUP-DISC", (ARM_PAIN,), MET, id="radicular pain, perhaps a disc"),
        pytest.param("SUP-DISC", (PAIN, TREATED), NOT_MET, id="neck pain alone"),
        pytest.param("SUP-DISC", (ACUTE, DISC), NOT_MET, id="disc herniation, not yet"),
        pytest.param("SUP-LIG", (INJURED, LIGAMENT, CT_NORMAL), MET, id="ligament suspected"),
        pytest.param("SUP-LIG", (INJURED, TINGLING, CT_NORMAL), MET, id="tingling after normal CT"),
        pytest.param("SUP-LIG", (PAIN, FEVER), NOT_MET, id="no injury"),
        pytest.param("SUP-LIG", (INJURED, LIGAMENT), NOT_MET, id="ligament suspected, no CT yet"),
    ],
)
def test_why_mri_for_this_patient(statement, chart, expected):
    assert status(statement, *chart) is expected


OSSIFIED = condition("icd|M48.8X2", 200)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((OSSIFIED,), MET, id="ossified ligament"),
        pytest.param((condition("sct|202747007", 200),), MET, id="calcified disc"),
        pytest.param(
            (condition("sct|90448008", 200, verification="provisional"),), MET, id="suspected"
        ),
        pytest.param((observation("opll"),), MET, id="observed"),
        pytest.param((observation("opll", True, 900),), MET, id="observed long ago: it stays"),
        pytest.param((condition("opll", 9),), MET, id="a local code as condition"),
        pytest.param((OSSIFIED, ARM_PAIN), NOT_MET, id="radicular pain explains the order"),
        pytest.param((OSSIFIED, DISC), NOT_MET, id="a disc explains the order"),
        pytest.param((OSSIFIED, condition("icd|M48.02", 90)), NOT_MET, id="stenosis does"),
        pytest.param((OSSIFIED, MYELOPATHY), NOT_MET, id="myelopathy does"),
        pytest.param((OSSIFIED, INJURED), NOT_MET, id="an injury does"),
        pytest.param(
            (OSSIFIED, condition("icd|M54.12", 900, clinical="resolved")),
            MET,
            id="radicular pain that is over does not",
        ),
        pytest.param(
            (condition("icd|M48.8X2", 200, clinical="resolved"),), NOT_MET, id="not current"
        ),
        pytest.param((condition("icd|M48.8X1", 200),), NOT_MET, id="another region"),
        pytest.param((observation("opll", False),), NOT_MET, id="denied"),
        pytest.param((), NOT_MET, id="nothing recorded"),
    ],
)
def test_ossification_is_the_question(chart, expected):
    """CT-OSSIFIED."""
    assert status("CT-OSSIFIED", PAIN, *chart) is expected


def test_the_order_may_ask_for_it():
    draft = order("cpt|72141", "icd|M48.8X2")
    assert status("CT-OSSIFIED", PAIN, draft=draft) is MET
    assert status("CT-OSSIFIED", PAIN, ARM_PAIN, OSSIFIED, draft=draft) is MET
    assert recommend(PAIN, draft=draft).outcome == "CT_FIRST"


@pytest.mark.parametrize(
    ("chart", "outcome"),
    [
        pytest.param((), "CT_FIRST", id="nothing else answers"),
        pytest.param((PARTLY,), "CT_FIRST", id="before the band of treatment"),
        pytest.param((TREATED,), "MRI_ROUTINE", id="after a full course of treatment"),
        pytest.param((FEVER,), "MRI_URGENT", id="after a red flag"),
    ],
)
def test_where_ossification_stands(chart, outcome):
    found = recommend(PAIN, OSSIFIED, *chart)
    assert found.outcome == outcome
    assert ("CT-OSSIFIED" in found.fired) is (outcome == "CT_FIRST")
    assert ("CT-OSSIFIED" in found.advisory) is (outcome != "CT_FIRST")


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((INJURED, LIGAMENT, CT_NORMAL), MET, id="ligament suspected"),
        pytest.param((INJURED, TINGLING, CT_NORMAL), MET, id="tingling after a normal CT"),
        pytest.param(
            (INJURED, observation("vertebral-tenderness"), CT_NORMAL), MET, id="still tender"
        ),
        pytest.param(
            (INJURED, CT_NORMAL, observation("loinc|9269-2", quantity(13, "{score}"), 1)),
            MET,
            id="drowsy after a normal CT",
        ),
        pytest.param((INJURED, CT_NORMAL), NOT_MET, id="a normal CT and nothing else"),
        pytest.param((FEVER,), NOT_MET, id="no injury"),
    ],
)
def test_soft_tissue_is_called_too_often(chart, expected):
    """PITFALL-FALSEPOS."""
    assert status("PITFALL-FALSEPOS", PAIN, *chart) is expected


@pytest.mark.parametrize(
    ("chart", "outcome", "expected"),
    [
        pytest.param((ACUTE,), "NOT_YET", MET, id="not yet"),
        pytest.param((PAIN, PARTLY), "MRI_MAY", MET, id="may be appropriate"),
        pytest.param((PAIN, TREATED), "MRI_ROUTINE", MET, id="routine"),
        pytest.param((PAIN, FEVER), "MRI_URGENT", NOT_MET, id="urgent"),
        pytest.param((PAIN,), "INSUFFICIENT", NOT_MET, id="insufficient"),
        pytest.param(
            (PAIN, TREATED, condition("icd|S19.9XXA", 30), report("cpt|72125", 20, "sct|17621005")),
            "MRI_ROUTINE",
            NOT_MET,
            id="an injury 30 days ago",
        ),
        pytest.param(
            (PAIN, TREATED, condition("icd|S19.9XXA", 31)), "MRI_ROUTINE", MET, id="31 days ago"
        ),
    ],
)
def test_degeneration_without_symptoms(chart, outcome, expected):
    """PITFALL-ASYMPT-65."""
    assert recommend(*chart).outcome == outcome
    assert status("PITFALL-ASYMPT-65", *chart) is expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((ACUTE,), MET, id="deferred as acute"),
        pytest.param((PAIN, observation("conservative-therapy-none")), NOT_MET, id="as untreated"),
        pytest.param((ACUTE, FEVER), NOT_MET, id="not deferred"),
    ],
)
def test_premature_imaging(chart, expected):
    """PITFALL-PREMATURE."""
    assert status("PITFALL-PREMATURE", *chart) is expected
