"""The store of a running service: made at the start, written to at the stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from soak import kill

from cds_service.adapters.databases import database_url, transaction
from cds_service.adapters.store import tables as t

pytestmark = pytest.mark.integration


def started(port, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "cds_service", "serve", "--dev", "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def ready(process):
    for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "ready":
            return event
    raise AssertionError("it never was ready")


def test_a_stop_writes_what_was_waiting(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    service = kill.Service(url)
    service.start()
    try:
        cards = {kill.card(service.address)["uuid"] for _ in range(20)}
        assert service.stop() == 0
    finally:
        service.kill()
    with transaction(database_url(url, "test"), writes=False) as connection:
        rows = connection.scalars(t.CARDS.select().with_only_columns(t.CARDS.c.uuid))
        assert {str(row) for row in rows} == cards


def test_development_mode_takes_feedback_out_of_the_box_and_leaves_nothing(tmp_path):
    from cds_service.ports import free_port

    port = free_port(0)
    process = started(port, TMPDIR=str(tmp_path))
    try:
        store = Path(ready(process)["store"].removeprefix("sqlite:///"))
        assert store.stat().st_mode & 0o077 == 0
        address = f"http://127.0.0.1:{port}"
        card = kill.card(address)
        event = {
            "card": card["uuid"],
            "outcome": "overridden",
            "outcomeTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        answer = requests.post(
            f"{address}/cds-services/cervical-mri/feedback", json={"feedback": [event]}, timeout=10
        )
        assert (answer.status_code, answer.content) == (204, b"")
        assert requests.get(f"{address}/readyz", timeout=10).json()["checks"] == [
            "content",
            "store",
        ]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=35)
    assert not store.exists()
    assert not store.parent.exists()
