"""Decoding: what is refused and with which words, what is let through, what is saved."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from calls import DRAFT, HOOK_INSTANCE, bundle, call, condition, context

from cds_service.cdshooks.request import AccessToken, HookRequest, decode
from cds_service.cdshooks.wire import PREFETCH_KEYS
from cds_service.errors import BadRequest
from cds_service.facts.record.prefetch import KEYS
from cds_service.fhir import resources as r

MISTYPED = condition(code="neck pain")
"""Forces the resource-by-resource path wherever it stands in the chart."""


def read(body: dict[str, Any]) -> HookRequest:
    return decode(msgspec.json.encode(body))


def refusal(body: bytes | dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(BadRequest) as caught:
        decode(body if isinstance(body, bytes) else msgspec.json.encode(body))
    assert caught.value.status == 400
    assert caught.value.__cause__ is None
    return caught.value.code, caught.value.text


def test_keys_are_those_the_facts_read():
    assert PREFETCH_KEYS == KEYS


def test_a_whole_request():
    request = read(call(fhirServer="https://ehr.example/r4"))
    assert request.hook == "order-select"
    assert request.hook_instance == request.correlation_id == HOOK_INSTANCE
    assert request.context.user_id == "PractitionerRole/pr-7"
    assert request.context.patient_id == "pt-204"
    assert request.context.encounter_id == "enc-88"
    assert request.context.selections == ("ServiceRequest/draft-mri-1",)
    assert request.context.draft_orders == (DRAFT,)
    assert request.fhir_server == "https://ehr.example/r4"
    assert request.fhir_authorization is None
    assert list(request.prefetch) == list(PREFETCH_KEYS)
    assert isinstance(request.prefetch["patient"].value, r.Patient)


@pytest.mark.parametrize("extra", [{}, {"devices": bundle(MISTYPED)}], ids=["typed", "salvaged"])
def test_absent_null_and_supplied_are_told_apart(extra):
    prefetch = read(call(prefetch=call()["prefetch"] | extra)).prefetch
    assert not prefetch["imaging"].present
    assert (prefetch["procedures"].present, prefetch["procedures"].value) == (True, None)
    assert prefetch["procedures"].unreadable == 0
    conditions = prefetch["conditions"].value
    assert isinstance(conditions, r.Bundle)
    assert [entry.resource.id for entry in conditions.entry or () if entry.resource] == ["c-1"]


@pytest.mark.parametrize("prefetch", [None, {}], ids=["left out", "empty"])
def test_no_prefetch_at_all(prefetch):
    assert not any(entry.present for entry in read(call(prefetch=prefetch)).prefetch.values())


def test_null_is_as_good_as_left_out():
    body = call() | {"prefetch": None, "fhirServer": None, "fhirAuthorization": None}
    body["context"] |= {"encounterId": None, "selections": None}
    request = read(body)
    assert request.context.encounter_id is None
    assert request.context.selections is None
    assert request.fhir_server is None


def test_unknown_members_and_keys_are_ignored():
    body = call(extension={"vendor": [1, {"deep": None}]}, more=1)
    body["context"]["units"] = "ED"
    body["prefetch"]["coverage"] = {"resourceType": 5}
    body["prefetch"]["patient"]["_birthDate"] = {"extension": []}
    assert read(body).prefetch.keys() == set(PREFETCH_KEYS)


def test_decimals_of_a_draft_survive():
    body = msgspec.json.encode(call()).replace(b'"intent"', b'"quantity":{"value":1.50},"intent"')
    (draft,) = decode(body).context.draft_orders
    assert draft["quantity"]["value"] == Decimal("1.50")
    assert str(draft["quantity"]["value"]) == "1.50"


class TestDrafts:
    def test_bundle_without_type_or_entries(self):
        assert (
            read(call(context=context(draftOrders={"resourceType": "Bundle"}))).context.draft_orders
            == ()
        )

    def test_entries_that_hold_no_resource_are_skipped(self):
        orders = bundle(DRAFT)
        orders["entry"] += [{}, {"resource": None}, {"resource": "x"}, 7, {"fullUrl": "urn:x"}]
        assert read(call(context=context(draftOrders=orders))).context.draft_orders == (DRAFT,)

    def test_resources_we_do_not_handle_come_through_untouched(self):
        odd = {"resourceType": "MedicationRequest", "category": {"text": "not a list"}}
        assert read(call(context=context(draftOrders=bundle(odd)))).context.draft_orders == (odd,)


class TestHooks:
    def test_order_sign_has_every_draft_in_scope(self):
        assert read(call(hook="order-sign")).context.selections is None

    def test_selections_may_be_left_out(self):
        assert read(call(context=context(selections=None))).context.selections is None

    def test_no_selection_is_not_the_same_as_all(self):
        assert read(call(context=context(selections=[]))).context.selections == ()

    def test_hook_instance_need_not_be_a_uuid_but_stays_out_of_the_log_then(self):
        request = read(call(hookInstance="Jane Doe"))
        assert request.hook_instance == "Jane Doe"
        assert request.correlation_id is None


class TestPatient:
    @pytest.mark.parametrize(
        "patient",
        [
            {"resourceType": "Patient", "id": "pt-205"},
            {"resourceType": "Patient"},
            bundle({"resourceType": "Patient", "id": "pt-205"}),
        ],
        ids=["another", "nameless", "another, as a search result"],
    )
    def test_another_patient_is_refused(self, patient):
        code, text = refusal(call(prefetch={"patient": patient}))
        assert code == "value"
        assert text.startswith("prefetch.patient: ")

    @pytest.mark.parametrize(
        "patient",
        [
            {"resourceType": "Patient", "id": "pt-204"},
            bundle({"resourceType": "Patient", "id": "pt-204"}),
            {"resourceType": "OperationOutcome"},
            None,
        ],
        ids=["read", "search", "failed", "null"],
    )
    def test_this_patient_or_none_is_not(self, patient):
        assert read(call(prefetch={"patient": patient})).prefetch["patient"].present


AUTHORIZATION = {
    "access_token": "s3cret-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/Patient.rs",
    "subject": "cspine-cds",
}


class TestAuthorization:
    def test_token_shows_itself_only_when_asked(self):
        request = read(call(fhirServer="https://e.example", fhirAuthorization=AUTHORIZATION))
        granted = request.fhir_authorization
        assert granted is not None
        assert granted.access_token.reveal() == "s3cret-token"
        assert granted.expires_in == 300
        assert "s3cret" not in f"{request} {request!r} {granted} {granted.access_token}"
        with pytest.raises(TypeError):
            granted.access_token.__reduce__()
        with pytest.raises(TypeError):
            msgspec.json.encode(AccessToken("x"))

    def test_only_the_token_is_needed(self):
        few = {"access_token": "t"}
        assert read(call(fhirServer="https://e.example", fhirAuthorization=few)).fhir_authorization

    def test_without_server_it_is_refused(self):
        code, text = refusal(call(fhirAuthorization=AUTHORIZATION))
        assert (code, text.split(":")[0]) == ("required", "fhirServer")

    @pytest.mark.parametrize(
        "wrong", ["t", {}, {"access_token": 5}, {"access_token": ""}, {"access_token": None}]
    )
    def test_without_token_it_is_refused(self, wrong):
        _, text = refusal(call(fhirServer="https://e.example", fhirAuthorization=wrong))
        assert text.startswith("fhirAuthorization")


@pytest.mark.parametrize(
    ("body", "code", "start"),
    [
        (call(hook=None), "required", "hook: "),
        (call(hook=5), "value", "hook: "),
        (call(hook=""), "value", "hook: "),
        (call(hook="patient-view"), "value", "hook: this service answers order-sign and"),
        (call(hookInstance=None), "required", "hookInstance: "),
        (call(hookInstance={}), "value", "hookInstance: "),
        (call(context=None), "required", "context: "),
        (call(context=[]), "value", "context: "),
        (call(context=context(userId=None)), "required", "context.userId: "),
        (call(context=context(patientId=None)), "required", "context.patientId: "),
        (call(context=context(patientId=["pt"])), "value", "context.patientId: "),
        (call(context=context(patientId="")), "value", "context.patientId: "),
        (call(context=context(encounterId=4)), "value", "context.encounterId: "),
        (call(context=context(selections="ServiceRequest/x")), "value", "context.selections: "),
        (call(context=context(selections=[1])), "value", "context.selections: "),
        (call(context=context(draftOrders=None)), "required", "context.draftOrders: "),
        (call(context=context(draftOrders=[])), "value", "context.draftOrders: "),
        (call(context=context(draftOrders=DRAFT)), "structure", "context.draftOrders: "),
        (call(context=context(draftOrders={})), "structure", "context.draftOrders: "),
        (
            call(context=context(draftOrders={"resourceType": "Bundle", "entry": {}})),
            "structure",
            "context.draftOrders: ",
        ),
        (call(fhirServer=7), "value", "fhirServer: "),
        (call(prefetch=[]), "structure", "prefetch: "),
        (call(prefetch="none"), "structure", "prefetch: "),
    ],
)
def test_refusals_name_the_member(body, code, start):
    assert refusal(body)[0] == code
    assert refusal(body)[1].startswith(start)


GOOD = msgspec.json.encode(call())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (GOOD + b"x", "not valid JSON"),
        (b"[]", "one JSON object"),
        (b"null", "one JSON object"),
        (b'"text"', "one JSON object"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": Infinity}', "not valid JSON"),
        (b'{"a": -Infinity}', "not valid JSON"),
        (b"\xef\xbb\xbf" + GOOD, "byte order mark"),
        (GOOD.decode().encode("utf-16"), "not UTF-8"),
        (GOOD[:-1] + b',"x":"\xff"}', "not UTF-8"),
        (GOOD[:-1] + b',"x":' + b"[" * 9999 + b"]" * 9999 + b"}", "too deeply"),
        (GOOD[:-1] + b',"x":' + b'{"a":' * 9999 + b"1" + b"}" * 9999 + b"}", "too deeply"),
    ],
)
def test_what_is_not_json_is_refused(body, words):
    code, text = refusal(body)
    assert code == "structure"
    assert words in text


def test_of_a_doubled_member_the_last_one_counts():
    assert decode(GOOD[:-1] + b',"hook":"order-sign"}').hook == "order-sign"
