"""Cards as text."""

from cds_service.terminal import card_text, plain, response_text

CARD = {
    "summary": "MRI is not needed yet",
    "indicator": "warning",
    "detail": "**Why:** neck pain\n\n- CRP 3 mg\\/L\\.\n- see [report](https://x.example/1)\n\n### More\n_Educational_ text",
    "source": {"label": "Criteria 2026"},
    "suggestions": [
        {
            "label": "Physical therapy instead",
            "isRecommended": True,
            "actions": [{"type": "delete", "description": "Remove the MRI"}],
        }
    ],
    "overrideReasons": [{"code": "x", "system": "y", "display": "Other"}],
    "links": [{"label": "Criteria", "url": "https://x.example", "type": "absolute"}],
}


def test_card():
    text = card_text(CARD, 60)
    for part in (
        "[!] WARNING  MRI is not needed yet",
        "Why: neck pain",
        "- CRP 3 mg/L.",
        "report <https://x.example/1>",
        "More\nEducational text",
        "( ) Physical therapy instead (recommended)",
        "· Remove the MRI",
        "Reasons to keep the order: Other",
        "Link: Criteria: https://x.example",
        "Source: Criteria 2026",
    ):
        assert part in text
    assert max(map(len, text.splitlines())) <= 60


def test_long_lines_are_wrapped_under_their_item():
    assert plain("- one two three four", 12) == ["- one two", "  three four"]


def test_marks_go_but_what_they_mark_stays():
    assert plain("*Read `Condition/a_b_c` at 2 \\* 3 and **note _this_**.*") == [
        "Read Condition/a_b_c at 2 * 3 and note this."
    ]


def test_no_card():
    assert response_text({"cards": []}) == "(no card)"


def test_ratings_written_on_the_order():
    coding = {"coding": [{"code": "not-appropriate"}, {"code": "usually-not"}]}
    extension = {
        "url": "http://fhir.org/argonaut/Extension/pama-rating",
        "valueCodeableConcept": coding,
    }
    text = response_text(
        {
            "cards": [],
            "systemActions": [
                {"type": "update", "description": "d", "resource": {"extension": [extension]}},
                {"type": "update", "description": "Something else", "resource": {}},
            ],
        }
    )
    assert "rating not-appropriate, usually-not" in text
    assert "Something else" in text
