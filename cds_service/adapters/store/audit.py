"""The reasoning behind a card, as it was written down when the card was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import orjson
import sqlalchemy as sa

from cds_service.adapters.store import tables as t


def reasoning(connection: sa.Connection, card: UUID) -> str | None:
    """When the card was sent, to whom and by which rules, then the text of `cds-service explain`
    at that time; None: no record of that card.
    """
    found = connection.execute(
        sa.select(t.AUDIT.c.at, t.AUDIT.c.client, t.AUDIT.c.explanation, t.AUDIT.c.reasoning)
        .join(t.AUDIT_CARDS, t.AUDIT_CARDS.c.rating == t.AUDIT.c.rating)
        .where(t.AUDIT_CARDS.c.card == card)
    ).one_or_none()
    if found is None:
        return None
    sent = datetime.fromtimestamp(found.at / 1000, UTC)
    version = orjson.loads(found.explanation).get("version", "not written down")
    head = f"Sent: {sent:%Y-%m-%d %H:%M:%S} UTC to {found.client}; rules {version}"
    return f"{head}\n{found.reasoning}"
