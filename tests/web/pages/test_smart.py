"""The companion app's pages, with a log-in that grants what it is told to."""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest import mock

import msgspec
import pytest
from calls import MARK, post
from chart import ago, concept, resource
from cryptography.fernet import Fernet
from launching import EHR, ISS, NOW, OPEN, PATIENT, REQUEST, USER, Service, policy, problem
from samples import SAMPLES, add, of_patient, text
from treated import THERAPY

from cds_service.adapters.databases import database_url
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.adapters.vault import Vault
from cds_service.assembly.pages import LAUNCHES
from cds_service.cdshooks.request import decode
from cds_service.client import SmartApp
from cds_service.errors import StoreUnavailable
from cds_service.pages.smart.words import PROBLEMS

ABNORMAL = {"value": "263654008", "unit": ""}


@pytest.fixture
def store(tmp_path):
    url = database_url(f"sqlite:///{tmp_path / 'store.db'}", "test")
    made = Store(url, StoreOptions(vault=Vault([Fernet.generate_key()])))
    made.prepare()
    yield made
    made.close()


@pytest.fixture
def service(store):
    return Service(store, SmartApp(client_id="cspine", origins=(EHR,)))


def outcome(answer):
    (found,) = re.findall(r'data-outcome="(\w+)"', answer["html"])
    return found


def asked(answer):
    return re.findall(r'data-link="([\w-]+)"', answer["html"])


# --- launch ----------------------------------------------------------------------------------


def test_only_the_clients_own_pages_may_frame_the_app(service):
    for path in (f"/smart/launch?iss={ISS}", "/smart/app?state=development.x&code=c"):
        response = service.web.get(path)
        assert policy(response)["frame-ancestors"] == EHR
        assert policy(response)["script-src"] == "'self'"
        assert "X-Frame-Options" not in response.headers
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "iss",
    [
        "https://elsewhere.example/r4",
        f"{ISS}.evil.example",
        f"{ISS}/more",
        "javascript:alert(1)",
        "x" * 9999,
    ],
)
def test_a_server_nobody_configured_launches_nothing(service, iss):
    response = service.web.get("/smart/launch", query_string={"iss": iss})
    assert response.status_code == 403
    assert policy(response)["frame-ancestors"] == "'none'"
    assert iss[:40] not in response.text
    assert problem(service.send("begin", 403, iss=iss)) == "server"


def test_with_one_server_the_app_can_be_opened_by_itself(service):
    assert ISS in service.web.get("/smart/launch").text


def test_what_is_launched_is_put_into_the_page_escaped(service):
    page = service.web.get("/smart/launch", query_string={"iss": ISS, "launch": '"><script>'}).text
    assert '"><script>' not in page


def test_a_launch_is_remembered_by_the_tab_and_says_nothing_there(service):
    begun = service.send("begin", iss=ISS, launch="l1")
    assert begun["url"] == "https://ehr.example/authorize?launch=l1"
    assert ISS not in begun["pending"]


@pytest.mark.parametrize("reason", ["configuration"])
def test_a_server_that_cannot_be_used_is_said(service, reason):
    service.flow.fails = reason
    assert problem(service.send("begin", 503, iss=ISS)) == reason


def test_a_refusal_of_the_server_is_said(service):
    page = service.web.get("/smart/app?error=access_denied&state=development.s1")
    assert page.status_code == 403
    assert PROBLEMS["refused"].title in page.text


def test_a_state_of_nobody_is_said(service):
    page = service.web.get("/smart/app?code=c&state=nobody.s1")
    assert page.status_code == 400
    assert policy(page)["frame-ancestors"] == "'none'"


def test_the_launch_of_another_tab_ends_nowhere(service):
    """Somebody sends a clinician the end of his own launch."""
    begun = service.send("begin", iss=ISS)
    for pending, state in (
        ("", begun["state"]),
        (begun["pending"], "development.other"),
        (begun["pending"][:-4] + "AAA=", begun["state"]),
    ):
        answer = service.send("open", 400, code="c", state=state, pending=pending)
        assert problem(answer) == "state"
    assert service.flow.asked == []


def test_a_launch_that_took_too_long_is_over(service, monkeypatch):
    begun = service.send("begin", iss=ISS)
    late = time.time() + 601
    monkeypatch.setattr(time, "time", lambda: late)
    answer = service.send("open", 400, code="c", state=begun["state"], pending=begun["pending"])
    assert problem(answer) == "state"


def test_a_visit_does_not_pass_for_a_launch(service):
    visit = service.open()["visit"]
    answer = service.send("open", 400, code="c", state="development.s1", pending=visit)
    assert problem(answer) == "state"


@pytest.mark.parametrize(
    ("reason", "status"), [("token", 403), ("id-token", 403), ("patient", 400)]
)
def test_a_login_that_fails_is_said(service, reason, status):
    begun = service.send("begin", iss=ISS)
    service.flow.fails = reason
    answer = service.send("open", status, code="c", state=begun["state"], pending=begun["pending"])
    assert problem(answer) == reason


def test_a_login_server_that_hangs_holds_few_threads(service):
    """Anybody may begin a launch; hooks must have threads left."""
    hangs, full = threading.Event(), threading.Semaphore(0)
    begin = service.flow.begin

    def hang(*args):
        full.release()
        assert hangs.wait(10)
        return begin(*args)

    service.flow.begin = hang
    app = service.web.application

    def launch():
        return app.test_client().post("/smart/begin", json={"iss": ISS})

    with ThreadPoolExecutor(LAUNCHES) as threads:
        held = [threads.submit(launch) for _ in range(LAUNCHES)]
        for _ in held:
            assert full.acquire(timeout=10)
        assert problem(service.send("begin", 503, iss=ISS)) == "crowd"
        hangs.set()
        assert {each.result().status_code for each in held} == {200}
    service.flow.fails = "configuration"
    for _ in range(LAUNCHES + 1):
        assert problem(service.send("begin", 503, iss=ISS)) == "configuration"


# --- whose order -----------------------------------------------------------------------------


def test_the_missing_questions_of_the_order_are_asked(service):
    answer = service.open(app_context=service.handle())
    assert outcome(answer) == "INSUFFICIENT"
    assert asked(answer) == [
        "neuro-exam-normal", "conservative-therapy-weeks", "conservative-therapy-none",
    ]  # fmt: skip
    (request,) = service.chart.seen[-1:]
    assert request.fhir_server == ISS
    assert request.fhir_authorization.access_token.reveal() == f"{MARK}-token"
    (entry,) = REQUEST["context"]["draftOrders"]["entry"]
    assert request.context.draft_orders == (entry["resource"],)


def foreign(service):
    yield "unknown", {"app_context": "nobody-made-this"}
    yield "patient", {"app_context": service.handle(), "patient": "another"}
    yield "user", {"app_context": service.handle(), "user": "Practitioner/another"}


def test_a_foreign_or_expired_handle_gets_one_and_the_same_plain_page(service):
    pages = {}
    for name, granted in foreign(service):
        pages[name] = service.open(404, **granted)["html"]
    handle = service.handle()
    service.now = NOW + timedelta(hours=24)
    pages["expired"] = service.open(404, app_context=handle)["html"]
    assert len(pages) == 4
    assert len(set(pages.values())) == 1
    assert PROBLEMS["handle"].title in pages["expired"]


@pytest.mark.parametrize("user", [None, "PractitionerRole/x", "Person/x", "Practitioner/x/y"])
def test_a_login_that_names_no_person_is_told_so_and_learns_nothing_of_the_handle(service, user):
    for handle in (service.handle(), "nobody-made-this"):
        answer = service.open(403, app_context=handle, user=user)
        assert problem(answer) == "user"
        assert "select it again" not in answer["html"]


def test_without_a_handle_nobody_has_to_be_named(service):
    assert asked(service.open(user=None))


def test_a_handle_of_another_client_is_foreign(service, store):
    handle = service.handle()
    other = Service(store, SmartApp(client_id="x", origins=(EHR,)))
    with mock.patch.object(Store, "handle", autospec=True) as found:
        kept = store.companion.handle(handle, NOW)
        found.return_value = msgspec.structs.replace(kept, client="south")
        assert problem(other.open(404, app_context=handle)) == "handle"


def test_without_a_handle_the_chart_is_read_and_nothing_is_kept(service):
    answer = service.open()
    assert "No order came with this launch" in answer["html"]
    assert 'id="use"' not in answer["html"]
    body = {"visit": answer["visit"], "answers": {"motor-exam": ABNORMAL}}
    assert 'data-link="motor-exam"' in service.send("view", **body)["html"]
    assert "Give a coded reason on the order" in answer["html"]
    assert problem(service.send("use", 404, **body)) == "handle"


def test_without_a_handle_another_study_can_be_chosen(service):
    answer = service.open()
    answer = service.send("view", visit=answer["visit"], study="72156")
    assert "without then with contrast" in answer["html"]
    answer = service.send("view", visit=answer["visit"], study="70551")
    assert "without then with contrast" in answer["html"]


def test_what_the_record_says_of_a_question_stands_beside_it_with_its_date(service):
    request = SAMPLES[OPEN].request()
    treated = resource(
        "Procedure", code=concept(THERAPY), status="completed", performedPeriod={"start": ago(40)}
    )
    add(request, "procedures", of_patient(request, treated))
    handle = service.handle()
    service.chart.prefetch = decode(json.dumps(request).encode()).prefetch
    page = service.open(app_context=handle)["html"]
    (weeks,) = re.findall('(?s)data-link="conservative-therapy-weeks".*?</fieldset>', page)
    assert f"<code>Procedure/{treated['id']}</code>" in weeks
    assert ago(40) in weeks
    assert 'value=""' in weeks
    assert "Still so today" not in weeks


def test_where_nothing_is_left_to_ask_there_is_nothing_to_use(service):
    """The record was completed after the card was sent."""
    handle = service.handle()
    complete = text("V01").replace(b"v01-patient", PATIENT.encode())
    service.chart.prefetch = decode(complete).prefetch
    answer = service.open(app_context=handle)
    assert asked(answer) == []
    assert "Nothing that is missing can be answered here" in answer["html"]
    assert 'id="use"' not in answer["html"]


def test_with_a_handle_the_order_is_the_order(service):
    answer = service.open(app_context=service.handle())
    again = service.send("view", visit=answer["visit"], study="72156")
    assert "without then with contrast" not in again["html"]


def test_a_chart_that_cannot_be_read_is_said(service):
    handle = service.handle()
    service.chart.prefetch = decode(json.dumps(REQUEST | {"prefetch": {}}).encode()).prefetch
    assert problem(service.open(503, app_context=handle)) == "chart"


# --- answers ---------------------------------------------------------------------------------


def test_what_is_said_moves_and_the_new_questions_stand_below(service):
    answer = service.open(app_context=service.handle())
    no = {"neuro-exam-normal": {"value": "false", "unit": ""}}
    answer = service.send("view", visit=answer["visit"], answers=no)
    assert asked(answer) == [
        "neuro-exam-normal",
        "motor-exam", "sensory-exam", "reflex-exam", "gait-exam", "hand-clumsiness",
    ]  # fmt: skip
    assert "More questions come as these are answered" in answer["html"]
    answer = service.send("view", visit=answer["visit"], answers=no | {"motor-exam": ABNORMAL})
    assert outcome(answer) == "MRI_URGENT"
    assert "Without your answers: Not enough to rate" in answer["html"]
    assert "More questions come" not in answer["html"]


def test_use_this_keeps_the_answers_and_tells_the_ehr_the_rated_order(service):
    answer = service.open(app_context=service.handle())
    answers = {"motor-exam": ABNORMAL}
    told = service.send("use", visit=answer["visit"], answers=answers)
    assert outcome(told) == "MRI_URGENT"
    assert (told["origin"], told["handle"]) == (EHR, "m1")
    (draft,) = (e["resource"] for e in REQUEST["context"]["draftOrders"]["entry"])
    assert told["send"]["id"] == draft["id"]
    assert any("pama-rating" in each["url"] for each in told["send"]["extension"])
    (card,) = post(service.web, SAMPLES[OPEN].request()).json["cards"]
    assert card["source"]["topic"]["code"] == "MRI_URGENT"


def test_an_order_without_a_rating_is_kept_and_not_sent(service):
    answer = service.open(app_context=service.handle())
    assert "There is no rating yet to send back" in answer["html"]
    no = {"neuro-exam-normal": {"value": "false", "unit": ""}}
    assert "with its rating" not in service.send("view", visit=answer["visit"], answers=no)["html"]
    told = service.send("use", visit=answer["visit"], answers=no)
    assert (told["origin"], told["handle"]) == (EHR, "m1")
    assert "send" not in told
    assert len(list(rows(service.store))) == 1


def test_an_order_that_gets_a_rating_is_promised_and_sent_with_it(service):
    answer = service.open(app_context=service.handle())
    body = {"visit": answer["visit"], "answers": {"motor-exam": ABNORMAL}}
    page = service.send("view", **body)["html"]
    assert "sends the order with its rating" in page
    assert "no rating yet to send" not in page
    assert "send" in service.send("use", **body)


def test_without_messages_nothing_is_promised_to_be_sent(service):
    page = service.open(app_context=service.handle(), origin=None)["html"]
    assert "keeps your answers" in page
    assert "rating to send" not in page
    assert "sends the order" not in page


def test_a_handle_is_good_for_one_answer(service):
    answer = service.open(app_context=service.handle())
    body = {"visit": answer["visit"], "answers": {"motor-exam": ABNORMAL}}
    service.send("use", **body)
    assert problem(service.send("use", 404, **body)) == "handle"
    assert len(list(rows(service.store))) == 1


def test_answers_of_another_window_are_not_thrown_away(service):
    """It found a weakness; this one was open before, and never showed it."""
    one, two = (service.open(app_context=service.handle())["visit"] for _ in range(2))
    service.send("use", visit=one, answers={"motor-exam": ABNORMAL})
    no = {"conservative-therapy-none": {"value": "true", "unit": ""}}
    assert outcome(service.send("view", visit=two, answers=no)) == "NOT_YET"
    assert problem(service.send("use", 404, visit=two, answers=no)) == "handle"
    (card,) = post(service.web, REQUEST).json["cards"]
    assert card["source"]["topic"]["code"] == "MRI_URGENT"


def test_a_form_that_showed_the_earlier_answers_replaces_them(service):
    first = service.open(app_context=service.handle())
    false = {"neuro-exam-normal": {"value": "false", "unit": ""}}
    service.send("use", visit=first["visit"], answers=false)
    again = service.open(app_context=service.handle())
    service.send("use", visit=again["visit"], answers=false | {"motor-exam": ABNORMAL})
    assert len(list(rows(service.store))) == 1
    (card,) = post(service.web, REQUEST).json["cards"]
    assert card["source"]["topic"]["code"] == "MRI_URGENT"


def test_earlier_answers_that_cannot_be_read_are_no_empty_form(service, monkeypatch):
    handle = service.handle()
    monkeypatch.setattr(Store, "answered", lambda *_: None)
    assert problem(service.open(503, app_context=handle)) == "busy"


def rows(store):
    from cds_service.adapters.databases import transaction

    with transaction(store.url, writes=False) as connection:
        yield from connection.execute(t.COMPANION_ANSWERS.select())


def test_nothing_is_kept_without_an_answer(service):
    visit = service.open(app_context=service.handle())["visit"]
    for answers in ({}, {"motor-exam": {"value": "nonsense", "unit": ""}}):
        service.send("use", 404, visit=visit, answers=answers)
    assert list(rows(service.store)) == []


def test_earlier_answers_stand_in_the_form(service):
    first = service.open(app_context=service.handle())
    no = {"neuro-exam-normal": {"value": "false", "unit": ""}}
    service.send("use", visit=first["visit"], answers=no)
    (card,) = post(service.web, SAMPLES[OPEN].request()).json["cards"]
    service.store.close()
    again = service.open(app_context=card["links"][0]["appContext"])
    assert (
        'id="q-neuro-exam-normal-false" name="q-neuro-exam-normal" value="false" checked'
        in (again["html"])
    )


def test_only_a_configured_origin_is_told_anything(service):
    origins = ("https://evil.example", f"{EHR}.evil.example", "null", "*", None)
    for origin, handle in [(each, service.handle()) for each in origins]:
        visit = service.open(app_context=handle, origin=origin)["visit"]
        told = service.send("use", visit=visit, answers={"motor-exam": ABNORMAL})
        assert set(told) == {"html"}


@pytest.mark.parametrize("visit", ["", "x", "\ud800"])
def test_a_visit_that_was_not_sealed_here_is_over(service, visit):
    answer = service.web.post(
        "/smart/view", data=json.dumps({"visit": visit}), content_type="application/json"
    )
    assert answer.status_code == 400


def test_a_visit_is_over_after_an_hour(service):
    visit = service.open(app_context=service.handle())["visit"]
    service.now = NOW + timedelta(minutes=60)
    assert problem(service.send("view", 400, visit=visit)) == "over"


def test_a_visit_of_a_client_that_is_gone_is_over(service, store):
    visit = service.open(app_context=service.handle())["visit"]
    later = Service(store, None)
    assert later.web.post("/smart/view", json={"visit": visit}).status_code in (400, 404)


@pytest.mark.parametrize("path", ["begin", "open", "view", "use"])
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"visit": 7}', b"\xff"])
def test_a_body_that_is_none_is_refused(service, path, body):
    answer = service.web.post(f"/smart/{path}", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert service.web.post(f"/smart/{path}", data=body).status_code == 415


def test_when_answers_cannot_be_kept_it_is_said(service, monkeypatch):
    visit = service.open(app_context=service.handle())["visit"]

    def down(*_):
        raise StoreUnavailable

    monkeypatch.setattr(Store, "keep_answers", down)
    body = {"visit": visit, "answers": {"motor-exam": ABNORMAL}}
    assert problem(service.send("use", 503, **body)) == "busy"


def test_text_of_the_record_is_escaped(service):
    page = service.open(app_context=service.handle())["html"]
    assert not re.search(r"<script|\son\w+=|\sstyle=", page)


def test_no_token_patient_or_handle_is_in_what_the_browser_holds_or_the_log(service):
    handle = service.handle()
    answer = service.open(app_context=handle)
    service.open(404, app_context="unknown-handle")
    for word in (MARK, PATIENT, handle, USER.partition("/")[2]):
        assert word not in answer["visit"]
        assert word not in service.log.getvalue()
    assert MARK not in answer["html"]
    assert '"reason":"handle"' in service.log.getvalue()


def test_without_a_key_there_is_no_app(tmp_path):
    url = database_url(f"sqlite:///{tmp_path / 'store.db'}", "test")
    made = Store(url, StoreOptions())
    made.prepare()
    bare = Service(made, SmartApp(client_id="x"))
    assert bare.web.get("/smart/launch").status_code == 404
    made.close()
