"""An EHR in two pages and a few lines: it launches the companion app and hears its messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pages import serving

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>EHR</title>
<link rel="icon" href="data:,">
<style>iframe { width: 100%; height: 44rem; border: 1px solid #888 }</style>
<h1>The order</h1>
<div id="frame"></div>
<script>
  const heard = [];
  let answers = true;
  let app = null;
  window.addEventListener('message', (event) => {
    heard.push({ origin: event.origin, data: event.data });
    if (!answers) return;
    const payload = event.data.messageType === 'scratchpad.update' ? { status: '200 OK' } : { success: true };
    const reply = { messageId: crypto.randomUUID(), responseToMessageId: event.data.messageId, payload };
    event.source.postMessage(reply, event.origin);
  });
  function openWindow(url) { app = window.open(url, 'app', 'width=820,height=900'); }
  function openFrame(url) {
    const frame = document.createElement('iframe');
    frame.src = url;
    document.getElementById('frame').replaceChildren(frame);
  }
</script>
</html>
"""


@contextmanager
def ehr() -> Iterator[str]:
    """The address of its page."""
    with serving() as pages:
        pages.pages["/"] = (200, {"Content-Type": "text/html; charset=utf-8"}, PAGE.encode())
        yield pages.url


def heard(page: Any) -> list[dict[str, Any]]:
    """The messages it got so far, oldest first."""
    found: list[dict[str, Any]] = json.loads(page.evaluate("JSON.stringify(heard)"))
    return found
