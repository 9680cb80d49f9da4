"""Odd inputs that real clients and conformance kits are known to send: each has its right answer."""

from __future__ import annotations

from typing import Any

import pytest
from calls import bundle, call, condition, context
from samples import Json, draft, sample
from screens import (
    MRI,
    MYELOPATHY,
    RADICULOPATHY,
    imaging_screen,
    notes,
    outcome,
    reason,
)
from wire import actions

CPT = "http://www.ama-assn.org/go/cpt"
ICD = "http://hl7.org/fhir/sid/icd-10"


def study(code: str, system: str = CPT) -> Json:
    return {"coding": [{"system": system, "code": code, "display": "as listed"}], "text": "x"}


@pytest.mark.parametrize(
    ("code", "system"),
    [
        pytest.param("72141", CPT, id="MRI without contrast"),
        pytest.param("72142", CPT, id="MRI with contrast"),
        pytest.param("72156", CPT, id="MRI without and with contrast"),
        pytest.param("30667-0", "http://loinc.org", id="MRI without contrast in LOINC"),
    ],
)
def test_a_cervical_mri_is_rated(send, code, system):
    answer = send(imaging_screen(study(code, system), [RADICULOPATHY]))
    assert outcome(answer) == "MRI_MAY"
    (action,) = answer["systemActions"]
    assert action["resource"]["id"] == "example-request-id"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("72125", id="CT of the cervical spine"),
        pytest.param("72126", id="CT of the cervical spine with contrast"),
        pytest.param("72127", id="CT of the cervical spine without and with contrast"),
        pytest.param("72159", id="MR angiography of the spine"),
        pytest.param("72148", id="MRI of the lumbar spine"),
        pytest.param("72131", id="CT of the lumbar spine"),
        pytest.param("70450", id="CT of the head"),
        pytest.param("70551", id="MRI of the brain"),
    ],
)
def test_another_study_gets_no_answer(send, code):
    assert send(imaging_screen(study(code), [MYELOPATHY])) == {"cards": []}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("81680005", "INSUFFICIENT", id="neck pain"),
        pytest.param("279029001", "INSUFFICIENT", id="cervical spine pain"),
        pytest.param("54404000", "MRI_MAY", id="cervical radiculopathy"),
        pytest.param("11049006", "MRI_MAY", id="cervical radiculitis"),
        pytest.param("202664003", "MRI_URGENT", id="cervical myelopathy"),
        pytest.param("65260001", "MRI_URGENT", id="cervical spondylosis with myelopathy"),
        pytest.param("71286001", "MRI_URGENT", id="spinal cord compression"),
        pytest.param("267970006", "INSUFFICIENT", id="cervical spondylosis without myelopathy"),
        pytest.param("83561009", "INSUFFICIENT", id="cervical stenosis"),
        pytest.param("240215009", "INSUFFICIENT", id="disc prolapse"),
        pytest.param("125606003", "INSUFFICIENT", id="fracture of the cervical spine"),
        pytest.param("90460009", "INSUFFICIENT", id="injury of the neck"),
        pytest.param("279039007", "INSUFFICIENT", id="low back pain"),
        pytest.param("25064002", "INSUFFICIENT", id="headache"),
    ],
)
def test_a_reason_alone_never_speaks_against_the_mri(send, code, expected):
    """Neck pain in the chart, everything else unread: a reason can raise a flag, not rule one out."""
    assert outcome(send(imaging_screen(MRI, [reason(code)]))) == expected


@pytest.mark.parametrize("system", [ICD, f"{ICD}-cm"])
def test_both_addresses_of_icd_10_are_read(send, system):
    assert outcome(send(imaging_screen(MRI, [reason("M54.12", system)]))) == "MRI_MAY"


class TestChart:
    def test_a_screen_without_a_study_needs_none(self, send):
        body = imaging_screen({"coding": [{}]}, [])
        del body["prefetch"]
        assert send(body) == {"cards": []}

    def test_a_study_without_any_chart_is_412(self, send):
        """Every prefetch failed, so the member is not there at all."""
        body = imaging_screen(MRI, [RADICULOPATHY])
        del body["prefetch"]
        answer = send(body, 412)
        assert answer["resourceType"] == "OperationOutcome"
        assert "'patient'" in answer["issue"][0]["diagnostics"]

    @pytest.mark.parametrize(
        "page",
        [
            pytest.param({"link": [{"relation": "next", "url": "https://e.example/2"}]}, id="next"),
            pytest.param({"total": 99}, id="a total above what came"),
            pytest.param({"total": "many"}, id="a total that is no number"),
        ],
    )
    def test_a_first_page_rules_nothing_out(self, send, page):
        """The rest of the conditions may hold the red flag."""
        body = sample("V01")
        assert outcome(send(body)) == "NOT_YET"
        body["prefetch"]["conditions"] |= page
        answer = send(body)
        assert outcome(answer) == "INSUFFICIENT"
        assert any("only partly read: conditions" in note for note in notes(answer))

    @pytest.mark.parametrize("kind", ["collection", "searchset", None])
    def test_bundles_of_any_kind_are_read(self, send, kind):
        body = imaging_screen(MRI, [])
        found = condition(
            id="c-2",
            code=MYELOPATHY,
            onsetDateTime="2026-02-28",
            clinicalStatus={"coding": [{"code": "active"}]},
        )
        body["prefetch"]["conditions"] = bundle(condition(), found) | {"type": kind}
        del draft(body)["reasonCode"]
        assert outcome(send(body)) == "MRI_EMERGENT"


AUTHORIZATION: Json = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}


@pytest.mark.parametrize(
    "members",
    [
        pytest.param(
            {"scope": "patient/*.* user/*.* launch openid profile online_access", "subject": "x"},
            id="SMART 1, no patient",
        ),
        pytest.param(
            {
                "scope": "user/Condition.rs patient/Observation.rs?category=exam",
                "patient": "pt-204",
            },
            id="SMART 2",
        ),
        pytest.param({"scope": "system/*.cruds nonsense:// %%%"}, id="scopes nobody knows"),
        pytest.param({}, id="no scope"),
    ],
)
def test_leave_to_read_changes_no_answer(send, members):
    """Nothing is fetched yet: the answer rests on the prefetch alone."""
    body = imaging_screen(MRI, [RADICULOPATHY])
    plain = outcome(send(body))
    body |= {"fhirServer": "https://ehr.example/r4", "fhirAuthorization": AUTHORIZATION | members}
    assert outcome(send(body)) == plain


class TestHooks:
    def test_signing_on_a_screen_made_for_selecting(self, send):
        """The hook is the screen's; the selections of order-select come along."""
        body = imaging_screen(MRI, [RADICULOPATHY]) | {"hook": "order-sign"}
        assert outcome(send(body)) == "MRI_MAY"

    @pytest.mark.parametrize("hook", ["patient-view", "order-dispatch", "appointment-book"])
    def test_hooks_of_other_services_are_refused(self, send, hook):
        context = {"patientId": "pt-204", "order": "ServiceRequest/x", "userId": "Practitioner/1"}
        answer = send(call(hook=hook, context=context), 400)
        assert answer["resourceType"] == "OperationOutcome"


def home_health() -> Json:
    """Of a conformance kit: a signed order that is no imaging, with its payer's data."""
    order = {
        "resourceType": "ServiceRequest",
        "id": "home-health",
        "status": "draft",
        "intent": "original-order",
        "code": {
            "coding": [
                {
                    "system": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
                    "code": "G0180",
                }
            ]
        },
        "subject": {"reference": "Patient/pt-204"},
        "insurance": [{"reference": "Coverage/cov"}],
    }
    return call(
        hook="order-sign",
        hookInstance="d1577c69-dfbe-44ad-ba6d-3e05e953b2va",
        fhirServer="https://ehr.example/r4",
        fhirAuthorization=AUTHORIZATION,
        context=context(selections=None, draftOrders=bundle(order, type="collection")),
        prefetch={
            "patient": {"resourceType": "Patient", "id": "pt-204"},
            "coverage": bundle({"resourceType": "Coverage", "id": "cov", "status": "active"}),
        },
        extension={"davinci-crd.configuration": {"alt-drug": False}, "davinci-crd.version": "2.0"},
    )


def test_an_order_of_a_conformance_kit_gets_no_answer(send):
    assert send(home_health()) == {"cards": []}


NOT_R4: dict[str, Json] = {
    "a diet without intent": {
        "resourceType": "NutritionOrder",
        "id": "n",
        "status": "draft",
        "patient": {"reference": "Patient/pt-204"},
        "oralDiet": {"type": {"text": "soft"}},
    },
    "a drug with its dose as one object": {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "draft",
        "dosageInstruction": [{"doseAndRate": {"doseQuantity": {"value": 1}}}],
    },
    "a drug that is not chosen yet": {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "category": {"text": "Inpatient"},
        "reasonCode": {"text": "x"},
    },
    "a drug of DSTU2": {"resourceType": "MedicationOrder", "id": "order-123", "status": "draft"},
    "an appliance": {
        "resourceType": "DeviceRequest",
        "id": "d",
        "intent": "original-order",
        "codeCodeableConcept": {"coding": {"code": "E0424"}},
    },
}


@pytest.mark.parametrize("name", NOT_R4)
@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_orders_we_do_not_rate_are_not_validated(send, name, hook):
    """Alone they get no answer; beside an MRI they change nothing about it."""
    other = NOT_R4[name]
    picked: Any = [f"{other['resourceType']}/{other['id']}"] if hook == "order-select" else None
    orders = {"resourceType": "Bundle", "entry": [{"resource": other}]}
    body = call(hook=hook, context=context(draftOrders=orders, selections=picked), prefetch=None)
    assert send(body) == {"cards": []}
    body = imaging_screen(MRI, [RADICULOPATHY]) | {"hook": hook}
    body["context"]["draftOrders"]["entry"].insert(0, {"resource": other})
    answer = send(body)
    assert outcome(answer) == "MRI_MAY"
    assert len(answer["cards"]) == 1
    assert {action["resource"]["id"] for action in actions(answer)} == {"example-request-id"}
