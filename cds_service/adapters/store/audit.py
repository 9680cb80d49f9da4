"""The reasoning behind a card, as it was written down when the card was sent."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from cds_service.adapters.store import tables as t


def reasoning(connection: sa.Connection, card: UUID) -> str | None:
    """The text of `cds-service explain` at that time; None: no record of that card."""
    text: str | None = connection.scalar(
        sa.select(t.AUDIT.c.reasoning)
        .join(t.AUDIT_CARDS, t.AUDIT_CARDS.c.rating == t.AUDIT.c.rating)
        .where(t.AUDIT_CARDS.c.card == card)
    )
    return text
