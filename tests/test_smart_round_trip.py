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
from urllib.parse import quote

import pytest
import requests
from browser import running
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
WAIT = 20_000
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
        now = int(time.time())
        token = NORTH.token({"jku": None}, iat=now, exp=now + 300, aud=url)
        answer = requests.post(
            url, json=request, headers={"Authorization": f"Bearer {token}"}, timeout=10
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def link(self, **context):
        """The smart link of the first card."""
        (card,) = self.fire(**context)["cards"]
        assert outcome(card) == "INSUFFICIENT"
        (link,) = card["links"]
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
    with running() as found:
        yield found


@pytest.fixture
def opened(browser, world):
    """A new browser at the EHR's page, which says afterwards what went wrong in it."""
    wrong: list[str] = []

    @contextmanager
    def open_(width=1440, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(WAIT)
        context.on("weberror", lambda why: wrong.append(str(why.error)))
        context.on("requestfailed", lambda each: wrong.append(each.url))
        page = context.new_page()
        page.goto(world.ehr)
        try:
            yield page
        finally:
            context.close()

    yield open_
    # The pages of the authorization server ask for a font of elsewhere, and do without.
    assert [each for each in wrong if not each.startswith("https://fonts.")] == []


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
