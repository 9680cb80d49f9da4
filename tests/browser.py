"""A real Chromium that reaches this machine only; tests are skipped, with the reason, without one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

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
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


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


@contextmanager
def watched(
    browser: Browser, wrong: list[str], width: int = 1440, **options: Any
) -> Iterator[Page]:
    """A page of its own context; `wrong` gets its errors, and what failed or was asked for elsewhere."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.on("pageerror", lambda why: wrong.append(f"error: {why}"))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("requestfailed", lambda each: wrong.extend(failures(each)))
    page.on("request", lambda each: wrong.extend(elsewhere(each)))
    try:
        yield page
    finally:
        context.close()


def elsewhere(request: Request) -> list[str]:
    """The address of a request to another machine."""
    here = urlsplit(request.url).hostname in ("127.0.0.1", None, "")
    return [] if here else [request.url]


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


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds against WCAG 2.2 AA and its own best practices."""
    # Run as the browser's own tools do: the page's policy would let no script in.
    page.evaluate(axe())
    found = page.evaluate(f"axe.run({{runOnly: {json.dumps(RULES)}}})")
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found["violations"]
    ]


_FIRST_PAINT = """() => Promise.race([
    new Promise(say => new PerformanceObserver(list => say(
        list.getEntriesByName("first-contentful-paint")[0].startTime
    )).observe({type: "paint", buffered: true})),
    new Promise((_, fail) => setTimeout(fail, 15000, new Error("nothing was painted"))),
])"""


def first_paint(page: Page) -> float:
    """Milliseconds from asking for the page to its first paint with something on it; waits for that.

    A figure to report, never to assert: it is the machine's as much as ours.
    """
    page.bring_to_front()
    found: float = page.evaluate(_FIRST_PAINT)
    return found
