"""The register of criterion functions: one for each statement, and no other."""

import pytest

from cds_service.content.folders import knowledge_dir
from cds_service.criteria import rooms as _rooms  # noqa: F401  (fills the register)
from cds_service.criteria.registry import CRITERIA, check_against, criterion
from cds_service.errors import ConfigurationError
from cds_service.rendering.library import load_statements


def test_every_statement_has_its_function():
    statements = load_statements(knowledge_dir())
    check_against(name for name, statement in statements.items() if statement.kind != "notice")


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        pytest.param([*CRITERIA, "RF-NEW"], "RF-NEW has no criterion function", id="no function"),
        pytest.param(
            [s for s in CRITERIA if s != "RF-NEURO-MOTOR"],
            "RF-NEURO-MOTOR is missing; its function exists",
            id="no statement",
        ),
    ],
)
def test_a_statement_without_its_function_is_refused(statements, message):
    with pytest.raises(ConfigurationError, match=message):
        check_against(statements)


def test_two_functions_for_one_statement_are_refused():
    before = CRITERIA["RF-NEURO-MOTOR"]
    with pytest.raises(ConfigurationError, match="RF-NEURO-MOTOR: two criterion functions"):
        criterion("RF-NEURO-MOTOR")(before)
    assert CRITERIA["RF-NEURO-MOTOR"] is before
