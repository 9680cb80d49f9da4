"""The companion app with real counterparts: Chromium, an OAuth server, a FHIR server, two processes
of the service, and a small page that plays the EHR.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock
from urllib.parse import quote

import browser as chromium
import pytest
import requests
from cryptography.fernet import Fernet
from ehr import ehr, heard
from rig_fhir import chart_of, serving
from samples import SAMPLES
from tokens import Issuer, jwks

from cds_service.content.fixture_dates import shift
from cds_service.ports import free_port

pytestmark = pytest.mark.integration

NORTH = Issuer("north")
NAME = "V17"
WAIT = 10_000
PAMA = "http://fhir.org/argonaut/Extension/pama-rating"


class World:
    """Everybody who takes part."""

    def __init__(self, folder: Path, port: int, fhir, page: str) -> None:
        self.url = f"http://localhost:{port}"
        self.fhir = fhir
        self.ehr = page
        self.request = shift(SAMPLES[NAME].request(), SAMPLES[NAME].evaluated, datetime.now(UTC))
        self.context = self.request["context"]
        self.user = self.context["userId"].partition("/")[2]
        (folder / "north.json").write_bytes(jwks(NORTH.jwk()))
        (folder / "smart.keys").write_bytes(Fernet.generate_key())
        self.log = folder / "log"
        config = folder / "cds.toml"
        config.write_text(
            f"""
base_url = "{self.url}"
port = {port}
workers = 2
store = "sqlite:///{folder / "store.db"}"
replay_store = "sqlite:///{folder / "seen.db"}"
smart_keys_file = "{folder / "smart.keys"}"
[[clients]]
name = "north"
issuer = "{NORTH.issuer}"
keys_file = "north.json"
[[clients.fhir_servers]]
url = "{fhir.base}"
[clients.smart]
client_id = "cspine"
origins = ["{page}"]
[clients.options]
pama.systemActions = true
pama.gCode = "G0000"
"""
        )
        with self.log.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cds_service", "serve", "--config", str(config)],
                cwd=Path(__file__).parents[1],
                stdout=stream,
                stderr=stream,
            )

    def wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if requests.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def fire(self, draft=None, hook="order-select", **context):
        """One hook; the response."""
        request = json.loads(json.dumps(self.request)) | {
            "hook": hook,
            "fhirServer": self.fhir.base,
        }
        request["context"] |= context
        if draft is not None:
            (entry,) = request["context"]["draftOrders"]["entry"]
            entry["resource"] = draft
        url = f"{self.url}/cds-services/cervical-mri"
        answer = requests.post(
            url,
            json=request,
            headers={"Authorization": f"Bearer {NORTH.current(url)}"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def link(self, **context):
        """The smart link of the first card."""
        (card,) = self.fire(**context)["cards"]
        assert outcome(card) == "INSUFFICIENT"
        link, page = card["links"]
        assert page["url"].startswith(f"{self.url}/criteria/")
        return link

    def launch(self, link=None, **parameters) -> str:
        """The address an EHR opens for a link, having asked its server for a launch id."""
        link = link or self.link()
        given = {"patient": self.context["patientId"], "appContext": link["appContext"]}
        given |= {"smart_messaging_origin": self.ehr} | parameters
        given = {name: value for name, value in given.items() if value is not None}
        answer = requests.post(
            f"{self.fhir.base}/_services/smart/Launch",
            json={"launchUrl": link["url"], "parameters": given},
            timeout=10,
        ).json()
        iss = quote(self.fhir.base, safe="")
        return f"{link['url']}?iss={iss}&launch={answer['launch_id']}"


def outcome(card):
    return card["source"]["topic"]["code"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    port = free_port(0)
    smart = {
        "clientId": "cspine",
        "redirectUri": f"http://localhost:{port}/smart/app",
        "standalone": SAMPLES[NAME].request()["context"]["patientId"],
    }
    chart = chart_of(shift(SAMPLES[NAME].request(), SAMPLES[NAME].evaluated, datetime.now(UTC)))
    with ehr() as page, serving(chart, smart=smart) as fhir:
        here = World(tmp_path_factory.mktemp("smart"), port, fhir, page)
        try:
            here.wait()
            yield here
            here.process.terminate()
            assert here.process.wait(timeout=30) == 0
        finally:
            here.process.kill()


@pytest.fixture(scope="module")
def browser():
    """A browser that keeps no cookies of third parties, as more and more do."""
    flags = [*chromium.FLAGS, "--test-third-party-cookie-phaseout"]
    with mock.patch.object(chromium, "FLAGS", flags), chromium.running() as found:
        yield found


@pytest.fixture
def opened(browser, world):
    """A new browser at the EHR's page, which says afterwards what went wrong in it."""
    wrong: list[str] = []
    expected: list[str] = []

    @contextmanager
    def open_(width=1440, failing=(), **options):
        expected.extend(failing)
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(WAIT)
        context.on("weberror", lambda why: wrong.append(str(why.error)))
        context.on("requestfailed", lambda each: wrong.extend(chromium.failures(each)))
        page = context.new_page()
        page.goto(world.ehr)
        try:
            yield page
        finally:
            context.close()

    yield open_
    # The pages of the authorization server ask for a font of elsewhere, and do without.
    assert [each for each in wrong if not each.startswith("https://fonts.")] == expected


def log_in(app, user):
    """Through the pages of the authorization server: login, consent."""
    app.locator("input[name=login]").fill(user)
    app.locator("input[name=password]").fill("any")
    app.get_by_role("button", name="Sign-in").click()
    app.get_by_role("button", name="Continue").click()


def in_window(page, url):
    with page.expect_popup() as popup:
        page.evaluate("url => openWindow(url)", url)
    return popup.value


def verdict(app):
    return app.locator("#verdict").get_attribute("data-outcome")


def wait_for(app, code):
    app.locator(f"#verdict[data-outcome={code}]").wait_for()


def answer(app, question, label):
    app.locator(f"fieldset[data-link={question}]").get_by_text(label, exact=True).click()


def test_from_the_card_to_the_app_and_back_to_a_rated_order(opened, world):
    with opened() as page:
        app = in_window(page, world.launch())
        log_in(app, world.user)
        wait_for(app, "INSUFFICIENT")
        answer(app, "neuro-exam-normal", "No")
        answer(app, "motor-exam", "Abnormal")
        wait_for(app, "MRI_URGENT")
        app.get_by_role("button", name="Use this").click()
        app.locator("#sent").wait_for(state="visible")
        update, done = heard(page)
    assert {update["origin"], done["origin"]} == {world.url}
    assert update["data"]["messageType"] == "scratchpad.update"
    assert done["data"]["messageType"] == "ui.done"
    draft = update["data"]["payload"]["resource"]
    before = world.context["draftOrders"]["entry"][0]["resource"]
    assert {key: value for key, value in draft.items() if key != "extension"} == {
        key: value for key, value in before.items() if key != "extension"
    }
    rating = next(each for each in draft["extension"] if each["url"] == PAMA)
    assert rating["valueCodeableConcept"]["coding"][0]["code"] == "appropriate"
    again = world.fire(draft)
    assert outcome(again["cards"][0]) == "MRI_URGENT"
    assert "answered in the companion app" in again["cards"][0]["detail"].replace("\\", "")
    # The rating on the order is ours already: nothing is to be written anew.
    assert "systemActions" not in again
    assert outcome(world.fire(draft, hook="order-sign")["cards"][0]) == "MRI_URGENT"


def test_in_a_frame_of_the_ehr_without_third_party_cookies(opened, world):
    """The service is of another site than the EHR and its servers; it sets no cookie anyway."""
    with opened() as page:
        page.evaluate(
            "url => openFrame(url)", world.launch(world.link(userId="Practitioner/framed"))
        )
        app = page.frame_locator("iframe")
        log_in(app, "framed")
        wait_for(app, "INSUFFICIENT")
        tried = "document.cookie = 'probe=1; SameSite=None; Secure'; document.cookie"
        assert page.frames[1].evaluate(tried) == ""
        answer(app, "neuro-exam-normal", "Yes")
        wait_for(app, "NOT_YET")
        app.get_by_role("button", name="Use this").click()
        app.locator("#sent").wait_for(state="visible")
        update, done = heard(page)
        cookies = [each for each in page.context.cookies() if each["domain"] == "localhost"]
    assert cookies == []
    assert (update["data"]["messageType"], done["data"]["messageType"]) == (
        "scratchpad.update", "ui.done",
    )  # fmt: skip
    draft = update["data"]["payload"]["resource"]
    rating = next(each for each in draft["extension"] if each["url"] == PAMA)
    assert rating["valueCodeableConcept"]["coding"][0]["code"] == "not-appropriate"
    again = world.fire(draft, userId="Practitioner/framed")
    assert outcome(again["cards"][0]) == "NOT_YET"


def test_no_other_page_may_frame_it(opened, world):
    with opened(failing=[f"{world.url}/smart/launch"]) as page:
        page.goto(world.ehr.replace("127.0.0.1", "localhost"))
        with page.expect_console_message(lambda line: "frame-ancestors" in line.text):
            page.evaluate("url => openFrame(url)", f"{world.url}/smart/launch")


def test_without_messages_it_says_what_to_do_and_the_answers_count(opened, world):
    with opened() as page:
        link = world.link(userId="Practitioner/alone")
        page.goto(world.launch(link, smart_messaging_origin=None))
        log_in(page, "alone")
        answer(page, "neuro-exam-normal", "Yes")
        wait_for(page, "NOT_YET")
        page.get_by_role("button", name="Use this").click()
        page.get_by_text("takes no messages from apps").wait_for()
    (card,) = world.fire(userId="Practitioner/alone")["cards"]
    assert outcome(card) == "NOT_YET"


def test_the_launch_address_with_the_clients_name_is_as_good(opened, world):
    link = world.link(userId="Practitioner/named")
    with opened() as page:
        page.goto(world.launch(link | {"url": f"{link['url']}/north"}))
        log_in(page, "named")
        wait_for(page, "INSUFFICIENT")


def test_an_ehr_that_does_not_answer_is_not_taken_for_one_that_did(opened, world):
    with opened() as page:
        page.evaluate("answers = false")
        app = in_window(page, world.launch(world.link(userId="Practitioner/silent")))
        log_in(app, "silent")
        answer(app, "neuro-exam-normal", "Yes")
        wait_for(app, "NOT_YET")
        app.get_by_role("button", name="Use this").click()
        app.get_by_text("did not confirm").wait_for()
        assert [each["data"]["messageType"] for each in heard(page)] == ["scratchpad.update"]


def test_a_page_of_another_origin_is_told_nothing(opened, world):
    """The token names the EHR's origin; the page that opened the app has another."""
    with opened() as page:
        page.goto(world.ehr.replace("127.0.0.1", "localhost"))
        app = in_window(page, world.launch(world.link(userId="Practitioner/lured")))
        log_in(app, "lured")
        answer(app, "neuro-exam-normal", "Yes")
        wait_for(app, "NOT_YET")
        app.get_by_role("button", name="Use this").click()
        app.get_by_text("did not confirm").wait_for()
        assert heard(page) == []


def test_the_link_of_another_user_is_no_longer_good(opened, world):
    link = world.link(userId="Practitioner/one")
    with opened() as page:
        page.goto(world.launch(link))
        log_in(page, "two")
        page.get_by_role("heading", name="This link is no longer good").wait_for()
    with opened() as page:
        page.goto(world.launch(link))
        log_in(page, "one")
        wait_for(page, "INSUFFICIENT")


def test_a_used_link_is_no_longer_good(opened, world):
    link = world.link(userId="Practitioner/again")
    for number in range(2):
        with opened() as page:
            page.goto(world.launch(link))
            log_in(page, "again")
            if number:
                page.get_by_role("heading", name="This link is no longer good").wait_for()
                continue
            answer(page, "neuro-exam-normal", "Yes")
            wait_for(page, "NOT_YET")
            page.get_by_role("button", name="Use this").click()
            page.get_by_text("Your answers are kept").wait_for()


def test_opened_by_itself_it_reads_the_chart_and_keeps_nothing(opened, world):
    with opened() as page:
        page.goto(f"{world.url}/smart/launch")
        log_in(page, world.user)
        page.get_by_text("No order came with this launch").wait_for()
        assert page.get_by_role("button", name="Use this").count() == 0


def test_a_refused_consent_is_said(opened, world):
    with opened() as page:
        page.goto(world.launch(world.link(userId="Practitioner/refuses")))
        page.get_by_text("[ Cancel ]").click()
        page.get_by_role("heading", name="did not let the app in").wait_for()


def test_the_end_of_another_tabs_launch_is_refused(opened, world):
    """A code and state that were begun elsewhere log nobody in here."""
    with opened() as page:
        page.goto(f"{world.url}/smart/app?code=stolen&state=north.stolen")
        page.get_by_role("heading", name="was not begun here").wait_for()
        assert "stolen" not in page.url


def test_it_works_with_the_keyboard_and_for_a_screen_reader(opened, world):
    with opened(width=390) as page:
        page.goto(world.launch(world.link(userId="Practitioner/keys")))
        log_in(page, "keys")
        wait_for(page, "INSUFFICIENT")
        page.locator("#q-conservative-therapy-weeks").fill("long")
        page.keyboard.press("Tab")
        page.get_by_text("Enter a number from 0 to 1000").wait_for()
        page.locator("#q-neuro-exam-normal-open").focus()
        page.keyboard.press("ArrowLeft")
        wait_for(page, "INSUFFICIENT")
        page.locator("fieldset[data-link=motor-exam]").wait_for()
        # The page was drawn anew; who was at an answer still is.
        assert page.evaluate("document.activeElement.id") == "q-neuro-exam-normal-false"
        assert page.locator("fieldset:has(input[type=radio][value='']:checked)").count() == 5
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert chromium.violations(page) == []
        page.locator("#use").focus()
        page.keyboard.press("Enter")
        page.get_by_text("Your answers are kept").wait_for()


def test_nothing_of_it_is_in_the_log(world):
    said = world.log.read_text()
    for word in (world.context["patientId"], world.user, "stolen", "appContext"):
        assert word not in said
