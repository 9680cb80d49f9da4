"""`make bench-paint`: how long a page of the service takes to its first paint, from a cold start and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from browser import first_paint, running

from cds_service.demo import service

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = ("/workbench", "/criteria")
AGAIN = 5


def painted(browser: Browser, address: str) -> float:
    """Milliseconds from asking for a page to its first paint with something on it, with an empty cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        page.goto(address)
        return first_paint(page)
    finally:
        context.close()


def main() -> None:
    """Print a line for each page; each has a service of its own, which answers nothing before."""
    with running() as browser:
        painted(browser, "data:text/html,<p>The browser has painted before")
        for path in PAGES:
            with service() as url:
                first = painted(browser, f"{url}{path}")
                later = sorted(painted(browser, f"{url}{path}") for _ in range(AGAIN))
            print(
                f"{path}: first paint after {first:.0f} ms from a cold start, "
                f"then {later[AGAIN // 2]:.0f} ms (median of {AGAIN})"
            )


if __name__ == "__main__":
    main()
