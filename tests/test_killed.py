"""SIGKILL while feedback is written, for longer in `make soak`; and a disk that is full."""

from __future__ import annotations

from datetime import UTC, datetime

import postgres
import pytest
import requests
import sqlalchemy as sa
from soak import kill

from cds_service.adapters.databases import database_url, transaction
from cds_service.adapters.store import tables as t

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_acknowledged_feedback_survives_on_sqlite(mode):
    figures = kill.on_sqlite(mode, 8)
    assert figures.good, figures


def test_acknowledged_feedback_survives_on_postgresql():
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    figures = kill.on_postgresql(6)
    assert figures.good, figures


def test_a_full_disk_refuses_feedback_and_no_card():
    with kill.sqlite() as url:
        service = kill.Service(url, file_limit=400_000)
        service.start()
        try:
            uuid = kill.card(service.address)["uuid"]
            kept = 0
            for number in range(200):
                now = datetime.now(UTC).isoformat(timespec="milliseconds")
                answer = requests.post(
                    f"{service.address}/cds-services/cervical-mri/feedback",
                    json={
                        "feedback": [
                            {
                                "card": uuid,
                                "outcome": "overridden",
                                "overrideReason": {"reason": {"code": f"r{number}-{each}"}},
                                "outcomeTimestamp": now,
                            }
                            for each in range(100)
                        ]
                    },
                    timeout=10,
                )
                if answer.status_code != 204:
                    break
                kept += 100
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "5"
            for _ in range(5):
                assert kill.card(service.address)["summary"]
            assert service.alive
        finally:
            service.kill()
        with transaction(database_url(url, "test"), wait=10) as connection:
            rows = connection.scalar(sa.select(sa.func.count()).select_from(t.FEEDBACK))
            assert rows == kept > 0
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
