"""Handles of the companion app, and the answers given there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "companion_handles",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_companion_handles"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_companion_handles_expires", "companion_handles", ["expires"])
    op.create_table(
        "companion_answers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_companion_answers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_companion_answers_expires", "companion_answers", ["expires"])


def downgrade() -> None:
    """Drop both; what they held lived for hours only."""
    op.drop_table("companion_answers")
    op.drop_table("companion_handles")
