"""Cards as a client gets them: order, members, words, silence."""

import json
import re
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from advice import CANONICAL, NUMB, WEAKNESS, advise, cied, found, options, order, recommend

from cds_service.criteria.model import Outcome
from cds_service.facts.finding import Evidence, Finding, Status
from cds_service.rendering.explain import EXPLANATION, explain_text, explanation_object
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice
from cds_service.rendering.render import render

CARD_MEMBERS = {
    "uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior",
    "overrideReasons", "links", "extension",
}  # fmt: skip


def _card(library: Library, outcome: Outcome, **changes: Any) -> Any:
    return render([advise(outcome, **changes)], library, options())["cards"][0]


def _empty(value: Any) -> bool:
    if isinstance(value, dict):
        return not value or any(_empty(v) for v in value.values())
    if isinstance(value, list):
        return not value or any(_empty(v) for v in value)
    return value is None or value == ""


VARIANTS: list[Any] = [
    *(pytest.param(outcome, {}, id=outcome) for outcome in Outcome),
    pytest.param(Outcome.CT_FIRST, {"keep_mri": True, "rating": "appropriate"}, id="keep the MRI"),
    pytest.param(Outcome.DUPLICATE, {"prior_kind": "pending"}, id="pending order"),
    pytest.param(Outcome.DUPLICATE, {"prior_kind": "draft", "prior": None}, id="second draft"),
    pytest.param(Outcome.NO_CRITERIA, {"fired": ("EXT-CAUDA",)}, id="cauda equina"),
    pytest.param(Outcome.NO_CRITERIA, {"fired": (), "step": "P3"}, id="child with an injury"),
    pytest.param(Outcome.NO_CRITERIA, {"fired": ()}, id="no criteria"),
    pytest.param(
        Outcome.MRI_EMERGENT, {"findings": {"EXT-EMERG": found("EXT-EMERG", tags=("E5",))}}, id="E5"
    ),
    pytest.param(Outcome.MRI_EMERGENT, {"fired": ("TRAUMA-SCI",)}, id="cord injury"),
]


@pytest.mark.parametrize(("outcome", "changes"), VARIANTS)
def test_every_card_is_sound_on_the_wire(
    library: Library, outcome: Outcome, changes: dict[str, Any]
):
    response = render([advise(outcome, overlays=(cied(),), **changes)], library, options())
    assert not _empty(response)
    json.dumps(response, allow_nan=False)
    assert len(response["cards"]) == 2
    for card in response["cards"]:
        assert set(card) <= CARD_MEMBERS
        assert UUID(card["uuid"]).version == 4
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] in ("info", "warning", "critical")
        assert "13 January 2026" in card["source"]["label"]
        assert "When to Order Cervical MRI" in card["source"]["label"]
        assert set(card["source"]["topic"]) == {"system", "code", "display"}
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        assert sum(s.get("isRecommended", False) for s in card.get("suggestions", [])) <= 1
        assert "pending human review" in card["detail"]
        assert "$" not in card["detail"] + card["summary"]
        assert "\n\n\n" not in card["detail"]
        assert not re.search(r"^\*\*[^*.\n]+\*\*\s*(\n\n|\Z)", card["detail"], re.MULTILINE)
        for reason in card.get("overrideReasons", []):
            assert set(reason) == {"system", "code", "display"}
    topic = response["cards"][0]["source"]["topic"]
    assert topic["system"] == f"{CANONICAL}/CodeSystem/recommendation"
    assert topic["code"] == outcome
    assert response["cards"][1]["source"]["topic"]["code"] == "EXT-MRS-CIED"


def test_cards_of_one_outcome_differ_by_what_is_meant(library: Library):
    summaries = {_card(library, p.values[0], **p.values[1])["summary"] for p in VARIANTS[9:]}
    plain = {_card(library, outcome)["summary"] for outcome in Outcome}
    assert len(summaries | plain) == 17


def test_the_top_of_a_red_flag_card(library: Library):
    card = _card(library, Outcome.MRI_URGENT)
    expected = "Red flag: limb weakness, numbness or tingling. MRI is usually appropriate, urgently"
    assert card["summary"] == expected
    assert card["detail"].startswith(
        "**MRI is indicated by a red flag: urgent (ACR wording: usually appropriate).**\n\n"
        "**Why**\n"
        "- **Neurology**\n"
        "  - Weakness of an arm or leg (RF-NEURO-MOTOR): "
        "Elbow flexion strength 4/5, 2026-03-02 `Observation/o1`\n"
        "  - Sensory change of a limb (RF-NEURO-SENS): "
        "Numbness of hand, 2026-02-23 `Condition/c1`\n\n"
    )
    assert "MRI 88 %, CT myelography 81 %" in card["detail"]


def test_a_summary_names_the_reasons_that_fit_and_counts_the_rest(library: Library):
    fired = ("RF-NEURO-MOTOR", "RF-NEURO-SENS", "RF-SYS-MALIG", "CONS-6WK")
    card = _card(library, Outcome.MRI_URGENT, fired=fired)
    assert "limb weakness, numbness or tingling, malignancy." in card["summary"]
    assert "6 weeks" not in card["summary"]
    flags = tuple(i for i, s in library.statements.items() if i.startswith("RF-") and s.phrase)
    summary = _card(library, Outcome.MRI_URGENT, fired=flags)["summary"]
    counted = re.search(r"Red flag: (.*) and (\d+) more\.", summary)
    assert counted
    assert len(counted[1].split(", ")) + int(counted[2]) == len(flags)
    assert 100 < len(summary) < 140


def test_tags_of_one_statement_share_a_line(library: Library):
    fired = ("RF-INFECT-LAB:CRP", "RF-INFECT-LAB:ESR", "EXT-EMERG:E1", "EXT-EMERG:E3")
    detail = _card(library, Outcome.MRI_EMERGENT, fired=fired)["detail"]
    assert "Raised CRP or ESR (RF-INFECT-LAB:CRP,ESR)" in detail
    assert (
        "(EXT-EMERG:E1,E3, extension): myelopathy or two cord signs, fresh or worse; cord signs"
        in detail
    )
    assert "Call spine surgery." in detail


def test_tags_of_a_finding_are_named_where_the_list_has_none(library: Library):
    findings = {"EXT-EMERG": found("EXT-EMERG", tags=("E3", "odd"))}
    card = _card(library, Outcome.MRI_EMERGENT, fired=("EXT-EMERG",), findings=findings)
    assert "(EXT-EMERG:E3, extension): cord signs with malignancy" in card["detail"]


def test_a_value_of_the_finding_goes_into_the_text_or_the_plain_text_stands(library: Library):
    assert "after 49 days of conservative" in _card(library, Outcome.MRI_ROUTINE)["detail"]
    without = _card(library, Outcome.MRI_ROUTINE, findings={})["detail"]
    assert "after the full window of 6 weeks of conservative treatment" in without


def test_extensions_are_marked(library: Library):
    detail = _card(library, Outcome.MRI_MAY, fired=("EXT-RADICULAR",))["detail"]
    assert "(EXT-RADICULAR, extension, from a summary, to be verified)" in detail
    assert "ACR editions differ. (extension)" in detail


def test_what_was_not_found_and_what_was_denied_are_said(library: Library):
    exam = Evidence("Observation/n", "Neurological examination", "2026-03-02", "normal")
    absent = {
        name: Finding(name, Status.NOT_MET, (exam,), denied=True)
        for name in ("RF-NEURO-MOTOR", "RF-NEURO-REFLEX")
    }
    card = _card(library, Outcome.NOT_YET, documented_absent=tuple(absent), findings=absent, age=54)
    assert "**Not found in structured data:** CRP, ESR, gait" in card["detail"]
    # Named as what is not there ("limb weakness"), once for both, with what denies them.
    line = "limb weakness, abnormal reflexes (Neurological examination normal, 2026-03-02)"
    assert f"**Documented absent:** {line}" in card["detail"]
    assert "symptom-free people aged 50–59: 65 %" in card["detail"]
    assert card["detail"].count("65 %") == 1


def test_at_most_four_missing_answers_are_shown(library: Library):
    missing = ("one", "two", "three", "four", "five")
    card = _card(library, Outcome.INSUFFICIENT, missing=missing, possible=("one", "six"))
    assert "- four\n- and 1 more" in card["detail"]
    assert "five" not in card["detail"]
    assert "**To be settled**\n- six" in card["detail"]
    assert card["summary"] == "Not rated yet. Open: one, two, three, four, five"


def test_safety_lines_come_first_among_the_advice(library: Library):
    advisory = ("SUP-GENERAL", "EXT-PREG-MRI")
    findings = {"EXT-PREG-MRI": found("EXT-PREG-MRI", Evidence("Condition/p", "Pregnant", "2026"))}
    detail = _card(library, Outcome.MRI_MAY, advisory=advisory, findings=findings)["detail"]
    assert detail.index("any trimester. (extension): Pregnant, 2026 `Condition/p`") < detail.index(
        "MRI shows cervical soft tissue"
    )


def test_a_duplicate_names_the_prior_study_and_the_answer_without_it(library: Library):
    card = _card(library, Outcome.DUPLICATE)
    assert "done on 2026-01-16; nothing new since" in card["summary"]
    assert "MRI of the cervical spine, 2026-01-16 `DiagnosticReport/d1`" in card["detail"]
    assert "**Without it the answer would be:** MRI, urgent" in card["detail"]
    undated = Evidence("Procedure/x", "MRI of the cervical spine")
    assert "an unknown date" in _card(library, Outcome.DUPLICATE, prior=undated)["summary"]


def test_several_orders_are_named_and_the_most_urgent_comes_first(library: Library):
    routine = advise(Outcome.MRI_ROUTINE, overlays=(cied(indicator="warning"),))
    urgent = OrderAdvice(order(id="draft-2"), recommend(Outcome.MRI_URGENT), "MRI with contrast")
    emergent = advise(Outcome.MRI_EMERGENT, overlays=(cied(),))
    cards = render([routine, urgent, emergent], library, options())["cards"]
    assert [c["source"]["topic"]["code"] for c in cards] == [
        "MRI_EMERGENT", "MRI_URGENT", "MRI_ROUTINE", "EXT-MRS-CIED", "EXT-MRS-CIED",
    ]  # fmt: skip
    assert [c["indicator"] for c in cards[3:]] == ["critical", "warning"]
    assert cards[1]["detail"].startswith("**Order:** MRI with contrast\n\n")
    assert all(c["detail"].startswith("**Order:**") for c in cards)
    assert "**Order:**" not in render([routine], library, options())["cards"][0]["detail"]


def test_no_text_of_the_order_reaches_a_card(library: Library):
    raw = order(code={"text": "SECRET"}, note=[{"text": "SECRET"}])
    advice = OrderAdvice(raw, recommend(Outcome.INSUFFICIENT), "MRI cervical spine")
    assert "SECRET" not in json.dumps(render([advice], library, options())["cards"])


def test_no_orders_no_cards(library: Library):
    assert render([], library, options()) == {"cards": []}


# silence


@pytest.mark.parametrize(
    ("outcome", "changes", "shown"),
    [
        pytest.param(Outcome.MRI_ROUTINE, {}, False, id="adheres"),
        pytest.param(Outcome.MRI_MAY, {}, False, id="may be appropriate adheres"),
        pytest.param(Outcome.MRI_URGENT, {"suggested_priority": None}, False, id="already urgent"),
        pytest.param(Outcome.MRI_URGENT, {}, True, id="priority to raise"),
        pytest.param(Outcome.MRI_ROUTINE, {"suggest_ct": True}, True, id="CT to add"),
        pytest.param(Outcome.MRI_ROUTINE, {"advisory": ("EXT-PREG-MRI",)}, True, id="safety line"),
        pytest.param(Outcome.MRI_EMERGENT, {"suggested_priority": None}, True, id="emergency"),
        pytest.param(Outcome.MRI_MAY, {"rating": "not-appropriate"}, True, id="may, not adhering"),
        pytest.param(Outcome.NOT_YET, {}, True, id="not yet"),
        pytest.param(Outcome.DUPLICATE, {}, True, id="duplicate"),
        pytest.param(Outcome.INSUFFICIENT, {}, True, id="insufficient"),
        pytest.param(
            Outcome.CT_FIRST, {"keep_mri": True, "rating": "appropriate"}, True, id="keep the MRI"
        ),
    ],
)
def test_an_adhering_order_with_nothing_to_do_may_stay_silent(
    library: Library, outcome: Outcome, changes: dict[str, Any], shown: bool
):
    quiet = options(show_appropriate=False)
    response = render([advise(outcome, **changes)], library, quiet)
    assert bool(response["cards"]) is shown
    assert ("systemActions" in response) == (outcome is not Outcome.INSUFFICIENT)


def test_a_safety_overlay_shows_even_where_the_order_adheres(library: Library):
    advice = advise(Outcome.MRI_ROUTINE, overlays=(cied(),))
    (card,) = render([advice], library, options(show_appropriate=False))["cards"]
    assert card["source"]["topic"]["code"] == "EXT-MRS-CIED"


# overlays


def test_an_overlay_has_the_text_of_its_indicator(library: Library):
    kidney = cied(id="EXT-GAD-EGFR", indicator="info")
    severe = cied(id="EXT-GAD-EGFR", indicator="warning")
    cards = render([advise(Outcome.MRI_ROUTINE, overlays=(severe, kidney))], library, options())[
        "cards"
    ]
    assert "severely reduced" in cards[1]["summary"]
    assert "no recent eGFR" in cards[2]["summary"]
    assert "suggestions" not in cards[1]
    assert "*Basis: ACR Manual on Contrast Media" in cards[1]["detail"]
    assert EXPLANATION not in cards[1].get("extension", {})


# explanation, system actions, links, uuids


def test_the_explanation_holds_the_contract_and_no_more(library: Library):
    card = _card(library, Outcome.MRI_URGENT, data_notes=("2 resources of another patient",))
    assert card["extension"] == {
        EXPLANATION: {
            "outcome": "MRI_URGENT",
            "rating": "appropriate",
            "version": "r1",
            "order": "ServiceRequest/draft-1",
            "fired": [
                {
                    "id": "RF-NEURO-MOTOR",
                    "evidence": [
                        {
                            "reference": "Observation/o1",
                            "display": "Elbow flexion strength",
                            "date": "2026-03-02",
                            "value": "4/5",
                        }
                    ],
                },
                {
                    "id": "RF-NEURO-SENS",
                    "evidence": [
                        {
                            "reference": "Condition/c1",
                            "display": "Numbness of hand",
                            "date": "2026-02-23",
                        }
                    ],
                },
            ],
            "advisory": [{"id": "SUP-GENERAL"}, {"id": "SUP-ROOT"}, {"id": "PITFALL-CORRELATE"}],
            "dataNotes": ["2 resources of another patient"],
        }
    }


def test_without_a_rating_the_member_is_left_out(library: Library):
    explained = explanation_object(advise(Outcome.INSUFFICIENT), library, "r1")
    assert "rating" not in explained
    assert explained["missing"] == [
        "symptom onset", "neurological examination", "conservative therapy",
    ]  # fmt: skip


def test_the_explanation_can_be_switched_off_for_a_client(library: Library):
    advice = advise(Outcome.MRI_ROUTINE)
    assert "extension" in render([advice], library, options())["cards"][0]
    assert "extension" not in render([advice], library, options(explanation=False))["cards"][0]


def test_ratings_go_to_both_places_alike_and_never_for_an_unrated_order(library: Library):
    unrated = OrderAdvice(order(id="draft-2"), recommend(Outcome.INSUFFICIENT), "MRI")
    response = render([advise(Outcome.NOT_YET), unrated], library, options())
    (action,) = response["systemActions"]
    assert response["extension"]["systemActions"] == response["systemActions"]
    assert (action["type"], action["resource"]["id"]) == ("update", "draft-1")
    assert {k: v for k, v in action["resource"].items() if k != "extension"} == {
        k: v for k, v in order().items() if k != "extension"
    }


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"system_actions": False}, {"cards", "extension"}),
        ({"legacy_system_actions": False}, {"cards", "systemActions"}),
        ({"pama": False}, {"cards"}),
        ({"pama": False, "empty_system_actions": True}, {"cards", "systemActions"}),
    ],
)
def test_ratings_are_switched_for_each_client(
    library: Library, changes: dict[str, Any], members: set[str]
):
    assert set(render([advise(Outcome.NOT_YET)], library, options(**changes))) == members


def test_a_card_leads_to_the_app_first_then_to_its_criteria(library: Library):
    url = "https://cds.example/smart/launch"
    advice = OrderAdvice(order(), recommend(Outcome.INSUFFICIENT), "MRI", app_context="h-1")
    app, page = render([advice], library, options(smart_url=url))["cards"][0]["links"]
    assert app == {
        "label": "Answer the open questions", "url": url, "type": "smart", "appContext": "h-1"
    }  # fmt: skip
    without = OrderAdvice(order(), recommend(Outcome.INSUFFICIENT), "MRI")
    assert render([without], library, options(smart_url=url))["cards"][0]["links"] == [page]
    assert page["type"] == "absolute"
    alone = render([advice], library, options(smart_url=url, catalogue_url=None))["cards"][0]
    assert alone["links"] == [app]


def test_a_prior_report_is_linked_only_from_configuration(library: Library):
    viewer = "https://viewer.example/open?ref={reference}"
    links = render([advise(Outcome.DUPLICATE)], library, options(report_url=viewer))["cards"][0][
        "links"
    ]
    assert links[0]["url"] == "https://viewer.example/open?ref=DiagnosticReport/d1"
    odd = Evidence("DiagnosticReport/<x>", "MRI")
    card = render([advise(Outcome.DUPLICATE, prior=odd)], library, options(report_url=viewer))
    assert len(card["cards"][0]["links"]) == 1
    bare = render([advise(Outcome.DUPLICATE)], library, options(catalogue_url=None))["cards"][0]
    assert "links" not in bare
    assert "url" not in bare["source"]


def test_identifiers_come_from_outside_or_are_left_out(library: Library):
    numbers = count()

    class Numbered:
        def card(self):
            return f"card {next(numbers)}"

        def suggestion(self, card):
            return f"{next(numbers)} of {card}"

    response = render([advise(Outcome.NOT_YET)], library, options(), Numbered())
    card = response["cards"][0]
    assert [card["uuid"], *(s["uuid"] for s in card["suggestions"])] == [
        "card 0",
        "1 of card 0",
        "2 of card 0",
        "3 of card 0",
    ]
    without = render([advise(Outcome.NOT_YET)], library, options(), None)["cards"][0]
    assert "uuid" not in without
    assert all("uuid" not in s for s in without["suggestions"])


# the tree


def test_the_tree_shows_order_steps_statements_and_questions(library: Library):
    denied = Evidence("Condition/f", "Fever", "2026-03-01", None, None, "documented absent")
    advice = advise(
        Outcome.MRI_URGENT,
        findings={
            "RF-NEURO-MOTOR": Finding("RF-NEURO-MOTOR", Status.MET, (WEAKNESS, NUMB)),
            "RF-INFECT-LAB": Finding(
                "RF-INFECT-LAB", Status.MET, reason="above the limit", tags=("CRP",)
            ),
            "RF-INFECT-FEVER": Finding("RF-INFECT-FEVER", Status.NOT_MET, (denied,)),
            "EXT-EMERG": Finding("EXT-EMERG", Status.UNKNOWN),
        },
        prior=NUMB,
        possible=("is it confirmed: malignancy",),
        not_found=("RF-MYELO-GAIT",),
        overlays=(cied(),),
    )
    text = explain_text(advice, library)
    for line in (
        "Order: MRI cervical spine without contrast (ServiceRequest/draft-1)",
        "Outcome: MRI_URGENT (decided at P6)",
        "Rating: appropriate; ACR wording: Usually appropriate",
        "  -> P6   What was asked, and the answer",
        "    [x] RF-NEURO-MOTOR  Weakness of an arm or leg",
        "          - Elbow flexion strength 4/5, 2026-03-02  [Observation/o1]",
        "    [ ] RF-INFECT-FEVER  Fever",
        "          - Fever, 2026-03-01, documented absent  [Condition/f]",
        "    [?] EXT-EMERG  Emergency pattern (extension)",
        "    [x] RF-INFECT-LAB:CRP  Raised CRP or ESR",
        "          above the limit",
        "Possible, to be settled",
        "  - is it confirmed: malignancy",
        "  - gait",
        "  - EXT-MRS-CIED (critical)",
    ):
        assert line in text.splitlines(), line
    assert explain_text(advise(Outcome.CT_FIRST, keep_mri=True), library).count("whatever the CT")
