"""SIGKILL while feedback is written; `make soak` does it for longer."""

from __future__ import annotations

import postgres
import pytest
from soak import kill

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
