"""Cross-origin calls as a real browser makes them: a page of one address, the service at another.

Nothing is intercepted, because interception hides preflights: what is read here was let through, and
why something was not is told by the browser in its own words. What reached the service, its log says.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from calls import SERVICE, call
from pages import serving
from production import in_production
from stored import overridden
from tokens import Issuer, jwks

pytestmark = pytest.mark.integration

ISSUERS = {"north": Issuer("north"), "south": Issuer("south")}
OTHER = {"north": "south", "south": "north"}
BODY = json.dumps(call())
BY_PREFLIGHT = "Response to preflight request doesn't pass access control check: No 'Access-Control"
BY_ANSWER = "blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present"
SLASHES = (
    "/cds-services/",
    "//cds-services",
    "/cds-services//cervical-mri",
    f"/{SERVICE}",
    f"{SERVICE}/",
)
"""Addresses as clients put them together, with a slash too many."""
FETCH = """async ([url, options]) => {
    const answer = await fetch(url, options);
    return { status: answer.status, text: await answer.text(), redirected: answer.redirected };
}"""


@pytest.fixture(scope="module")
def origins():
    """Three web servers with a page each; the first two are known to the service."""
    with ExitStack() as stack:
        found = {}
        for name in (*ISSUERS, "stranger"):
            server = stack.enter_context(serving())
            page = b"<!doctype html><title>A client</title>"
            server.pages["/"] = (200, {"Content-Type": "text/html"}, page)
            found[name] = server.url
        assert len(set(found.values())) == 3
        yield found


@pytest.fixture
def at(browser, origins):
    """Opens the page of an origin, which has made no preflight yet."""
    with ExitStack() as stack:

        def open_(name):
            page = stack.enter_context(browser.new_context()).new_page()
            page.goto(origins[name])
            assert page.evaluate("location.origin") == origins[name]
            return page

        yield open_


class Production:
    def __init__(self, url, log):
        self.url = url
        self.service = f"{url}{SERVICE}"
        self._log = log
        self._seen = 0

    def token(self, name, audience=None):
        return {"Authorization": f"Bearer {ISSUERS[name].current(audience or self.service)}"}

    def reached(self):
        """Method and status of every call since this was last asked."""
        lines = [json.loads(line) for line in self._log.read_text().splitlines()]
        calls = [(line["method"], line["status"]) for line in lines if line["event"] == "call"]
        new, self._seen = calls[self._seen :], len(calls)
        return new


@pytest.fixture(scope="module")
def running(origins, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cors")
    clients = []
    for name, issuer in ISSUERS.items():
        (folder / f"{name}.json").write_bytes(jwks(issuer.jwk()))
        clients.append(
            f'[[clients]]\nname = "{name}"\nissuer = "{issuer.issuer}"\nkeys_file = "{name}.json"\n'
            f'origins = ["{origins[name]}"]\n'
        )
    with in_production(folder, "discovery_open = false\n" + "".join(clients)) as url:
        yield Production(url, folder / "log")


@pytest.fixture
def production(running):
    running.reached()
    return running


def fetched(page, url, **options):
    """What the page can read of an answer."""
    found = page.evaluate(FETCH, [url, options])
    assert found["redirected"] is False
    return found


def posted(page, url, body=BODY, headers=(), kind="application/json"):
    headers = {"Content-Type": kind} | dict(headers)
    return fetched(page, url, method="POST", headers=headers, body=body)


def blocked(page, act, *what, **options):
    """Why the browser keeps an answer from the page."""
    from playwright.sync_api import Error

    with (
        page.expect_console_message(lambda line: "blocked by CORS policy" in line.text) as said,
        pytest.raises(Error, match="Failed to fetch"),
    ):
        act(page, *what, **options)
    return said.value.text


def outcome(answer):
    body = json.loads(answer["text"])
    assert body["resourceType"] == "OperationOutcome"
    return answer["status"], body["issue"][0]["code"]


def feedback(card):
    return json.dumps({"feedback": [overridden(card, at=datetime.now(UTC))]})


# --- development mode: every origin -----------------------------------------------------------


@pytest.mark.parametrize("token", [{}, {"Authorization": "Bearer x"}], ids=["bare", "with a token"])
def test_in_development_any_page_may_call(at, url, token):
    page = at("stranger")
    listed = fetched(page, f"{url}/cds-services", headers=token)
    assert {each["id"] for each in json.loads(listed["text"])["services"]} == {"cervical-mri"}
    answer = posted(page, f"{url}{SERVICE}", headers=token)
    assert answer["status"] == 200
    (card, *_) = json.loads(answer["text"])["cards"]
    told = posted(page, f"{url}{SERVICE}/feedback", feedback(card["uuid"]), token)
    assert (told["status"], told["text"]) == (204, "")


def test_in_development_any_page_reads_what_was_wrong(at, url):
    page = at("stranger")
    service = f"{url}{SERVICE}"
    assert outcome(posted(page, service, "{}"))[0] == 400
    assert outcome(posted(page, service, json.dumps(call(prefetch={}))))[0] == 412
    assert outcome(posted(page, f"{url}/cds-services/unknown"))[0] == 404
    assert outcome(posted(page, service, kind="text/plain"))[0] == 415
    assert outcome(fetched(page, service, headers={"Authorization": "Bearer x"}))[0] == 405


def test_every_origin_is_never_every_origin_with_its_cookies(at, url):
    said = blocked(at("stranger"), fetched, f"{url}/cds-services", credentials="include")
    assert "must not be the wildcard '*'" in said


@pytest.mark.parametrize("path", SLASHES)
def test_addresses_with_a_slash_too_many_are_answered_where_they_are(at, url, path):
    page = at("stranger")
    headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
    post = {"method": "POST", "body": BODY} if "cervical" in path else {}
    assert fetched(page, f"{url}{path}", headers=headers, **post)["status"] == 200


# --- production mode: to each client its own pages --------------------------------------------


@pytest.mark.parametrize("name", ISSUERS)
def test_a_clients_own_page_calls_and_tells_what_became_of_a_card(at, origins, production, name):
    page = at(name)
    with page.expect_response(lambda got: got.request.method == "POST") as got:
        answer = posted(page, production.service, headers=production.token(name))
    assert production.reached() == [("OPTIONS", 204), ("POST", 200)]
    sent = got.value.all_headers()
    assert sent["access-control-allow-origin"] == origins[name]
    assert "Origin" in sent["vary"].split(", ")
    assert "access-control-allow-credentials" not in sent
    card = json.loads(answer["text"])["cards"][0]["uuid"]
    told = posted(page, f"{production.service}/feedback", feedback(card), production.token(name))
    assert (told["status"], told["text"]) == (204, "")
    assert production.reached() == [("OPTIONS", 204), ("POST", 204)]
    # What was once allowed is remembered: no second preflight for the next order.
    posted(page, production.service, headers=production.token(name))
    assert production.reached() == [("POST", 200)]


def test_discovery_with_a_token_is_preflighted_and_read(at, production):
    page = at("north")
    listing = f"{production.url}/cds-services"
    answer = fetched(page, listing, headers=production.token("north", listing))
    assert json.loads(answer["text"])["services"]
    assert production.reached() == [("OPTIONS", 204), ("GET", 200)]
    south = blocked(page, fetched, listing, headers=production.token("south", listing))
    assert BY_ANSWER in south
    assert production.reached() == [("GET", 200)]


REFUSED = {
    400: {"body": "{}"},
    412: {"body": json.dumps(call(prefetch={}))},
    415: {"kind": "text/plain"},
}


@pytest.mark.parametrize("status", REFUSED)
@pytest.mark.parametrize("name", ISSUERS)
def test_only_a_clients_own_page_reads_what_was_wrong(at, production, name, status):
    answer = posted(at(name), production.service, headers=production.token(name), **REFUSED[status])
    assert outcome(answer)[0] == status
    # A page of the other client with a token of this one: let through, answered, and not shown.
    token = production.token(name)
    said = blocked(at(OTHER[name]), posted, production.service, headers=token, **REFUSED[status])
    assert BY_ANSWER in said
    assert production.reached() == [("OPTIONS", 204), ("POST", status)] * 2


@pytest.mark.parametrize("path", ["", "/feedback"])
@pytest.mark.parametrize("name", ISSUERS)
def test_a_page_of_another_client_reads_nothing(at, production, name, path):
    body = feedback(str(uuid4())) if path else BODY
    url = f"{production.service}{path}"
    said = blocked(at(OTHER[name]), posted, url, body, production.token(name))
    assert BY_ANSWER in said
    assert production.reached() == [("OPTIONS", 204), ("POST", 204 if path else 200)]


@pytest.mark.parametrize("path", [SERVICE, f"{SERVICE}/feedback"])
def test_a_page_nobody_configured_ends_at_the_preflight(at, production, path):
    page = at("stranger")
    url = f"{production.url}{path}"
    said = blocked(page, posted, url, BODY, production.token("north"))
    assert BY_PREFLIGHT in said
    assert production.reached() == [("OPTIONS", 204)]
    listing = f"{production.url}/cds-services"
    token = production.token("north", listing)
    assert BY_PREFLIGHT in blocked(page, fetched, listing, headers=token)
    assert production.reached() == [("OPTIONS", 204)]


def test_a_page_nobody_configured_reads_no_refusal_either(at, production):
    """A form's media type and no token need no preflight."""
    said = blocked(at("stranger"), posted, production.service, kind="text/plain")
    assert BY_ANSWER in said
    assert production.reached() == [("POST", 401)]


@pytest.mark.parametrize("name", ISSUERS)
def test_every_configured_page_learns_that_nobody_was_admitted_and_no_more(at, production, name):
    """Whose token it was is not known, or not said: one bare answer for all."""
    page = at(name)
    strange = Issuer("north", kid="k9").current(production.service)
    used = production.token(name)
    posted(page, production.service, headers=used)
    for token in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": f"Bearer {strange}"},
        production.token(OTHER[name], "https://elsewhere.example"),
        used,
    ):
        answer = posted(page, production.service, headers=token)
        assert (answer["status"], answer["text"]) == (401, "")


@pytest.mark.parametrize("path", SLASHES)
def test_no_preflight_is_led_elsewhere_in_production(at, production, path):
    post = {"method": "POST", "body": BODY} if "cervical" in path else {}
    token = production.token("north", None if post else f"{production.url}/cds-services")
    headers = {"Content-Type": "application/json"} | token
    answer = fetched(at("north"), f"{production.url}{path}", headers=headers, **post)
    assert answer["status"] == 200
    assert production.reached()[0] == ("OPTIONS", 204)
