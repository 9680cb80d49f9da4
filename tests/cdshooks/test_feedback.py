"""The body of a feedback call."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cds_service.cdshooks.feedback import Event, decode
from cds_service.errors import BadRequest

ROOT = Path(__file__).parents[2]
CARD = "3b1d5f0a-5c0e-4a55-9d0b-8f2f1f0f6a01"
TAKEN = "0a4fd1c2-0a35-4a0c-8a19-1f5d9c1d2e02"
ACCEPTED = {
    "card": CARD,
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": TAKEN}],
    "outcomeTimestamp": "2026-03-02T09:14:07Z",
}
DISMISSED = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T09:14:07Z"}
ABSENT = object()


def read(*items, body=None):
    return decode(json.dumps({"feedback": list(items)}).encode() if body is None else body, {})


def changed(item, **members):
    return {key: value for key, value in (item | members).items() if value is not ABSENT}


def test_the_example_of_the_page_for_integrators_is_read():
    page = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
    body = next(b for b in re.findall(r"```json\n(.*?)```", page, re.DOTALL) if '"feedback"' in b)
    taken, dismissed, plain = read(body=body.encode())
    assert (taken.outcome, len(taken.suggestions)) == ("accepted", 1)
    ours = tomllib.loads((ROOT / "cards" / "override-reasons.toml").read_text(encoding="utf-8"))
    assert dismissed.reason is not None
    assert dismissed.reason.code in {each["code"] for each in ours.values()}
    assert (plain.outcome, plain.reason) == ("overridden", None)


def test_a_batch_keeps_its_order():
    assert [event.outcome for event in read(ACCEPTED, DISMISSED)] == ["accepted", "overridden"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T09:14:07Z", "2026-03-02T09:14:07.000000+00:00"),
        ("2026-03-02T09:14:07.250Z", "2026-03-02T09:14:07.250000+00:00"),
        ("2026-03-02T09:14:07.2Z", "2026-03-02T09:14:07.200000+00:00"),
        ("2026-03-02T09:14:07.250999999Z", "2026-03-02T09:14:07.250000+00:00"),
        ("2026-03-02T10:14:07+01:00", "2026-03-02T09:14:07.000000+00:00"),
        ("2026-03-02t09:14:07z", "2026-03-02T09:14:07.000000+00:00"),
        ("2026-03-02T09:14:60Z", "2026-03-02T09:14:59.000000+00:00"),
    ],
)
def test_moments(text, moment):
    (event,) = read(changed(DISMISSED, outcomeTimestamp=text))
    assert event.at == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"overrideReason": {}}, id="an empty reason"),
        pytest.param({"overrideReason": None}, id="a null reason"),
        pytest.param({"overrideReason": {"userComment": None}}, id="a null comment"),
        pytest.param({"acceptedSuggestions": []}, id="no suggestions, as there are none"),
        pytest.param({"extension": {"com.example": 1}}, id="members nobody knows"),
    ],
)
def test_what_a_dismissal_may_look_like(members):
    (event,) = read(changed(DISMISSED, **members))
    assert (event.outcome, event.reason, event.comment) == ("overridden", None, None)


@pytest.mark.parametrize(
    ("override", "code"),
    [
        pytest.param({"userComment": "Films were taken"}, "comment-only", id="a comment alone"),
        pytest.param({"userComment": "Films", "reason": None}, "comment-only", id="a null reason"),
        pytest.param({"userComment": "Films", "reason": {"code": "other"}}, "other", id="both"),
    ],
)
def test_a_comment_is_a_reason(override, code):
    """CDS Hooks, Feedback: at least one of the two."""
    (event,) = read(changed(DISMISSED, overrideReason=override))
    assert (event.reason.code, event.comment) == (code, override["userComment"])


@pytest.mark.parametrize("text", ["", "  ", "\u0000\n"])
def test_a_comment_without_words_is_none(text):
    (event,) = read(changed(DISMISSED, overrideReason={"userComment": text}))
    assert (event.reason, event.comment) == (None, None)


def test_ids_that_are_no_uuids_are_read_as_unknown():
    (event,) = read(changed(ACCEPTED, card="card 1", acceptedSuggestions=[{"id": "one"}]))
    assert (event.card, event.suggestions) == (None, (None,))


def test_the_same_suggestion_twice_is_one():
    (event,) = read(changed(ACCEPTED, acceptedSuggestions=[{"id": TAKEN}, {"id": TAKEN.upper()}]))
    assert len(event.suggestions) == 1


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(changed(ACCEPTED, card=ABSENT), id="no card"),
        pytest.param(changed(ACCEPTED, card=""), id="an empty card"),
        pytest.param(changed(ACCEPTED, card=7), id="a card that is a number"),
        pytest.param(changed(ACCEPTED, outcome=ABSENT), id="no outcome"),
        pytest.param(changed(ACCEPTED, outcome="ignored"), id="another outcome"),
        pytest.param(changed(ACCEPTED, acceptedSuggestions=ABSENT), id="accepted what?"),
        pytest.param(changed(ACCEPTED, acceptedSuggestions=[]), id="accepted nothing"),
        pytest.param(changed(ACCEPTED, acceptedSuggestions=[{}]), id="a suggestion without id"),
        pytest.param(changed(ACCEPTED, acceptedSuggestions=[TAKEN]), id="a bare suggestion id"),
        pytest.param(
            changed(ACCEPTED, acceptedSuggestions=[{"id": TAKEN}] * 101), id="101 suggestions"
        ),
        pytest.param(changed(DISMISSED, outcomeTimestamp=ABSENT), id="no moment"),
        pytest.param(changed(DISMISSED, outcomeTimestamp="2026-03-02"), id="a day"),
        pytest.param(changed(DISMISSED, outcomeTimestamp="2026-03-02T09:14:07"), id="no zone"),
        pytest.param(changed(DISMISSED, outcomeTimestamp="2026-02-30T09:14:07Z"), id="no such day"),
        pytest.param(
            changed(DISMISSED, outcomeTimestamp="0001-01-01T00:00:00+23:59"), id="before all time"
        ),
        pytest.param(changed(DISMISSED, outcomeTimestamp=1772442847), id="a number of seconds"),
        pytest.param(changed(DISMISSED, overrideReason="other"), id="a bare reason"),
        pytest.param(changed(DISMISSED, overrideReason={"reason": {}}), id="a reason without code"),
        pytest.param(
            changed(DISMISSED, overrideReason={"reason": {"code": ""}}), id="an empty code"
        ),
        pytest.param(
            changed(DISMISSED, overrideReason={"reason": {"code": "x", "system": 1}}),
            id="a system that is a number",
        ),
        pytest.param(
            changed(DISMISSED, overrideReason={"userComment": ["x"]}), id="a list of comments"
        ),
        pytest.param("x", id="a string"),
        pytest.param(None, id="null"),
    ],
)
def test_one_bad_event_refuses_all(item):
    with pytest.raises(BadRequest) as refused:
        read(ACCEPTED, item)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"{}", b'{"feedback": []}', b'{"feedback": {}}', b'{"feedback": null}',
        b'\xef\xbb\xbf{"feedback": []}', b'{"feedback": "\xff"}', b'{"x": NaN}',
        b"[" * 100_000,
        json.dumps({"feedback": [ACCEPTED] * 101}).encode(),
    ],
)  # fmt: skip
def test_bodies_that_are_no_feedback(body):
    with pytest.raises(BadRequest):
        read(body=body)


def test_a_hundred_events_are_taken():
    assert len(read(*[DISMISSED] * 100)) == 100


def test_a_comment_stays_out_of_every_representation():
    event = Event(None, "overridden", datetime.now(UTC), comment="Jane Doe")
    assert "Jane" not in repr(event) + str([event])
