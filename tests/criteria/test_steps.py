"""The order of decision as data says what the functions do: it is drawn for people to rely on."""

import ast
import inspect

import pytest

from cds_service.criteria import rooms  # noqa: F401  (fills the registry)
from cds_service.criteria.decision import precedence
from cds_service.criteria.decision.steps import STEPS
from cds_service.criteria.model import Outcome
from cds_service.criteria.registry import CRITERIA
from cds_service.facts.config import KEYS

FUNCTIONS = {
    node.name: node
    for node in ast.parse(inspect.getsource(precedence)).body
    if isinstance(node, ast.FunctionDef)
}
REFUSALS = {Outcome.NOT_YET, Outcome.CT_FIRST}


def reached(name):
    """What a function of the module is made of, with the functions of the module it calls."""
    found = [FUNCTIONS[name]]
    for function in found:
        for node in ast.walk(function):
            called = FUNCTIONS.get(node.id) if isinstance(node, ast.Name) else None
            if called is not None and called not in found:
                found.append(called)
    return [node for function in found for node in ast.walk(function)]


def constants(name):
    return {node.value for node in reached(name) if isinstance(node, ast.Constant)}


def outcomes(name):
    found = {
        Outcome[node.attr]
        for node in reached(name)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Outcome"
    }
    for key in constants(name) & KEYS.keys():
        found |= {outcome for outcome in Outcome if outcome in KEYS[key].accepts.split("|")}
    return found


ASKED = list(precedence._QUESTIONS)


def test_every_step_between_the_first_and_the_last_asks_something():
    assert ["P0", *ASKED, "P12"] == list(STEPS)


@pytest.mark.parametrize("step", ASKED)
def test_what_a_step_may_answer_is_in_the_table(step):
    said = outcomes(precedence._QUESTIONS[step].__name__)
    # A refusal that rests on unread data becomes a question; at P6 the MRI is kept, so never there.
    asks = {Outcome.INSUFFICIENT} if said & REFUSALS and step != "P6" else set()
    assert said | asks == set(STEPS[step].outcomes)


@pytest.mark.parametrize("step", ASKED)
def test_a_step_names_every_statement_it_asks(step):
    asked = constants(precedence._QUESTIONS[step].__name__) & CRITERIA.keys()
    assert asked <= {*STEPS[step].statements, *STEPS[step].exceptions}


def test_the_table_names_known_statements_and_each_outcome_can_be_reached():
    named = {s for rule in STEPS.values() for s in (*rule.statements, *rule.exceptions)}
    assert named <= CRITERIA.keys()
    assert {outcome for rule in STEPS.values() for outcome in rule.outcomes} == set(Outcome)
