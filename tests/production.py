"""A service in production mode, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from cds_service.ports import free_port


@contextmanager
def in_production(folder: Path, settings: str, *program: str) -> Iterator[str]:
    """Serves with these settings, the clients among them, for as long as the block lasts; yields its
    address. Its files are in `folder`, the log as `log`. `program`: what Python is to run instead.
    """
    port = free_port(0)
    url = f"http://127.0.0.1:{port}"
    config, log = folder / "cds.toml", folder / "log"
    own = f"""
base_url = "{url}"
port = {port}
store = "sqlite:///{folder / "store.db"}"
replay_store = "sqlite:///{folder / "seen.db"}"
"""
    config.write_text(own + settings)
    program = program or ("-m", "cds_service")
    command = [sys.executable, *program, "serve", "--config", str(config)]
    with log.open("w") as stream:
        process = subprocess.Popen(
            command, cwd=Path(__file__).parents[1], stdout=stream, stderr=stream
        )
    try:
        _wait(process, url, log)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=35)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(600):
            assert process.poll() is None, log.read_text()
            with suppress(requests.RequestException):
                if session.get(f"{url}/readyz", timeout=2).ok:
                    return
            time.sleep(0.05)
    raise AssertionError(log.read_text())
