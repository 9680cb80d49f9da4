"""Mistakes in cards, statements and words: each is named with its file, its place and the mend."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from cds_service.content.folders import cards_dir, knowledge_dir
from cds_service.errors import ConfigurationError
from cds_service.rendering.library import load_library, load_statements


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the content that may be broken."""
    shutil.copytree(cards_dir(), tmp_path / "cards")
    shutil.copytree(knowledge_dir(), tmp_path / "knowledge", ignore=shutil.ignore_patterns("val*"))
    return tmp_path


def problems(content: Path) -> list[str]:
    """What the start complains of, one line for each mistake."""
    try:
        load_library(content / "cards", content / "knowledge")
    except ConfigurationError as why:
        return str(why).splitlines()
    return []


class Line(NamedTuple):
    """The line of a key, whatever it says: the words are a clinician's to change."""

    key: str
    table: str = ""


def _change(path: Path, old: str | Line, new: str) -> None:
    text = path.read_text()
    begin = 0
    if isinstance(old, Line):
        begin = text.index(f"[{old.table}]\n") if old.table else 0
        old = next(x for x in text[begin:].splitlines() if x.startswith(f"{old.key} = "))
    assert old in text[begin:]
    path.write_text(text[:begin] + text[begin:].replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        pytest.param(
            "knowledge/statements.toml", '["VS-MOTOR"]', '["VS-MOTER"]',
            "statements.toml: [RF-NEURO-MOTOR]: value_sets: unknown name VS-MOTER",
            id="code set nobody knows",
        ),
        pytest.param(
            "knowledge/statements.toml", '"RF-ANY", "CONS-6WK", "CONS-4WK"', '"RF-ALL"',
            "statements.toml: [HEAD-INDICATION]: rests_on: unknown statement RF-ALL",
            id="statement nobody knows",
        ),
        pytest.param(
            "cards/not-yet.toml", "$why", "$becuase",
            "cards/not-yet.toml: detail: unknown placeholder $becuase; available: $order, $why",
            id="misspelt placeholder in a detail",
        ),
        pytest.param(
            "cards/not-yet.toml", Line("summary"), 'summary = "$why"',
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
            "not-yet.toml: Object contains unknown field `titel`; known: title, summary, detail, outcome",
            id="misspelt key",
        ),
        pytest.param(
            "knowledge/statements.toml", "phrase =", "phrases =",
            "statements.toml: [RF-MYELO-GAIT]: Object contains unknown field `phrases`; known: title",
            id="misspelt key of a statement",
        ),
        pytest.param(
            "cards/ext-mrs-cied.toml", '"EXT-MRS-CIED"', '"EXT-AGE"',
            "cards/ext-mrs-cied.toml: unknown overlay EXT-AGE; available: EXT-CAUDA",
            id="line used as a card",
        ),
        pytest.param(
            "cards/suggestions.toml", Line("delete", "replace-with-ct"), 'delete = ""',
            "suggestions.toml: [replace-with-ct]: delete is empty; every action needs",
            id="action without description",
        ),
        pytest.param(
            "knowledge/statements.toml", Line("basis", "EXT-LATERALITY"), "",
            "statements.toml: [EXT-LATERALITY]: missing citation; add basis",
            id="extension without basis",
        ),
        pytest.param(
            "knowledge/statements.toml", 'kind = "article"', 'kind = "rumour"',
            "statements.toml: [CTX-SYMPTOM]: Invalid enum value 'rumour'",
            id="unknown kind",
        ),
        pytest.param(
            "knowledge/statements.toml", Line("evidence", "RF-INFECT-FEVER"), 'evidence = "In 90 %"',
            "statements.toml: [RF-INFECT-FEVER]: a percentage belongs into figure",
            id="percentage without population",
        ),
        pytest.param(
            "knowledge/statements.toml", Line("group", "RF-MYELO-GAIT"), 'group = "heart"',
            "statements.toml: [RF-MYELO-GAIT]: unknown group heart; available: ",
            id="unknown group",
        ),
        pytest.param(
            "knowledge/statements.toml", "[META-DISCLAIMER]", "[META-OTHER]",
            "statements.toml: [META-DISCLAIMER] is missing",
            id="no disclaimer",
        ),
        pytest.param(
            "cards/not-yet.toml", "$order", "it",
            "cards/not-yet.toml: detail: must name the order; add a line with $order",
            id="card that does not name its order",
        ),
        pytest.param(
            "cards/not-yet.toml", Line("title"), 'title = " "',
            "cards/not-yet.toml: summary and title must not be empty",
            id="card without a title",
        ),
        pytest.param(
            "cards/not-yet.toml", 'outcome = "NOT_YET"', "",
            "cards/not-yet.toml: name either an outcome or an overlay",
            id="card for nothing",
        ),
        pytest.param(
            "cards/not-yet.toml", 'outcome = "NOT_YET"', 'outcome = "NOT_YET"\nvariant = "draft"',
            "cards/not-yet.toml: unknown variant draft; available: cauda",
            id="variant of another outcome",
        ),
        pytest.param(
            "cards/duplicate-draft.toml", 'variant = "draft"', 'variant = "drafted"',
            "cards/duplicate-draft.toml: unknown variant drafted; available: pending, draft",
            id="unknown variant of an outcome",
        ),
        pytest.param(
            "cards/ext-gad-egfr-info.toml", 'variant = "info"', 'variant = "mild"',
            "cards/ext-gad-egfr-info.toml: unknown variant mild; available: critical, warning, info",
            id="overlay for a colour that there is not",
        ),
        pytest.param(
            "cards/suggestions.toml", "[add-ct]", "[add-xray]",
            "suggestions.toml: [add-xray]: no suggestion of that name; available: raise-priority",
            id="words for a suggestion nobody wrote",
        ),
        pytest.param(
            "cards/suggestions.toml", "[add-ct]", "[add-xray]",
            "suggestions.toml: [add-ct] is missing; a suggestion of that name exists",
            id="suggestion without words",
        ),
        pytest.param(
            "cards/suggestions.toml", Line("label", "change-contrast"), f'label = "{"Very " * 9}$study"',
            "suggestions.toml: [change-contrast]: label has 89 characters at its longest; at most 80",
            id="label too long for a button",
        ),
        pytest.param(
            "knowledge/statements.toml", "[RF-INFECT-FEVER]", "[RF-Infect-Fever]",
            "statements.toml: [RF-Infect-Fever]: id must be upper-case words joined by hyphens",
            id="id in small letters",
        ),
        pytest.param(
            "knowledge/statements.toml", Line("title", "RF-INFECT-FEVER"), 'title = ""',
            "statements.toml: [RF-INFECT-FEVER]: title is empty; write it in own words",
            id="statement without a title",
        ),
        pytest.param(
            "knowledge/statements.toml",
            Line("source", "RF-INFECT-FEVER"),
            "",
            "statements.toml: [RF-INFECT-FEVER]: missing citation; add source",
            id="article row without its place",
        ),
        pytest.param(
            "knowledge/statements.toml", Line("phrase", "RF-INFECT-FEVER"), f'phrase = "{"fever and " * 9}"',
            "statements.toml: [RF-INFECT-FEVER]: phrase has 90 characters; at most",
            id="phrase too long for a summary",
        ),
        pytest.param(
            "knowledge/statements.toml", Line("evidence", "RF-INFECT-FEVER"), 'evidence = "For 5 $, "',
            "statements.toml: [RF-INFECT-FEVER]: evidence holds a $ that starts no placeholder",
            id="stray dollar sign in a statement",
        ),
        pytest.param(
            "cards/groups.toml", "cord =", "cord",
            "groups.toml: not valid TOML",
            id="not TOML",
        ),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_with_its_mend(
    content: Path, file: str, old: str | Line, new: str, message: str
):
    _change(content / file, old, new)
    assert message in "\n".join(problems(content))


@pytest.mark.parametrize("missing", ["not-yet.toml", "ct-first-keep-mri.toml", "ext-cauda.toml"])
def test_a_missing_card_is_named(content: Path, missing: str):
    (content / "cards" / missing).unlink()
    (problem,) = problems(content)
    assert problem.startswith("cards: no card for o")


def test_missing_folders_are_problems_not_crashes(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"statements\.toml: not found"):
        load_library(tmp_path, tmp_path)
    with pytest.raises(ConfigurationError, match="not found"):
        load_statements(tmp_path)


@pytest.mark.parametrize(("length", "accepted"), [(139, True), (140, False)])
def test_a_summary_has_fewer_than_140_characters(content: Path, length: int, accepted: bool):
    path = content / "cards" / "mri-may.toml"
    _change(path, Line("summary"), f'summary = "{"x" * length}"')
    found = problems(content)
    assert (found == []) is accepted
    if not accepted:
        assert "summary: 140 characters at its longest; fewer than 140 are allowed" in found[0]


def test_an_empty_file_of_statements_is_no_content(content: Path):
    (content / "knowledge" / "statements.toml").write_text("")
    with pytest.raises(ConfigurationError, match="no statement; restore the file"):
        load_statements(content / "knowledge")
