"""What README.md says to type does what it says."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from cds_service.ports import free_port

ROOT = Path(__file__).parents[1]
TITLE = "### From a card to the report\n"


def typed(port: int) -> list[str]:
    """The lines of the section, for this interpreter and a free port."""
    section = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition(TITLE)[2].partition("\n#")[0]
    )
    here = shlex.quote(sys.executable)
    names = {"5005": str(port), ".venv/bin/cds-service": f"{here} -m cds_service", "python3": here}
    found = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    for name, ours in names.items():
        found = [line.replace(name, ours) for line in found]
    return found


@pytest.mark.integration
def test_from_a_card_to_the_report(tmp_path):
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    port = free_port(0)
    export, serve, *more = typed(port)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_PROXY": "*"}

    def run(*lines):
        command = ["bash", "-ec", "\n".join([export, *lines])]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            timeout=60,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        ).stdout

    begin = ["bash", "-c", f"{export}\nexec {serve}"]
    service = subprocess.Popen(begin, cwd=tmp_path, env=environment)
    try:
        _wait(f"http://127.0.0.1:{port}/readyz")
        assert "204 NO CONTENT" in run(*more[:-1])
    finally:
        service.terminate()
        service.wait(timeout=35)  # what was issued is written by then
    told = run(more[-1])
    (cards,) = (line.split() for line in told.splitlines() if line.startswith("  all "))
    assert cards[1:6] == ["1", "0", "0", "1", "0"], told


def _wait(url: str) -> None:
    until = time.monotonic() + 60
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < until:
            try:
                if session.get(url, timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
    raise AssertionError(f"nothing answers at {url}")
