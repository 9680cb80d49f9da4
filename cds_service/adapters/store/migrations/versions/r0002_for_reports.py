"""For reports: a call bears the id of its first order, and indexes hold what they read of feedback."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"

_RATINGS = sa.table("ratings", sa.column("id", sa.Uuid()), sa.column("call", sa.Uuid()))
_EVENT = ["card", "client", "outcome", "reason_code", "reason_system"]


def upgrade() -> None:
    """Rename the calls, widen one index and add another."""
    place = sa.func.row_number().over(partition_by=_RATINGS.c.call, order_by=_RATINGS.c.id)
    ranked = sa.select(_RATINGS.c.call, _RATINGS.c.id, place.label("place")).subquery("ranked")
    op.execute(
        sa.update(_RATINGS)
        .values(call=ranked.c.id)
        .where(ranked.c.call == _RATINGS.c.call, ranked.c.place == 1)
    )
    op.drop_index("ix_feedback_card", "feedback")
    op.create_index("ix_feedback_card", "feedback", _EVENT)
    op.create_index("ix_feedback_suggestions_suggestion", "feedback_suggestions", ["suggestion"])


def downgrade() -> None:
    """Narrow the one, drop the other. The names of calls stay: what shares a call still shares it."""
    op.drop_index("ix_feedback_card", "feedback")
    op.create_index("ix_feedback_card", "feedback", ["card"])
    op.drop_index("ix_feedback_suggestions_suggestion", "feedback_suggestions")
