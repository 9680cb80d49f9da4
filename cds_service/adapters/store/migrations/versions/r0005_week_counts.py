"""What reports counted of weeks that are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "week_counts",
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("questions", sa.String(length=32), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("start", name="pk_week_counts"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop it; reports count again."""
    op.drop_table("week_counts")
