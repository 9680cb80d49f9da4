"""Data folders are found beside the package in a checkout, inside it once installed."""

from pathlib import Path

import pytest

from cds_service.content import folders
from cds_service.errors import ConfigurationError

FINDERS = [folders.cards_dir, folders.fixtures_dir]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cds_service"
    folder.mkdir()
    monkeypatch.setattr(folders, "PACKAGE", folder)
    return folder


@pytest.mark.parametrize("find", FINDERS)
def test_checkout(package: Path, find):
    name = find.__name__.removesuffix("_dir")
    (package.parent / name).mkdir()
    assert find() == package.parent / name


@pytest.mark.parametrize("find", FINDERS)
def test_installed_copy_comes_first(package: Path, find):
    name = find.__name__.removesuffix("_dir")
    (package.parent / name).mkdir()
    (package / f"_{name}").mkdir()
    assert find() == package / f"_{name}"


@pytest.mark.parametrize("find", [*FINDERS, folders.knowledge_dir])
def test_a_missing_folder_is_named(package: Path, find):
    with pytest.raises(ConfigurationError, match="not found"):
        find()


def test_knowledge_is_part_of_the_package():
    assert folders.knowledge_dir() == folders.PACKAGE / "knowledge"
