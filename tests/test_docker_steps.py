"""The image without building it: what the Dockerfile promises, and how its command refuses."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from cds_service.app import NO_CLIENT

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "Dockerfile"
BUILD_TOOLS = ("pip", "build-essential", "gcc", "g++", "make", "git", "curl", "wget")


class Instruction(NamedTuple):
    word: str
    rest: str


def instructions(text: str) -> list[Instruction]:
    """Comments and line continuations taken out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    parts = [line.strip().split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [Instruction(word.upper(), rest) for word, rest in parts]


@pytest.fixture(scope="module")
def stages() -> list[list[Instruction]]:
    found: list[list[Instruction]] = []
    for instruction in instructions(DOCKERFILE.read_text(encoding="utf-8")):
        if instruction.word == "FROM":
            found.append([])
        assert found, "something stands before the first FROM"
        found[-1].append(instruction)
    return found


def rests(stage: list[Instruction], word: str) -> list[str]:
    return [instruction.rest for instruction in stage if instruction.word == word]


def test_two_stages_of_one_pinned_base(stages):
    assert len(stages) >= 2
    bases = [rests(stage, "FROM")[0].split()[0] for stage in stages]
    assert len(set(bases)) == 1, "a wheel built for one Python is installed in another"
    for base in bases:
        tag = base.rpartition(":")[2]
        assert re.match(r"\d+\.\d+", tag), f"{base}: pin the version"
        assert "latest" not in tag


def test_base_is_a_supported_python(stages):
    version = rests(stages[-1], "FROM")[0].partition(":")[2].split("-")[0]
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"Programming Language :: Python :: {version}" in pyproject


def test_last_stage_runs_as_nobody_special(stages):
    users = rests(stages[-1], "USER")
    assert users, "add USER"
    name = users[-1].partition(":")[0]
    assert name not in ("root", "0")
    assert name.isdigit(), "a number lets an orchestrator see that it is not root"
    words = [instruction.word for instruction in stages[-1]]
    assert "RUN" not in words[words.index("USER") :], "nothing is installed after USER"


def test_health_is_asked_on_the_live_page(stages):
    (check,) = rests(stages[-1], "HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    assert command[0] == "python"
    assert "/livez" in command[-1]
    compile(command[-1], "HEALTHCHECK", "exec")


def test_command_is_in_exec_form_and_in_production_mode(stages):
    (command,) = rests(stages[-1], "CMD")
    assert json.loads(command) == ["cds-service", "serve"]
    assert "--dev" not in DOCKERFILE.read_text(encoding="utf-8")
    assert not any("CDS_SERVICE_DEV" in rest for rest in rests(stages[-1], "ENV"))


def test_package_lists_are_cleaned_up(stages):
    for stage in stages:
        for run in rests(stage, "RUN"):
            if re.search(r"apt(-get)? install", run):
                assert "--no-install-recommends" in run
                assert "rm -rf /var/lib/apt/lists" in run
            if re.search(r"\bpip (install|wheel)", run):
                assert run.count("--no-cache-dir") == len(re.findall(r"pip (?:install|wheel)", run))


def test_no_build_tools_in_the_last_stage(stages):
    for run in rests(stages[-1], "RUN"):
        for tool in BUILD_TOOLS:
            assert not re.search(rf"(^|[\s/]){re.escape(tool)}(\s|$)", run), f"{tool}: {run}"
    assert all(rest.startswith("--from=") for rest in rests(stages[-1], "COPY"))


def test_nothing_is_fetched_by_address(stages):
    for stage in stages:
        assert not rests(stage, "ADD"), "COPY says what it does"
        assert not any("sudo" in run for run in rests(stage, "RUN"))


def test_everything_copied_is_let_in_and_nothing_else(stages):
    copied = {
        Path(name).name
        for rest in rests(stages[0], "COPY")
        for name in rest.split()[:-1]
        if not name.startswith("--")
    }
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignore[0] == "*", "shut out everything first"
    assert copied == {line.removeprefix("!") for line in ignore if line.startswith("!")}
    for name in copied:
        assert (ROOT / name).exists(), name


@pytest.mark.integration
def test_command_refuses_to_start_without_a_client(stages, tmp_path):
    command = json.loads(rests(stages[-1], "CMD")[0])
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("CDS_SERVICE_")
    }
    environment |= {"PYTHONPATH": str(ROOT), "CDS_SERVICE_PORT": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "cds_service", *command[1:]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert NO_CLIENT in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
