"""docs/security.md and docs/asvs.md name tests that exist; the latter leaves no requirement out."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
ASVS = (DOCS / "asvs.md").read_text(encoding="utf-8")
PAGE = (DOCS / "security.md").read_text(encoding="utf-8") + ASVS
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py)(?:::(test_\w+))?`", PAGE)))


def test_it_names_tests():
    assert len(NAMED) > 25


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_the_named_test_exists(file, test):
    text = (TESTS / file).read_text(encoding="utf-8")
    assert f"def {test}(" in text if test else "def test_" in text


@pytest.mark.parametrize("name", ["operating", "security", "asvs"])
def test_links_of_the_pages_lead_somewhere(name):
    page = TESTS.parent / "docs" / f"{name}.md"
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


ASKED = """
1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1
3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2 4.1.1-3 4.2.1 4.3.1-2 4.4.1-4
8.1.1-2 8.2.1-3 8.3.1 8.4.1 9.1.1-3 9.2.1-4
10.1.1-2 10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5 10.6.1-2 10.7.1-3
11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1 11.6.1 12.1.1-3 12.2.1-2 12.3.1-4
13.1.1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.3.1-3
15.1.1-3 15.2.1-3 15.3.1-7 16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3
"""
"""Requirements of levels 1 and 2 of the chapters that apply (ASVS 5.0.0)."""


def asked() -> list[str]:
    found = []
    for each in ASKED.split():
        section, _, numbers = each.rpartition(".")
        first, _, last = numbers.partition("-")
        found += [f"{section}.{n}" for n in range(int(first), int(last or first) + 1)]
    return found


def answered() -> list[str]:
    """Numbers of the rows; a range goes on in the order of the standard."""
    order, found = asked(), []
    for cell in re.findall(r"^\| (\d[^|]*) \|", ASVS, re.MULTILINE):
        for part in cell.split(", "):
            first, _, last = part.partition("–")
            found += order[order.index(first) : order.index(last or first) + 1]
    return found


def test_every_requirement_has_one_answer():
    assert sorted(answered()) == sorted(asked())
