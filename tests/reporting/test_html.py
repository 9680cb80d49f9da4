"""The report as a page: complete, well-formed, and nothing in it that was not put there by us."""

import sys
from collections import Counter
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from made_reports import REPORTS, TEXTS
from pages_of_reports import Page, words
from sample_report import sample_report

from cds_service.errors import ConfigurationError
from cds_service.reporting.html import compare, ranked, render
from cds_service.reporting.model import (
    Feedback,
    Group,
    Orders,
    Report,
    Statement,
    Tally,
    Timing,
    Version,
)
from cds_service.reporting.page.words import between, clean, count, percent, points

SAMPLE = sample_report()
NOBODY = Tally(0, 0, 0, 0, 0)
EMPTY = Report(
    made_at=SAMPLE.made_at,
    start=None,
    end=None,
    client=None,
    orders=Orders(0, 0, 0, {}, ()),
    cards=NOBODY,
    without_uuid=0,
    by_outcome=(),
    by_overlay=(),
    by_statement=(),
    by_client=(),
    weeks=(),
    versions=(),
    suggestions=(),
    feedback=Feedback(0, 0, 0, (), 0, {}),
    timing=Timing(0, None, None),
    candidates=(),
)
HOSTILE = "\"'><script>alert('$x$')</script>]]>&lt;"


@pytest.fixture(scope="module")
def page():
    return Page(SAMPLE)


def figures(cards):
    """The cells about cards: issued, rate with its number and interval, and what became of them."""
    interval = cards.override_interval
    rate = (
        ["none answered"]
        if interval is None
        else [f"{percent(cards.override_rate)} of {count(cards.answered)}", between(interval)]
    )
    parts = (cards.accepted, cards.overridden, cards.dismissed, cards.unanswered)
    return [words(cell) for cell in (count(cards.issued), *rate, *map(count, parts))]


def test_the_page_begins_with_the_answer(page):
    text = page.text
    first = text.index("1,570 of 1,726 orders (95 % interval 90–92 %)")
    second = text.index("197 of 524 answered cards were overridden or dismissed")
    third = text.index("NOT-NORMALEXAM 42 of 47 answered cards were overridden or dismissed")
    assert first < second < third < text.index("By outcome Each order gets one outcome")


def test_every_statement_has_a_row_with_its_figures_and_reasons(page):
    rows = page.rows("Cards by statement")
    assert len(rows) == len(SAMPLE.by_statement) >= 20
    for row, statement in zip(rows, SAMPLE.by_statement, strict=True):
        reasons = ", ".join(f"{code} {number}" for code, number in statement.reasons.items())
        assert row[0].split()[0] == statement.id
        assert row[1:] == [*figures(statement.cards), reasons or "–"]


def test_every_week_has_a_row(page):
    rows = page.rows("Cards by week")
    assert rows[0][:3] == ["30 Mar 2026", "71", "11 15.5 %"]
    assert [row[3:] for row in rows] == [figures(week.cards) for week in SAMPLE.weeks]


def test_a_version_is_held_against_the_one_before(page):
    first, second = page.rows("Orders by version of the rules")
    assert first[-1] == "–"
    assert second[-1] == "−3.7 points −6.3 to −0.9"


def test_what_is_drawn_is_told_in_words_too(page):
    assert "NOT-NORMALEXAM: 89.4 % of 47, interval 77–95 %" in page.drawn("statements")
    assert "neurological examination: 98 orders, 62.8 %" in page.drawn("missing")
    assert "MRI now: 53 cards, of these 34 accepted, 0 overridden, 2 dismissed" in page.drawn(
        "outcomes"
    )
    assert "26 weeks from 30 March 2026, 1,281 cards, 524 answered" in page.drawn("weeks")
    assert "Version 2 from 8 July 2026" in page.drawn("weeks")


def test_titles_stand_beside_their_statements():
    row = Page(SAMPLE, {"CONS-4WK": "Four weeks & more"}).rows("Cards by statement")[0]
    assert row[0] == "CONS-4WK Four weeks & more"


def test_nobody_answered_is_no_rate_of_zero():
    silent = Tally(7, 0, 0, 0, 7)
    report = msgspec.structs.replace(
        EMPTY,
        orders=Orders(7, 0, 0, {"NOT_YET": 7}, ()),
        cards=silent,
        by_outcome=(Group("NOT_YET", silent),),
        by_statement=(Statement("NOT-ACUTE", silent, {}),),
    )
    page = Page(report)
    assert "none answered No card of this span was answered" in page.text
    assert page.rows("Cards by statement") == [
        ["NOT-ACUTE", "7", "none answered", "0", "0", "0", "7", "–"]
    ]
    assert not [each for each in page.drawings() if "statements" in each.get("aria-labelledby", "")]


def test_cards_without_a_uuid_are_told_and_only_then():
    orders = Orders(7, 0, 0, {"NOT_YET": 7}, ())
    report = msgspec.structs.replace(EMPTY, orders=orders, without_uuid=6)
    assert "No card could be kept: 6 were sent without a uuid." in Page(report).text
    assert "21 more cards were sent without a uuid" in Page(SAMPLE).text
    none = Page(msgspec.structs.replace(report, without_uuid=0)).text
    assert "No card was issued: all 7 orders passed in silence." in none
    assert "without a uuid" not in none


def test_nothing_at_all_is_a_page_that_says_where_to_look():
    page = Page(EMPTY)
    assert "No order was evaluated in this span" in page.text
    assert "Everything on record · all clients" in page.text
    assert "How to read this" in page.text
    assert not page.drawings()
    assert "%" not in page.text.replace("95 % interval", "")


def test_feedback_without_any_card_is_told_on_an_empty_page():
    feedback = Feedback(3, 1, 2, (), 3, {"card": 5, "time": 1})
    text = Page(msgspec.structs.replace(EMPTY, feedback=feedback)).text
    assert "3 feedback events name cards whose rows are not there: 1 accepted, 2 overridden" in text
    assert "5 on cards that this service did not issue to the sender" in text


def test_the_same_report_is_the_same_page(page):
    assert render(SAMPLE) == page.html


def test_ids_are_unique_and_every_reference_is_met(page):
    ids = Counter(value for each in page.root.iter() if (value := each.get("id")))
    assert [name for name, number in ids.items() if number > 1] == []
    used = [value for each in page.root.iter() if (value := each.get("href"))]
    used += [v[4:-1] for each in page.root.iter() if (v := each.get("clip-path"))]
    used += [f"#{v}" for each in page.root.iter() if (v := each.get("aria-labelledby"))]
    assert len(used) > 50
    assert {name.removeprefix("#") for name in used} <= set(ids)


def test_text_of_drawings_stays_text_in_the_colours_of_the_page(page):
    for drawing in page.drawings():
        svg = [each for each in drawing.iter() if each.tag.endswith("}text")]
        assert len(svg) > 4
        assert not any("#" in each.get("style", "") for each in svg)


def test_a_report_without_the_drawing_library_says_how_to_get_it(monkeypatch):
    for name in [each for each in sys.modules if each.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'cds-service\[report\]'"):
        render(SAMPLE)


def test_hostile_words_are_words_wherever_they_come_from():
    def renamed(value):
        if isinstance(value, msgspec.Struct):
            fields = msgspec.structs.asdict(value)
            return msgspec.structs.replace(value, **{k: renamed(v) for k, v in fields.items()})
        if isinstance(value, dict):
            return {HOSTILE: sum(value.values())} if value else {}
        if isinstance(value, tuple):
            return tuple(renamed(each) for each in value)
        return HOSTILE if isinstance(value, str) else value

    report = msgspec.structs.replace(renamed(SAMPLE), client=HOSTILE)
    page = Page(report, {HOSTILE: HOSTILE})
    tags = {each.tag for each in page.root.iter()}
    assert not {tag for tag in tags if tag.endswith(("script", "img"))}
    assert "<script" not in page.html
    assert HOSTILE in page.text
    assert HOSTILE in page.drawn("statements")
    assert HOSTILE in page.drawn("missing")
    assert HOSTILE in page.drawn("outcomes")


# Drawing takes time: to shrink a failure would take minutes.
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=set(Phase) - {Phase.shrink, Phase.explain},
)
@given(REPORTS)
@example(EMPTY)
@example(SAMPLE)
def test_every_figure_appears(report):
    page = Page(report)
    if not report.orders.evaluated and not report.cards.issued:
        return
    text = page.text
    if report.client is not None:
        assert words(clean(report.client)) in text
    for label, groups, at in (
        ("Overlay cards", report.by_overlay, 1),
        ("Cards by client", report.by_client, 1),
        ("Cards by week", report.weeks, 3),
        ("Cards by statement", report.by_statement, 1),
    ):
        if groups:
            rows = [
                row[at : at + len(figures(g.cards))]
                for row, g in zip(page.rows(label), groups, strict=True)
            ]
            assert rows == [figures(group.cards) for group in groups]
    assert page.rows("Orders and primary cards by outcome")[-1][2:] == figures(report.cards)
    if report.suggestions:
        found = [row[:3] for row in page.rows("Suggestions offered and accepted")]
        assert found == [
            [words(clean(each.name)), count(each.offered), count(each.accepted)]
            for each in report.suggestions
        ]
    if report.feedback.events and report.feedback.reasons:
        assert [row[1] for row in page.rows("Override reasons")] == [
            count(each.events) for each in report.feedback.reasons
        ]
    if report.orders.not_rated and report.orders.missing:
        found = [row[:2] for row in page.rows("Missing data")]
        assert found == [
            [words(clean(each.question)), count(each.orders)] for each in report.orders.missing
        ]
    if report.feedback.quarantined:
        assert [row[1] for row in page.rows("Feedback set apart")] == [
            count(number) for number in report.feedback.quarantined.values()
        ]
    for candidate in report.candidates:
        assert words(clean(candidate.why)) in text


@given(TEXTS)
def test_what_xml_cannot_hold_is_replaced(text):
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert all(a == b or b == "\ufffd" for a, b in zip(text, cleaned, strict=True))


@pytest.mark.parametrize(
    ("share", "written"),
    [(0.0, "0.0 %"), (0.0001, "<0.1 %"), (0.5, "50.0 %"), (0.99999, ">99.9 %"), (1.0, "100.0 %")],
)
def test_a_share_is_never_rounded_to_none_or_all(share, written):
    assert words(percent(share)) == written


def version(name, day, aside, answered):
    cards = Tally(answered, answered - aside, aside, 0, 0)
    on = date(2026, 3, day)
    return Version(name, on, on, 100, 5, cards)


def test_a_change_has_the_interval_of_newcombe():
    """Newcombe 1998, table II, method 10: 56 of 70 against 48 of 80 is 0.0524 to 0.3339."""
    _, after = compare([version("b", 2, 56, 70), version("a", 1, 48, 80)])
    assert after.override is not None
    assert after.not_rated is not None
    assert (round(after.override.low, 4), round(after.override.high, 4)) == (0.0524, 0.3339)
    assert after.override.clear
    assert after.not_rated.by == 0
    assert not after.not_rated.clear
    assert points(after.override.by) == "+20.0"
    assert points(-0.0001) == "0.0"


def test_without_answers_there_is_no_change():
    _, after = compare([version("a", 1, 0, 0), version("b", 2, 3, 9)])
    assert after.override is None


def test_of_many_statements_those_with_most_answers_are_drawn():
    found = [Statement(f"S-{at}", Tally(at, at, 0, 0, 0), {}) for at in range(50)]
    assert {each.id for each in ranked(found)} == {f"S-{at}" for at in range(20, 50)}


@pytest.mark.parametrize("weeks", [2, 26, 90, 100, 400])
def test_a_trend_of_any_length_has_an_axis(weeks):
    """A warning of the drawing library fails a test: it found no dates for two years once."""
    first = SAMPLE.weeks[0]
    longer = [
        msgspec.structs.replace(first, start=first.start + timedelta(weeks=n)) for n in range(weeks)
    ]
    Page(msgspec.structs.replace(SAMPLE, weeks=tuple(longer)))
