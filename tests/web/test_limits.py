"""How much one call may hold: 413 beyond it, and 400 for forms that FHIR has no use for."""

import json
import re

import pytest
from calls import DRAFT, assert_outcome, bundle, call, condition, context, post
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cdshooks import limits
from cds_service.cdshooks.request import decode
from cds_service.cdshooks.salvage import read_resource
from cds_service.errors import BadRequest, TooLarge
from cds_service.fhir.resources import Patient
from cds_service.settings import Settings

PATIENT = {"resourceType": "Patient", "id": "pt-204"}


def drafts(number, **members):
    ids = [DRAFT | members | {"id": f"draft-{n}"} for n in range(number)]
    return call(context=context(draftOrders=bundle(*ids)))


def beside(orders, conditions):
    """Conditions lie among the drafts, as some clients send what an order rests on."""
    request = drafts(orders)
    request["context"]["draftOrders"]["entry"] += [
        {"resource": condition(id=f"c-{n}")} for n in range(conditions)
    ]
    return request


def chart(number, *odd):
    """So many resources in all, under two keys."""
    many = [condition(id=f"c-{n}") for n in range(number - 1 - len(odd))]
    half = len(many) // 2
    return call(
        prefetch={
            "patient": PATIENT,
            "conditions": bundle(*many[:half], *odd),
            "orders": bundle(*many[half:]),
        }
    )


def raw(**members):
    return json.dumps(call(**members)).encode()


def nested(levels):
    """A draft whose innermost array or object is so many levels below the top of the body."""
    value: list[object] = []
    for _ in range(levels - 7):
        value = [value]
    return drafts(1, x=value)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        pytest.param(drafts(100), 200, "", id="100 drafts"),
        pytest.param(drafts(101), 413, "at most 100 orders", id="101 drafts"),
        pytest.param(
            drafts(101) | {"fhirServer": 1}, 413, "100 orders", id="101 beside something wrong"
        ),
        pytest.param(beside(100, 60), 200, "", id="100 drafts with Conditions beside them"),
        pytest.param(beside(1, 1001), 413, "1000 entries beside", id="1,001 Conditions"),
        pytest.param(chart(5000), 200, "", id="5,000 resources"),
        pytest.param(chart(5001), 413, "at most 5000 resources", id="5,001 resources"),
        pytest.param(chart(5000, condition(id=1)), 200, "", id="5,000, one unreadable"),
        pytest.param(
            chart(5001, condition(id=1)), 413, "5000 resources", id="5,001, one unreadable"
        ),
        pytest.param(call(x="x" * 65536), 200, "", id="a string of 64 KiB"),
        pytest.param(call(x="x" * 65537), 413, "64 KiB", id="a longer string"),
        pytest.param(call(x='"' * 32769), 413, "64 KiB", id="a longer string of escapes"),
        pytest.param(nested(64), 200, "", id="64 levels"),
        pytest.param(nested(65), 400, "64 levels", id="65 levels"),
        pytest.param(drafts(1, x=10**18 - 1), 200, "", id="18 digits"),
        pytest.param(drafts(1, x=[{"y": -(10**18)}]), 400, "18 digits", id="19 digits"),
        pytest.param(call(x="\0"), 400, "U+0000", id="U+0000"),
        pytest.param(call(x="\\u0000"), 200, "", id="a backslash and u0000"),
    ],
)
def test_a_call_holds_no_more_than_is_read(web, evaluator, body, status, says):
    web.application.config["MAX_CONTENT_LENGTH"] = Settings().max_body
    response = post(web, body)
    assert response.status_code == status
    if status == 200:
        assert len(evaluator.asked) == 1
    else:
        code = response.json["issue"][0]["code"]
        assert_outcome(response, status, code)
        assert (status == 413) == (code == "too-long")
        assert says in response.json["issue"][0]["details"]["text"]
        assert evaluator.asked == []


@pytest.mark.parametrize("kind", [{}, [], 1, True, None, "", ["Condition"]], ids=str)
def test_a_resource_type_that_is_no_text_is_another_entry(web, kind):
    odd = {"resourceType": kind, "id": "x"}
    for request in (
        call(context=context(draftOrders=bundle(DRAFT, odd))),
        call(prefetch={"patient": PATIENT, "conditions": bundle(condition(), odd)}),
        call(prefetch={"patient": PATIENT, "conditions": odd}),
    ):
        assert post(web, request).status_code == 200


@pytest.mark.parametrize("number", ["9" * 5000, "1e400", "-1e400"])
def test_an_order_holds_no_number_that_cannot_be_sent_back(number):
    body = json.dumps(drafts(1, x=7)).replace('"x": 7', f'"x": {number}').encode()
    with pytest.raises(BadRequest, match="a number is out of range"):
        decode(body)


@pytest.mark.parametrize("number", ["9" * 5000, "1e400", "1" + "0" * 30])
def test_numbers_of_any_length_may_stand_where_nothing_is_read(number):
    """They are skipped as bytes: an extension of a resource, a member nobody knows."""
    odd = json.dumps(raw(x=7, prefetch={"patient": PATIENT | {"x": 7}}).decode())
    body = json.loads(odd).replace('"x": 7', f'"x": {number}').encode()
    assert body.count(number.encode()) == 2
    assert decode(body).prefetch["patient"].value == Patient(id="pt-204")


def test_parts_that_are_not_read_may_be_nested_deeper():
    body = raw(prefetch={"patient": PATIENT | {"extension": 7}}).replace(
        b'"extension": 7', b'"extension": ' + b"[" * 500 + b"]" * 500
    )
    assert decode(body).prefetch["patient"].value == Patient(id="pt-204")


@pytest.mark.parametrize("odd", ["[" * 800 + "]" * 800, "9" * 30, "9" * 5000, "1e999"])
def test_an_earlier_order_that_cannot_be_sent_back_is_not(odd):
    """It counts all the same; only a suggestion to change it is not to be had."""
    earlier = DRAFT | {"id": "o-1", "x": 7}
    body = raw(prefetch={"orders": bundle(earlier)})
    assert decode(body).raw_resources("orders", "ServiceRequest/o-1") == [earlier]
    request = decode(body.replace(b'"x": 7', f'"x": {odd}'.encode()))
    assert request.prefetch["orders"].held == 1
    assert request.raw_resources("orders", "ServiceRequest/o-1") == []


def test_a_document_may_be_longer_than_a_text():
    """A report brings its PDF along as base64; no bytes of it are looked at."""
    pdf = {"contentType": "application/pdf", "data": "JVBERi0x" * 100_000}
    report = {"resourceType": "DiagnosticReport", "id": "r-1", "presentedForm": [pdf, pdf]}
    assert decode(raw(prefetch={"imaging": bundle(report)})).prefetch["imaging"].held == 1
    with pytest.raises(TooLarge, match="64 KiB"):
        decode(raw(prefetch={"imaging": bundle(report, report | {"conclusion": "x" * 70_000})}))


def test_what_a_fhir_server_sends_holds_no_nul_either():
    with pytest.raises(ValueError, match="U\\+0000"):
        read_resource(b'{"resourceType": "Patient", "id": "\\u0000"}')


STRING = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
PIECES = st.sampled_from(['"', "\\", "x" * 29, "é" * 9, "data", " ", "{"])
VALUES = st.recursive(
    st.lists(PIECES, max_size=8).map("".join) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PIECES, inner, max_size=3),
    max_leaves=12,
)


@given(VALUES, st.integers(min_value=0, max_value=99), st.booleans())
def test_long_strings_are_found_wherever_they_are(value, spaces, ascii_only):
    """The same as by taking the JSON apart, with a limit small enough to meet."""
    body = json.dumps([value, 7], ensure_ascii=ascii_only).encode()
    body = body.replace(b", 7", b" " * spaces + b", 7")
    texts = [
        each
        for each in STRING.finditer(body)
        if not body.endswith(b'"data": ', 0, each.start()) or b'\\"' in each[0]  # no base64
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "LONGEST_STRING", 40)
        assert limits._long_string(body) == any(len(m[1]) > 40 for m in texts)
