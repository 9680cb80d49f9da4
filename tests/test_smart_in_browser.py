"""The scripts of the companion app in a real browser, with a log-in that grants at once: what may go wrong
on the way, and what they must not believe.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from urllib.parse import quote

import browser as chromium
import pytest
from calls import post
from chart import ago, concept, observation, resource
from ehr import ehr, heard
from launching import ISS, NOW, OPEN, Service
from samples import SAMPLES, add, of_patient
from treated import THERAPY
from werkzeug.serving import make_server

from cds_service.adapters.databases import database_url
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.adapters.vault import new_vault
from cds_service.cdshooks.request import decode
from cds_service.client import SmartApp

pytestmark = pytest.mark.integration

ABNORMAL = "sct|263654008"


class World(Service):
    """The service at an address, and the page of an EHR."""

    def __init__(self, store, page):
        super().__init__(store, SmartApp(client_id="cspine", origins=(page,)))
        self.ehr = page
        self.url = ""

    @contextmanager
    def serving(self):
        server = make_server("127.0.0.1", 0, self.web.application, threaded=True)
        self.url = f"http://127.0.0.1:{server.server_port}"
        # The end of a log-in that asks nothing.
        self.flow.login = f"{self.url}/smart/app?state=development.s1&code=c&launch="
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def launch(self, handle, **granted):
        """The address that the EHR opens."""
        self.flow.granted = {"app_context": handle, "origin": self.ehr} | granted
        return f"{self.url}/smart/launch?iss={quote(ISS, safe='')}&launch=l1"

    def record(self, key, made):
        """What the app finds in the chart beside the sample's."""
        request = SAMPLES[OPEN].request()
        add(request, key, of_patient(request, made))
        self.chart.prefetch = decode(json.dumps(request).encode()).prefetch

    def outcome(self):
        """Of the card at the next firing of the hook."""
        (card,) = post(self.web, SAMPLES[OPEN].request()).json["cards"]
        return card["source"]["topic"]["code"]


@pytest.fixture
def world(tmp_path):
    store = Store(
        database_url(f"sqlite:///{tmp_path / 'store.db'}", "test"), StoreOptions(vault=new_vault())
    )
    store.prepare()
    with ehr() as page, World(store, page).serving() as here:
        yield here
    store.close()


@pytest.fixture
def failing(browser):
    """Opens pages of which something is to fail."""
    return partial(chromium.watched, browser, [])


def in_window(page, world, handle, **granted):
    page.goto(world.ehr)
    with page.expect_popup() as popup:
        page.evaluate("url => openWindow(url)", world.launch(handle, **granted))
    popup.value.set_default_timeout(15_000)
    wait_for(popup.value, "INSUFFICIENT")
    return popup.value


def wait_for(app, code):
    app.locator(f"#verdict[data-outcome={code}]").wait_for()


def answer(app, question, label):
    app.locator(f"fieldset[data-link={question}]").get_by_text(label, exact=True).click()


def use(app):
    app.get_by_role("button", name="Use this").click()


def told(page):
    return [each["data"]["messageType"] for each in heard(page)]


def test_still_so_today_answers_with_what_the_record_says(opened, world):
    world.record("obs-exam", observation("motor-exam", ABNORMAL, 200))
    with opened() as page:
        page.goto(world.launch(world.handle()))
        answer(page, "neuro-exam-normal", "No")
        page.locator("#q-motor-exam-263654008").wait_for()
        wait_for(page, "INSUFFICIENT")
        assert not page.locator("#q-motor-exam-263654008").is_checked()
        page.get_by_role("button", name="Still so today").click()
        wait_for(page, "MRI_URGENT")
        assert page.locator("#q-motor-exam-263654008").is_checked()
        use(page)
        page.get_by_text("Your answers are kept").wait_for()
    assert world.outcome() == "MRI_URGENT"


def test_a_number_with_its_unit_is_taken_over_too(opened, world):
    weeks = {"value": 8, "unit": "weeks", "system": "http://unitsofmeasure.org", "code": "wk"}
    world.record("obs-exam", observation("conservative-therapy-weeks", weeks, 100))
    with opened() as page:
        page.goto(world.launch(world.handle()))
        page.get_by_role("button", name="Still so today").click()
        page.get_by_text("your answer").first.wait_for(state="attached")
        assert page.locator("#q-conservative-therapy-weeks").input_value() == "8"
        assert page.locator("#q-conservative-therapy-weeks-unit").input_value() == "wk"


def test_evidence_beside_a_question_fits_a_narrow_frame_and_is_accessible(opened, world):
    done = resource(
        "Procedure", code=concept(THERAPY), status="completed", performedPeriod={"start": ago(40)}
    )
    world.record("procedures", done)
    with opened(390) as page:
        page.goto(world.launch(world.handle()))
        page.get_by_text(f"Procedure/{done['id']}").first.wait_for()
        assert page.get_by_role("button", name="Still so today").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert chromium.violations(page) == []


def test_five_questions_are_open_at_one_time(opened, world):
    with opened() as page:
        page.goto(world.launch(world.handle()))
        answer(page, "neuro-exam-normal", "No")
        page.locator("#more").wait_for()
        assert page.locator("fieldset").count() == 6
        assert page.locator("fieldset:has(input[value='']:checked)").count() == 5


def test_an_order_without_a_rating_is_not_sent_and_the_app_is_closed_all_the_same(opened, world):
    with opened() as page:
        app = in_window(page, world, world.handle())
        app.get_by_text("There is no rating yet to send back").wait_for()
        answer(app, "neuro-exam-normal", "No")
        app.locator("fieldset[data-link=motor-exam]").wait_for()
        use(app)
        app.get_by_text("The order stays as it is").wait_for()
        page.wait_for_function("heard.length > 0")
        assert told(page) == ["ui.done"]


FORGED = """([id, where]) => {
  const reply = { messageId: 'm', responseToMessageId: id, payload: { status: '200 OK' } };
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const send = where === 'frame' ? frame.contentWindow.Function : Function;
  new send('app', 'reply', "app.postMessage(reply, '*')")(app, reply);
}"""
"""A reply to the app by somebody who knows which message it waits for."""


def waiting_for_a_reply(page, world):
    app = in_window(page, world, world.handle())
    page.evaluate("answers = false")
    answer(app, "neuro-exam-normal", "Yes")
    wait_for(app, "NOT_YET")
    use(app)
    page.wait_for_function("heard.length > 0")
    (update,) = heard(page)
    return app, update["data"]["messageId"]


def test_a_reply_of_the_ehr_is_believed(opened, world):
    """As the two that follow are sent, from the right window of the right origin."""
    with opened() as page:
        app, message = waiting_for_a_reply(page, world)
        page.evaluate(FORGED, [message, "window"])
        app.locator("#sent").wait_for(state="visible")


def test_a_reply_of_another_window_of_the_ehr_is_not_believed(opened, world):
    with opened() as page:
        app, message = waiting_for_a_reply(page, world)
        page.evaluate(FORGED, [message, "frame"])
        app.get_by_text("did not confirm").wait_for()
        assert told(page) == ["scratchpad.update"]


def test_a_reply_from_another_origin_is_not_believed(failing, world):
    """The EHR's window went on to another page meanwhile."""
    with failing() as page:
        window, message = waiting_for_a_reply(page, world)
        other = world.ehr.replace("127.0.0.1", "localhost")
        # By the page itself: where an address is typed in, the two windows know each other no more.
        page.evaluate("url => { location.href = url; }", other)
        page.wait_for_url(f"{other}/")
        page.evaluate("addEventListener('message', (event) => { app = event.source; })")
        window.evaluate("opener.postMessage('here I am', '*')")
        page.wait_for_function("app !== null")
        page.evaluate(FORGED, [message, "window"])
        window.get_by_text("did not confirm").wait_for()


def test_a_launch_is_good_for_one_log_in(failing, world):
    with failing() as page:
        page.goto(world.launch(world.handle()))
        wait_for(page, "INSUFFICIENT")
        assert page.evaluate("Object.keys(sessionStorage)") == []
        page.goto(world.flow.login)
        page.get_by_role("heading", name="was not begun here").wait_for()
    assert len(world.flow.asked) == 1


def test_while_the_service_is_down_it_is_said_once_and_what_was_entered_stays(failing, world):
    with failing() as page:
        page.goto(world.launch(world.handle()))
        wait_for(page, "INSUFFICIENT")
        page.context.set_offline(True)
        for label in ("No", "Yes"):
            answer(page, "neuro-exam-normal", label)
            page.locator("#silence", has_text="are not kept yet").wait_for()
        page.locator("#q-conservative-therapy-weeks").fill("8")
        page.keyboard.press("Tab")
        assert page.locator("[role=alert]").count() == 1
        assert page.locator("#q-neuro-exam-normal-true").is_checked()
        assert chromium.violations(page) == []
        page.context.set_offline(False)
        page.get_by_role("button", name="Try again").click()
        wait_for(page, "MRI_ROUTINE")
        assert page.locator("[role=alert]").count() == 0


def test_use_this_while_the_service_is_down_can_be_pressed_again(failing, world):
    with failing() as page:
        page.goto(world.launch(world.handle()))
        answer(page, "neuro-exam-normal", "Yes")
        wait_for(page, "NOT_YET")
        page.context.set_offline(True)
        use(page)
        page.locator("#silence").wait_for()
        page.context.set_offline(False)
        use(page)
        page.get_by_text("Your answers are kept").wait_for()
    assert world.outcome() == "NOT_YET"


def test_when_the_service_is_down_at_the_start_nothing_is_said_to_stand_there(failing, world):
    with failing() as page:
        address = world.launch(world.handle())
        page.route("**/smart/begin", lambda route: route.abort())
        page.goto(address)
        page.get_by_text("Open the app again from the card in a moment").wait_for()
        assert page.get_by_text("Opening").count() == 0


def test_a_link_that_has_expired_is_no_longer_good(failing, world):
    handle = world.handle()
    world.now = NOW + timedelta(hours=24)
    with failing() as page:
        page.goto(world.launch(handle))
        page.get_by_role("heading", name="This link is no longer good").wait_for()
        assert page.locator("fieldset").count() == 0


def test_a_page_that_stood_open_for_too_long_says_so(failing, world):
    with failing() as page:
        page.goto(world.launch(world.handle()))
        wait_for(page, "INSUFFICIENT")
        world.now = NOW + timedelta(hours=1)
        answer(page, "neuro-exam-normal", "Yes")
        page.get_by_role("heading", name="open for too long").wait_for()


def test_opened_again_the_earlier_answers_stand_in_the_form(opened, world):
    with opened() as page:
        page.goto(world.launch(world.handle()))
        answer(page, "neuro-exam-normal", "No")
        page.locator("fieldset[data-link=motor-exam]").wait_for()
        use(page)
        page.get_by_text("Your answers are kept").wait_for()
    with opened() as page:
        page.goto(world.launch(world.handle()))
        wait_for(page, "INSUFFICIENT")
        assert page.locator("#q-neuro-exam-normal-false").is_checked()
        answer(page, "motor-exam", "Abnormal")
        wait_for(page, "MRI_URGENT")
        use(page)
        page.get_by_text("Your answers are kept").wait_for()
    assert world.outcome() == "MRI_URGENT"


def test_without_an_order_a_study_is_chosen_and_stays_chosen(opened, world):
    with opened() as page:
        page.goto(world.launch(None))
        page.get_by_text("No order came with this launch").wait_for()
        page.get_by_label("No order came with this launch").select_option("72156")
        name = "without then with contrast"
        page.locator("section.verdict p", has_text=name).wait_for()
        answer(page, "neuro-exam-normal", "No")
        page.locator("fieldset[data-link=motor-exam]").wait_for()
        assert page.locator("#study").input_value() == "72156"
        assert page.locator("section.verdict p", has_text=name).count() == 1
        assert page.get_by_role("button", name="Use this").count() == 0
