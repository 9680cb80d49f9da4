"""What statements.toml says a criterion looks for is what its function looks for: people read it there."""

import ast
from functools import cache
from pathlib import Path

import pytest
from samples import SAMPLES, advise, sample, terminology

import cds_service
from cds_service.content.folders import knowledge_dir
from cds_service.criteria import rooms  # noqa: F401  (fills the registry)
from cds_service.criteria.registry import CRITERIA
from cds_service.facts.config import KEYS
from cds_service.facts.finding import Status
from cds_service.facts.terminology.concept_names import CONCEPT_NAMES
from cds_service.facts.terminology.vocabulary import LOCAL
from cds_service.rendering.library import load_statements

PACKAGE = Path(cds_service.__file__).parent
STATEMENTS = load_statements(knowledge_dir())
TERMINOLOGY = terminology()
NO_STATEMENT = frozenset(
    name for name in CONCEPT_NAMES if name.startswith(("SITE-", "LIMB-", "ANSWER-", "MRI-"))
)
"""Where in the body, what an answer says, which study was ordered: read for every statement."""
EVERYWHERE = {"eval.timezone", "redflag.missing", "cards.maxOverlays"}


FOLLOWS = {"urgency.intractable", "radicular.outcome", "emerg.text", "pama.mayAs"}
"""What is done when the statement holds, not whether it does."""


@cache
def pieces():
    """Functions, and the values that modules and `self` give a name, of criteria and facts, by name
    alone and by module and name.
    """
    found: dict[str, list[ast.AST]] = {}

    def add(file, name, node):
        found.setdefault(name, []).append(node)
        found.setdefault(f"{file.stem}.{name}", []).append(node)

    for room in ("criteria", "facts"):
        for file in (PACKAGE / room).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    add(file, node.name, node)
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
                    add(file, node.targets[0].attr, node.value)
            for node in tree.body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    add(file, node.targets[0].id, node.value)
    return found


MODULES = {file.stem for room in ("criteria", "facts") for file in (PACKAGE / room).rglob("*.py")}


def called(node):
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        within = node.value.id if isinstance(node.value, ast.Name) else ""
        return f"{within}.{node.attr}" if within in MODULES else node.attr
    return None


def reached(name):
    """Texts in a function and in whatever it may call, told by names alone: too many, never too few."""
    texts, seen, todo = set(), {name}, [name]
    while todo:
        for piece in pieces().get(todo.pop(), ()):
            for node in ast.walk(piece):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.add(node.value)
                further = called(node)
                if further in pieces() and further not in seen:
                    seen.add(further)
                    todo.append(further)
    return texts


@pytest.mark.parametrize("statement", CRITERIA)
def test_a_criterion_reaches_what_its_statement_names(statement):
    named = {*STATEMENTS[statement].value_sets, *STATEMENTS[statement].settings}
    texts = reached(CRITERIA[statement].__name__)
    assert named - FOLLOWS <= texts
    for other in STATEMENTS[statement].rests_on:
        # Red flags and symptoms are asked for as a whole, families by the beginning of their id.
        assert (
            other in ("RF-ANY", "CTX-SYMPTOM") or {other, other[: other.rfind("-") + 1]} & texts
        ), other


def test_every_code_set_is_named_by_a_statement():
    named = {name for statement in STATEMENTS.values() for name in statement.value_sets}
    assert named == CONCEPT_NAMES - NO_STATEMENT


def test_every_local_code_is_named_by_a_statement():
    assert {code for statement in STATEMENTS.values() for code in statement.local_codes} == set(
        LOCAL
    )


def test_every_setting_is_named_by_a_statement():
    named = {key for statement in STATEMENTS.values() for key in statement.settings}
    switches = {statement.switch for statement in STATEMENTS.values()} - {""}
    assert named | switches == KEYS.keys() - EVERYWHERE


@pytest.mark.parametrize("name", SAMPLES)
def test_what_a_card_shows_as_evidence_is_of_the_sets_that_are_named(name):
    body = sample(name)
    by_reference = dict(_resources(body))
    for id_, finding in advise(body).findings.items():
        statement = STATEMENTS[id_]
        if finding.status is not Status.MET or not statement.value_sets:
            continue
        named = _named(id_)
        for evidence in finding.evidence:
            sets = _sets(by_reference.get(evidence.reference.split("#")[0]))
            assert not sets or sets & named, (id_, evidence)


def _named(statement):
    found = STATEMENTS[statement]
    own = {*found.value_sets, *(f"local:{code}" for code in found.local_codes)}
    return own.union(*(_named(other) for other in found.rests_on))


def _resources(node):
    if isinstance(node, dict):
        if "resourceType" in node and "id" in node:
            yield f"{node['resourceType']}/{node['id']}", node
        for value in node.values():
            yield from _resources(value)
    elif isinstance(node, list):
        for value in node:
            yield from _resources(value)


def _sets(node):
    found = set()
    if isinstance(node, dict):
        if "code" in node and "system" in node:
            found |= TERMINOLOGY.sets_of(node["system"], node["code"])
            if node["system"] == TERMINOLOGY.local_system:
                found.add(f"local:{node['code']}")
        for value in node.values():
            found |= _sets(value)
    elif isinstance(node, list):
        for value in node:
            found |= _sets(value)
    return found - NO_STATEMENT
