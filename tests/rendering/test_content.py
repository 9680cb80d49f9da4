"""Statements, cards, suggestion words and the questionnaire: what a clinician reviews."""

import json
import re

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire

from cds_service.content.folders import cards_dir, knowledge_dir
from cds_service.criteria.decision.possible import QUESTIONS
from cds_service.criteria.model import Outcome
from cds_service.facts.config import KEYS
from cds_service.rendering import checks, vocabulary
from cds_service.rendering.library import Library, load_library
from cds_service.rendering.words.lines import question

LOCAL_CODES = """
neuro-exam-normal motor-strength motor-exam sensory-exam reflex-exam gait-exam hand-clumsiness
hoffmann-sign babinski-sign clonus spasticity vertebral-tenderness saddle-anesthesia
iv-drug-use conservative-therapy-weeks conservative-therapy-none intractable-pain symptom-worsening
suspected-ligament-injury ct-cspine-negative prior-mri-nondiagnostic fusion-status-question opll
orbital-metal
nexus-midline-tenderness nexus-intoxication nexus-altered-alertness nexus-focal-deficit
nexus-distracting-injury
ccr-dangerous-mechanism ccr-limb-paraesthesia ccr-simple-rear-end ccr-sitting-in-ed
ccr-walked-since-injury ccr-delayed-pain-onset ccr-no-midline-tenderness ccr-rotates-45-both-sides
ccr-penetrating-injury ccr-vitals-stable
""".split()  # noqa: SIM905


def test_the_content_is_sound():
    assert load_library(cards_dir(), knowledge_dir()).cards


def test_the_version_is_the_same_for_the_same_texts(library: Library):
    assert load_library(cards_dir(), knowledge_dir()).version == library.version


def test_every_outcome_and_variant_has_its_own_card(library: Library):
    for outcome in Outcome:
        for variant in ("", *vocabulary.VARIANTS.get(outcome, ())):
            assert library.cards[(outcome, variant)].variant == variant


def test_override_reasons_are_offered_only_where_the_advice_disagrees(library: Library):
    with_reasons = {card.code for card in library.cards.values() if card.override_reasons}
    assert with_reasons == {"NOT_YET", "CT_FIRST", "DUPLICATE"}


REASONS_ALWAYS = {
    "red-flag-not-coded", "specialist-planning", "prior-study-non-diagnostic", "patient-preference",
    "other",
}  # fmt: skip
"""Criteria, 2.4; conservative care has a wording for each kind of advice."""


def test_override_reasons_are_those_of_the_criteria_and_fit_the_advice(library: Library):
    own = {}
    for key, card in library.cards.items():
        if card.override_reasons:
            assert set(card.override_reasons) >= REASONS_ALWAYS, key
            assert card.override_reasons[-1] == "other"
            extra = set(card.override_reasons) - REASONS_ALWAYS
            assert extra & {"conservative-care-done", "conservative-care-elsewhere"}
            own[key] = card.override_reasons[0]
    assert own["NOT_YET", ""] == "red-flag-not-coded"
    assert own["CT_FIRST", ""] == "ct-done"
    assert len({own["DUPLICATE", variant] for variant in ("", "pending", "draft")}) == 3


def test_every_question_of_the_criteria_has_words(library: Library):
    assert set(library.questions) == set(QUESTIONS)
    for asked in QUESTIONS:
        shown = question(
            f"{asked}: gout" if "$what" in library.questions[asked] else asked, library
        )
        assert shown.endswith("?")
        assert "$" not in shown


STANDARD_REASONS = set(
    """
    cds-not-applicable cds-suboptimal-context recipient-disagrees-evidence
    recipient-concerns-outcomes does-not-align-preferences not-convenient-feasible
    action-completed patient-contraindication patient-refuses too-costly-uncovered
    service-not-available recipient-does-not-understand
    """.split()  # noqa: SIM905
)
"""The value set CDS Hooks 3.0 suggests."""


def test_override_reasons_of_the_standard_are_of_its_set(library: Library):
    reasons = library.override_reasons.values()
    standard = {reason.code for reason in reasons if reason.system == "standard"}
    assert standard
    assert standard <= STANDARD_REASONS
    local = {reason.code for reason in reasons if reason.system == "local"}
    assert local.isdisjoint(STANDARD_REASONS)
    assert all(reason.display.strip() for reason in reasons)


def test_every_switch_is_a_configuration_key(library: Library):
    switches = {s.switch for s in library.statements.values() if s.switch}
    assert switches <= set(KEYS)
    assert {key for key in KEYS if key.startswith("ext.")} == switches


def test_every_extension_has_a_switch_but_the_one_that_never_holds(library: Library):
    """EXT-LATERALITY: a side is ignored, so there is nothing to switch off."""
    extensions = {i: s for i, s in library.statements.items() if s.kind == "extension"}
    assert {i for i, s in extensions.items() if not s.switch} == {"EXT-LATERALITY"}


def test_extensions_cite_something_and_article_rows_their_section(library: Library):
    for statement in library.statements.values():
        assert (statement.kind == "extension") == bool(statement.basis)
        assert (statement.kind == "extension") == (statement.source is None)


def test_every_red_flag_says_what_was_looked_for_and_has_a_phrase(library: Library):
    for name, statement in library.statements.items():
        if name.startswith("RF-") and name != "RF-ANY":
            assert statement.not_found, name
            assert statement.phrase, name


def test_a_percentage_stands_only_in_a_figure(library: Library):
    for name, statement in library.statements.items():
        for text in (statement.text, statement.evidence, statement.title):
            assert "%" not in text, name
    for path in cards_dir().glob("*.toml"):
        assert "%" not in path.read_text(), path.name


@pytest.mark.parametrize(
    ("number", "population"),
    [
        ("88 %", "radiculopathy"),
        ("81 %", "radiculopathy"),
        ("65 %", "symptom-free people aged 50–59"),
        ("64–77 %", "trauma patients"),
        ("25–40 %", "trauma patients"),
        ("5–24 %", "normal cervical CT and persisting neurological findings"),
    ],
)
def test_a_number_is_shown_with_its_population(library: Library, number: str, population: str):
    figures = [s.figure for s in library.statements.values() if re.search(rf"\b{number}", s.figure)]
    assert figures
    assert all(population in figure for figure in figures)


def test_no_card_speaks_of_payment(library: Library):
    for path in cards_dir().glob("*.toml"):
        assert not re.search(r"\b(payment|Medicare|claim)\b", path.read_text()), path.name


def test_the_disclaimer_states_the_status_of_the_source(library: Library):
    text = library.statements["META-DISCLAIMER"].evidence
    for words in ("13 January 2026", "pending human review", "clinician decides", "(extension)"):
        assert words in text


def test_a_summary_is_measured_with_the_longest_values(library: Library):
    plain = checks.longest_summary("", library.statements)
    longest = checks.longest_summary("$reason", library.statements)
    assert checks.longest_summary("$open", library.statements) == len("Open questions: 99")
    phrases = sorted(len(s.phrase) for s in library.statements.values())
    assert (plain, longest) == (0, sum(phrases[-2:]) + len(",  and 99 more"))


def test_the_questionnaire_asks_every_local_code_once():
    raw = json.loads((knowledge_dir() / "questionnaire.json").read_text())
    Questionnaire.model_validate(raw)
    items = [item for group in raw["item"] for item in group["item"]]
    assert sorted(item["linkId"] for item in items) == sorted(LOCAL_CODES)
    for item in items:
        assert [coding["code"] for coding in item["code"]] == [item["linkId"]]
        assert (item["type"] == "choice") == item["linkId"].endswith("-exam")
    groups = {group["linkId"] for group in raw["item"]}
    assert groups == {"examination", "history", "nexus", "ccr"}
