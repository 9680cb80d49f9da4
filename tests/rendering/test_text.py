"""Nothing of a value becomes Markdown: shown as text, on one line, never as a link or tag."""

import pytest
from advice import advise, found, options
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cds_service.criteria.model import Outcome
from cds_service.facts.finding import Evidence
from cds_service.rendering.library import Library
from cds_service.rendering.render import render
from cds_service.rendering.text import (
    CAP,
    bullets,
    escape,
    evidence_line,
    evidence_lines,
    reference,
)

GITHUB = MarkdownIt("gfm-like")
COMMON = MarkdownIt("commonmark")
HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet="\\`*_{}[]()<>#+-.!|~&:/@$^='\"\n\r\t 1a\u202e\u2028"),
    st.sampled_from(
        [
            "[x](javascript:alert(1))",
            "![x](https://evil.example/p.png)",
            "<img src=x onerror=alert(1)>",
            "<!-- -->",
            "https://evil.example/a",
            "http://evil.example",
            "ftp://evil.example",
            "www.evil.example",
            "evil.example/path",
            "mailto:a@evil.example",
            "a@evil.example",
            "a\uff20evil.example",
            "xmpp:a@evil.example/x",
            "&lt;script&gt;",
            "`code`",
            "**bold** _it_ ~~gone~~",
            "\n# Heading",
            "\n\n- [ ] task",
            "1. list",
            "- list",
            "+ list",
            "> quote",
            "a\n===",
            "| a | b |\n|---|---|",
            "[x]: https://evil.example",
            "[^1]",
            "```\nfence",
            "---",
            "$x$",
            "\\",
            "a\\",
        ]
    ),
)


def _flat(tokens: list[Token]) -> list[Token]:
    return [t for token in tokens for t in (token, *_flat(token.children or []))]


def _active(markdown: str, renderer: MarkdownIt) -> set[str]:
    return {t.type for t in _flat(renderer.parse(markdown))} - {
        "paragraph_open", "inline", "text", "paragraph_close", "text_special",
        "bullet_list_open", "list_item_open", "list_item_close", "bullet_list_close",
    }  # fmt: skip


@pytest.mark.parametrize("renderer", [GITHUB, COMMON], ids=["GitHub", "CommonMark"])
@given(value=HOSTILE)
def test_a_hostile_value_stays_text(renderer: MarkdownIt, value: str):
    assert _active(f"before {escape(value)} after", renderer) == set()
    assert _active(f"- {escape(value)}", renderer) == set()


@given(value=HOSTILE)
def test_a_hostile_value_in_a_list_opens_no_second_list(value: str):
    kinds = [t.type for t in GITHUB.parse(f"- {escape(value)}")]
    assert kinds.count("list_item_open") == 1
    assert "ordered_list_open" not in kinds


@given(value=HOSTILE)
def test_evidence_holds_nothing_active_but_its_reference(value: str):
    item = Evidence(value, value or "x", value, value, value, value)
    assert _active(evidence_line(item), GITHUB) <= {"code_inline"}


@given(value=st.text(min_size=1))
def test_an_escaped_value_is_one_capped_line(value: str):
    shown = escape(value)
    assert "\n" not in shown
    assert len(shown) <= 2 * CAP + 20


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("38.0 °C, limit ≥ 38.0", "38.0 °C, limit ≥ 38.0"),
        ("4/5 (left)", "4/5 (left)"),
        ("CRP 12 mg/L; see note: late.", "CRP 12 mg/L; see note: late."),
        ("a\n\n b\u202e c", "a b c"),
        ("<b>", "\\<b\\>"),
        ("me@here.org", "me(at)here\\.org"),
        ("1. x", "1\\. x"),
        ("- x", "\\- x"),
        ("2026-03-02", "2026-03-02"),
    ],
)
def test_plain_values_stay_readable(value: str, shown: str):
    assert escape(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Observation/o1", "`Observation/o1`"),
        ("QuestionnaireResponse/q#gait-exam", "`QuestionnaireResponse/q#gait-exam`"),
        ("Observation/a`b", "Observation"),
        ("Observation/" + "x" * 65, "Observation"),
        ("Condition/c1\n", "Condition"),
        ("https://evil.example/Patient/1", "record"),
        ("", "record"),
    ],
)
def test_a_reference_shows_its_id_only_if_it_is_a_fhir_id(value: str, shown: str):
    assert reference(value) == shown


def test_an_evidence_line_says_what_when_and_against_which_limit():
    item = Evidence("Observation/t", "Temperature", "2026", "38.0 °C", "limit 38.0 °C", "high")
    line = "Temperature 38.0 °C, 2026, limit 38.0 °C, high `Observation/t`"
    assert evidence_line(item) == line


def test_an_undated_entry_is_called_so_and_a_total_is_not():
    assert evidence_line(Evidence("Condition/c", "Neck pain")) == "Neck pain, undated `Condition/c`"
    total = Evidence("Patient", "Conservative treatment in all", None, "49 days", "≥ 42 days")
    assert evidence_line(total) == "Conservative treatment in all 49 days, ≥ 42 days"


def test_more_than_three_pieces_of_evidence_are_counted():
    items = [Evidence(f"Condition/{i}", "Neck pain", "2026") for i in range(5)]
    assert evidence_lines(items).endswith("; and 2 more")


def test_bullets_drop_repetitions_and_count_the_rest():
    assert bullets(["a", "a", "", "b", "c"], 2) == "- a\n- b\n- and 1 more"
    assert bullets([]) == ""


@given(value=HOSTILE)
def test_a_hostile_record_puts_nothing_active_into_a_card(library: Library, value: str):
    item = Evidence(value, value, value, value, value, value)
    advice = advise(
        Outcome.MRI_MAY,
        missing=(value,),
        possible=(value + "?",),
        data_notes=(value,),
        not_found=(value,),
        prior=item,
        findings={"CONS-4WK": found("CONS-4WK", item, reason=value, values={"days": value})},
    )
    (card,) = render([advice], library, options(emergency_text=value))["cards"]
    allowed = {"strong_open", "strong_close", "em_open", "em_close", "code_inline", "softbreak"}
    assert _active(card["detail"], GITHUB) <= allowed
    plain = render([advise(Outcome.MRI_MAY)], library, options())["cards"][0]
    assert card["summary"] == plain["summary"]
