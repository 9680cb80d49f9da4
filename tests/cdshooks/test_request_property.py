"""Whatever arrives, decoding answers with a request or a BadRequest."""

import contextlib
from copy import deepcopy
from typing import Any

import msgspec
from calls import bundle, call, condition
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cdshooks.request import HookRequest, decode
from cds_service.cdshooks.wire import PREFETCH_KEYS
from cds_service.errors import BadRequest

GOOD = msgspec.json.encode(call())


def values(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["resourceType", "entry", "resource", "id", "code", "total", "x"]),
                inner | st.sampled_from(["Bundle", "Condition", "Patient", "OperationOutcome"]),
                max_size=4,
            )
        ),
        max_leaves=12,
    )


JSON = values(st.text())
WITHOUT_NUL = values(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))


def answered(body: bytes) -> HookRequest | None:
    with contextlib.suppress(BadRequest):
        return decode(body)
    return None


@given(st.binary())
def test_any_bytes(body: bytes):
    assert answered(body) is None


@given(JSON)
def test_any_json(value: Any):
    answered(msgspec.json.encode(value))


@given(st.integers(0, len(GOOD)), st.integers(0, 40), st.binary(max_size=4))
def test_a_good_body_with_a_piece_replaced(start: int, length: int, piece: bytes):
    answered(GOOD[:start] + piece + GOOD[start + length :])


@given(st.data())
def test_a_good_body_with_a_value_replaced(data: st.DataObject):
    # A copy of its own: the builders share what they are made of, and here it is changed in place.
    body = deepcopy(call(fhirServer="https://e.example", fhirAuthorization={"access_token": "t"}))
    body["prefetch"]["answers"] = bundle(condition(), condition())
    place: Any = body
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = inner
    answered(msgspec.json.encode(body))


@given(st.sampled_from(PREFETCH_KEYS[1:]), WITHOUT_NUL)
def test_no_chart_fails_a_sound_envelope(key: str, value: Any):
    request = answered(msgspec.json.encode(call(prefetch={key: value})))
    assert request is not None
    assert request.prefetch[key].present
