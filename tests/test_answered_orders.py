"""What was answered in the companion app counts at the next call for that order, and for no other."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace

import msgspec
import pytest
from calls import post
from samples import SAMPLES, draft, evaluator, terminology
from stored import Service

from cds_service.adapters.databases import database_url
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.adapters.vault import new_vault
from cds_service.assembly.pages import build_bench
from cds_service.handles import Answers
from cds_service.rendering.pama import CONSULT_ID
from cds_service.settings import Settings

OPEN = "V17"
OPENED = SAMPLES[OPEN].evaluated
PATIENT = SAMPLES[OPEN].request()["context"]["patientId"]
SNOMED = "http://snomed.info/sct"
ABNORMAL = {"valueCoding": {"system": SNOMED, "code": "263654008"}}
ANSWER = ("motor-exam", ABNORMAL)
"""Weakness: a red flag where there was nothing."""
NORMAL = ("neuro-exam-normal", {"valueBoolean": True})
UNTREATED = ("conservative-therapy-none", {"valueBoolean": True})


@pytest.fixture
def service(tmp_path):
    url = database_url(f"sqlite:///{tmp_path / 'store.db'}", "test")
    store = Store(url, StoreOptions(vault=new_vault()))
    store.prepare()
    yield Service(store, now=OPENED)
    store.close()


def response(*answers, patient=PATIENT, at=OPENED):
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "companion-1",
        "status": "completed",
        "subject": {"reference": f"Patient/{patient}"},
        "authored": at.isoformat(),
        "item": [{"linkId": link, "answer": [answer]} for link, answer in answers],
    }


def answer(service, *answers, card=None, after="urn:uuid:after", **more):
    """Answer the open questions of a card as the app does."""
    (card,) = [card] if card else service.cards(OPEN)
    token = card["links"][0]["appContext"]
    service.written()
    handle = service.store.companion.handle(token, service.now)
    kept = Answers(
        client=handle.client,
        patient=handle.patient,
        user=handle.user,
        order=handle.order,
        expires=handle.expires,
        consult_ids=(*handle.consult_ids, after),
        response=msgspec.Raw(json.dumps(response(*answers or [ANSWER], **more)).encode()),
    )
    assert service.store.companion.keep(token, kept)


def code(cards):
    return cards[0]["source"]["topic"]["code"]


def with_consult_id(request, value):
    (entry,) = request["context"]["draftOrders"]["entry"]
    entry["resource"]["extension"] = [{"url": CONSULT_ID, "valueUri": value}]
    return request


def test_an_answer_turns_an_unrated_order_into_a_rated_one(service):
    assert code(service.cards(OPEN)) == "INSUFFICIENT"
    answer(service)
    cards = service.cards(OPEN)
    assert code(cards) == "MRI_URGENT"
    assert "links" not in cards[0] or cards[0]["links"][0]["type"] == "absolute"


@pytest.mark.parametrize("beside", [19, 20, 99])
def test_answers_count_however_many_orders_lie_beside(service, beside):
    answer(service)
    request = SAMPLES[OPEN].request()
    entries = request["context"]["draftOrders"]["entry"]
    blood = {"resourceType": "ServiceRequest", "status": "draft", "intent": "order"}
    entries[:0] = [{"resource": blood | {"id": f"blood-{n}"}} for n in range(beside)]
    cards = post(service.web, request).json["cards"]
    assert code(cards) == "MRI_URGENT"


def test_the_card_says_where_the_answer_came_from(service):
    answer(service)
    (card,) = service.cards(OPEN)
    assert "answered in the companion app on 2026-03-02" in card["detail"].replace("\\", "")
    assert "`QuestionnaireResponse/companion-1#motor-exam`" in card["detail"]
    explained = card["extension"]["cervical-mri-cds.explanation"]
    assert explained["dataNotes"][0].endswith(": Motor examination")
    fired = {each["id"]: each for each in explained["fired"]}
    references = [e["reference"] for e in fired["RF-NEURO-MOTOR"]["evidence"]]
    assert references == ["QuestionnaireResponse/companion-1#motor-exam"]


def test_the_workbench_gives_the_reasons_of_that_answer(service):
    """It looks up what the call did."""
    answer(service)
    request = json.dumps(SAMPLES[OPEN].request())
    fired = service.web.post(
        "/cds-services/cervical-mri", data=request, content_type="application/json"
    )
    asked = {"call": request, "status": fired.status_code, "response": fired.text}
    shown = service.web.post("/workbench/read", json=asked).json
    assert shown["said"].startswith("1 card, MRI_URGENT, rated appropriate")
    assert "answered in the companion app on 2026-03-02" in shown["why"]
    assert "not of this answer" not in shown["why"]


def test_in_production_the_workbench_looks_up_nobodys_answers():
    """Whoever reaches the page has shown no token to it."""
    settings = Settings(base_url="https://cds.example", pages={"workbench": True})
    asked = []
    bench = build_bench(
        settings,
        terminology(),
        evaluator(),
        None,
        lambda: OPENED,
        own={},
        answers=SimpleNamespace(answered=lambda *given: asked.append(given)),
    )
    (told,) = bench.why(json.dumps(SAMPLES[OPEN].request())).orders
    assert told[0].outcome == "INSUFFICIENT"
    assert asked == []


def test_what_was_answered_can_be_changed_where_nothing_more_can_be_asked(service):
    """The form then shows the answers; without them the card would lead nowhere."""
    request = SAMPLES[OPEN].request()
    del draft(request)["reasonCode"]
    (card,) = service.cards(request)
    answer(service, NORMAL, UNTREATED, card=card)
    (card,) = service.cards(request)
    missing = card["extension"]["cervical-mri-cds.explanation"]["missing"]
    assert missing == ["presenting symptom", "symptom onset", "reason for examination"]
    assert card["links"][0]["type"] == "smart"


def test_answers_count_at_both_hooks_and_as_often_as_they_are_asked(service):
    answer(service)
    request = SAMPLES[OPEN].request()
    for _ in range(2):
        assert code(service.cards(request)) == "MRI_URGENT"
    request["hook"] = "order-sign"
    del request["context"]["selections"]
    assert code(service.cards(request)) == "MRI_URGENT"


def test_answers_are_gone_when_they_have_expired(service):
    answer(service)
    service.now = OPENED + timedelta(hours=23)
    assert code(service.cards(OPEN)) == "MRI_URGENT"
    service.now = OPENED + timedelta(hours=24)
    assert code(service.cards(OPEN)) == "INSUFFICIENT"


def another_user(request):
    request["context"]["userId"] = "Practitioner/somebody-else"


def another_order(request):
    (entry,) = request["context"]["draftOrders"]["entry"]
    entry["resource"]["id"] = "another"
    request["context"]["selections"] = ["ServiceRequest/another"]


def another_patient(request):
    text = json.dumps(request).replace(PATIENT, "someone")
    request.clear()
    request.update(json.loads(text))


@pytest.mark.parametrize("other", [another_user, another_order, another_patient])
def test_answers_count_for_nobody_and_nothing_else(service, other):
    answer(service)
    request = SAMPLES[OPEN].request()
    other(request)
    assert code(service.cards(request)) == "INSUFFICIENT"


def test_answers_of_one_client_never_count_for_another(service, monkeypatch):
    answer(service)
    assert code(service.cards(OPEN)) == "MRI_URGENT"
    real = Store.answered
    monkeypatch.setattr(Store, "answered", lambda self, _, *rest: real(self, "south", *rest))
    assert code(service.cards(OPEN)) == "INSUFFICIENT"


def test_a_response_about_another_patient_is_never_used(service):
    answer(service, patient="someone")
    assert code(service.cards(OPEN)) == "INSUFFICIENT"


def test_an_order_that_carries_the_consult_id_of_the_answers_has_them(service):
    answer(service, after="urn:uuid:c1")
    request = with_consult_id(changed(SAMPLES[OPEN].request()), "urn:uuid:c1")
    assert code(service.cards(request)) == "MRI_URGENT"


def changed(request):
    """The next order of the same patient under the same id: the chart has moved on."""
    request["prefetch"]["conditions"] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [
            {
                "resource": {
                    "resourceType": "Condition",
                    "id": "new",
                    "subject": {"reference": f"Patient/{PATIENT}"},
                    "code": {"coding": [{"system": SNOMED, "code": "363346000"}]},
                    "verificationStatus": {"coding": [{"code": "provisional"}]},
                    "recordedDate": "2026-03-02",
                }
            }
        ],
    }
    return request


def test_the_rating_that_came_from_the_answers_keeps_them_with_the_order(service):
    """A client that writes our rating on the order sends back a consult id the app never saw."""
    answer(service)
    request = changed(SAMPLES[OPEN].request())
    service.cards(OPEN)
    carried = advised_consult_id(service, request)
    assert code(service.cards(with_consult_id(request, carried))) == "MRI_URGENT"


def advised_consult_id(service, request):
    """What the rating of this order would carry with the answers."""
    import stored
    from samples import evaluator

    from cds_service.cdshooks.request import decode
    from cds_service.handles import Given
    from cds_service.rendering.pama import consult_id

    client = stored.DEVELOPMENT.development_client()
    given = service.store.answered(
        "development", PATIENT, request["context"]["userId"],
        request["context"]["selections"], service.now, 5.0,
    )  # fmt: skip
    (found,) = given.values()
    asked = decode(json.dumps(request).encode())
    own = evaluator().advise(asked, service.now, client)[0]
    ids = frozenset([consult_id(own, evaluator()._options(asked, client))])
    again = {order: Given(ids, found.response) for order in given}
    asked = msgspec.structs.replace(asked, answered=again)
    (advice,) = evaluator().advise(asked, service.now, client)
    return consult_id(advice, evaluator()._options(asked, client))


def test_the_next_order_under_the_same_id_starts_without_answers(service):
    answer(service)
    other = with_consult_id(changed(SAMPLES[OPEN].request()), "urn:uuid:somebody-elses")
    (card, *_) = service.cards(other)
    assert "companion" not in card["detail"]


def test_an_order_without_a_consult_id_that_is_rated_by_now_says_that_answers_are_left_out(service):
    """Strength was abnormal, the reason became radiculopathy: what was answered is not lost unsaid."""
    answer(service)
    request = SAMPLES[OPEN].request()
    (entry,) = request["context"]["draftOrders"]["entry"]
    radiculopathy = {"coding": [{"system": SNOMED, "code": "54404000"}]}
    entry["resource"]["reasonCode"] = [radiculopathy]
    (card, *_) = service.cards(request)
    assert code([card]) == "MRI_MAY"
    notes = card["extension"]["cervical-mri-cds.explanation"]["dataNotes"]
    assert notes[0].startswith("answers given in the companion app on 2026-03-02 ")
    assert "are left out: the order has changed since" in notes[0]
    assert "are left out" in card["detail"]


def test_answers_still_count_when_the_reason_the_app_asked_for_was_added(service):
    """The order could not be rated before and cannot be now, but for the answers."""
    request = SAMPLES[OPEN].request()
    (entry,) = request["context"]["draftOrders"]["entry"]
    reason = entry["resource"].pop("reasonCode")
    (card, *_) = service.cards(request)
    assert code([card]) == "INSUFFICIENT"
    answer(service, card=card)
    entry["resource"]["reasonCode"] = reason
    assert code(service.cards(request)) == "MRI_URGENT"


def test_an_order_that_had_a_rating_before_keeps_its_answers(service):
    """Its first rating stays on the order while the card asks."""
    request = with_consult_id(SAMPLES[OPEN].request(), "urn:uuid:first")
    (card,) = service.cards(request)
    answer(service, card=card)
    assert code(service.cards(request)) == "MRI_URGENT"
    other = with_consult_id(SAMPLES[OPEN].request(), "urn:uuid:somebody-elses")
    assert code(service.cards(other)) == "INSUFFICIENT"


@pytest.mark.parametrize(
    "extension",
    [None, {}, ["x"], [{"url": CONSULT_ID}], [{"url": CONSULT_ID, "valueUri": 7}], [{"url": []}]],
)
def test_an_odd_consult_id_is_none(service, extension):
    answer(service)
    request = SAMPLES[OPEN].request()
    request["context"]["draftOrders"]["entry"][0]["resource"]["extension"] = extension
    assert code(service.cards(request)) == "MRI_URGENT"  # nothing else has changed


def test_when_answers_cannot_be_looked_up_the_card_says_so(service, monkeypatch):
    answer(service)
    monkeypatch.setattr(Store, "answered", lambda *_: None)
    (card,) = service.cards(OPEN)
    assert code([card]) == "INSUFFICIENT"
    notes = card["extension"]["cervical-mri-cds.explanation"]["dataNotes"]
    assert notes[0] == "answers given in the companion app could not be looked up"


def test_a_no_is_evidence_too_and_an_open_question_stays_open(service):
    answer(service, ("motor-exam", {"valueCoding": {"system": SNOMED, "code": "17621005"}}))
    (card,) = service.cards(OPEN)
    missing = card["extension"]["cervical-mri-cds.explanation"]["missing"]
    assert "neurological examination" not in missing
    assert "conservative therapy" in missing


def test_nothing_of_it_reaches_the_log(service):
    answer(service)
    service.cards(OPEN)
    assert PATIENT not in service.log.getvalue()
    assert "companion-1" not in service.log.getvalue()
