"""The wheel, built and installed for real: complete, and the same answers as the checkout."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
AT = "2026-03-02T12:00:00Z"
UNREACHABLE = (
    "No matching distribution found",
    "NewConnectionError",
    "Could not fetch URL",
    "Connection to",
    "ProxyError",
    "ReadTimeoutError",
)

pytestmark = pytest.mark.integration


def run(*command: Any, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME") and not name.startswith("CDS_SERVICE_")
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def pip(*arguments: Any, python: Any = sys.executable, cwd: Path) -> None:
    options = ("--disable-pip-version-check", "--no-input", "--retries", "1", "--timeout", "15")
    done = run(python, "-m", "pip", *arguments, *options, cwd=cwd)
    if done.returncode and any(words in done.stderr for words in UNREACHABLE):
        pytest.skip(f"package index unreachable: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the programs of an environment that holds the wheel and what it needs only."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=True)
    folder = home / "bin"
    pip("install", wheel, python=folder / "python", cwd=home)
    return folder


def files(*parts: str) -> set[str]:
    folder = ROOT.joinpath(*parts)
    return {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file()
        and file.suffix in (".py", ".toml", ".json", ".html", ".css", ".js", ".svg", ".md")
    }


@pytest.mark.parametrize(
    ("source", "inside"),
    [
        (("cds_service",), "cds_service/"),
        (("cards",), "cds_service/_cards/"),
        (("fixtures",), "cds_service/_fixtures/"),
    ],
    ids=["package", "cards", "fixtures"],
)
def test_every_file_is_inside(wheel, source, inside):
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {inside + name for name in files(*source)}
    assert expected
    assert expected - names == set()


def test_knowledge_is_inside(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "cds_service/knowledge/statements.toml" in names
    assert any(name.startswith("cds_service/knowledge/value_sets/") for name in names)


def test_nothing_else_is_inside(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"cds_service"}


def without_uuids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_uuids(item) for key, item in value.items() if key != "uuid"}
    return [without_uuids(item) for item in value] if isinstance(value, list) else value


def test_answers_are_those_of_the_checkout(scripts, tmp_path):
    request = tmp_path / "V03-copy.json"
    request.write_bytes((ROOT / "fixtures" / "V03.json").read_bytes())
    arguments = ("evaluate", request, "--at", AT)
    ours = run(sys.executable, "-m", "cds_service", *arguments, cwd=ROOT)
    theirs = run(scripts / "cds-service", *arguments, cwd=tmp_path)
    assert (ours.returncode, theirs.returncode) == (0, 0), ours.stderr + theirs.stderr
    cards = json.loads(theirs.stdout)["cards"]
    assert cards
    assert without_uuids(json.loads(theirs.stdout)) == without_uuids(json.loads(ours.stdout))


def test_content_of_the_wheel_is_in_order(scripts, tmp_path):
    checked = run(scripts / "cds-service", "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout == run(sys.executable, "-m", "cds_service", "check", cwd=ROOT).stdout


def test_code_of_the_wheel_ran(scripts, tmp_path):
    where = "import cds_service; print(cds_service.__file__)"
    found = run(scripts / "python", "-c", where, cwd=tmp_path).stdout.strip()
    assert Path(found).is_relative_to(scripts.parent)
