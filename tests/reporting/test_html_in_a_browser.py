"""The page of the report in a real Chromium, and on paper."""

import io
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pypdf
import pytest
from browser import axe
from sample_report import sample_report

from cds_service.reporting.html import render

pytestmark = pytest.mark.integration

A4 = (595, 842)
"""Points."""
WIDTHS = (390, 820, 1440)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    titles = {"CONS-4WK": "Symptoms after 4 to 6 weeks of treatment"}
    file.write_text(render(sample_report(), titles), encoding="utf-8")
    return file


@pytest.fixture
def opened(browser, file):
    """Opens the page at a width; whatever it asks for or complains of is in `said`."""
    contexts = []

    def open_(width, scheme="light", path=file, **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page = context.new_page()
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url))
        page.goto(path.as_uri())
        assert said == [path.as_uri()]
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_fetched_nothing_fails_and_nothing_overflows(opened, width):
    page = opened(width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    shown = "d => d.getBoundingClientRect().width"
    wide, narrow = (
        page.locator(f"figure > .{name}").first.evaluate(shown) for name in ("wide", "narrow")
    )
    assert (wide > 0, narrow > 0) == (width > 640, width <= 640)


def test_without_scripts_it_is_the_same(opened):
    assert opened(820, java_script_enabled=False).locator("svg.plot:visible").count() == 4


@pytest.mark.parametrize("width", WIDTHS[1:])
def test_wide_screens_show_whole_tables(opened, width):
    hidden = opened(width).evaluate(
        "[...document.querySelectorAll('.table')].filter(t => t.scrollWidth > t.clientWidth)"
        ".map(t => t.getAttribute('aria-label'))"
    )
    assert hidden == []


def test_a_browser_reads_the_same_elements_as_an_xml_parser(opened, file):
    theirs = opened(820).evaluate("[...document.querySelectorAll('*')].map(e => e.localName)")
    ours = [
        each.tag.rpartition("}")[2]
        for each in ET.fromstring(file.read_text(encoding="utf-8")).iter()
    ]
    assert Counter(theirs) == Counter(ours)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_barriers_are_found(opened, width, scheme):
    script = axe()
    page = opened(width, scheme)
    # Through the debugger: the policy of the page forbids scripts in it.
    page.evaluate(script)
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 20
    assert [(each["id"], [n["html"] for n in each["nodes"]]) for each in found["violations"]] == []


def test_colours_of_drawings_follow_the_page(opened):
    colour = "getComputedStyle(document.querySelector('.wide svg.plot text')).fill"
    assert opened(820).evaluate(colour) != opened(820, "dark").evaluate(colour)


def test_on_paper_it_is_a4_with_numbered_pages_and_whole_tables(opened):
    page = opened(820, "dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 37, 48)"
    paper = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    sizes = {tuple(round(float(side)) for side in each.mediabox[2:]) for each in paper.pages}
    assert len(sizes) == 1
    assert all(abs(a - b) <= 1 for a, b in zip(*sizes, A4, strict=True))
    texts = [each.extract_text() for each in paper.pages]
    assert 6 <= len(texts) <= 10
    assert all(f"{at} of {len(texts)}" in text for at, text in enumerate(texts, 1))
    assert "91.0" in texts[0]
    assert "NOT-NORMALEXAM" in texts[0]
    whole = "\n".join(texts)
    for statement in sample_report().by_statement:
        assert statement.id in whole.replace("-\n", "-"), statement.id
    assert "How to read this" in whole
    # The head of a long table is on each of its pages.
    assert (
        sum("Reasons given" in text for text in texts)
        == sum("action-completed" in text and "Statement" in text for text in texts)
        >= 2
    )


def test_no_table_is_wider_than_the_paper(opened):
    page = opened(687)  # A4 less its margins, at 96 pixels an inch
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 687


def test_an_empty_report_is_a_good_page_too(opened, tmp_path):
    report = sample_report()
    nothing = msgspec.structs.replace(
        report,
        orders=msgspec.structs.replace(report.orders, evaluated=0),
        cards=msgspec.structs.replace(report.cards, issued=0),
    )
    file = tmp_path / "empty.html"
    file.write_text(render(nothing), encoding="utf-8")
    page = opened(390, path=file)
    assert page.locator("h2").first.inner_text() == "No order was evaluated in this span"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
