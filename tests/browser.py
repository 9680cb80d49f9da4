"""A real Chromium that reaches this machine only; tests are skipped, with the reason, without one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Request

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
AXE = Path(__file__).parent / "rigs" / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def running() -> Iterator[Browser]:
    """A browser with a profile of its own, gone afterwards."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def failures(request: Request) -> list[str]:
    """The address of a request that failed; not of an icon that was still on its way when its page
    was left.
    """
    left = request.failure == "net::ERR_ABORTED" and request.url.endswith("/icon.svg")
    return [] if left else [request.url]


def axe() -> str:
    """Deque's accessibility checks, as a script for a page."""
    if not AXE.is_file():
        pytest.skip("the packages of tests/rigs are not installed: make rigs")
    return AXE.read_text(encoding="utf-8")
