"""Properties of the verdict on every sample order, however its chart is stirred (Hypothesis)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import (
    ALLERGY_VERIFICATION,
    NOW,
    RECENT,
    SAMPLES,
    SETTINGS,
    VERIFICATION,
    Json,
    add,
    advise,
    bundles,
    few,
    of_patient,
    resources,
    sample,
    terminology,
    usual,
    verdict,
)

from cds_service.criteria.model import Outcome, Recommendation


@pytest.mark.parametrize("name", SAMPLES)
@settings(few, max_examples=5)
@given(st.randoms(use_true_random=False))
def test_order_of_entries_does_not_matter(name, random):
    body = sample(name)
    for bundle in bundles(body).values():
        random.shuffle(bundle.get("entry", []))
    assert verdict(advise(body)) == verdict(usual(name))


@few
@given(st.sampled_from(list(SAMPLES)), st.data())
def test_identical_copies_count_once(name, data):
    body = sample(name)
    found = resources(body)
    if found:
        key, resource = data.draw(st.sampled_from(found))
        add(body, key, deepcopy(resource))
    assert verdict(advise(body)) == verdict(usual(name))


IRRELEVANT: list[tuple[str, Json]] = [
    ("conditions", {"resourceType": "Condition", "code": ("http://snomed.info/sct", "38341003")}),
    ("conditions", {"resourceType": "Condition", "code": ("http://snomed.info/sct", "195967001")}),
    ("conditions", {"resourceType": "Condition", "code": ("urn:oid:1.2.3", "X")}),
    ("conditions", {"resourceType": "FamilyMemberHistory", "status": "completed"}),
    (
        "obs-vitals",
        {
            "resourceType": "Observation",
            "status": "final",
            "code": ("http://loinc.org", "29463-7"),
            "valueQuantity": {"value": 80, "unit": "kg"},
        },
    ),
    (
        "procedures",
        {
            "resourceType": "Procedure",
            "status": "completed",
            "code": ("http://snomed.info/sct", "80146002"),
        },
    ),
    (
        "orders",
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "code": ("http://www.ama-assn.org/go/cpt", "70551"),
        },
    ),
    ("devices", {"resourceType": "Device", "type": ("http://snomed.info/sct", "6012004")}),
    ("orders", {"resourceType": "CarePlan", "status": "active", "intent": "plan"}),
]
"""High blood pressure, asthma, an unknown system, the family, weight, appendicectomy, MRI of the
head, a hearing aid, and a resource of a type nobody asked for."""


def written(resource: Json, number: int) -> Json:
    """Pairs of system and code as a CodeableConcept, and an id."""
    out: Json = {"id": f"added-{number}"} | resource
    for key, value in resource.items():
        if isinstance(value, tuple):
            out[key] = {"coding": [{"system": value[0], "code": value[1]}]}
    return out


@pytest.mark.parametrize("name", SAMPLES)
def test_irrelevant_resources_change_nothing(name):
    body = sample(name)
    for number, (key, resource) in enumerate(IRRELEVANT):
        add(body, key, of_patient(body, written(resource, number)))
    assert verdict(advise(body)) == verdict(usual(name))


def in_error(resource: Json) -> Json:
    copy = deepcopy(resource) | {"id": f"{resource.get('id')}-in-error"}
    if resource["resourceType"] in ("Condition", "AllergyIntolerance"):
        copy.pop("clinicalStatus", None)
        system = VERIFICATION if resource["resourceType"] == "Condition" else ALLERGY_VERIFICATION
        copy["verificationStatus"] = {"coding": [{"system": system, "code": "entered-in-error"}]}
    else:
        copy["status"] = "entered-in-error"
    return copy


everything = [
    (name, key, resource)
    for name in SAMPLES
    for key, resource in resources(sample(name))
    if resource["resourceType"] not in ("Medication", "OperationOutcome")
]


@pytest.mark.parametrize("name", SAMPLES)
def test_entered_in_error_changes_nothing(name):
    """Copies of all that stands in any sample, each entered in error, under this patient's name."""
    body = sample(name)
    for other, key, resource in everything:
        copy = in_error(of_patient(body, resource))
        add(body, key, copy | {"id": f"{other}-{copy['id']}"})
    assert verdict(advise(body)) == verdict(usual(name))


def test_the_same_copies_without_the_error_would_change_something():
    """So that the two tests beside this one cannot pass by leaving everything out."""
    body = sample("V01")
    for other, key, resource in everything:
        add(body, key, of_patient(body, resource) | {"id": f"{other}-{resource['id']}"})
    assert verdict(advise(body)) != verdict(usual("V01"))


@pytest.mark.parametrize("name", SAMPLES)
def test_another_patient_changes_nothing(name):
    body = sample(name)
    for other, key, resource in everything:
        if other != name:
            add(body, key, resource)
    found = advise(body)
    assert verdict(found) == verdict(usual(name))
    assert any("another patient" in note for note in found.data_notes)


FLAGS = (
    "VS-MOTOR", "VS-SENS", "VS-REFLEX", "VS-UMN", "VS-GAIT", "VS-HANDCLUMSY", "VS-BB", "VS-MYELO",
    "VS-FEVER", "VS-IVDU", "VS-SPINEINFECT", "VS-SYSTEMIC-INFECTION", "VS-MALIG", "VS-AS",
    "VS-INFLAM",
)  # fmt: skip


def level(found: Recommendation) -> int:
    """How far an answer leads to the MRI; a duplicate counts as what it would be without the rule.

    CT first with the MRI kept stands beside the urgent MRI: with an acute injury and no CT the
    deficit asks for the CT before the MRI (P3), and hardware after surgery does too (P6).
    """
    outcome = found.underlying if found.outcome is Outcome.DUPLICATE else found.outcome
    levels = {
        Outcome.MRI_EMERGENT: 5,
        Outcome.MRI_URGENT: 4,
        Outcome.MRI_ROUTINE: 3,
        Outcome.MRI_MAY: 2,
        Outcome.CT_FIRST: 4 if found.keep_mri else 1,
    }
    return levels.get(outcome, 0) if outcome else 0


def flag(system: str, code: str, **members: Any) -> Json:
    return {
        "resourceType": "Condition",
        "id": "added-flag",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"system": VERIFICATION, "code": "confirmed"}]},
        "code": {"coding": [{"system": system, "code": code}]},
        "onsetDateTime": RECENT,
        "recordedDate": RECENT,
    } | members


@pytest.mark.parametrize("name", SAMPLES)
@settings(few, max_examples=25)
@given(st.data())
def test_a_red_flag_never_leads_away_from_the_mri(name, data):
    chosen = data.draw(st.sampled_from(FLAGS))
    system, code = data.draw(st.sampled_from(sorted(terminology().codes(chosen))))
    body = sample(name)
    add(body, "conditions", of_patient(body, flag(system, code)))
    before, after = usual(name), advise(body)
    assert level(after) >= level(before)
    kept = {each for each in before.fired if each.startswith("RF-")}
    assert kept <= set(after.fired), "positives never cancel each other"
    if before.outcome is not Outcome.DUPLICATE:
        assert after.outcome is not Outcome.DUPLICATE
    if any(each.startswith("RF-") for each in after.fired):
        assert after.outcome is not Outcome.NOT_YET


EXAMINED: dict[str, Json] = {
    "motor-strength": {"valueInteger": 3},
    "motor-exam": {"valueString": "abnormal"},
    "hoffmann-sign": {"valueBoolean": True},
    "babinski-sign": {"valueBoolean": True},
    "clonus": {"valueBoolean": True},
    "hand-clumsiness": {"valueBoolean": True},
    "vertebral-tenderness": {"valueBoolean": True},
    "iv-drug-use": {"valueBoolean": True},
    "saddle-anesthesia": {"valueBoolean": True},
    "intractable-pain": {"valueBoolean": True},
    "symptom-worsening": {"valueBoolean": True},
}
"""Local codes, each with a value that speaks for a red flag."""


def examined(name: str, code: str) -> Recommendation:
    """The sample with one of these findings more."""
    finding = {
        "resourceType": "Observation",
        "id": "added-finding",
        "status": "final",
        "category": [{"coding": [{"code": "exam"}]}],
        "code": {"coding": [{"system": SETTINGS.local_code_system, "code": code}]},
        "effectiveDateTime": NOW.isoformat(),
    }
    body = sample(name)
    add(body, "obs-exam", of_patient(body, finding | EXAMINED[code]))
    return advise(body)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("code", EXAMINED)
def test_a_grave_finding_never_leads_away_from_the_mri(name, code):
    assert level(examined(name, code)) >= level(usual(name))


@pytest.mark.parametrize("code", EXAMINED)
def test_each_of_these_findings_is_read(code):
    """So that the test above is not passed by a value that says nothing."""
    read = {
        each.reference
        for name in SAMPLES
        for finding in examined(name, code).findings.values()
        for each in finding.evidence
    }
    assert "Observation/added-finding" in read


class TestExceptions:
    """Where something graver leads to another answer than the MRI at once: criteria, 2.2."""

    def test_p3_acute_trauma_without_ct_comes_first(self):
        """An emergency pattern, then an injury without CT: CT first, and the MRI is kept."""
        injury = flag("http://snomed.info/sct", "90460009", onsetDateTime=NOW.date().isoformat())
        body = sample("V03")
        add(body, "conditions", of_patient(body, injury))
        found = advise(body)
        assert (found.outcome, found.step, found.keep_mri) == (Outcome.CT_FIRST, "P3", True)
        assert found.rating == "appropriate"
        assert not found.suggest_delete

    def test_p3_a_deficit_keeps_the_mri(self):
        system, code = min(terminology().codes("VS-MOTOR"))
        body = sample("V12")
        add(body, "conditions", of_patient(body, flag(system, code)))
        found = advise(body)
        assert (found.outcome, found.keep_mri) == (Outcome.CT_FIRST, True)
        assert found.indicator == "critical"

    def test_p1_the_lumbar_spine_stays_no_matter_of_ours(self):
        system, code = min(terminology().codes("VS-CAUDA"))
        body = sample("V18")
        add(body, "conditions", of_patient(body, flag(system, code)))
        assert advise(body).outcome is Outcome.NO_CRITERIA

    def test_p5_an_imaged_red_flag_stays_a_duplicate(self):
        """Old enough to have been seen on the study: nothing new."""
        system, code = min(terminology().codes("VS-AS"))
        body = sample("V16")
        old = flag(system, code, onsetDateTime="2019-05-01", recordedDate="2019-05-01")
        add(body, "conditions", of_patient(body, old))
        assert advise(body).outcome is Outcome.DUPLICATE

    def test_p6_hardware_after_surgery_asks_for_the_ct(self):
        found = usual("V15")
        assert (found.outcome, found.step, found.keep_mri) == (Outcome.CT_FIRST, "P6", True)
