"""The pages of criteria in a real browser: to be read at every width, by keyboard, aloud and on paper."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from browser import first_paint, violations

from cds_service.cli import main

pytestmark = pytest.mark.integration

PAGES = (
    "/",
    "/criteria",
    "/criteria?q=fever&label=article",
    "/criteria/RF-INFECT-LAB",
    "/criteria/EXT-RADICULAR",
    "/criteria/P6",
    "/criteria/codes",
    "/criteria/codes/VS-CONSMED",
    "/criteria/settings",
    "/criteria/samples",
)


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (820, "light"), (1440, "light"), (1440, "dark")]
)
def test_every_page_is_accessible_and_fits_its_width(opened, url, width, scheme):
    with opened(width, color_scheme=scheme) as page:
        for path in PAGES:
            page.goto(f"{url}{path}")
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(wide) == 0, path
            assert violations(page) == [], path


@pytest.mark.parametrize("path", ["/criteria/NOPE", "/nowhere"])
def test_error_pages_are_accessible_too(browser, url, path):
    page = browser.new_page()
    assert page.goto(f"{url}{path}").status == 404
    assert violations(page) == []
    page.get_by_role("button", name="Start page").click()
    assert urlsplit(page.url).path == "/"
    page.close()


def test_it_works_without_a_script(opened, url):
    with opened(java_script_enabled=False) as page:
        page.goto(f"{url}/criteria")
        page.get_by_label("Search").fill("clumsy")
        page.get_by_role("button", name="Show").click()
        assert " of 79 statements" in page.get_by_role("status").inner_text()
        page.get_by_role("link", name="Clumsy hands").click()
        assert urlsplit(page.url).path == "/criteria/RF-MYELO-HAND"
        assert page.get_by_role("heading", level=1).inner_text() == "Clumsy hands"


def test_it_works_by_keyboard_alone(opened, url):
    with opened() as page:
        page.goto(f"{url}/criteria")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name") == "q":
                break
        page.keyboard.type("fever")
        page.keyboard.press("Enter")
        page.wait_for_url("**/criteria?q=fever*")
        assert page.get_by_role("link", name="Fever", exact=True).is_visible()


def test_the_drawing_leads_to_a_step_and_from_there_to_the_next(opened, url):
    with opened() as page:
        page.goto(f"{url}/criteria")
        page.locator("svg.decision").get_by_role("link", name="P6", exact=True).click()
        assert urlsplit(page.url).path == "/criteria/P6"
        page.get_by_role("link", name="P7 →").click()
        assert urlsplit(page.url).path == "/criteria/P7"


def test_a_telephone_gets_the_steps_as_a_list(opened, url):
    with opened(390) as page:
        page.goto(f"{url}/criteria")
        assert not page.locator("svg.decision").is_visible()
        page.locator("ol.steps").get_by_role("link", name="P6", exact=True).click()
        assert urlsplit(page.url).path == "/criteria/P6"


def test_words_of_the_drawing_stay_in_their_boxes(opened, url):
    with opened() as page:
        page.goto(f"{url}/criteria")
        over = page.evaluate(
            """() => [...document.querySelectorAll("svg.decision g")].flatMap(step => {
                const box = step.querySelector("rect.box").getBoundingClientRect();
                const words = step.querySelectorAll("text.question, text.ids");
                return [...words].filter(text => text.getBoundingClientRect().right > box.right)
                    .map(text => text.textContent);
            })"""
        )
        assert over == []


def test_on_paper_there_is_no_navigation_and_no_cut_table(opened, url):
    with opened(794) as page:  # the width of A4
        page.goto(f"{url}/criteria/RF-INFECT-LAB")
        page.emulate_media(media="print")
        for hidden in (".banner", "header.top nav", "nav[aria-label=breadcrumb]"):
            assert not page.locator(hidden).is_visible()
        assert page.locator(".scroll").first.evaluate("e => e.scrollWidth <= e.clientWidth")
        # What was folded on the screen is printed all the same.
        assert page.get_by_text("1988-5").first.bounding_box()["height"] > 0


@pytest.mark.parametrize(("width", "height"), [(680, 1009), (703, 941)], ids=["A4", "Letter"])
def test_the_first_printed_page_holds_the_whole_drawing(opened, url, width, height):
    """Without its margins; a drawing that is too high would move to the next page as a whole."""
    with opened(width) as page:
        page.goto(f"{url}/criteria")
        page.emulate_media(media="print")
        box = page.locator("svg.decision").bounding_box()
        assert 600 < box["height"] < height
        assert box["y"] + box["height"] <= height


def test_the_file_for_a_committee_is_accessible_and_asks_for_nothing(opened, tmp_path):
    file = tmp_path / "criteria.html"
    assert main(["catalogue", "--out", str(file)]) == 0
    with opened() as page:
        page.goto(file.as_uri())
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        page.set_viewport_size({"width": 390, "height": 900})
        assert page.evaluate(wide) == 0
        assert violations(page) == []
        page.get_by_role("link", name="P6", exact=True).first.click()
        assert page.url.endswith("#P6")


def test_first_paint(opened, url, record_property, capsys):
    """Reported, never asserted: it is the machine's as much as ours."""
    with opened() as page:
        page.goto(f"{url}/criteria")
        painted = first_paint(page)
        record_property("first_contentful_paint_ms", painted)
        with capsys.disabled():
            print(f" first paint of /criteria: {painted:.0f} ms", end="")
