"""EXT-MRS-*: implants and metal, and what their labelling makes of them."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    answers,
    concept,
    condition,
    finding,
    observation,
    order,
    procedure,
    recommend,
    resource,
    status,
)

PAIN = condition(NECK_PAIN, 100)
PACEMAKER, COCHLEAR, SHUNT = "sct|14106009", "sct|43252007", "sct|699006006"
CLIPPING = "sct|230898002"
CONDITIONAL, UNSAFE, SAFE = "MR Conditional", "MR Unsafe", "MR Safe"


def device(code=PACEMAKER, *labels, state="active", **more):
    safety = [{"text": label} for label in labels] or None
    return resource("Device", **({"status": state, "type": concept(code), "safety": safety} | more))


def overlays(*facts, **rest):
    return {o.id: o.indicator for o in recommend(PAIN, *facts, **rest).overlays}


@pytest.mark.parametrize(
    ("statement", "facts"),
    [
        pytest.param("EXT-MRS-CIED", device(), id="pacemaker as a device"),
        pytest.param("EXT-MRS-CIED", device(state=None), id="a device of no status"),
        pytest.param("EXT-MRS-CIED", device(state="unknown"), id="a device of unknown status"),
        pytest.param("EXT-MRS-CIED", condition("icd|Z95.0", 900), id="pacemaker as a status"),
        pytest.param("EXT-MRS-CIED", condition("icd|Z95.810", 900), id="defibrillator"),
        pytest.param("EXT-MRS-CIED", condition("sct|441769002", 900), id="the same in SNOMED CT"),
        pytest.param("EXT-MRS-CIED", observation("sct|441509002"), id="pacemaker observed"),
        pytest.param(
            "EXT-MRS-CIED", condition("icd|Z95.0", verification="provisional"), id="suspected"
        ),
        pytest.param("EXT-MRS-CLIP", procedure(CLIPPING, on=4000), id="aneurysm clipped"),
        pytest.param("EXT-MRS-CLIP", procedure(CLIPPING), id="clipped, undated"),
        pytest.param("EXT-MRS-CLIP", procedure(CLIPPING, start=9, id=None), id="clipped, a period"),
        pytest.param("EXT-MRS-COCHLEAR", device(COCHLEAR), id="cochlear implant as a device"),
        pytest.param("EXT-MRS-COCHLEAR", condition("icd|Z96.21", 900), id="as a status"),
        pytest.param("EXT-MRS-COCHLEAR", procedure("sct|359612003", on=900), id="as an operation"),
        pytest.param("EXT-MRS-OTHER", device(SHUNT), id="shunt"),
        pytest.param("EXT-MRS-OTHER", condition("icd|Z96.82", 900), id="neurostimulator"),
        pytest.param("EXT-MRS-OTHER", condition("icd|Z96.41", 900), id="insulin pump"),
        pytest.param("EXT-MRS-OTHER", condition("icd|Z18.11", 900), id="retained magnetic metal"),
        pytest.param("EXT-MRS-ORBIT", condition("icd|H05.51", 900), id="metal in the orbit"),
        pytest.param("EXT-MRS-ORBIT", condition("icd|H44.601", 900), id="magnetic, in the eye"),
        pytest.param("EXT-MRS-ORBIT", observation("orbital-metal", True, 900), id="observed"),
        pytest.param("EXT-MRS-ORBIT", answers(900, orbital_metal=True), id="answered"),
        pytest.param(
            "EXT-MRS-ORBIT", condition("orbital-metal", 9), id="a local code as condition"
        ),
    ],
)
def test_an_implant_is_found(statement, facts):
    assert status(statement, PAIN, facts) is MET
    assert status(statement, PAIN, facts, options={"ext.mrsafety": "false"}) is NOT_MET


@pytest.mark.parametrize(
    ("statement", "facts"),
    [
        pytest.param("EXT-MRS-CIED", device(state="inactive"), id="an inactive device"),
        pytest.param("EXT-MRS-CIED", device(state="entered-in-error"), id="a device in error"),
        pytest.param("EXT-MRS-CIED", device(type=None), id="a device of no type"),
        pytest.param("EXT-MRS-CIED", device("sct|1"), id="an unknown device"),
        pytest.param("EXT-MRS-CIED", device(COCHLEAR), id="another device"),
        pytest.param(
            "EXT-MRS-CIED", condition("icd|Z95.0", 900, clinical="resolved"), id="taken out"
        ),
        pytest.param(
            "EXT-MRS-CIED", condition("icd|Z95.0", verification="refuted"), id="refuted status"
        ),
        pytest.param(
            "EXT-MRS-CLIP", procedure(CLIPPING, on=9, status="not-done"), id="a clip not placed"
        ),
        pytest.param("EXT-MRS-ORBIT", condition("icd|H44.701", 900), id="not magnetic"),
        pytest.param("EXT-MRS-ORBIT", condition("icd|Z18.11", 900), id="metal, no eye named"),
        pytest.param("EXT-MRS-ORBIT", answers(3, orbital_metal=False), id="asked and denied"),
        pytest.param("EXT-MRS-COCHLEAR", PAIN, id="nothing recorded, cochlear"),
        pytest.param("EXT-MRS-OTHER", PAIN, id="nothing recorded, other"),
    ],
)
def test_no_implant(statement, facts):
    assert status(statement, PAIN, facts) is NOT_MET


@pytest.mark.parametrize(
    ("facts", "tag"),
    [
        pytest.param((device(),), "unlabelled", id="no label"),
        pytest.param((device(PACEMAKER, CONDITIONAL),), "conditional", id="conditional"),
        pytest.param((device(PACEMAKER, UNSAFE),), "unsafe", id="unsafe"),
        pytest.param((device(PACEMAKER, SAFE),), "conditional", id="safe: still to be checked"),
        pytest.param((device(PACEMAKER, "mr-conditional"),), "conditional", id="hyphen and case"),
        pytest.param(
            (device(safety=[{"coding": [{"code": "1", "display": "MR Conditional"}]}]),),
            "conditional",
            id="as the display of a code",
        ),
        pytest.param(
            (device(safety={"coding": [{"code": "MR Unsafe"}]}),), "unsafe", id="as the code"
        ),
        pytest.param((device(PACEMAKER, "latex free"),), "unlabelled", id="about latex"),
        pytest.param(
            (device(PACEMAKER, "not MR Conditional"),), "unlabelled", id="free text is not read"
        ),
        pytest.param((device(PACEMAKER, CONDITIONAL, UNSAFE),), "unsafe", id="two labels"),
        pytest.param(
            (device(PACEMAKER, CONDITIONAL), device(PACEMAKER, UNSAFE)), "unsafe", id="two devices"
        ),
        pytest.param(
            (device(PACEMAKER, CONDITIONAL), device()), "unlabelled", id="one of two without label"
        ),
        pytest.param(
            (device(PACEMAKER, CONDITIONAL), condition("icd|Z95.0", 900)),
            "conditional",
            id="a status beside a labelled device",
        ),
        pytest.param((condition("icd|Z95.0", 900),), "unlabelled", id="a status alone"),
    ],
)
def test_the_most_cautious_label_counts(facts, tag):
    assert finding("EXT-MRS-CIED", PAIN, *facts).tags == (tag,)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(device(), {"EXT-MRS-CIED": "critical"}, id="pacemaker, no label"),
        pytest.param(device(PACEMAKER, UNSAFE), {"EXT-MRS-CIED": "critical"}, id="unsafe"),
        pytest.param(device(PACEMAKER, CONDITIONAL), {"EXT-MRS-CIED": "warning"}, id="conditional"),
        pytest.param(procedure(CLIPPING, on=9), {"EXT-MRS-CLIP": "critical"}, id="clip, no label"),
        pytest.param(device(CLIPPING, CONDITIONAL), {"EXT-MRS-CLIP": "info"}, id="clip labelled"),
        pytest.param(device(COCHLEAR), {"EXT-MRS-COCHLEAR": "critical"}, id="cochlear, no label"),
        pytest.param(
            device(COCHLEAR, CONDITIONAL), {"EXT-MRS-COCHLEAR": "warning"}, id="cochlear labelled"
        ),
        pytest.param(condition("icd|H05.51", 9), {"EXT-MRS-ORBIT": "critical"}, id="orbit"),
        pytest.param(device(SHUNT), {"EXT-MRS-OTHER": "warning"}, id="shunt, no label"),
        pytest.param(device(SHUNT, UNSAFE), {"EXT-MRS-OTHER": "warning"}, id="shunt, unsafe"),
        pytest.param(device(SHUNT, CONDITIONAL), {"EXT-MRS-OTHER": "warning"}, id="shunt labelled"),
    ],
)
def test_how_loud_the_warning_is(facts, expected):
    assert overlays(facts) == expected


def test_an_implant_warns_beside_every_outcome_and_changes_none():
    lumbar = (condition("icd|M54.16", 30), device())
    assert recommend(*lumbar).outcome == "NO_CRITERIA"
    assert [o.id for o in recommend(*lumbar).overlays] == ["EXT-MRS-CIED"]
    assert recommend(PAIN, device()).outcome == recommend(PAIN).outcome


def test_the_evidence_tells_label_and_status():
    shown = finding("EXT-MRS-CIED", PAIN, device(PACEMAKER, UNSAFE), condition("icd|Z95.0", 9))
    assert [e.note for e in shown.evidence] == ["MR unsafe", None]
    assert finding("EXT-MRS-CIED", PAIN, device(id=None)).evidence[0].reference == "Device"


ORBIT = condition("icd|H05.51", 50)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param((ORBIT, observation("orbital-metal", False, 10)), NOT_MET, id="cleared"),
        pytest.param((ORBIT, answers(10, orbital_metal=False)), MET, id="denied in answers only"),
        pytest.param((ORBIT, observation("orbital-metal", False, 50)), MET, id="the same day"),
        pytest.param((ORBIT, observation("orbital-metal", False, 60)), MET, id="cleared before"),
        pytest.param((ORBIT, observation("orbital-metal", False, None)), MET, id="undated"),
        pytest.param(
            (condition("icd|H05.51"), observation("orbital-metal", False, 10)),
            MET,
            id="undated metal is never cleared",
        ),
        pytest.param(
            (observation("orbital-metal", True, 50), observation("orbital-metal", False, 10)),
            NOT_MET,
            id="seen, then cleared",
        ),
        pytest.param(
            (answers(50, orbital_metal=True), answers(10, orbital_metal=False)),
            NOT_MET,
            id="answered yes, later no",
        ),
    ],
)
def test_clearance_of_the_orbit(facts, expected):
    assert status("EXT-MRS-ORBIT", PAIN, *facts) is expected


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        pytest.param("EXT-MRS-CIED", "icd|Z95.0", id="pacemaker"),
        pytest.param("EXT-MRS-COCHLEAR", "icd|Z96.21", id="cochlear implant"),
        pytest.param("EXT-MRS-ORBIT", "icd|H05.51", id="metal in the orbit"),
        pytest.param("EXT-MRS-OTHER", "icd|Z96.82", id="neurostimulator"),
        pytest.param("EXT-GAD-EGFR", "icd|N18.6", id="end-stage kidney disease"),
        pytest.param("EXT-GAD-PREG", "icd|Z33.1", id="pregnancy"),
        pytest.param("EXT-GAD-ALLERGY", "sct|292097002", id="reaction to contrast"),
    ],
)
def test_what_the_order_names_is_heeded(statement, reason):
    assert status(statement, PAIN, draft=order("cpt|72156", reason)) is MET
