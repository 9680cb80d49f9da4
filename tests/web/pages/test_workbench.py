"""/workbench over HTTP: the page, its changes, its answers, its refusals."""

import json
import re
from datetime import timedelta

import pytest
from calls import MARK, NOW, FakeEvaluator, Remembering, assert_outcome, bundle
from samples import SAMPLES

from cds_service.app import create_app
from cds_service.client import make_client
from cds_service.pages.workbench import LARGEST, LARGEST_HERE
from cds_service.settings import Settings
from cds_service.workbench.chart import MOST

SERVICE = "/cds-services/cervical-mri"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def web():
    return create_app(Settings(dev=True), lambda: NOW, store=Remembering()).test_client()


@pytest.fixture
def change(web):
    def changed(status=200, **asked):
        response = web.post("/workbench/change", json=asked)
        assert response.status_code == status, response.text
        done = response.json
        return done | {"call": done.get("call") or done.get("request")}

    return changed


@pytest.fixture
def read(web):
    """Fire the call and read the answer, as the page does."""

    def answer(call, before=None):
        fired = web.post(SERVICE, data=call, content_type="application/json")
        asked = {
            "call": call,
            "status": fired.status_code,
            "response": fired.text,
            "before": before,
        }
        response = web.post("/workbench/read", json=asked)
        assert response.status_code == 200, response.text
        return response.json

    return answer


def test_the_page_shows_the_chart_before_any_script_runs(web):
    page = web.get("/workbench?patient=V05").get_data(as_text=True)
    assert "Thomas Brandt" in page
    assert "Cervicalgia" in page
    assert "2026-02-18" in page
    assert "12 days ago" in page
    assert page.count('<option value="V') == len(SAMPLES)


def test_the_page_runs_nothing_inline_and_every_file_it_names_is_there(web):
    response = web.get("/workbench")
    page = response.get_data(as_text=True)
    assert "script-src 'self';" in response.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert any(path.endswith("main.js") for path in named)
    assert {web.get(path).status_code for path in named} == {200}


def test_an_unknown_patient_is_a_page_that_says_what_to_do(web):
    response = web.get("/workbench?patient=V99", headers=BROWSER)
    assert response.status_code == 404
    assert "choose one of the list" in response.get_data(as_text=True)


def test_it_is_in_the_navigation(web):
    assert 'href="/workbench"' in web.get("/").get_data(as_text=True)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_gets_its_cards_and_its_reasons(change, read, name):
    shown = read(change(sample=name)["call"])
    expected = SAMPLES[name]
    assert expected.outcome in shown["why"]
    assert f">{expected.outcome}</span>" in shown["cards"]
    assert expected.outcome in shown["said"]


def test_a_change_is_said_and_marked(change, read):
    first = change(sample="V01")
    before = read(first["call"])["memory"]
    edit = {"kind": "add", "finding": "394616008-Condition"}
    second = read(change(request=first["request"], edit=edit)["call"], before)
    assert second["said"] == (
        "1 card, NOT_YET became MRI_URGENT, rated appropriate, 12 statements changed, "
        "written on the order"
    )
    assert "was NOT_YET" in second["why"]
    assert "was unknown" in second["why"]


def test_evidence_that_differs_is_marked_where_no_verdict_does(change, read):
    """38.5 °C, then 40.1 °C: a fever as before."""
    fever = {"kind": "measure", "measure": "8310-5-Cel", "value": "38.5"}
    first = change(request=change(sample="V01")["request"], edit=fever)
    before = read(first["call"])["memory"]
    row = re.search(r'id="row-obs-vitals-(\d+)"(?:(?!</li>).)*38\.5', first["record"], re.DOTALL)
    assert row
    hotter = {"kind": "value", "key": "obs-vitals", "place": int(row[1]), "value": "40.1"}
    second = read(change(request=first["request"], edit=hotter)["call"], before)
    assert "still MRI_URGENT" in second["said"]
    assert "<b>40.1 °C</b>" in second["why"]
    assert f"<mark>was 38.5 °C, {NOW.date()}</mark>" in second["why"]


def test_reasons_that_are_not_of_the_answer_say_so(web, change):
    """Whatever the reason: the card holds, and nobody is told otherwise."""
    call = change(sample="V01")["call"]
    fired = web.post(SERVICE, data=call, content_type="application/json").text
    asked = {"call": call, "status": 200}
    shown = web.post("/workbench/read", json=asked | {"response": fired}).json
    assert "not of this answer" not in shown["why"] + shown["said"]
    other = fired.replace('"code":"NOT_YET"', '"code":"MRI_URGENT"')
    shown = web.post("/workbench/read", json=asked | {"response": other}).json
    assert "The card says MRI_URGENT; below it comes to NOT_YET." in shown["why"]
    assert shown["said"].startswith("1 card, MRI_URGENT, and the reasons are not of this answer")
    assert "NOT_YET" not in shown["said"]


@pytest.fixture(scope="module")
def two_clients():
    """A production service with a workbench; one of its clients has thresholds of its own. The token is
    the client's name.
    """
    settings = Settings(base_url="https://cds.example/base", pages={"workbench": True})
    own = {
        name: make_client(name, options, dev=False)
        for name, options in (("giles", {"fever.thresholdC": "38.3"}), ("north", {}))
    }

    class Named:
        def authenticate(self, request, url):
            return own[request.headers["Authorization"]]

    return create_app(
        settings, lambda: NOW, clients=tuple(own.values()), authenticator=Named()
    ).test_client()


@pytest.mark.parametrize(
    ("name", "outcome", "link"),
    [
        ("giles", "NOT_YET", '"/base/criteria/[0-9a-f]{12}/P11"'),
        ("north", "MRI_URGENT", '"/base/criteria/P6"'),
    ],
)
def test_in_production_the_reasons_go_by_the_thresholds_of_the_card(
    two_clients, name, outcome, link
):
    call = two_clients.post("/workbench/change", json={"sample": "V05"}).json["request"]
    headers = {"Authorization": name}
    fired = two_clients.post(
        SERVICE, data=call, content_type="application/json", headers=headers
    ).text
    asked = {"call": call, "status": 200, "response": fired}
    shown = two_clients.post("/workbench/read", json=asked).json
    assert f"{outcome}</span>" in shown["cards"]
    assert re.match(rf"\d cards?, {outcome}, ", shown["said"])
    assert "not of this answer" not in shown["why"]
    assert re.search(link, shown["why"])


def test_evidence_leads_to_its_entry(change, read):
    first = change(sample="V05")
    why = read(first["call"])["why"]
    (anchor,) = set(re.findall(r'data-show="(row-obs-vitals-\d+)"', why)) or [""]
    assert f'id="{anchor}"' in first["record"]
    assert "against ≥ 38 °C, last 7 days" in why


def test_suggestions_reasons_and_dismissing_are_offered(change, read):
    cards = read(change(sample="V01")["call"])["cards"]
    assert 'data-accept="0"' in cards
    assert 'name="reason"' in cards
    assert "data-dismiss" in cards


def test_what_can_be_done_stands_between_the_summary_and_the_reasons(change, read):
    cards = read(change(sample="V01")["call"])["cards"]
    places = [cards.index(part) for part in ("<h3", "data-accept", "data-dismiss", '"detail"')]
    assert places == sorted(places)


def test_what_the_service_wrote_is_shown_on_the_order(change, read):
    call = change(sample="V01")["call"]
    shown = read(call)
    assert '<span class="chip warning">rated not-appropriate</span>' in shown["orders"]
    assert "rating: <code>not-appropriate, usually-not-appropriate</code>" in shown["orders"]
    assert "consultation: <code>urn:uuid:" in shown["orders"]
    done = "on ServiceRequest/v01-mri-draft: Record the appropriateness rating on the order."
    assert done in shown["cards"]


def test_a_rating_of_an_earlier_answer_is_told_apart(web, change, read):
    """An order that cannot be rated any more keeps the rating an EHR wrote on it."""
    first = change(sample="V01")
    fired = web.post(SERVICE, data=first["call"], content_type="application/json").text
    held = {"request": first["request"], "answered": fired, "withheld": ["imaging"]}
    shown = read(change(**held)["call"])
    assert "INSUFFICIENT, not rated" in shown["said"]
    assert "rated not-appropriate by an earlier answer, not by this one" in shown["orders"]


def card_shown(web, call, **members):
    """How a card is shown that came as the answer to a call."""
    card = {"summary": "s", "indicator": "info", "source": {"label": "x"}} | members
    asked = {"call": call, "status": 200, "response": json.dumps({"cards": [card]})}
    return web.post("/workbench/read", json=asked).json["cards"]


def test_a_card_of_unknown_behaviour_is_an_error_as_in_an_ehr(web, change):
    call = change(sample="V01")["call"]
    two = [{"label": "a", "actions": []}, {"label": "b", "actions": []}]
    for behaviour, words in (("at-most-one", "Choose one"), ("any", "Choose as many as fit")):
        cards = card_shown(web, call, suggestions=two, selectionBehavior=behaviour)
        assert words in cards
        assert cards.count("data-accept") == 2
    for wrong, words in (({"selectionBehavior": "all"}, "is all"), ({}, "is missing")):
        cards = card_shown(web, call, suggestions=two, **wrong)
        assert f"<code>selectionBehavior</code> {words}" in cards
        assert "data-accept" not in cards


def test_source_topic_and_absolute_links_are_shown_as_in_an_ehr(change, read):
    cards = read(change(sample="V01")["call"])["cards"]
    assert "Conservative care first</span>" in cards, "the words of the topic"
    assert '<footer>Source: <a href="http://127.0.0.1:5005/criteria" target="_blank"' in cards
    assert 'href="http://127.0.0.1:5005/criteria/P11"' in cards


SMART = {"label": "Answer", "url": "http://127.0.0.1:5005/smart/launch", "type": "smart"}


def test_an_app_is_begun_with_the_server_an_ehr_would_name(web, change):
    request = json.loads(change(sample="V17")["request"])
    call = json.dumps(request | {"fhirServer": "http://127.0.0.1:8103/fhir/R4"})
    cards = card_shown(web, call, links=[SMART])
    iss = "http%3A%2F%2F127.0.0.1%3A8103%2Ffhir%2FR4"
    assert f'href="http://127.0.0.1:5005/smart/launch?iss={iss}" target="_blank"' in cards
    assert "authorization server asks for a log-in" in cards


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (
            {"fhirServer": "https://ehr.example/r4"},
            "not set up for the FHIR server of this request",
        ),
        ({"fhirServer": None}, "names no <code>fhirServer</code>"),
        ({"fhirServer": 'http://127.0.0.1"><b>'}, "&#34;&gt;&lt;b&gt;"),
    ],
)
def test_an_app_that_cannot_be_launched_says_why_and_what_would_do(web, change, server, words):
    request = json.loads(change(sample="V17")["request"])
    cards = card_shown(web, json.dumps(request | server), links=[SMART])
    assert words in cards
    assert "cannot be opened from here" in cards
    assert 'method="get" action="/smart/launch" target="_blank"' in cards
    assert "<b>" not in cards


def test_a_form_leads_to_no_other_origin(web, change):
    call = change(sample="V17")["call"]
    cards = card_shown(web, call, links=[SMART | {"url": "https://app.example/launch"}])
    assert "cannot be opened from here" in cards
    assert "<form" not in cards.replace("<form data-dismiss>", "")


def test_an_order_that_is_not_rated_says_why(change, read):
    request = json.loads(change(sample="V01")["request"])
    draft = request["context"]["draftOrders"]["entry"][0]["resource"]
    draft["code"]["coding"] = [{"system": "http://www.ama-assn.org/go/cpt", "code": "72148"}]
    shown = read(json.dumps(request))
    assert shown["said"] == "0 cards, no order was rated"
    for part in (shown["cards"], shown["why"]):
        assert "cpt|72148: no code of a cervical-spine MRI" in part


def test_a_draft_beside_a_rated_one_says_why_it_is_not(change, read):
    request = json.loads(change(sample="V01")["request"])
    other = {"resourceType": "ServiceRequest", "id": "pt", "code": {"text": "<i>therapy"}}
    request["context"]["draftOrders"]["entry"].append({"resource": other})
    shown = read(json.dumps(request))
    assert "Passed over" in shown["why"]
    assert "ServiceRequest/pt: is not among the selections" in shown["why"]
    assert "Passed over" not in read(change(sample="V01")["call"])["why"]


def test_a_suggestion_says_what_it_does_once(change, read):
    cards = read(change(sample="V01")["call"])["cards"]
    assert "Remove the MRI order · Add a draft order" in cards
    assert cards.count(">Remove the MRI order<") == 1, "its label says it"


@pytest.mark.parametrize(
    ("withheld", "words"),
    [
        (["conditions"], "The service answered 412"),
        (["imaging", "imaging-studies"], "INSUFFICIENT"),
    ],
)
def test_what_is_held_back_has_its_effect(change, read, withheld, words):
    call = change(sample="V01", withheld=withheld)["call"]
    assert words in read(call)["cards"]


def test_a_refusal_of_the_service_names_the_mend(web):
    told = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"details": {"text": "<b>no</b>"}, "diagnostics": "prefetch key 'conditions' absent"}
        ],
    }
    for status, words in ((412, "lacks"), (401, "token"), (503, "busy"), (418, "mend the request")):
        asked = {"call": "{}", "status": status, "response": json.dumps(told)}
        shown = web.post("/workbench/read", json=asked).json
        assert words in shown["cards"]
        assert "&lt;b&gt;no&lt;/b&gt;" in shown["cards"]
        assert "why" not in shown


@pytest.mark.parametrize("response", ["", "[]", "{}", "<html>", '{"cards": 3}', "[" * 9999])
def test_an_answer_that_is_none_is_refused(web, change, response):
    asked = {"call": change(sample="V01")["call"], "status": 200, "response": response}
    refused = web.post("/workbench/read", json=asked)
    assert_outcome(refused, 400, "value")
    assert "the answer is not" in refused.text


@pytest.mark.parametrize("path", ["change", "read"])
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"unknown": 1}', b"\xff", b"[" * 99_999])
def test_a_body_that_is_none_is_refused(web, path, body):
    response = web.post(f"/workbench/{path}", data=body, content_type="application/json")
    assert_outcome(response, 400, "structure")


def test_a_form_of_another_site_cannot_post(web):
    assert web.post("/workbench/change", data={"sample": "V01"}).status_code == 415


def test_a_bad_paste_names_line_and_column(change):
    refused = change(400, text='{\n "hook": }')
    assert "line 2, column 10" in refused["issue"][0]["details"]["text"]


def test_what_a_record_says_stays_text(change, read):
    request = json.loads(change(sample="V01")["request"])
    hostile = f'<img src=x onerror=alert("{MARK}")>'
    request["prefetch"]["patient"]["name"] = [{"family": hostile}]
    for entry in request["prefetch"]["conditions"]["entry"]:
        entry["resource"]["code"]["text"] = hostile
        entry["resource"]["id"] = f'"><b>{MARK}'
    draft = request["context"]["draftOrders"]["entry"][0]["resource"]
    draft["code"]["text"] = draft["priority"] = hostile
    done = change(text=json.dumps(request))
    shown = read(done["call"])
    everything = done["orders"] + done["record"] + shown["cards"] + shown["why"]
    assert "&lt;img" in everything
    assert "<img" not in everything
    assert f"<b>{MARK}" not in everything


def test_a_hostile_answer_stays_text(web, change):
    hostile = "<script>alert(1)</script>"
    card = {
        "uuid": hostile, "summary": hostile, "detail": hostile, "indicator": hostile,
        "source": {"label": hostile, "topic": {"code": hostile}},
        "suggestions": [{"label": hostile, "uuid": hostile, "actions": [{"type": hostile, "description": hostile}]}],
        "overrideReasons": [{"code": hostile, "system": hostile, "display": hostile}],
        "links": [{"label": hostile, "type": "absolute", "url": "javascript:alert(1)"},
                  {"label": hostile, "type": "smart", "url": "https://app.example"}],
    }  # fmt: skip
    asked = {
        "call": change(sample="V01")["call"],
        "status": 200,
        "response": json.dumps({"cards": [card]}),
    }
    cards = web.post("/workbench/read", json=asked).json["cards"]
    assert "<script" not in cards
    assert "javascript:" not in cards


@pytest.mark.parametrize(
    "answer",
    [
        {"cards": [7]},
        {"cards": [{}]},
        {"cards": [{"source": 3, "suggestions": {"a": 1}, "links": ["x"], "overrideReasons": 4}]},
        {"cards": [], "systemActions": [{"type": "update", "resource": 3}]},
        {"cards": [], "systemActions": 5},
    ],
)
def test_a_malformed_answer_is_refused_and_no_defect(web, change, answer):
    asked = {"call": change(sample="V01")["call"], "status": 200, "response": json.dumps(answer)}
    assert web.post("/workbench/read", json=asked).status_code == 400


def test_the_reasoning_is_there_for_machines(web, change):
    call = change(sample="V05")["call"]
    response = web.post("/workbench/reasoning", data=call, content_type="application/json")
    (order,) = response.json["orders"]
    assert (order["outcome"], order["step"]) == ("MRI_URGENT", "P6")
    assert order["steps"][-1]["decided"] is True
    judged = {each["id"]: each for group in order["groups"] for each in group["statements"]}
    assert judged["RF-INFECT-FEVER"]["verdict"] == "met"
    assert judged["RF-INFECT-FEVER"]["evidence"][0]["threshold"] == "≥ 38 °C, last 7 days"
    assert judged["RF-SYS-MALIG"]["verdict"] == "unknown"


def test_the_reasoning_refuses_as_the_service_does(web, change):
    call = change(sample="V05", withheld=["conditions"])["call"]
    response = web.post("/workbench/reasoning", data=call, content_type="application/json")
    assert_outcome(response, 412, "processing")


@pytest.mark.parametrize(
    ("settings", "there"),
    [
        (Settings(dev=True), True),
        (Settings(dev=True, pages={"workbench": False}), False),
        (Settings(base_url="https://cds.example"), False),
        (Settings(base_url="https://cds.example", pages={"workbench": True}), True),
    ],
)
def test_it_is_there_in_development_and_where_it_is_switched_on(bouncer, settings, there):
    clients = () if settings.dev else (bouncer.client,)
    app = create_app(settings, lambda: NOW, FakeEvaluator(), clients=clients, authenticator=bouncer)
    response = app.test_client().get("/workbench", headers=BROWSER)
    assert response.status_code == (200 if there else 404)
    if there and not settings.dev:
        assert "Bearer token" in response.get_data(as_text=True)


def test_nothing_of_a_chart_is_logged(capsys, web, change, read):
    request = change(sample="V01")["request"].replace("Holloway", MARK)
    read(change(text=request)["call"])
    web.post("/workbench/read", json={"call": MARK, "status": 200, "response": MARK})
    printed = capsys.readouterr()
    assert MARK not in printed.out + printed.err


def test_more_cards_than_an_order_can_get_are_refused(web, change):
    card = {"summary": "s", "indicator": "info", "source": {"label": "x"}}
    asked = {"call": change(sample="V01")["call"], "status": 200}
    asked["response"] = json.dumps({"cards": [card] * 101})
    assert_outcome(web.post("/workbench/read", json=asked), 400, "value")
    asked["response"] = json.dumps({"cards": [card] * 100})
    assert web.post("/workbench/read", json=asked).json["cards"].count("<article") == 100


@pytest.mark.parametrize("path", ["change", "read", "reasoning"])
def test_in_production_nobody_can_send_more_than_a_request_needs(bouncer, path):
    """The workbench asks nobody who he is; calls of hooks must not wait behind it."""
    settings = Settings(pages={"workbench": True}, base_url="https://cds.example")
    app = create_app(
        settings, lambda: NOW, FakeEvaluator(), clients=(bouncer.client,), authenticator=bouncer
    )
    body = json.dumps({"text": "x" * LARGEST})
    options = {"data": body, "content_type": "application/json"}
    assert_outcome(app.test_client().post(f"/workbench/{path}", **options), 413, "too-long")
    hook = app.test_client().post(SERVICE, **options)
    assert hook.status_code != 413


def long_record(entries):
    """A request with a record of many laboratory values, one a day."""
    request = json.loads(SAMPLES["V01"].path.read_text("utf-8"))
    value = {"system": "http://unitsofmeasure.org", "code": "mg/L", "value": 3.1}
    request["prefetch"]["obs-labs"] = bundle(
        *(
            {
                "resourceType": "Observation",
                "id": f"crp-{n}",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "1988-5"}]},
                "subject": {"reference": "Patient/v01-patient"},
                "effectiveDateTime": (NOW.date() - timedelta(days=n)).isoformat(),
                "valueQuantity": value,
            }
            for n in range(entries)
        )
    )
    return json.dumps(request)


def test_a_long_record_comes_back_once_and_with_the_rows_a_person_looks_through(web):
    body = {"text": long_record(2000)}
    response = web.post("/workbench/change", json=body)
    assert len(response.data) < 1.5 * len(json.dumps(body))
    record = response.json["record"]
    assert f"{2000 - MOST} older entries are sent with the call and not shown here" in record
    assert len(re.findall(r'<li class="row" id="row-obs-labs-', record)) == MOST
    assert NOW.date().isoformat() in record
    (entries,) = re.findall(r"Laboratory <span[^>]*>obs-labs: (\d+)", record)
    assert entries == "2000", "all of them are sent"


def test_only_a_call_that_differs_from_the_request_comes_beside_it(web):
    def calls(**asked):
        done = web.post("/workbench/change", json={"sample": "V01"} | asked).json
        return done["hook"], bool(done["call"])

    assert calls() == ("order-select", False)
    assert calls(withheld=["imaging"]) == ("order-select", True)
    assert calls(hook="order-sign") == ("order-sign", True)


def test_an_answer_is_shown_digit_by_digit(web, change):
    call = change(sample="V01")["call"]
    card = {"summary": "s", "indicator": "info", "source": {"label": "x"}, "extension": {"a": 0}}
    answer = json.dumps({"cards": [card]}).replace(": 0", ": 2.50")
    asked = {"call": call, "status": 200, "response": answer}
    shown = web.post("/workbench/read", json=asked).json["response"]
    assert '"a": 2.50' in shown
    assert shown.startswith('{\n  "cards": [')
    asked = {"call": call, "status": 502, "response": "<html>Bad gateway"}
    assert web.post("/workbench/read", json=asked).json["response"] == "<html>Bad gateway"


@pytest.mark.parametrize("path", ["change", "read"])
def test_what_no_page_could_hold_is_refused_in_development_too(web, path):
    body = json.dumps({"text": "x" * LARGEST_HERE})
    response = web.post(f"/workbench/{path}", data=body, content_type="application/json")
    assert_outcome(response, 413, "too-long")
