"""Feedback over HTTP, as it lies in the store afterwards."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from calls import NOW
from stored import accepted, overridden

from cds_service.adapters.store import tables as t
from cds_service.adapters.store.ids import Origin

STANDARD = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
LOCAL = "http://example.org/cervical-mri/CodeSystem/override-reason"


def told(service):
    return [
        (row["outcome"], row["reason_system"], row["reason_code"])
        for row in service.rows(t.FEEDBACK)
    ]


def test_an_accepted_suggestion_is_kept_with_its_card(service):
    (card,) = service.cards()
    assert service.feedback(accepted(card)).data == b""
    (event,) = service.rows(t.FEEDBACK)
    assert event["card"] == UUID(card["uuid"])
    assert (event["client"], event["outcome"]) == ("development", "accepted")
    assert event["outcome_at"] == event["received_at"] == event["issued"]
    (taken,) = service.rows(t.FEEDBACK_SUGGESTIONS)
    assert taken["suggestion"] == UUID(card["suggestions"][0]["uuid"])
    service.written()
    names = {row["uuid"]: row["name"] for row in service.rows(t.SUGGESTIONS)}
    assert names[taken["suggestion"]] == "replace-with-physical-therapy"


def test_several_accepted_suggestions_are_one_event(service):
    (card,) = service.cards()
    service.feedback(accepted(card, 0, 1))
    assert len(service.rows(t.FEEDBACK)) == 1
    assert len(service.rows(t.FEEDBACK_SUGGESTIONS)) == 2


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        pytest.param({}, (None, None), id="a plain dismissal"),
        pytest.param(
            {"code": "action-completed", "system": STANDARD},
            (STANDARD, "action-completed"),
            id="a reason without display",
        ),
        pytest.param(
            {"code": "other", "system": LOCAL, "display": "Jane Doe"},
            (LOCAL, "other"),
            id="a reason whose display is not looked at",
        ),
        pytest.param(
            {"code": "action-completed"},
            (STANDARD, "action-completed"),
            id="a reason of ours without system gets its system back",
        ),
        pytest.param({"code": "too-late"}, (None, "too-late"), id="a reason of the client's own"),
        pytest.param(
            {"code": "Jane Doe, born 1970"},
            (None, "not-a-code"),
            id="a sentence in place of a code is not kept",
        ),
        pytest.param(
            {"code": "other", "system": "Jane Doe"},
            (LOCAL, "other"),
            id="nor one in place of a system",
        ),
    ],
)
def test_a_dismissal_is_kept_with_its_reason(service, reason, kept):
    (card,) = service.cards()
    service.feedback(overridden(card, **reason))
    assert told(service) == [("overridden", *kept)]


def test_one_call_may_bring_feedback_on_cards_of_several_calls(service):
    (first,), (second,) = service.cards(), service.cards("V16")
    service.feedback(accepted(first), overridden(second), overridden(first, code="other"))
    assert len(service.rows(t.FEEDBACK)) == 3


def test_repeats_change_nothing(service):
    (card,) = service.cards()
    items = [accepted(card), overridden(card, code="other"), overridden(str(uuid4()))]
    for _ in range(3):
        service.feedback(*items, *items)
    assert len(service.rows(t.FEEDBACK)) == 2
    assert len(service.rows(t.FEEDBACK_SUGGESTIONS)) == 1
    assert len(service.rows(t.FEEDBACK_QUARANTINE)) == 1


def test_what_happened_later_is_another_event(service):
    (card,) = service.cards()
    service.feedback(
        overridden(card), overridden(card, at=NOW + timedelta(milliseconds=1)), accepted(card)
    )
    assert len(service.rows(t.FEEDBACK)) == 3


def test_two_reasons_at_one_moment_are_two_events(service):
    """A client may send one item for each reason that was ticked."""
    (card,) = service.cards()
    given = [
        overridden(card),
        overridden(card, code="other", system=LOCAL),
        overridden(card, code="too-late", system=LOCAL),
        overridden(card, code="other", system="urn:of-the-client"),
    ]
    for _ in range(2):
        service.feedback(*given)
    assert sorted(told(service), key=str) == [
        ("overridden", LOCAL, "other"),
        ("overridden", LOCAL, "too-late"),
        ("overridden", "urn:of-the-client", "other"),
        ("overridden", None, None),
    ]


def test_feedback_may_overtake_the_row_of_its_card(service):
    (card,) = service.cards()
    service.feedback(accepted(card))
    assert len(service.rows(t.FEEDBACK)) == 1
    service.written()
    rows = {row["uuid"] for row in service.rows(t.CARDS)}
    assert {row["card"] for row in service.rows(t.FEEDBACK)} <= rows


def test_a_card_of_a_process_that_died_stays_ours(service):
    """Its row was never written; the uuid proves where it came from, and when."""
    origin = Origin(service.store._keys)
    card = origin.card("development", NOW)
    suggestion = origin.suggestion("development", NOW, card)
    service.feedback(accepted({"uuid": str(card), "suggestions": [{"uuid": str(suggestion)}]}))
    (event,) = service.rows(t.FEEDBACK)
    assert event["issued"] == int(NOW.timestamp() * 1000)
    assert service.rows(t.FEEDBACK_QUARANTINE) == []


def apart(service):
    assert service.rows(t.FEEDBACK) == []
    return [row["why"] for row in service.rows(t.FEEDBACK_QUARANTINE)]


@pytest.mark.parametrize(
    "card",
    [
        pytest.param(str(uuid4()), id="a card nobody knows"),
        pytest.param("Jane Doe", id="what is no uuid"),
        pytest.param("00000000-0000-0000-0000-000000000000", id="the empty uuid"),
    ],
)
def test_unknown_cards_are_answered_alike_and_kept_apart(service, card):
    assert service.feedback(overridden(card)).data == b""
    assert apart(service) == ["card"]
    assert "Jane" not in str(service.rows(t.FEEDBACK_QUARANTINE))


def test_another_clients_card_is_as_unknown_as_any(service):
    card = Origin(service.store._keys).card("somebody-else", NOW)
    service.feedback(overridden(str(card)))
    assert apart(service) == ["card"]


def test_a_suggestion_of_another_card_is_kept_apart(service):
    (card,), (other,) = service.cards(), service.cards()
    foreign = card | {"suggestions": other["suggestions"]}
    service.feedback(accepted(foreign))
    assert apart(service) == ["suggestion"]


def test_of_two_suggestions_the_one_that_is_ours_counts(service):
    (card,), (other,) = service.cards(), service.cards()
    mixed = card | {"suggestions": [card["suggestions"][0], other["suggestions"][0]]}
    service.feedback(accepted(mixed, 0, 1))
    assert len(service.rows(t.FEEDBACK_SUGGESTIONS)) == 1
    assert [row["why"] for row in service.rows(t.FEEDBACK_QUARANTINE)] == ["suggestion"]


@pytest.mark.parametrize(
    ("minutes", "why"),
    [
        pytest.param(-5, [], id="a clock five minutes slow"),
        pytest.param(-6, ["time"], id="before the card was there"),
        pytest.param(5, [], id="a clock five minutes fast"),
        pytest.param(6, ["time"], id="in the future"),
    ],
)
def test_the_time_of_an_event_must_be_possible(service, minutes, why):
    (card,) = service.cards()
    service.feedback(overridden(card, at=NOW + timedelta(minutes=minutes)))
    assert [row["why"] for row in service.rows(t.FEEDBACK_QUARANTINE)] == why
    assert len(service.rows(t.FEEDBACK)) == (not why)


def test_what_is_kept_apart_is_capped_for_each_client(serve):
    service = serve(quarantine=3)
    service.feedback(*(overridden(str(uuid4())) for _ in range(2)))
    service.feedback(*(overridden(str(uuid4())) for _ in range(5)))
    service.feedback(overridden(str(uuid4())))
    assert len(service.rows(t.FEEDBACK_QUARANTINE)) == 3
    (card,) = service.cards()
    service.feedback(overridden(card))
    assert len(service.rows(t.FEEDBACK)) == 1


def test_comments_are_not_kept_unless_switched_on(serve):
    service = serve()
    (card,) = service.cards()
    service.feedback(overridden(card, comment="Films were taken elsewhere"))
    assert service.rows(t.FEEDBACK_COMMENTS) == []
    (row,) = service.rows(t.FEEDBACK)
    assert (row["reason_system"], row["reason_code"]) == (None, "comment-only")
    assert "Films" not in str(row)


@pytest.mark.parametrize(
    ("comment", "kept"),
    [
        pytest.param("Films were taken elsewhere", "Films were taken elsewhere", id="short"),
        pytest.param("a\0b\x1bc\n", "abc", id="without what databases and terminals choke on"),
        pytest.param("ä" * 2000, "ä" * 1024, id="cut at 2 KiB, between two characters"),
        pytest.param("  ", None, id="nothing but blanks"),
    ],
)
def test_comments_are_kept_when_switched_on(serve, comment, kept):
    service = serve(comments=True)
    (card,) = service.cards()
    service.feedback(overridden(card, comment=comment), accepted(card))
    assert [row["comment"] for row in service.rows(t.FEEDBACK_COMMENTS)] == [kept] * bool(kept)


def test_a_bad_event_refuses_the_whole_call(service):
    (card,) = service.cards()
    response = service.feedback(
        accepted(card), overridden(card) | {"outcomeTimestamp": "yesterday"}, status=400
    )
    assert response.json["issue"][0]["code"] == "value"
    assert service.rows(t.FEEDBACK) == []


def test_other_services_have_no_feedback(service):
    response = service.web.post("/cds-services/other/feedback", json={"feedback": []})
    assert response.status_code == 404


def test_no_store_no_feedback(service):
    from samples import evaluator

    from cds_service.app import create_app
    from cds_service.settings import Settings

    app = create_app(Settings(dev=True), lambda: NOW, evaluator())
    assert app.test_client().post("/cds-services/cervical-mri/feedback").status_code == 404
