"""The workbench in a real browser, against a real service: every path a newcomer takes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from browser import first_paint, violations
from production import in_production
from samples import SAMPLES
from tokens import Issuer, jwks

from cds_service.demo import service
from cds_service.ports import free_port

pytestmark = pytest.mark.integration

NORTH = Issuer("north")
SETTINGS = f"""
pages = {{ workbench = true }}
[[clients]]
name = "north"
issuer = "{NORTH.issuer}"
keys_file = "north.json"
"""
PICTURE = Path(__file__).parents[1] / "docs" / "img" / "workbench.png"
ANSWER = "POST", "/cds-services/cervical-mri"


@pytest.fixture
def page(opened):
    with opened() as found:
        yield found


def open_patient(page, url, name="V01"):
    page.goto(f"{url}/workbench?patient={name}")
    said(page, SAMPLES[name].outcome)


def said(page, words):
    """Wait until the status line says so."""
    page.locator("#status", has_text=words).wait_for()


def fired(page, act):
    """What was sent and answered by the call that an action brings about."""
    with page.expect_response(lambda got: (got.request.method, _path(got.url)) == ANSWER) as answer:
        act()
    return json.loads(answer.value.request.post_data), answer.value


def _path(address):
    return re.sub(r"^https?://[^/]+", "", address)


def test_a_newcomer_turns_not_yet_into_urgent_by_adding_a_finding(page, url):
    page.goto(url)
    page.get_by_role("link", name="Workbench").first.click()
    said(page, "NOT_YET")
    page.get_by_label("Finding", exact=True).select_option(label="Unsteady gait")
    call, answer = fired(page, page.get_by_role("button", name="Add finding").click)
    assert answer.status == 200
    assert call["hook"] == "order-select"
    said(page, "NOT_YET became MRI_URGENT")
    assert "Red flag: gait disturbance" in page.locator("#cards h3").first.inner_text()
    assert page.get_by_text("was NOT_YET").is_visible()
    changed = page.locator(".statement.changed", has_text="RF-MYELO-GAIT")
    assert "Unsteady gait" in changed.inner_text()


def test_every_change_of_the_chart_fires_again(page, url):
    open_patient(page, url)
    fired(page, page.get_by_role("button", name="+ 38.5 °C").click)
    said(page, "NOT_YET became MRI_URGENT")
    row = page.locator("#chart .row", has_text="38.5")
    row.locator("summary").click()
    row.get_by_label("Value (°C)").fill("37.0")
    fired(page, row.get_by_role("button", name="Set").click)
    said(page, "MRI_URGENT became NOT_YET")
    row = page.locator("#chart .row", has_text="Neck pain").first
    row.locator("summary").click()
    row.get_by_label("Status").select_option("entered-in-error")
    call, _ = fired(page, row.get_by_role("button", name="Mark").click)
    assert "entered-in-error" in json.dumps(call["prefetch"]["conditions"])
    call, _ = fired(page, page.get_by_role("button", name="Undo").click)
    assert "entered-in-error" not in json.dumps(call["prefetch"]["conditions"])
    row = page.locator("#chart .row", has_text="Neck pain").first
    row.get_by_label("Onset").fill("2020-01-01")
    call, _ = fired(page, row.get_by_role("button", name=re.compile("^Move")).click)
    assert "2020-01-01" in json.dumps(call)
    fired(
        page,
        page.locator("#chart .row", has_text="37.0").get_by_role("button", name="Remove").click,
    )
    assert page.locator("#chart .row", has_text="37.0").count() == 0


def test_what_is_chosen_while_the_answer_is_on_its_way_stays_chosen(page, url):
    open_patient(page, url)
    held = []
    page.route("**/workbench/read", lambda route: held.append(route))  # noqa: PLW0108  (it looks at the function)
    page.get_by_label("Study and contrast").select_option("72156")
    with page.expect_request("**/workbench/read"):
        page.get_by_role("button", name="Change study").click()
    priority = page.get_by_label("Priority", exact=True)
    priority.select_option("stat")
    with page.expect_response("**/workbench/read"):
        held[0].continue_()
    page.locator("#answer-cards[aria-busy=false]").wait_for()
    assert priority.input_value() == "stat"


def test_on_a_telephone_what_has_the_focus_is_not_covered(page, url):
    """WCAG 2.2, 2.4.11: the order and its cards grow above the button that was pressed."""
    page.set_viewport_size({"width": 390, "height": 844})
    open_patient(page, url)
    page.locator("#answer-cards[aria-busy=false]").wait_for()
    page.get_by_label("Finding", exact=True).select_option(label="Unsteady gait")
    add = page.get_by_role("button", name="Add finding")
    add.focus()
    fired(page, lambda: page.keyboard.press("Enter"))
    said(page, "NOT_YET became MRI_URGENT")
    page.locator("#answer-cards[aria-busy=false]").wait_for()
    top, bottom, bar, height = page.evaluate(
        """async () => {
          for (let still = 0, before = NaN; still < 20; before = window.scrollY) {
            await new Promise(requestAnimationFrame);
            still = window.scrollY === before ? still + 1 : 0;
          }
          const { top, bottom } = document.activeElement.getBoundingClientRect();
          const bar = document.getElementById("verdict").getBoundingClientRect();
          return [top, bottom, bar.bottom, window.innerHeight];
        }"""
    )
    assert add.evaluate("each => each === document.activeElement")
    assert bar <= top < bottom <= height


def test_study_contrast_and_priority_are_on_the_next_call(page, url):
    open_patient(page, url)
    page.get_by_label("Study and contrast").select_option("72156")
    call, _ = fired(page, page.get_by_role("button", name="Change study").click)
    assert draft(call)["code"]["coding"][0]["code"] == "72156"
    page.get_by_label("Priority", exact=True).select_option("stat")
    call, _ = fired(page, page.get_by_role("button", name="Change priority").click)
    assert draft(call)["priority"] == "stat"


def draft(call):
    return call["context"]["draftOrders"]["entry"][0]["resource"]


def test_signing_fires_the_other_hook(page, url):
    open_patient(page, url)
    call, answer = fired(page, page.get_by_role("button", name="Sign the order").click)
    assert (call["hook"], answer.status) == ("order-sign", 200)
    assert "selections" not in call["context"]


def test_the_rating_is_written_on_the_draft_and_undone_with_the_change(page, url):
    open_patient(page, url)
    order = page.locator("#orders .order")
    order.get_by_text("rated not-appropriate").wait_for()
    call, _ = fired(page, page.get_by_role("button", name="+ Unsteady gait").click)
    assert "pama-rating" in json.dumps(draft(call)["extension"]), "an EHR sends what it applied"
    order.get_by_text("rated appropriate").wait_for()
    call, answer = fired(page, page.get_by_role("button", name="Sign the order").click)
    assert "pama-rating" in json.dumps(draft(call)["extension"])
    assert "systemActions" not in answer.json(), "it is there already"
    call, _ = fired(page, page.get_by_role("button", name="Undo").click)
    assert "Unsteady gait" not in json.dumps(call["prefetch"])
    order.get_by_text("rated not-appropriate").wait_for()


def test_the_app_of_a_card_opens_at_its_launch_address(page, url):
    open_patient(page, url, "V17")
    page.locator("#cards .app", has_text="cannot be opened from here").wait_for()
    page.get_by_text("Why, and what to do").click()
    page.get_by_label("Or begin it with another FHIR server").fill("http://127.0.0.1:9/fhir")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Open the app").click()
    assert opened.value.url == f"{url}/smart/launch?iss=http%3A%2F%2F127.0.0.1%3A9%2Ffhir"


def test_an_accepted_suggestion_is_reported_applied_and_fired_again(page, url):
    open_patient(page, url, "V12")
    button = page.locator("[data-accept]").first
    with page.expect_response(re.compile("feedback$")) as told:
        call, _ = fired(page, button.click)
    (item,) = json.loads(told.value.request.post_data)["feedback"]
    assert (told.value.status, item["outcome"]) == (204, "accepted")
    assert item["acceptedSuggestions"][0]["id"]
    assert [
        each["resource"]["code"]["coding"][0]["code"]
        for each in call["context"]["draftOrders"]["entry"]
    ] == ["72125"]
    said(page, "Feedback was stored (204)")


def test_a_dismissed_card_sends_its_reason(page, url):
    open_patient(page, url)
    page.locator("#cards summary", has_text="Dismiss").first.click()
    page.locator('#cards input[name="reason"]').first.check()
    page.get_by_label("In your own words").first.fill("done elsewhere")
    with page.expect_response(re.compile("feedback$")) as told:
        page.get_by_role("button", name="Dismiss this card").click()
    (item,) = json.loads(told.value.request.post_data)["feedback"]
    assert told.value.status == 204
    assert item["outcome"] == "overridden"
    assert item["overrideReason"]["reason"].keys() == {"code", "system"}
    assert item["overrideReason"]["userComment"] == "done elsewhere"
    said(page, "Feedback was stored (204)")
    assert page.get_by_text("It comes back with the next call").is_visible()
    assert not page.locator("#cards .card").first.locator("button").first.is_visible()


def test_a_request_of_ones_own_is_read_or_its_mistake_named(browser, url, tmp_path):
    # Not an opened page: the browser itself logs a 400 as an error.
    page = browser.new_page()
    open_patient(page, url)
    page.get_by_text("Use a request of your own").click()
    bad = tmp_path / "bad.json"
    bad.write_text('{\n "hook": order-select\n}')
    page.get_by_label("Open a file").set_input_files(bad)
    page.get_by_role("button", name="Use this request").click()
    problem = page.locator("#text-problem")
    problem.get_by_text("Line 2, column 10").wait_for()
    page.get_by_label("Open a file").set_input_files(PICTURE)
    page.get_by_role("button", name="Use this request").click()
    problem.get_by_text("This is no JSON").wait_for()
    page.locator("#text").fill("{}")
    page.get_by_role("button", name="Use this request").click()
    problem.get_by_text("hook: send", exact=False).wait_for()
    assert problem.inner_text().startswith("hook: ")
    page.get_by_label("Open a file").set_input_files(SAMPLES["V03"].path)
    fired(page, page.get_by_role("button", name="Use this request").click)
    page.locator("#story", has_text="The newest entry of this request is from 2026-").wait_for()
    page.locator("#order:focus").wait_for()  # the reader is led to it
    assert page.get_by_label("Sample patient").input_value() == ""
    page.get_by_label("Written for").fill("2026-03-02")
    call, _ = fired(page, page.get_by_role("button", name="Use this request").click)
    said(page, "MRI_EMERGENT")
    assert call["context"]["patientId"] == "v03-patient"
    assert problem.inner_text() == ""
    assert page.locator("#story").inner_text() == ""
    page.close()


def test_what_is_held_back_is_answered_412_with_what_to_do(browser, url):
    # Not an opened page: the browser itself logs a 412 as an error.
    page = browser.new_page()
    open_patient(page, url)
    page.get_by_text("What is sent with the call").click()
    _, answer = fired(page, page.get_by_label("Problems conditions").uncheck)
    assert answer.status == 412
    page.get_by_role("heading", name="The service answered 412").wait_for()
    assert "Tick the key named here again" in page.locator("#cards").inner_text()
    why = page.locator("#reasons").inner_text()
    assert why == "There is no answer to give reasons for.", "those of another answer are gone"
    _, answer = fired(page, page.get_by_label("Problems conditions").check)
    assert answer.status == 200
    page.close()


def test_when_the_service_is_down_nothing_is_lost(browser):
    context = browser.new_context()
    page = context.new_page()
    with service() as address:
        open_patient(page, address)
    page.get_by_role("button", name="+ Unsteady gait").click()
    page.get_by_role("heading", name="The service does not answer").wait_for()
    assert "make demo" in page.locator("#cards").inner_text()
    assert page.locator("#chart .row", has_text="Neck pain").count() == 1
    context.close()


def test_when_the_service_is_back_the_work_goes_on(browser):
    context = browser.new_context()
    page = context.new_page()
    port = free_port(0)
    with service(port) as address:
        open_patient(page, address)
        fired(page, page.get_by_role("button", name="+ Unsteady gait").click)
        said(page, "became MRI_URGENT")
    page.get_by_role("button", name="Fire order-select").click()
    page.get_by_role("heading", name="The service does not answer").wait_for()
    assert page.locator("#status").inner_text() == "The service does not answer."
    assert "no answer to give reasons for" in page.locator("#reasons").inner_text()
    with service(port):
        call, answer = fired(page, page.get_by_role("button", name="Fire order-select").click)
        assert "394616008" in json.dumps(call), "the change of before"
        assert answer.status == 200
        said(page, "MRI_URGENT")
        assert page.locator("#cards .card").count() > 0
    context.close()


def test_where_the_hook_alone_is_down_the_page_says_so_too(browser, url):
    """Changes are still made; the page itself answers."""
    page = browser.new_page()
    open_patient(page, url)
    page.route("**/cds-services/cervical-mri", lambda route: route.abort())
    page.get_by_role("button", name="+ Unsteady gait").click()
    page.get_by_role("heading", name="The service does not answer").wait_for()
    page.locator("#chart .row", has_text="Unsteady gait").wait_for()
    assert page.locator("#cards .card").count() == 0, "those of another answer are gone"
    page.unroute("**/cds-services/cervical-mri")
    fired(page, page.get_by_role("button", name="Fire order-select").click)
    said(page, "MRI_URGENT")
    page.close()


def test_the_wire_is_shown_and_can_be_copied(browser, opened, url):
    with opened(permissions=["clipboard-read", "clipboard-write"]) as page:
        open_patient(page, url)
        assert '"hook": "order-select"' in page.locator("#raw-request").inner_text()
        tab_to(page, page.get_by_role("tab", name="Request"), 400)
        page.keyboard.press("ArrowRight")
        assert '"cards": [' in page.locator("#raw-response").inner_text()
        page.keyboard.press("End")
        page.locator("#panel-curl").get_by_role("button", name="Copy").click()
        said(page, "Copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"curl -sS '{url}/cds-services/cervical-mri' ")
        assert copied.endswith("\nEND")
        if shutil.which("curl") is None:
            pytest.skip("curl is not installed")
        done = subprocess.run(["sh", "-c", copied], capture_output=True, check=True, timeout=30)
        (card,) = json.loads(done.stdout)["cards"]
        assert card["source"]["topic"]["code"] == "NOT_YET"


def test_a_file_too_large_for_the_page_is_not_sent(page, url, tmp_path):
    open_patient(page, url)
    sent = []
    page.on("request", lambda each: sent.append(each.url))
    large = tmp_path / "large.json"
    large.write_text(" " * (9 * 1024 * 1024))
    page.get_by_text("Use a request of your own").click()
    page.get_by_label("Open a file").set_input_files(large)
    problem = page.locator("#text-problem")
    problem.get_by_text("That is 9.0 MiB, and this page takes up to 8.0 MiB").wait_for()
    assert page.locator("#text").input_value() == ""
    assert sent == []


def test_evidence_leads_to_the_entry_it_rests_on(page, url):
    open_patient(page, url, "V05")
    page.locator("#reasons .evidence li", has_text="against ≥ 38 °C").locator("a").first.click()
    shown = page.locator(".row.shown")
    assert "100.4" in shown.inner_text()
    assert shown.locator("summary").evaluate("each => each === document.activeElement")


def tab_to(page, found, most=60):
    """Press Tab, as somebody without a mouse does, until an element has the focus."""
    wanted = found.element_handle()
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("each => each === document.activeElement", wanted):
            return
    raise AssertionError(f"not reached with {most} times Tab")


def test_entries_that_the_reasons_rest_on_are_marked_in_the_chart(page, url):
    open_patient(page, url, "V05")
    used = page.locator("#chart .row.used")
    fever = page.locator("#chart .row.used", has_text="100.4")
    assert fever.count() == 1
    assert used.filter(has_text="Cholesterol").count() == 0
    assert used.count() < page.locator("#chart .row").count()
    fired(page, lambda: _remove(fever))
    said(page, "MRI_URGENT became")
    assert used.filter(has_text="100.4").count() == 0
    assert used.count() > 0, "marked again after each answer"


def _remove(row):
    row.locator("summary").click()
    row.get_by_role("button", name="Remove").click()


def test_it_works_with_the_keyboard_alone_and_the_focus_stays(page, url):
    open_patient(page, url)
    tab_to(page, page.get_by_role("button", name="+ Unsteady gait"))
    page.keyboard.press("Enter")
    said(page, "became MRI_URGENT")
    assert page.evaluate("document.activeElement.textContent") == "+ Unsteady gait"
    row = page.locator("#chart .row", has_text="Unsteady gait")
    tab_to(page, row.locator("summary"))
    page.keyboard.press("Enter")
    tab_to(page, row.get_by_label("Status"))
    page.keyboard.press("r")
    tab_to(page, row.get_by_role("button", name="Mark"))
    page.keyboard.press("Enter")
    said(page, "MRI_URGENT became")
    assert page.evaluate("!!document.activeElement.closest('.row')"), "the reader is where he was"


def test_a_finding_of_the_list_is_added_with_the_keyboard_alone(page, url):
    open_patient(page, url)
    tab_to(page, page.get_by_label("Finding", exact=True))
    page.keyboard.type("Unsteady")
    tab_to(page, page.get_by_role("button", name="Add finding"))
    page.keyboard.press("Enter")
    said(page, "NOT_YET became MRI_URGENT")


def test_a_suggestion_is_taken_with_the_keyboard_alone(page, url):
    open_patient(page, url, "V12")
    tab_to(page, page.locator("[data-accept]").first)
    page.keyboard.press("Enter")
    said(page, "Feedback was stored (204)")


def in_sight(found):
    """Whether the middle of an element can be seen and clicked where the page stands."""
    return found.evaluate(
        """each => {
            const {x, y, width, height} = each.getBoundingClientRect();
            return each.contains(document.elementFromPoint(x + width / 2, y + height / 2))
                && y >= 0 && y + height <= innerHeight;
        }"""
    )


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [
        ("V01", 1440, 900),
        ("V03", 1440, 900),
        ("V12", 1366, 768),
        ("V01", 820, 1180),
        ("V03", 768, 1024),
    ],
)
def test_summary_rating_and_buttons_are_seen_without_scrolling(opened, url, name, width, height):
    with opened(width) as page:
        page.set_viewport_size({"width": width, "height": height})
        open_patient(page, url, name)
        assert "rated" in page.locator("#status").inner_text()
        card = page.locator("#cards .card").first
        shown = [card.locator("h3"), *card.locator("[data-accept], .dismiss summary").all()]
        assert all(in_sight(each) for each in shown)


@pytest.mark.parametrize("width", [768, 820])
def test_on_a_tablet_the_cards_stay_beside_the_chart(opened, url, width):
    with opened(width) as page:
        open_patient(page, url, "V03")
        row = page.locator("#chart .row.used").last
        row.scroll_into_view_if_needed()
        card = page.locator("#cards .card").first
        assert in_sight(card.locator("h3"))
        assert in_sight(card.locator("[data-accept]").first)
        assert row.bounding_box()["x"] + row.bounding_box()["width"] <= card.bounding_box()["x"]


def test_tab_goes_from_the_order_to_its_cards_to_the_chart(page, url):
    open_patient(page, url)
    tab_to(page, page.get_by_role("button", name="Sign the order"))
    met = []
    for _ in range(20):
        page.keyboard.press("Tab")
        met.append(
            page.evaluate("document.activeElement.closest('#cards, #add, #chart')?.id ?? ''")
        )
        if met[-1] == "add":
            break
    assert set(met[:-1]) == {"cards"}
    assert len(met) > 4, "buttons, links and dismissing are stops on the way"


def test_a_newcomer_needs_no_mouse(page, url):
    """From the top of the page: `Add`, the first finding, and the answer is read out."""
    open_patient(page, url)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Add":
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "+ Unsteady gait"
    assert in_sight(page.locator(":focus"))
    page.keyboard.press("Enter")
    said(page, "NOT_YET became MRI_URGENT")
    assert page.locator("#status").get_attribute("role") == "status"
    assert in_sight(page.locator("#cards h3").first)


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(390, "dark"), (390, "light"), (820, "light"), (820, "dark"), (1440, "light"), (1440, "dark")],
)
def test_nothing_is_inaccessible_or_too_wide(opened, url, width, scheme):
    with opened(width, color_scheme=scheme) as page:
        open_patient(page, url, "V03")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []


def test_in_production_it_calls_with_the_token_it_is_given(browser, tmp_path):
    page = browser.new_page()
    (tmp_path / "north.json").write_bytes(jwks(NORTH.jwk()))
    with in_production(tmp_path, SETTINGS) as url:
        page.goto(f"{url}/workbench")
        page.get_by_role("heading", name="The service answered 401").wait_for()
        page.get_by_text("Token", exact=True).click()
        token = NORTH.current(f"{url}/cds-services/cervical-mri")
        page.get_by_label("Bearer token").fill(token)
        _, answer = fired(page, page.get_by_role("button", name="Fire order-select").click)
        assert answer.status == 200
        said(page, "NOT_YET")
        line = page.locator("#raw-curl").text_content()
        assert '-H "Authorization: Bearer $TOKEN"' in line
        assert token not in line, "it is used up, and a secret"
    page.close()


def test_nothing_is_fetched_from_elsewhere(page, url):
    asked = []
    page.on("request", lambda each: asked.append(each.url))
    open_patient(page, url)
    assert asked
    assert all(address.startswith(url) for address in asked)


def test_the_page_is_painted_before_its_data_come(page, url):
    """Order and chart are seen while the first call has not even been made."""
    held = []

    def hold(route):
        held.append(route)

    page.route("**/workbench/change", hold)
    page.goto(f"{url}/workbench?patient=V05")
    first_paint(page)
    assert page.locator("#chart .row", has_text="100.4").is_visible()
    assert page.get_by_role("heading", name="Thomas Brandt").is_visible()
    assert page.locator("#cards").get_by_text("Waiting for the service").is_visible()
    assert page.locator("#cards .card").count() == 0
    (route,) = held
    route.continue_()
    said(page, "MRI_URGENT")
