"""A call is named after its first order, so that reports count it there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"

_RATINGS = sa.table("ratings", sa.column("id", sa.Uuid()), sa.column("call", sa.Uuid()))


def upgrade() -> None:
    """Give each call the id of its first order."""
    place = sa.func.row_number().over(partition_by=_RATINGS.c.call, order_by=_RATINGS.c.id)
    ranked = sa.select(_RATINGS.c.call, _RATINGS.c.id, place.label("place")).subquery("ranked")
    op.execute(
        sa.update(_RATINGS)
        .values(call=ranked.c.id)
        .where(ranked.c.call == _RATINGS.c.call, ranked.c.place == 1)
    )


def downgrade() -> None:
    """Nothing: what shares a call still shares it."""
