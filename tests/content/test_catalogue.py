"""The page of criteria says what the code and the statements say."""

import re
from pathlib import Path

from cds_service.catalogue import catalogue

PAGE = Path(__file__).parents[2] / "docs" / "criteria.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == catalogue(), (
        "run python -m cds_service.catalogue > docs/criteria.md"
    )


def test_no_row_breaks_its_table() -> None:
    rows = [line for line in catalogue().splitlines() if line.startswith("|")]
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
