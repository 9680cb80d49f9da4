"""No regular expression of ours backtracks without end on hostile text (ReDoS)."""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import cds_service

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports the parser by its older name
    from regexploit.ast.sre import SreOpParser
    from regexploit.redos import find

PACKAGE = Path(cds_service.__file__).parent


def written() -> Iterator[tuple[str, str | bytes]]:
    """Every pattern in the code, with its place. A pattern that is put together is a mistake."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=name), args=[first, *_]
                ) if name != "escape":
                    yield f"{file.name}:{node.lineno}", ast.literal_eval(first)


PATTERNS = list(written())


def runaways(pattern: str | bytes) -> list[str]:
    """Repeats that can share one text in many ways, so that a match that fails tries them all."""
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    re.compile(text)
    return [str(each) for each in find(SreOpParser().parse_sre(text))]


def test_there_are_patterns():
    assert len(PATTERNS) > 40


@pytest.mark.parametrize("pattern", ["(a+)+$", r"(\w+\s*)*:", r"\s*\s*\s*x"])
def test_patterns_that_run_away_are_found(pattern):
    assert runaways(pattern)


@pytest.mark.parametrize("pattern", [p for _, p in PATTERNS], ids=[place for place, _ in PATTERNS])
def test_ours_do_not(pattern):
    assert runaways(pattern) == []
