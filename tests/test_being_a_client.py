"""The page for integrators: its configuration and its script, put together, are a call that is answered."""

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

PAGE = (Path(__file__).parents[1] / "docs" / "integrating.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def token(folder: Path) -> str:
    script = folder / "mint.py"
    script.write_text(block("python"))
    done = subprocess.run(
        [sys.executable, str(script)], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_a_token_made_as_the_page_says_is_good_for_one_call(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
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


@pytest.mark.parametrize("language", ["toml", "python"])
def test_the_blocks_are_the_first_of_their_language(language):
    assert PAGE.count(f"```{language}\n") == 1, "the test above runs the first"


def test_the_feedback_on_the_page_has_all_three_forms():
    body = re.search(r"^## Feedback$.*?```json\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    assert body
    accepted, overridden, dismissed = decode(body[1].encode(), {"red-flag-not-coded": "urn:ours"})
    assert (accepted.outcome, len(accepted.suggestions)) == ("accepted", 1)
    assert overridden.reason == Reason("urn:ours", "red-flag-not-coded")
    assert (dismissed.outcome, dismissed.reason) == ("overridden", None)
