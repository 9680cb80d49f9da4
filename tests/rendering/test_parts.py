"""The parts of a card on real charts: what stands where, once, and only where it is true."""

from __future__ import annotations

import json
import re
from statistics import median

import pytest
from chart import (
    NECK_PAIN,
    answers,
    condition,
    observation,
    order,
    procedure,
    quantity,
    request,
)
from chart import report as imaging_report
from samples import SAMPLES, Json, evaluator, respond, sample

from cds_service.cdshooks.request import decode
from cds_service.cdshooks.services import SERVICE_ID
from cds_service.client import make_client

PAIN = condition(NECK_PAIN, 60)
WEAK = observation("motor-strength", 2, 1)
PATHWAY = "Acute cord compromise pathway"
PARTS = ("Why", "What the criteria say", "Not found in structured data", "To be settled")


def first(*chart: Json, **rest: object) -> Json:
    card: Json = respond(request(*chart, **rest))["cards"][0]  # type: ignore[arg-type]
    return card


def part(card: Json, heading: str) -> str:
    """The text of one part of the detail; empty when it is not there."""
    found = re.search(rf"\*\*{heading}:?\*\*(.*?)(\n\n|\Z)", card["detail"], re.DOTALL)
    return found[1].strip() if found else ""


@pytest.fixture(scope="module")
def cards() -> dict[str, Json]:
    return {name: respond(sample(name))["cards"][0] for name in SAMPLES}


def test_the_parts_stand_in_the_order_of_the_criteria(cards: dict[str, Json]):
    """Criteria 2.4: why, evidence text, not found and possible, disclaimer."""
    for name, card in cards.items():
        places = [card["detail"].find(f"**{heading}") for heading in PARTS]
        places.append(card["detail"].index("pending human review"))
        there = [place for place in places if place >= 0]
        assert there == sorted(there), name
        figures = card["detail"].find("**Figures**")
        assert figures < 0 or figures > there[-1], name


def test_a_card_is_short_and_says_nothing_twice(cards: dict[str, Json]):
    assert median(len(card["detail"]) for card in cards.values()) < 1500
    for name, card in cards.items():
        assert len(card["detail"]) < 2000, name
        lines = [line.strip(" -") for line in card["detail"].splitlines() if line.startswith("-")]
        assert len(lines) == len(set(lines)), name
        shown = re.findall(r"`([A-Z]\w+/[^`]+)`", part(card, "Why"))
        assert len(shown) <= 2 * len(set(shown)), name


def test_what_one_line_says_another_leaves_out():
    card = first(condition(NECK_PAIN, 10))
    said = part(card, "What the criteria say")
    assert "Symptoms for 10 days; under 4 weeks" in said
    assert "Without red flags a scan" not in said
    covered = [e["id"] for e in card["extension"]["cervical-mri-cds.explanation"]["advisory"]]
    assert "NOT-GENERAL" in covered


# what an emergency is


def test_severe_weakness_alone_is_not_called_an_emergency_of_the_cord():
    card = first(condition(NECK_PAIN, 3), WEAK)
    assert card["source"]["topic"]["code"] == "MRI_EMERGENT"
    assert "cord" not in card["summary"]
    assert "weakness" in card["summary"]
    assert "nerve root" in card["detail"]
    assert PATHWAY in part(card, "If signs of the cord appear")


def test_with_a_cord_sign_the_pathway_is_said_outright():
    card = first(condition(NECK_PAIN, 3), WEAK, condition("sct|394616008", 3))
    assert "cord emergency" in card["summary"]
    assert f"\n\n{PATHWAY}" in card["detail"]
    assert "If signs of the cord appear" not in card["detail"]


def test_a_confirmed_cord_injury_is_not_called_possible():
    card = first(condition("icd|S14.101A", 1))
    assert card["source"]["topic"]["code"] == "MRI_EMERGENT"
    assert "Possible" not in card["summary"]
    assert f"\n\n{PATHWAY}" in card["detail"]


FUSED = procedure("sct|81099000", on=300)


def test_a_question_about_hardware_has_the_pathway_as_a_condition_only():
    card = first(FUSED, condition(NECK_PAIN, 20), draft=order("cpt|72141", "icd|T84.226A"))
    assert card["source"]["topic"]["code"] == "CT_FIRST"
    assert PATHWAY in part(card, "If signs of the cord appear")
    assert f"\n\n{PATHWAY}" not in card["detail"]


def test_ct_beside_the_mri_names_the_deficit_and_the_pathway():
    card = first(condition("icd|S19.9XXA", 1), observation("motor-strength", 4, 0))
    assert card["summary"].startswith("Add CT first, keep the MRI: acute neck injury without CT")
    assert "limb weakness" in card["summary"]
    assert card["indicator"] == "critical"
    assert f"\n\n{PATHWAY}" in card["detail"]


def test_what_would_be_an_emergency_does_not_call_one_isolated_sign_one():
    """A fresh gait disturbance alone stays urgent, and its card must not say otherwise."""
    card = first(PAIN, condition("sct|394616008", 3))
    assert card["source"]["topic"]["code"] == "MRI_URGENT"
    assert "two cord signs" in part(card, "Emergency if")
    client = make_client(SERVICE_ID, {"ext.emergent": False}, dev=True)
    body = decode(json.dumps(request(PAIN, condition("sct|394616008", 3))).encode())
    (off, *_) = evaluator().evaluate(body, SAMPLES["V01"].evaluated, client)["cards"]
    assert "Emergency if" not in off["detail"]


# questions


def test_what_could_not_be_read_is_no_question():
    card = first(condition(NECK_PAIN, 10), unread=("imaging",))
    assert card["source"]["topic"]["code"] == "INSUFFICIENT"
    assert part(card, "Could not be read").startswith("imaging reports")
    assert "read" not in part(card, "These answers would decide")
    assert card["summary"].startswith("Not rated yet. Could not read: imaging reports")


def test_after_an_injury_the_answers_do_not_promise_conservative_care():
    card = first(condition("icd|S19.9XXA", 1), unread=("imaging",))
    assert card["source"]["topic"]["code"] == "INSUFFICIENT"
    assert "after a recent injury CT comes first" in card["detail"]


def test_a_summary_names_what_is_missing():
    card = first(draft=order("cpt|72141", NECK_PAIN))
    assert "symptom onset, neurological examination, conservative therapy" in card["summary"]


def test_leg_findings_set_aside_are_asked_and_not_called_absent(cards: dict[str, Json]):
    assert "lumbar or the cervical spine?" in part(cards["V18"], "To be settled")


def test_leg_findings_set_aside_are_named_and_not_called_missing(cards: dict[str, Json]):
    assert "Numbness of lower limb, 2026-01-20" in part(cards["V18"], "Looked at, not counted")
    assert "sensation" not in part(cards["V18"], "Not found in structured data")


@pytest.mark.parametrize(
    ("code", "label"),
    [
        pytest.param("icd|C61", "malignancy", id="cancer"),
        pytest.param("icd|M45.9", "ankylosing spondylitis", id="spondylitis"),
        pytest.param("icd|M05.79", "inflammatory arthritis", id="arthritis"),
        pytest.param("sct|226034001", "injected drugs", id="injecting"),
        pytest.param("sct|86854008", "reflexes", id="reflex"),
    ],
)
def test_a_suspicion_to_be_confirmed_is_named_and_not_called_missing(code: str, label: str):
    card = first(PAIN, condition(code, 5, verification="provisional"))
    assert card["source"]["topic"]["code"] == "INSUFFICIENT"
    assert "(not confirmed)" in part(card, "Looked at, not counted")
    missing = part(card, "Not found in structured data").split(", ")
    assert label not in missing


def test_beside_a_possible_cauda_equina_nobody_is_sent_to_physical_therapy():
    calm = condition(NECK_PAIN, 10)
    card = first(calm, condition("icd|G83.4", 1))
    assert card["source"]["topic"]["code"] == "NOT_YET"
    assert card["summary"].startswith("Possible cauda equina comes first")
    assert "emergency lumbar MRI" in card["detail"].split("**Why**")[0]
    assert [s["label"] for s in card["suggestions"]] == ["Remove the MRI order"]
    alone = first(calm)
    assert alone["summary"].startswith("Not yet")
    assert "Start physical therapy instead" in [s["label"] for s in alone["suggestions"]]


def test_a_duplicate_asks_what_its_rating_lacks():
    """What is missing beneath a duplicate has no part of its own there."""
    seen = imaging_report("loinc|24938-3", 30)
    old = condition(NECK_PAIN, 200)
    unclear = condition("icd|F11.20", 900)
    card = first(old, unclear, seen, draft=order())
    assert card["source"]["topic"]["code"] == "DUPLICATE"
    assert "Were drugs ever injected?" in part(card, "To be settled")


# what was looked at


def test_a_near_miss_is_shown_with_value_date_and_limit(cards: dict[str, Json]):
    looked = part(cards["V04"], "Looked at, not counted")
    assert looked == "Temperature 37.9 °C, 2026-03-01, not ≥ 38 °C"
    looked = part(cards["V06"], "Looked at, not counted")
    assert "CRP 1 mg/dL, 2026-02-25, limit 10 mg/L" in looked
    assert "ESR 20 mm/h" in looked


def test_severe_pain_that_does_not_count_yet_says_why():
    score = observation("loinc|72514-3", quantity(9, "{score}"), 3)
    looked = part(first(PAIN, score), "Looked at, not counted")
    assert looked.startswith("Pain score 9/10")
    assert "treatment" in looked


def test_what_is_documented_absent_is_named_as_a_finding(cards: dict[str, Json]):
    absent = part(cards["V01"], "Documented absent")
    assert absent.startswith(
        "limb weakness, abnormal reflexes (Neurological examination normal, 20"
    )


def test_the_pain_score_and_the_presenting_problem_stand_on_a_card_about_treatment(
    cards: dict[str, Json],
):
    assert "Pain score 4/10, 2026-03-01" in part(cards["V09"], "Why")
    assert "Cervicalgia, 2026-01-26" in part(cards["V09"], "Presenting problem")


def test_a_condition_that_is_over_says_so(cards: dict[str, Json]):
    assert "Injecting drug user, 2014, inactive 2019" in part(cards["V07"], "Why")


# figures and contrast


@pytest.mark.parametrize(
    ("born", "shown"),
    [
        pytest.param("1976-03-03", False, id="49 years"),
        pytest.param("1976-03-02", True, id="50 years today"),
        pytest.param("1966-03-03", True, id="59 years"),
        pytest.param("1966-03-02", False, id="60 years"),
        pytest.param(None, False, id="age not known"),
    ],
)
def test_a_figure_is_shown_only_at_the_ages_it_was_measured_at(born: str | None, shown: bool):
    card = first(condition(NECK_PAIN, 10), born=born)
    assert card["source"]["topic"]["code"] == "NOT_YET"
    assert ("65 %" in card["detail"]) is shown
    assert "common and often unrelated" in card["detail"]


INJECTED = condition("sct|226034001", "2014", clinical="inactive")
KIDNEY = observation("loinc|62238-1", quantity(20, "mL/min/{1.73_m2}"), 5)


def test_the_warning_about_contrast_says_what_contrast_is_for():
    cards = respond(request(PAIN, INJECTED, KIDNEY, draft=order("cpt|72156")))["cards"]
    (kidney,) = (c for c in cards if c["source"]["topic"]["code"] == "EXT-GAD-EGFR")
    assert part(kidney, "Speaks for contrast") == "history of injecting drugs"
    plain = respond(request(PAIN, KIDNEY, draft=order("cpt|72156")))["cards"]
    assert not any("Speaks for contrast" in card["detail"] for card in plain)


def test_where_contrast_is_not_offered_the_line_says_why():
    card = first(PAIN, INJECTED, KIDNEY)
    assert "Against contrast: eGFR 20 mL/min/1.73 m²" in part(card, "Also consider")


def test_an_answer_of_the_questionnaire_is_shown_like_any_other():
    card = first(PAIN, answers(hand_clumsiness=True))
    assert "Hand clumsiness" in part(card, "Why")


def test_an_injury_of_today_is_no_background():
    injury = first(condition("icd|S14.101A", 1))
    assert "background" not in injury["detail"]
    old = condition("sct|83561009", 900)
    assert "background" in part(first(condition(NECK_PAIN, 3), WEAK, old), "Also consider")


def test_a_finding_that_was_superseded_says_by_which_examination():
    weak, strong = observation("motor-strength", 4, 9), observation("motor-strength", 5, 1)
    looked = part(first(condition(NECK_PAIN, 10), weak, strong), "Looked at, not counted")
    assert (
        looked
        == "Muscle strength (MRC) 4/5, 2026-02-21, superseded by the examination of 2026-03-01"
    )


def test_the_earlier_study_is_shown_in_full_once(cards: dict[str, Json]):
    assert cards["V16"]["detail"].count("DiagnosticReport/v16-mri-cervical-spine") == 1
