"""Properties that hold for every sample order, however its chart is stirred (Hypothesis)."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire import assert_valid_response

from cds_service.app import build_evaluator, load_terminology
from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import decode
from cds_service.criteria.model import Outcome, Recommendation
from cds_service.errors import DataNotAvailable
from cds_service.rendering import pama
from cds_service.scenarios import load_scenarios
from cds_service.settings import Settings

Json = dict[str, Any]

SETTINGS = Settings(dev=True)
SAMPLES = {scenario.id: scenario for scenario in load_scenarios()}
NOW = next(iter(SAMPLES.values())).evaluated
RECENT = (NOW - timedelta(days=3)).date().isoformat()
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
BY_PATIENT = ("Device", "AllergyIntolerance")

few = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
names = st.sampled_from(list(SAMPLES))


@cache
def terminology():
    return load_terminology(SETTINGS)


@cache
def evaluator():
    return build_evaluator(SETTINGS, terminology())


CLIENT = SETTINGS.development_client()


@cache
def text(name: str) -> bytes:
    return SAMPLES[name].path.read_bytes()


def sample(name: str) -> Json:
    body: Json = json.loads(text(name))
    return body


def advise(body: Json) -> Recommendation:
    request = decode(json.dumps(body).encode())
    (advice,) = evaluator().advise(request, NOW, CLIENT)
    found: Recommendation = advice.recommendation
    return found


def respond(body: Json) -> Json:
    """The response as it goes over the wire."""
    answer = evaluator().evaluate(decode(json.dumps(body).encode()), NOW, CLIENT)
    decoded: Json = json.loads(encode(answer))
    return decoded


def verdict(found: Recommendation) -> tuple[Any, ...]:
    return found.outcome, found.keep_mri, found.rating, frozenset(found.fired)


@cache
def usual(name: str) -> Recommendation:
    return advise(sample(name))


def bundles(body: Json) -> dict[str, Json]:
    return {
        key: value
        for key, value in body["prefetch"].items()
        if value and value["resourceType"] == "Bundle"
    }


def resources(body: Json) -> list[tuple[str, Json]]:
    """(prefetch key, resource) of everything in the chart but the patient."""
    return [
        (key, entry["resource"])
        for key, bundle in bundles(body).items()
        for entry in bundle.get("entry", [])
    ]


def add(body: Json, key: str, *more: Json) -> None:
    """Put resources under a key, whose total stays right."""
    bundle = body["prefetch"].get(key) or {"resourceType": "Bundle", "type": "searchset"}
    bundle.setdefault("entry", []).extend({"resource": resource} for resource in more)
    if "total" in bundle:
        bundle["total"] = len(bundle["entry"])
    body["prefetch"][key] = bundle


def of_patient(body: Json, resource: Json) -> Json:
    """The resource, about the patient of `body`."""
    member = "patient" if resource["resourceType"] in BY_PATIENT else "subject"
    return resource | {member: {"reference": f"Patient/{body['context']['patientId']}"}}


def draft(body: Json) -> Json:
    found: Json = body["context"]["draftOrders"]["entry"][0]["resource"]
    return found


@pytest.mark.parametrize("name", SAMPLES)
@settings(few, max_examples=5)
@given(st.randoms(use_true_random=False))
def test_order_of_entries_does_not_matter(name, random):
    body = sample(name)
    for bundle in bundles(body).values():
        random.shuffle(bundle.get("entry", []))
    assert verdict(advise(body)) == verdict(usual(name))


@few
@given(names, st.data())
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
    out = {"id": f"added-{number}"} | resource
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
    "motor-exam": {"valueCodeableConcept": {"text": "abnormal"}},
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


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("code", EXAMINED)
def test_a_grave_finding_never_leads_away_from_the_mri(name, code):
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
    assert level(advise(body)) >= level(usual(name))


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


@pytest.mark.parametrize("name", SAMPLES)
def test_both_hooks_rate_alike(name):
    body = sample(name)
    signed = deepcopy(body) | {"hook": "order-sign"}
    del signed["context"]["selections"]
    assert verdict(advise(signed)) == verdict(usual(name))
    assert respond(signed).get("systemActions") == respond(body).get("systemActions")


def emitted(answer: Json) -> list[Json]:
    """Every resource that leaves the service."""
    actions = [
        action
        for card in answer["cards"]
        for suggestion in card.get("suggestions", [])
        for action in suggestion["actions"]
    ]
    actions += answer.get("systemActions", [])
    return [action["resource"] for action in actions if "resource" in action]


@pytest.mark.parametrize("name", SAMPLES)
def test_responses_and_their_resources_are_valid(name):
    answer = respond(sample(name))
    assert_valid_response(answer)
    for resource in emitted(answer):
        assert resource["resourceType"] == "ServiceRequest"
        ServiceRequest.model_validate(resource)


FOREIGN = {"url": "http://ehr.example/StructureDefinition/cost-centre", "valueString": "N-7"}


def mark(order: Json, *ratings: Json) -> None:
    """Elements we do not know, a foreign extension, and ratings of an earlier consultation."""
    order["extension"] = [*ratings[:1], FOREIGN, *ratings[1:]]
    order["_priority"] = {"extension": [FOREIGN]}
    order["futureElement"] = {"nested": [1.50, None]}
    order["subject"]["display"] = "as received"


@pytest.mark.parametrize("name", SAMPLES)
def test_updates_keep_what_is_foreign_and_replace_what_is_ours(name):
    body = sample(name)
    earlier = [
        {"url": pama.RATING, "valueCodeableConcept": {"coding": [{"code": "no-criteria-apply"}]}},
        {"url": pama.CONSULT_ID, "valueUri": "urn:uuid:00000000-0000-0000-0000-000000000000"},
        {"url": pama.RATING, "valueCodeableConcept": {"coding": [{"code": "appropriate"}]}},
    ]
    order = draft(body)
    mark(order, *earlier)
    mine = [
        resource
        for resource in emitted(respond(body))
        if resource.get("id") == order["id"] and resource["code"] == order["code"]
    ]
    for resource in mine:
        urls = [extension["url"] for extension in resource["extension"]]
        assert len(urls) == len(set(urls)), "ratings are replaced, not doubled"
        assert FOREIGN in resource["extension"]
        assert "no-criteria-apply" not in str(resource) or usual(name).rating == "no-criteria-apply"
        ours = {"extension", "priority", "_priority"}
        for key in order.keys() - ours:
            assert resource[key] == order[key], key
    if usual(name).rating is not None:
        assert mine


@pytest.mark.parametrize("name", SAMPLES)
def test_system_actions_change_extensions_only(name):
    body = sample(name)
    mark(draft(body))
    for action in respond(body).get("systemActions", []):
        assert action["resource"] | {"extension": 0} == draft(body) | {"extension": 0}


def consult_ids(answer: Json) -> list[str]:
    return [
        extension["valueUri"]
        for resource in emitted(answer)
        for extension in resource.get("extension", [])
        if extension["url"] == pama.CONSULT_ID
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_consult_id_is_the_same_for_the_same_facts(name):
    body = sample(name)
    first = respond(body)
    again = respond(body | {"hookInstance": "00000000-0000-4000-8000-000000000000"})
    assert consult_ids(first) == consult_ids(again)
    # A client that calls again with the rated order gets the same rating once more.
    for action in first.get("systemActions", []):
        rated = deepcopy(body)
        rated["context"]["draftOrders"]["entry"][0]["resource"] = action["resource"]
        assert respond(rated).get("systemActions") == first["systemActions"]


FAILED = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception"}],
}
STATES: dict[str, Any] = {
    "absent": ...,
    "null": None,
    "empty": {"resourceType": "Bundle", "type": "searchset", "total": 0},
    "failed": FAILED,
    "failed inside": {"resourceType": "Bundle", "entry": [{"resource": FAILED}]},
    "paged": "paged",
}
REQUIRED = ("patient", "conditions")
OPTIONAL = tuple(key for key in sample("V03")["prefetch"] if key not in REQUIRED)


def supplied(name: str, key: str, state: str) -> Json:
    """The sample, with one prefetch key as a client may supply it (CDS Hooks, Prefetch)."""
    body = sample(name)
    value = STATES[state]
    if value is ...:
        del body["prefetch"][key]
    elif value == "paged":
        bundle = body["prefetch"][key] or {"resourceType": "Bundle", "type": "searchset"}
        if bundle["resourceType"] == "Bundle":
            bundle["link"] = [{"relation": "next", "url": "https://ehr.example/page/2"}]
        body["prefetch"][key] = bundle
    else:
        body["prefetch"][key] = deepcopy(value)
    return body


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("key", REQUIRED)
def test_required_keys(key, state):
    body = supplied("V03", key, state)
    if state in ("absent", "failed", "failed inside"):
        with pytest.raises(DataNotAvailable):
            respond(body)
    else:
        assert_valid_response(respond(body))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("key", OPTIONAL)
def test_optional_keys(key, state):
    """Answered whatever is missing; never refused because something is."""
    for name in ("V01", "V03", "V12", "V16"):
        body = supplied(name, key, state)
        assert_valid_response(respond(body))
        found = advise(body)
        if state in ("absent", "failed", "failed inside"):
            assert found.data_notes
        if name == "V03":
            assert found.outcome is Outcome.MRI_EMERGENT


@few
@given(names, st.dictionaries(st.sampled_from(OPTIONAL), st.sampled_from(list(STATES))))
def test_any_mixture_of_states_is_answered(name, states):
    body = sample(name)
    for key, state in states.items():
        del body["prefetch"][key]
        body["prefetch"] |= {
            other: value
            for other, value in supplied(name, key, state)["prefetch"].items()
            if other == key
        }
    assert_valid_response(respond(body))
