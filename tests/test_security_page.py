"""docs/security.md names tests that exist."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py)(?:::(test_\w+))?`", PAGE)))


def test_it_names_tests():
    assert len(NAMED) > 25


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_the_named_test_exists(file, test):
    text = (TESTS / file).read_text(encoding="utf-8")
    assert f"def {test}(" in text if test else "def test_" in text


@pytest.mark.parametrize("folder", sorted(set(re.findall(r"`([a-z]+)/`", PAGE))))
def test_the_named_folder_has_tests(folder):
    assert list((TESTS / folder).rglob("test_*.py"))


@pytest.mark.parametrize("name", ["operating", "security"])
def test_links_of_the_pages_lead_somewhere(name):
    page = TESTS.parent / "docs" / f"{name}.md"
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
