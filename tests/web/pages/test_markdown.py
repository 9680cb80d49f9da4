"""Markdown of cards: shown as GitHub does, and harmless whoever wrote it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import escape

from cds_service.pages.markdown import LONGEST, Reader, safe_html

ALLOWED = {
    "p",
    "br",
    "hr",
    "em",
    "strong",
    "s",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "blockquote",
    "a",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
}


class Tags(HTMLParser):
    """Every tag and every attribute of a piece of HTML."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_lists_tables_and_emphasis_are_drawn():
    html = safe_html("**Why**\n\n- one\n  - two\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    for piece in ("<strong>Why</strong>", "<ul>", "<table>", "<td>1</td>"):
        assert piece in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](//elsewhere.example)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        "![x](https://elsewhere.example/pixel.gif)",
        '[x](https://a.example "onmouseover=alert(1)")',
        '```"><script>\nx\n```',
        "<div>\n\n*hi*\n\n</div>",
        "| <b>x</b> |\n|---|\n| <svg onload=alert(1)> |",
        "&lt;script&gt;",
    ],
)
def test_hostile_text_stays_text(text):
    assert_harmless(safe_html(text))


@given(st.text())
@example('[a](https://x.example/"onclick="y)')
def test_no_text_becomes_more_than_markup(text):
    assert_harmless(safe_html(text))


def assert_harmless(html):
    for tag, attributes in Tags(html).found:
        assert tag in ALLOWED, html
        allowed = {"href", "title", "target", "rel"} if tag == "a" else {"class", "start", "style"}
        assert attributes.keys() <= allowed, html
        # The only style is the alignment of a table's column, which the policy of the page ignores.
        assert re.fullmatch(
            r"text-align:(left|right|center)", attributes.get("style", "text-align:left")
        )
        if tag == "a":
            assert attributes["href"].lower().startswith(("https://", "http://"))
            assert "noopener" in attributes["rel"]


@pytest.mark.parametrize("text", ["[", "*_", "![", "*a ", "[a]("])
def test_of_long_texts_only_the_beginning_is_worked_on(text):
    """Some texts cost the parser far more than their length; they stay readable."""
    read = Reader()
    assert read("**short**") == "<p><strong>short</strong></p>\n"
    long = "<b>" + text * LONGEST
    assert read(long) == f"<pre>{escape(long)}</pre>"


def test_many_long_texts_in_one_answer_are_bounded_together():
    read = Reader()
    shown = [read("**x**" + "a" * 1000) for _ in range(100)]
    assert sum("<strong>" in each for each in shown) == LONGEST // 1005
    assert all(each.startswith("<pre>**x**") for each in shown[LONGEST // 1005 :])
