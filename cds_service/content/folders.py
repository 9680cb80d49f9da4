"""Where the data files lie: in a checkout, and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from cds_service.errors import ConfigurationError

PACKAGE = Path(__file__).resolve().parents[1]


def cards_dir() -> Path:
    """Folder of the card texts: mapped into the package by the build, else beside it."""
    return _beside_or_inside("cards")


def fixtures_dir() -> Path:
    """Folder of the sample requests and scenarios.toml, found like the cards."""
    return _beside_or_inside("fixtures")


def knowledge_dir() -> Path:
    """Folder of statements, value sets and questionnaire; always part of the package."""
    return _existing(PACKAGE / "knowledge", "knowledge")


def _beside_or_inside(name: str) -> Path:
    inside = PACKAGE / f"_{name}"
    return inside if inside.is_dir() else _existing(PACKAGE.parent / name, name)


def _existing(folder: Path, name: str) -> Path:
    if not folder.is_dir():
        raise ConfigurationError(
            f"{folder}: folder of the {name} not found; install the package from a wheel "
            f"or run it from a checkout that holds {name}/"
        )
    return folder
