"""Whoever compares two versions compares two sets of rules: none changes under an old name."""

import shutil
from decimal import Decimal
from unittest import mock

import pytest
from samples import NOW, SAMPLES, SETTINGS, evaluator, terminology

from cds_service.assembly.content import build_evaluator
from cds_service.cdshooks.request import decode
from cds_service.client import make_client
from cds_service.content import rules
from cds_service.content.folders import PACKAGE
from cds_service.content.rules import DECIDES, rules_version
from cds_service.errors import ConfigurationError

EXPLANATION = "cervical-mri-cds.explanation"


@pytest.fixture
def package(tmp_path):
    """A copy of what decides."""
    for room in DECIDES:
        if (PACKAGE / room).is_file():
            (tmp_path / room).parent.mkdir(exist_ok=True)
            shutil.copy(PACKAGE / room, tmp_path / room)
        else:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(PACKAGE / room, tmp_path / room, ignore=ignored)
    return tmp_path


def test_equal_rules_have_one_version_wherever_they_lie(package):
    assert rules_version(package) == rules_version()
    (package / "criteria" / "__pycache__").mkdir()
    (package / "criteria" / "__pycache__" / "pain.cpython-311.pyc").write_bytes(b"compiled")
    assert rules_version(package) == rules_version()


@pytest.mark.parametrize(
    "file",
    ["criteria/pain.py", "criteria/decision/precedence.py", "facts/record/values.py", "facts/config.py",
     "fhir/dates.py", "cdshooks/salvage.py", "rendering/render.py", "drafts.py", "client.py",
     "knowledge/questions.toml"],
)  # fmt: skip
def test_a_changed_line_of_the_rules_is_another_version(package, file):
    before = rules_version(package)
    with (package / file).open("a") as changed:
        changed.write("ANOTHER = 1\n")
    assert rules_version(package) != before


def test_a_function_that_moves_to_another_file_is_another_version(package):
    before = rules_version(package)
    (package / "criteria" / "pain.py").rename(package / "criteria" / "pains.py")
    assert rules_version(package) != before


def test_what_answers_and_is_stored_goes_by_that_version(package):
    assert build_evaluator(SETTINGS, terminology()).version == evaluator().version
    with (package / "criteria" / "pain.py").open("a") as changed:
        changed.write("ANOTHER = 1\n")
    with mock.patch.object(rules, "rules_version", return_value=rules_version(package)):
        changed_rules = build_evaluator(SETTINGS, terminology())
    assert changed_rules.version != evaluator().version
    answer = changed_rules.evaluate(
        decode(SAMPLES["V01"].path.read_bytes()), NOW, SETTINGS.development_client()
    )
    assert answer["cards"][0]["extension"][EXPLANATION]["version"] == changed_rules.version


def test_rules_without_their_source_have_no_version(tmp_path):
    with pytest.raises(ConfigurationError, match="version cannot be told"):
        rules_version(tmp_path)


def variant(options, *, dev=False):
    return make_client("north", options, dev=dev).variant


def test_a_client_with_the_defaults_goes_by_the_plain_version():
    assert variant({}) == variant({}, dev=True) == ""
    assert variant({"dup.days": 90, "cards.showAppropriate": False}) == ""
    assert variant({"fever.thresholdC": Decimal(38), "ext.wbc": "false"}) == ""


@pytest.mark.parametrize(
    "options",
    [{"dup.days": 60}, {"fever.thresholdC": "38.5"}, {"ext.wbc": True}, {"emerg.text": "Call."},
     {"eval.timezone": "Europe/Vienna"}, {"cards.showAppropriate": True},
     {"cards.changeInPlace": True}, {"pama.gCode": "G1000"}],
)  # fmt: skip
def test_another_option_is_another_version(options):
    found = {variant({}), variant(options), variant(options | {"acute.maxDays": 21})}
    assert len(found) == 3


def test_the_same_options_are_the_same_version_for_every_client():
    one = make_client("north", {"dup.days": "60", "crp.uln": 8}, dev=False).variant
    assert make_client("south", {"crp.uln": "8.00", "dup.days": 60}, dev=False).variant == one
