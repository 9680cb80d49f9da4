"""The page of criteria says what the code and the statements say."""

import re
from functools import cache
from pathlib import Path

import pytest
from samples import SAMPLES, SETTINGS, terminology

from cds_service.assembly.content import build_catalogue
from cds_service.catalogue.build import search
from cds_service.catalogue.diagram import ANSWER_X, BOX_WIDTH, BOX_X, WIDTH, diagram
from cds_service.catalogue.markdown import markdown
from cds_service.criteria.decision.steps import STEPS

PAGE = Path(__file__).parents[2] / "docs" / "criteria.md"


@cache
def catalogue():
    return build_catalogue(SETTINGS, terminology())


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(catalogue()), (
        "run cds-service catalogue --out docs/criteria.md"
    )


def test_no_row_breaks_its_table() -> None:
    rows = [line for line in markdown(catalogue()).splitlines() if line.startswith("|")]
    assert all(row.endswith("|") for row in rows)


def test_every_test_named_beside_a_requirement_exists() -> None:
    page = PAGE.with_name("requirements.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert named
    root = PAGE.parent.parent
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (root / file).read_text(encoding="utf-8")
    ]
    assert missing == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_statement_shows_the_samples_that_show_it(name) -> None:
    scenario = SAMPLES[name]
    decides = {statement.split(":")[0] for statement in scenario.fired}
    for statement in decides:
        found = {sample.id: sample for sample in catalogue().entries[statement].samples}
        assert found[name].shown[statement] == "decides"
        assert found[name].outcome == scenario.outcome
    for statement in (*scenario.also, *scenario.overlays):
        assert name in {s.id for s in catalogue().entries[statement.split(":")[0]].samples}


def test_a_code_set_shows_its_codes_their_provenance_and_its_rules() -> None:
    found = catalogue().code_sets["VS-NECKPAIN"]
    code = next(row for row in found.rows if row.code == "81680005")
    assert (code.system, code.display, code.rule) == ("SNOMED CT", "Neck pain", "")
    assert code.provenance == "OHDSI/PhenotypeLibrary cohort concept sets"
    assert code.tables == ("Neck pain",)
    rule = next(row for row in found.rows if row.code == "M54.2")
    assert rule.rule.startswith("all codes that begin so")
    assert "CTX-SYMPTOM" in found.used_by


def test_a_rule_says_what_it_leaves_out() -> None:
    rules = [row.rule for found in catalogue().code_sets.values() for row in found.rows]
    assert any("but not " in rule for rule in rules)
    assert any("late effects left out" in rule for rule in rules)


def test_labels_say_what_a_statement_rests_on() -> None:
    entries = catalogue().entries
    assert entries["RF-NEURO-MOTOR"].labels == ("article", "unreviewed")
    assert entries["EXT-RADICULAR"].labels == ("extension", "contested", "summary", "unreviewed")


def test_thresholds_are_those_of_the_caller() -> None:
    warmer = SETTINGS.model_copy(update={"options": {"fever.thresholdC": "38.5"}})
    found = build_catalogue(warmer, terminology())
    (fever,) = (s for s in found.entries["RF-INFECT-FEVER"].settings if s.name.endswith("sholdC"))
    assert (fever.value, fever.default, fever.changed) == ("38.5", "38.0", True)
    # 38.0 °C is no fever any more, so the sample no longer shows it.
    assert "V05" not in {s.id for s in found.entries["RF-INFECT-FEVER"].samples}
    assert "V05" in {s.id for s in catalogue().entries["RF-INFECT-FEVER"].samples}


def test_a_switch_that_is_off_is_said() -> None:
    assert not catalogue().entries["EXT-NEURO-MIMIC"].on
    assert catalogue().entries["EXT-EMERG"].on


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(
            {"words": "CLUMSY hands"}, {"RF-MYELO-HAND"}, id="words in any order and case"
        ),
        pytest.param({"words": "VS-CIED"}, {"EXT-MRS-CIED"}, id="a code set"),
        pytest.param({"words": "nothing holds this"}, set(), id="nothing"),
        pytest.param({"words": "metal", "label": "article"}, set(), id="another label"),
    ],
)
def test_search(asked, expected) -> None:
    found = {entry.id for entry in search(catalogue(), **asked)}
    assert expected <= found
    assert bool(found) is bool(expected)


def test_the_drawing_has_every_step_in_order_and_nothing_overlaps() -> None:
    drawn = diagram(catalogue())
    assert [box.id for box in drawn.boxes] == list(STEPS)
    for above, below in zip(drawn.boxes, drawn.boxes[1:], strict=False):
        assert above.bottom < below.y
    for box in drawn.boxes:
        rule = STEPS[box.id]
        assert " ".join(text for _, text in box.question) == rule.question
        ids = [name for line in box.lines for name in line.ids]
        assert ids == [*rule.statements, *rule.exceptions]
        places = [y for y, _ in box.question] + [line.y for line in box.lines]
        assert places == sorted(set(places))
        assert box.y < places[0] <= places[-1] < box.bottom
        assert [answer.code for answer in box.answers if answer.code] == list(rule.outcomes)
        assert all(ANSWER_X + answer.width <= WIDTH for answer in box.answers)
        assert BOX_X + BOX_WIDTH < ANSWER_X
    assert drawn.boxes[-1].bottom < drawn.height
