"""Statements, cards, suggestion words and the questionnaire: what a clinician reviews."""

import json
import re
import shutil
from pathlib import Path

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire

from cds_service.content.folders import cards_dir, knowledge_dir
from cds_service.criteria.model import Outcome
from cds_service.errors import ConfigurationError
from cds_service.facts.config import KEYS
from cds_service.rendering import checks, vocabulary
from cds_service.rendering.library import (
    Library,
    check_library,
    load_library,
    load_statements,
)

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
    assert check_library(cards_dir(), knowledge_dir()) == []


def test_the_version_is_the_same_for_the_same_texts(library: Library):
    assert load_library(cards_dir(), knowledge_dir()).version == library.version


def test_every_outcome_and_variant_has_its_own_card(library: Library):
    for outcome in Outcome:
        for variant in ("", *vocabulary.VARIANTS.get(outcome, ())):
            assert library.cards[(outcome, variant)].variant == variant


def test_override_reasons_are_offered_only_where_the_advice_disagrees(library: Library):
    with_reasons = {card.code for card in library.cards.values() if card.override_reasons}
    assert with_reasons == {"NOT_YET", "CT_FIRST", "DUPLICATE"}
    for card in library.cards.values():
        assert len(card.override_reasons) in (0, 6)


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


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the content that may be broken."""
    shutil.copytree(cards_dir(), tmp_path / "cards")
    shutil.copytree(knowledge_dir(), tmp_path / "knowledge", ignore=shutil.ignore_patterns("val*"))
    return tmp_path


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        pytest.param(
            "cards/not-yet.toml", "$why", "$becuase",
            "cards/not-yet.toml: detail: unknown placeholder $becuase; available: $order, $why",
            id="misspelt placeholder in a detail",
        ),
        pytest.param(
            "cards/not-yet.toml", "Not yet: $reason", "Not yet: $why",
            "cards/not-yet.toml: summary: unknown placeholder $why; available: $reason",
            id="detail placeholder in a summary",
        ),
        pytest.param(
            "cards/not-yet.toml", "$why", "5 $",
            "cards/not-yet.toml: detail: a $ starts no placeholder; write $$",
            id="stray dollar sign",
        ),
        pytest.param(
            "cards/not-yet.toml", 'selection_behavior = "at-most-one"', "",
            "cards/not-yet.toml: suggestions without behaviour",
            id="suggestion without behaviour",
        ),
        pytest.param(
            "cards/not-yet.toml", 'selection_behavior = "at-most-one"', 'selection_behavior = "all"',
            "not-yet.toml: Invalid enum value 'all'",
            id="behaviour that CDS Hooks does not know",
        ),
        pytest.param(
            "cards/not-yet.toml", "$citation", "",
            "cards/not-yet.toml: detail: missing citation; end it with $citation",
            id="card without a citation",
        ),
        pytest.param(
            "cards/not-yet.toml", '"remove-order"', '"sell-order"',
            "cards/not-yet.toml: unknown suggestion sell-order; available: raise-priority",
            id="suggestion nobody wrote",
        ),
        pytest.param(
            "cards/not-yet.toml", '"other"', '"whim"',
            "cards/not-yet.toml: unknown override reason whim; available: red-flag-not-coded",
            id="override reason nobody wrote",
        ),
        pytest.param(
            "cards/not-yet.toml", 'outcome = "NOT_YET"', 'outcome = "NEVER"',
            "cards/not-yet.toml: unknown outcome NEVER; available: MRI_EMERGENT",
            id="unknown outcome",
        ),
        pytest.param(
            "cards/not-yet.toml", 'outcome = "NOT_YET"', 'outcome = "CT_FIRST"',
            "cards/not-yet.toml: a second card for CT_FIRST; remove one",
            id="two cards for one outcome",
        ),
        pytest.param(
            "cards/not-yet.toml", "title =", "titel =",
            "not-yet.toml: Object contains unknown field `titel`",
            id="misspelt key",
        ),
        pytest.param(
            "cards/ext-mrs-cied.toml", '"EXT-MRS-CIED"', '"EXT-AGE"',
            "cards/ext-mrs-cied.toml: unknown overlay EXT-AGE; available: EXT-CAUDA",
            id="line used as a card",
        ),
        pytest.param(
            "cards/suggestions.toml", 'delete = "Remove the MRI order"', 'delete = ""',
            "suggestions.toml: [replace-with-ct]: delete is empty; every action needs",
            id="action without description",
        ),
        pytest.param(
            "knowledge/statements.toml", 'basis = "Anatomy"', "",
            "statements.toml: [EXT-LATERALITY]: missing citation; add basis",
            id="extension without basis",
        ),
        pytest.param(
            "knowledge/statements.toml", 'kind = "article"', 'kind = "rumour"',
            "statements.toml: [CTX-SYMPTOM]: Invalid enum value 'rumour'",
            id="unknown kind",
        ),
        pytest.param(
            "knowledge/statements.toml", "Fever, injecting", "In 90 % fever, injecting",
            "statements.toml: [RF-INFECT-FEVER]: a percentage belongs into figure",
            id="percentage without population",
        ),
        pytest.param(
            "knowledge/statements.toml", 'group = "cord"', 'group = "heart"',
            "statements.toml: [RF-MYELO-GAIT]: unknown group heart; available: neurology",
            id="unknown group",
        ),
        pytest.param(
            "knowledge/statements.toml", "[META-DISCLAIMER]", "[META-OTHER]",
            "statements.toml: [META-DISCLAIMER] is missing",
            id="no disclaimer",
        ),
        pytest.param(
            "cards/groups.toml", "cord =", "cord",
            "groups.toml: not valid TOML",
            id="not TOML",
        ),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_with_its_mend(
    content: Path, file: str, old: str, new: str, message: str
):
    _change(content / file, old, new)
    with pytest.raises(ConfigurationError) as caught:
        load_library(content / "cards", content / "knowledge")
    assert message in str(caught.value)
    assert str(caught.value).splitlines() == check_library(content / "cards", content / "knowledge")


@pytest.mark.parametrize("missing", ["not-yet.toml", "ct-first-keep-mri.toml", "ext-cauda.toml"])
def test_a_missing_card_is_named(content: Path, missing: str):
    (content / "cards" / missing).unlink()
    problems = check_library(content / "cards", content / "knowledge")
    assert len(problems) == 1
    assert problems[0].startswith("cards: no card for o")


def test_missing_folders_are_problems_not_crashes(tmp_path: Path):
    assert "statements.toml: not found" in "\n".join(check_library(tmp_path, tmp_path))
    with pytest.raises(ConfigurationError, match="not found"):
        load_statements(tmp_path)


@pytest.mark.parametrize(("length", "accepted"), [(139, True), (140, False)])
def test_a_summary_has_fewer_than_140_characters(content: Path, length: int, accepted: bool):
    path = content / "cards" / "mri-may.toml"
    _change(path, "MRI may be appropriate: $reason", "x" * length)
    problems = check_library(content / "cards", content / "knowledge")
    assert (problems == []) is accepted
    if not accepted:
        assert "summary: 140 characters at its longest; fewer than 140 are allowed" in problems[0]


def test_a_summary_is_measured_with_the_longest_values(library: Library):
    plain = checks.longest_summary("", library.statements)
    longest = checks.longest_summary("$reason", library.statements)
    phrases = sorted(len(s.phrase) for s in library.statements.values())
    assert (plain, longest) == (0, sum(phrases[-2:]) + len(",  +99"))


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
