"""What arrived, key by key: read, partly read, failed, not supplied; and whose it is."""

import json

import pytest
from chart import NECK_PAIN, condition, observation, procedure, recommend, request
from samples import NOW, evaluator

from cds_service.cdshooks.request import decode
from cds_service.cdshooks.services import SERVICE_ID
from cds_service.client import make_client
from cds_service.facts.record.prefetch import LABELS, State, notes, receive

PAIN = condition(NECK_PAIN, 9)
CANCER = condition("icd|C61", 400)
REMARK = {"resourceType": "OperationOutcome", "issue": [{"severity": "information"}]}
FAILURE = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
MEDICINE = {"resourceType": "Medication", "id": "m", "code": {"text": "naproxen"}}
SERVER = "https://ehr.example.org/fhir"


def bundle(*resources, **more):
    found = {"resourceType": "Bundle", "type": "searchset"} | more
    return found | ({"entry": [{"resource": x} for x in resources]} if resources else {})


def received(key, value, server=None, keep=True):
    """The prefetch of one key, as it is sorted."""
    body = request()
    body["prefetch"][key] = value
    if not keep:
        del body["prefetch"][key]
    return receive(decode(json.dumps(body).encode()).prefetch, "pt", server)


def outcome(conditions):
    body = request()
    body["prefetch"]["conditions"] = conditions
    client = make_client(SERVICE_ID, {}, dev=True)
    (advice,) = evaluator().advise(decode(json.dumps(body).encode()), NOW, client)
    return advice.recommendation


@pytest.mark.parametrize(
    ("value", "state"),
    [
        pytest.param(bundle(PAIN), State.READ, id="a list"),
        pytest.param(bundle(), State.READ, id="an empty list"),
        pytest.param(None, State.READ, id="null: asked, and nothing there"),
        pytest.param(PAIN, State.READ, id="a resource without a list"),
        pytest.param(bundle(PAIN, total=1), State.READ, id="as many as it says"),
        pytest.param(bundle(PAIN, total=2), State.PARTIAL, id="fewer than it says"),
        pytest.param(
            bundle(PAIN, link=[{"relation": "next", "url": "x"}]), State.PARTIAL, id="a next page"
        ),
        pytest.param(
            bundle(PAIN, link=[{"relation": "self", "url": "x"}]), State.READ, id="the only page"
        ),
        pytest.param(bundle(PAIN, REMARK, total=1), State.READ, id="with a remark"),
        pytest.param(bundle(PAIN, REMARK, total=2), State.PARTIAL, id="a remark is no match"),
        pytest.param(bundle(PAIN, MEDICINE, total=2), State.PARTIAL, id="an include is no match"),
        pytest.param(bundle(PAIN, FAILURE), State.PARTIAL, id="with a failure"),
        pytest.param(bundle(FAILURE), State.FAILED, id="nothing but a failure"),
        pytest.param(FAILURE, State.FAILED, id="a failure"),
        pytest.param(REMARK, State.FAILED, id="a remark in place of the list"),
        pytest.param(
            {"resourceType": "OperationOutcome"}, State.FAILED, id="a failure unexplained"
        ),
        pytest.param(bundle(PAIN, entry=[{}]), State.READ, id="entries given twice: the last"),
        pytest.param(
            {"resourceType": "Bundle", "entry": [{"fullUrl": "x"}]}, State.PARTIAL, id="empty entry"
        ),
        pytest.param(bundle(PAIN, bundle(CANCER)), State.PARTIAL, id="a list in the list"),
        pytest.param(bundle(PAIN, PAIN | {"code": 5}), State.PARTIAL, id="one unreadable"),
        pytest.param(PAIN | {"code": 5}, State.FAILED, id="nothing readable"),
    ],
)
def test_how_far_a_key_was_read(value, state):
    assert received("conditions", value).states["conditions"] is state


def test_a_key_that_was_left_out():
    found = received("devices", None, keep=False)
    assert found.states["devices"] is State.ABSENT
    assert list(notes(found)) == ["not supplied: devices"]
    assert not found.read("conditions", "devices")
    assert found.read("conditions")


def test_notes_name_what_could_not_be_read():
    body = request(PAIN, unread=("imaging", "obs-labs"))
    body["prefetch"]["orders"]["total"] = 3
    found = receive(decode(json.dumps(body).encode()).prefetch, "pt")
    assert list(notes(found)) == [
        f"could not read: {LABELS['obs-labs']}, {LABELS['imaging']}",
        f"only partly read: {LABELS['orders']}",
    ]


@pytest.mark.parametrize(
    ("reference", "counts"),
    [
        pytest.param("Patient/pt", True, id="this patient"),
        pytest.param(f"{SERVER}/Patient/pt", True, id="by its address"),
        pytest.param("Patient/pt/_history/2", True, id="a version"),
        pytest.param("Patient/other", False, id="another patient"),
        pytest.param("https://other.example.org/Patient/pt", False, id="of another server"),
        pytest.param(None, False, id="by identifier only"),
    ],
)
@pytest.mark.parametrize(
    ("key", "member", "resource"),
    [
        ("conditions", "subject", {"resourceType": "Condition"}),
        ("devices", "patient", {"resourceType": "Device"}),
        ("allergies", "patient", {"resourceType": "AllergyIntolerance"}),
    ],
)
def test_whose_it_is(key, member, resource, reference, counts):
    named = resource | {member: {"reference": reference} if reference else {}}
    found = received(key, bundle(named), SERVER)
    assert found.other_patient == (0 if counts else 1)
    assert sum(len(kind) for kind in found.resources.values()) == (1 if counts else 0)


def test_a_resource_without_a_patient_is_left_out_and_named():
    stray = {k: v for k, v in CANCER.items() if k != "subject"}
    found = outcome(bundle(PAIN, stray))
    assert found.outcome == "NOT_YET"
    assert "1 resource(s) about another patient, or naming none, left out" in found.data_notes


def test_a_list_in_the_list_is_left_out_and_nothing_concluded_from_absence():
    found = outcome(bundle(PAIN, bundle(CANCER)))
    assert found.outcome == "INSUFFICIENT"
    assert "1 unreadable resource(s) left out" in found.data_notes
    assert "only partly read: conditions" in found.data_notes


def test_another_patient_who_comes_along_is_not_the_patient():
    someone = {"resourceType": "Patient", "id": "someone", "birthDate": "1900-01-01"}
    found = received("obs-exam", bundle(someone))
    assert found.patient is not None
    assert found.patient.birth_date == "1980-01-01"


def test_copies_count_once_and_versions_each():
    twice = condition(NECK_PAIN, 9, id="same")
    other = condition(NECK_PAIN, 20, id="same")
    nameless = condition(NECK_PAIN, 9, id=None)
    found = received("conditions", bundle(twice, twice, other, other, nameless, nameless))
    (kept,) = found.resources.values()
    assert [c.onset_date_time for c in kept] == [
        twice["onsetDateTime"],
        other["onsetDateTime"],
        twice["onsetDateTime"],
        twice["onsetDateTime"],
    ]


def test_dates_in_the_future_are_left_out_and_counted():
    found = recommend(PAIN, condition("icd|C61", -1), observation("clonus", True, -2))
    assert "2 date(s) in the future left out" in found.data_notes
    assert "RF-NEURO-REFLEX" not in found.fired


def test_family_history_is_no_evidence():
    relative = {"resourceType": "FamilyMemberHistory", "id": "f", "status": "completed"}
    assert outcome(bundle(PAIN, relative)).outcome == "NOT_YET"


def test_resources_count_under_whatever_key_they_come():
    stray = procedure("sct|91251008", start=45, status="in-progress")
    found = outcome(bundle(condition(NECK_PAIN, 100), stray))
    assert found.outcome == "MRI_ROUTINE"
