"""The page for integrators: its configuration and its scripts, put together, are calls that are answered."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from calls import FakeEvaluator, post

from cds_service.app import create_app
from cds_service.cdshooks.feedback import Reason, decode
from cds_service.settings import load_settings
from cds_service.settings.mistakes import PREFIX
from cds_service.web.errors import ANSWERS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def printed(folder: Path, language: str, *arguments: str) -> str:
    """What the first script of that language prints."""
    command = [sys.executable, "-c", block(language), *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def token(folder: Path, name: str = "north") -> str:
    return printed(folder, "python", name)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_two_clients_get_two_answers_to_one_body(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = re.search(r"^`try.toml`.*?\n\n((?: {4}.*\n|\n)+)", PAGE, re.MULTILINE)
    assert found
    (tmp_path / "try.toml").write_text(found[1].replace("\n    ", "\n").strip())
    tokens = [token(tmp_path, name) for name in ("north", "south")]
    body = printed(tmp_path, "py").encode()
    web = create_app(load_settings(tmp_path / "try.toml")).test_client()
    said = []
    for each in tokens:
        answer = post(web, body, headers={"Authorization": f"Bearer {each}"})
        said.append(answer.json["cards"][0]["summary"])
    claimed = re.findall(r'^    "summary":"(.*)"$', PAGE, re.MULTILINE)
    undated = [re.sub(r"\d{4}-\d\d-\d\d", "", text) for text in (*said, *claimed)]
    assert undated[:2] == undated[2:]
    assert said[0] != said[1]


def test_a_token_made_as_the_page_says_is_good_for_one_call(tmp_path):
    text = block("toml").replace("/var/lib/cds-service", str(tmp_path))
    text = re.sub(r"(?m)^jwks_url = .*$", 'keys_file = "north.json"', text)
    (tmp_path / "cds.toml").write_text(text)
    first = token(tmp_path)
    settings = load_settings(tmp_path / "cds.toml")
    web = create_app(settings, evaluator=FakeEvaluator()).test_client()
    for each in (first, token(tmp_path)):
        headers = {"Authorization": f"Bearer {each}"}
        assert post(web, headers=headers).status_code == 200
        assert post(web, headers=headers).status_code == 401


@pytest.mark.parametrize("language", ["toml", "python", "py"])
def test_the_blocks_are_the_first_of_their_language(language):
    assert PAGE.count(f"```{language}\n") == 1, "the tests above run the first"


def test_every_status_has_its_line():
    table = PAGE[PAGE.index("### By status") : PAGE.index("### Browsers")]
    listed = {
        int(each)
        for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
        for each in row.split(", ")
    }
    assert listed == set(ANSWERS) | {401, 408, 412}


def test_the_feedback_on_the_page_has_all_three_forms():
    body = re.search(r"^## Feedback$.*?```json\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    assert body
    accepted, overridden, dismissed = decode(body[1].encode(), {"red-flag-not-coded": "urn:ours"})
    assert (accepted.outcome, len(accepted.suggestions)) == ("accepted", 1)
    assert overridden.reason == Reason("urn:ours", "red-flag-not-coded")
    assert (dismissed.outcome, dismissed.reason) == ("overridden", None)
