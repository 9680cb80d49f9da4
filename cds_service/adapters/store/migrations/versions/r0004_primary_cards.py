"""For reports: a rating says whether its primary card has a row, and overlay cards have an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"

_RATINGS = sa.table("ratings", sa.column("id", sa.Uuid()), sa.column("primary_card", sa.Boolean()))
_CARDS = sa.table("cards", sa.column("rating", sa.Uuid()), sa.column("is_primary", sa.Boolean()))


def upgrade() -> None:
    """Add the column, fill it in from the cards, and make the index."""
    op.add_column(
        "ratings",
        sa.Column("primary_card", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    its_card = sa.select(_CARDS.c.rating).where(
        _CARDS.c.rating == _RATINGS.c.id, _CARDS.c.is_primary
    )
    op.execute(sa.update(_RATINGS).values(primary_card=True).where(its_card.exists()))
    only = sa.text("NOT is_primary")
    op.create_index(
        "ix_cards_overlays", "cards", ["uuid"], postgresql_where=only, sqlite_where=only
    )


def downgrade() -> None:
    """Take both away; the cards still say it."""
    op.drop_index("ix_cards_overlays", "cards")
    op.drop_column("ratings", "primary_card")
