"""The page of criteria says what the code and the statements say."""

from pathlib import Path

from cds_service.catalogue import catalogue

PAGE = Path(__file__).parent.parent / "docs" / "criteria.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == catalogue(), (
        "run python -m cds_service.catalogue > docs/criteria.md"
    )


def test_no_row_breaks_its_table() -> None:
    rows = [line for line in catalogue().splitlines() if line.startswith("|")]
    assert all(row.endswith("|") for row in rows)
