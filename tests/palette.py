"""Resources a chart may hold, orders and clients: what random requests are drawn from (Hypothesis)."""

from __future__ import annotations

from typing import Any

from chart import (
    NECK_PAIN,
    ago,
    answers,
    concept,
    condition,
    observation,
    order,
    procedure,
    quantity,
    report,
    request,
    resource,
)
from hypothesis import strategies as st
from samples import Json

from cds_service.client import make_client
from cds_service.facts.record.prefetch import KEYS

PALETTE: dict[str, Json] = {
    "neck pain for twelve days": condition(NECK_PAIN, 12),
    "neck pain for a year": condition(NECK_PAIN, 365),
    "radiculopathy": condition("sct|54404000", 30),
    "weak limb": condition("sct|713514005", 4),
    "numb limb": condition("sct|44077006", 20),
    "unsteady gait": condition("sct|394616008", 3),
    "myelopathy": condition("sct|202664003", 10),
    "urinary retention": condition("sct|267064002", 2),
    "fever": condition("sct|386661006", 1),
    "injecting drugs": condition("sct|226034001", 200),
    "discitis": condition("sct|203241002", 5),
    "cancer": condition("sct|363346000", 400),
    "ankylosing spondylitis": condition("sct|9631008", 4000),
    "fracture today": condition("sct|125606003", 0),
    "neck injury last week": condition("sct|90460009", 6),
    "suspected cancer": condition("sct|363346000", 3, verification="provisional"),
    "cauda equina": condition("sct|192970008", 1),
    "lumbar radiculopathy": condition("sct|128196005", 60),
    "ossified ligament": condition("sct|90448008", 900),
    "pacemaker": condition("sct|441509002", 700),
    "cochlear implant": condition("sct|449840001", 700),
    "metal in the eye": condition("sct|3426005", 9000),
    "shunt": condition("sct|699006006", 800),
    "pregnant": condition("sct|77386006", 50),
    "gadolinium reaction": resource(
        "AllergyIntolerance",
        code=concept("sct|292097002"),
        clinicalStatus={"coding": [{"code": "active"}]},
    ),
    "another patient": condition("sct|202664003", 2, subject={"reference": "Patient/other"}),
    "no subject": condition("sct|202664003", 2, subject=None),
    "undated": condition("sct|91019004"),
    "from the future": condition("sct|386661006", -3),
    "temperature": observation("loinc|8310-5", quantity(38.6, "Cel"), 1),
    "CRP": observation("loinc|1988-5", quantity(42, "mg/L"), 2),
    "eGFR": observation("loinc|62238-1", quantity(21, "mL/min/{1.73_m2}"), 9),
    "severe pain": observation("loinc|72514-3", quantity(9, "{score}"), 0),
    "pregnancy test": observation("loinc|2106-3", "sct|10828004", 4),
    "normal examination": observation("neuro-exam-normal", True, 1),
    "weak on examination": observation("motor-strength", 3, 1),
    "clumsy hand": observation("hand-clumsiness", True, 1),
    "tender spine": observation("vertebral-tenderness", True, 1),
    "worse, without a date": observation("symptom-worsening", True, None),
    "answers": answers(1, conservative_therapy_weeks=7, intractable_pain=True),
    "screened for injury": answers(
        0, nexus_midline_tenderness=False, nexus_intoxication=False, nexus_focal_deficit=True
    ),
    "no treatment yet": answers(2, conservative_therapy_none=True),
    "physiotherapy": procedure("sct|91251008", start=45, status="in-progress"),
    "fusion": procedure("cpt|22551", on=800),
    "aneurysm clip": procedure("sct|230898002", on=2000),
    "CT of the neck": report("cpt|72125", 3),
    "MRI last month": report("cpt|72141", 30),
    "MRI ordered already": resource(
        "ServiceRequest",
        status="active",
        intent="order",
        code=concept("cpt|72141"),
        authoredOn=ago(8),
        priority="routine",
    ),
    "ibuprofen": resource(
        "MedicationRequest",
        status="active",
        intent="order",
        medicationCodeableConcept=concept("rx|5640"),
        authoredOn=ago(50),
    ),
}
STUDIES = ("cpt|72141", "cpt|72142", "cpt|72156", "loinc|24935-9", "cpt|72148", "cpt|99213")
MRI = {"72141", "72142", "72156", "24935-9"}
REASONS = ("sct|81680005", "sct|54404000", "sct|202664003", "sct|90460009", "icd|M54.2", "sct|1")
CLIENTS = {
    "development": make_client("development", {}, dev=True),
    "production": make_client("production", {}, dev=False),
    "production with ratings": make_client(
        "rated",
        {"pama.systemActions": True, "pama.gCode": "G1", "cards.explanation": False},
        dev=False,
    ),
    "no ratings at all": make_client("unrated", {"ext.pama": False}, dev=True),
}


@st.composite
def drafts(draw: st.DrawFn) -> Json:
    members: dict[str, Any] = {
        "priority": draw(st.sampled_from([None, "routine", "urgent", "stat"])),
        "requester": draw(st.sampled_from([None, {"reference": "Practitioner/dr"}])),
        "note": draw(st.sampled_from([None, [{"text": "Please, *soon* <b>"}]])),
        "meta": draw(st.sampled_from([None, {"versionId": "7"}])),
    }
    reasons = draw(st.lists(st.sampled_from(REASONS), max_size=2, unique=True))
    return order(draw(st.sampled_from(STUDIES)), *reasons, **members)


@st.composite
def calls(draw: st.DrawFn) -> Json:
    """A chart with few or many findings, so that every outcome comes up."""
    pain = draw(st.sampled_from(["neck pain for twelve days", "neck pain for a year", None]))
    most = draw(st.sampled_from([0, 1, 3, 9]))
    others = draw(st.lists(st.sampled_from(list(PALETTE)), max_size=most, unique=True))
    names = dict.fromkeys([*([pain] if pain else []), *others])
    return request(
        *(PALETTE[name] for name in names),
        draft=draw(st.lists(drafts(), min_size=1, max_size=3)),
        born=draw(st.sampled_from(["1950-04-01", "1985-04-01", "2014-04-01", "1985", None])),
        sex=draw(st.sampled_from(["female", "male", None])),
        unread=draw(st.sets(st.sampled_from(KEYS[2:]), max_size=3)),
        encounter=draw(st.sampled_from([None, "enc"])),
        hook=draw(st.sampled_from(["order-select", "order-sign"])),
    )
