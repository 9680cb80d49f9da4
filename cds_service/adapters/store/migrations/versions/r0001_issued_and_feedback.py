"""Ratings, cards, feedback and audit records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "audit",
        sa.Column("rating", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("reasoning", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rating", name="pk_audit"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_cards",
        sa.Column("card", sa.Uuid(), nullable=False),
        sa.Column("rating", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("card", name="pk_audit_cards"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_audit_cards_rating", "audit_cards", ["rating"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("card", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason_system", sa.String(length=256)),
        sa.Column("reason_code", sa.String(length=64)),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("outcome_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feedback_card", "feedback", ["card"])
    op.create_index("ix_feedback_received_at", "feedback", ["received_at"])
    op.create_table(
        "feedback_suggestions",
        sa.Column("feedback", sa.Uuid(), nullable=False),
        sa.Column("suggestion", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feedback"],
            ["feedback.id"],
            name="fk_feedback_suggestions_feedback",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("feedback", "suggestion", name="pk_feedback_suggestions"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "feedback_comments",
        sa.Column("feedback", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("feedback", name="pk_feedback_comments"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feedback_comments_received_at", "feedback_comments", ["received_at"])
    op.create_table(
        "feedback_quarantine",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("card", sa.Uuid()),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback_quarantine"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feedback_quarantine_client", "feedback_quarantine", ["client"])
    op.create_table(
        "origin_keys",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_origin_keys"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "profiles",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("rating", sa.String(length=32)),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("order_code", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_profiles"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "suggestions",
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("card", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name="pk_suggestions"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_suggestions_card", "suggestions", ["card"])
    op.create_table(
        "cards",
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("rating", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("indicator", sa.String(length=8), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["profile"], ["profiles.id"], name="fk_cards_profile"),
        sa.PrimaryKeyConstraint("uuid", name="pk_cards"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_cards_rating", "cards", ["rating"])
    op.create_table(
        "profile_questions",
        sa.Column("profile", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["profile"], ["profiles.id"], name="fk_profile_questions_profile"),
        sa.PrimaryKeyConstraint("profile", "question", name="pk_profile_questions"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "profile_statements",
        sa.Column("profile", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["profile"], ["profiles.id"], name="fk_profile_statements_profile"),
        sa.PrimaryKeyConstraint("profile", "statement", "role", name="pk_profile_statements"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ratings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("hook", sa.String(length=16), nullable=False),
        sa.Column("hook_instance", sa.Uuid()),
        sa.Column("profile", sa.BigInteger(), nullable=False),
        sa.Column("cards", sa.SmallInteger(), nullable=False),
        sa.Column("evaluate_us", sa.Integer(), nullable=False),
        sa.Column("total_us", sa.Integer(), nullable=False),
        sa.Column("patient", sa.String(length=32)),
        sa.Column("practitioner", sa.String(length=32)),
        sa.ForeignKeyConstraint(["profile"], ["profiles.id"], name="fk_ratings_profile"),
        sa.PrimaryKeyConstraint("id", name="pk_ratings"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop all tables, with everything in them."""
    op.drop_table("ratings")
    op.drop_table("profile_statements")
    op.drop_table("profile_questions")
    op.drop_table("cards")
    op.drop_table("suggestions")
    op.drop_table("profiles")
    op.drop_table("origin_keys")
    op.drop_table("feedback_quarantine")
    op.drop_table("feedback_comments")
    op.drop_table("feedback_suggestions")
    op.drop_table("feedback")
    op.drop_table("audit_cards")
    op.drop_table("audit")
