"""The tables as they are now; `migrations/` holds how they came to be.

Times are milliseconds since 1970 in UTC. Ids of ratings, cards and suggestions begin with their
second (`ids.py`), so that they sort by time: a span of time is a range of the primary key.
No table but `audit` and `feedback_comments` holds anything of a patient's record in the clear.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

METADATA: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *columns: Any) -> sa.Table:
    return sa.Table(name, METADATA, *columns, sqlite_with_rowid=False)


PROFILES: Final = _table(
    "profiles",
    # Digest of all it says, so that every process gives the same profile the same id.
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("rating", sa.String(32)),
    sa.Column("step", sa.String(8), nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("order_code", sa.String(64), nullable=False),
)
"""How orders were judged: few rows that many ratings share, so that reports stay fast.

`rating` null: no rating may be given. `version` is that of rules, value sets and options together.
"""

PROFILE_STATEMENTS: Final = _table(
    "profile_statements",
    sa.Column("profile", sa.ForeignKey("profiles.id"), primary_key=True),
    sa.Column("statement", sa.String(64), primary_key=True),
    sa.Column("role", sa.String(16), primary_key=True),
)
"""Statement ids of a profile; `role` is `fired` or `advisory`."""

PROFILE_QUESTIONS: Final = _table(
    "profile_questions",
    sa.Column("profile", sa.ForeignKey("profiles.id"), primary_key=True),
    sa.Column("question", sa.String(200), primary_key=True),
)
"""What was missing for a rating, in our own fixed words."""

RATINGS: Final = _table(
    "ratings",
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("call", sa.Uuid, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("client", sa.String(64), nullable=False),
    sa.Column("hook", sa.String(16), nullable=False),
    sa.Column("hook_instance", sa.Uuid),
    sa.Column("profile", sa.ForeignKey("profiles.id"), nullable=False),
    sa.Column("cards", sa.SmallInteger, nullable=False),
    sa.Column("evaluate_us", sa.Integer, nullable=False),
    sa.Column("total_us", sa.Integer, nullable=False),
    sa.Column("patient", sa.String(32)),
    sa.Column("practitioner", sa.String(32)),
    sa.Column("primary_card", sa.Boolean, nullable=False, server_default=sa.false()),
)
"""One row for each rated order, also where nothing was said (`cards` 0).

Orders of one call share `call`, the id of the first of them, and the timings, which are microseconds:
criteria and rendering, and from the arrival of the request until its answer was ready. `hook_instance` null: it was no
UUID. `patient`, `practitioner`: keyed hashes, null unless a key is configured. `primary_card`: whether
the primary card of the order is in `cards`, so that reports count those here.
"""

CARDS: Final = _table(
    "cards",
    sa.Column("uuid", sa.Uuid, primary_key=True),
    sa.Column("rating", sa.Uuid, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("client", sa.String(64), nullable=False),
    sa.Column("profile", sa.ForeignKey("profiles.id"), nullable=False),
    sa.Column("code", sa.String(32), nullable=False),
    sa.Column("indicator", sa.String(8), nullable=False),
    sa.Column("is_primary", sa.Boolean, nullable=False),
    sa.Index("ix_cards_rating", "rating"),
    sa.Index(
        "ix_cards_overlays",
        "uuid",
        postgresql_where=sa.text("NOT is_primary"),
        sqlite_where=sa.text("NOT is_primary"),
    ),
)
"""Every card that left with a uuid. `code` is its topic: an outcome, or the id of an overlay.

`at`, `client` and `profile` repeat the rating's, so that reports need no join of two large tables.
"""

SUGGESTIONS: Final = _table(
    "suggestions",
    sa.Column("uuid", sa.Uuid, primary_key=True),
    sa.Column("card", sa.Uuid, nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Index("ix_suggestions_card", "card"),
)
"""`name` as in cards/suggestions.toml."""

FEEDBACK: Final = _table(
    "feedback",
    # Digest of client, card, outcome, outcome_at and reason: a repeat is no new row.
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("client", sa.String(64), nullable=False),
    sa.Column("card", sa.Uuid, nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("reason_system", sa.String(256)),
    sa.Column("reason_code", sa.String(64)),
    sa.Column("issued", sa.BigInteger, nullable=False),
    sa.Column("outcome_at", sa.BigInteger, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    # All that a report reads of an event, so that it need not look for the row.
    sa.Index("ix_feedback_card", "card", "client", "outcome", "reason_code", "reason_system"),
    sa.Index("ix_feedback_received_at", "received_at"),
)
"""Acknowledged events on cards of ours.

`outcome` is `accepted` or `overridden`; `overridden` without `reason_code` is a plain dismissal;
`comment-only`: the reason is a comment, kept or not. `card` has no foreign key: that a card is ours is proven by its uuid, and its
row may still be on its way, or lost with the process that sent it. `issued`: the second in which the
card was made, from its uuid.
"""

FEEDBACK_SUGGESTIONS: Final = _table(
    "feedback_suggestions",
    sa.Column("feedback", sa.ForeignKey("feedback.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("suggestion", sa.Uuid, primary_key=True),
    sa.Index("ix_feedback_suggestions_suggestion", "suggestion"),
)
"""What an `accepted` event accepted: suggestions of that card, proven like the card itself."""

FEEDBACK_COMMENTS: Final = _table(
    "feedback_comments",
    sa.Column("feedback", sa.Uuid, primary_key=True),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Index("ix_feedback_comments_received_at", "received_at"),
)
"""Free text of users, which may name a patient: off unless switched on."""

FEEDBACK_QUARANTINE: Final = _table(
    "feedback_quarantine",
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("client", sa.String(64), nullable=False),
    sa.Column("why", sa.String(16), nullable=False),
    sa.Column("card", sa.Uuid),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Index("ix_feedback_quarantine_client", "client"),
)
"""Events that count nowhere. `why`: `card` (not ours, or another client's), `suggestion` (not of
that card), `time` (before the card was issued, or in the future). `card` null: it was no UUID.
"""

WEEK_COUNTS: Final = _table(
    "week_counts",
    sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("questions", sa.String(32), nullable=False),
    sa.Column("numbers", sa.Text, nullable=False),
    sa.Column("answers", sa.Text, nullable=False),
)
"""`answers`: what a report on all clients counted of the week that begins at `start`. `numbers`: how
many rows of each table lay in that week, and when feedback came; as long as that is so, it holds. Both
are JSON. `questions`: digest of what was asked (`reporting/kept.py`).

What changes or removes rows deletes it.
"""

AUDIT: Final = _table(
    "audit",
    sa.Column("rating", sa.Uuid, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("client", sa.String(64), nullable=False),
    sa.Column("explanation", sa.Text, nullable=False),
    sa.Column("reasoning", sa.Text, nullable=False),
)
"""Why a rating was what it was: the explanation object in JSON, and the text of `explain`. Holds
references into the record, dates and values: off unless switched on.
"""

AUDIT_CARDS: Final = _table(
    "audit_cards",
    sa.Column("card", sa.Uuid, primary_key=True),
    sa.Column("rating", sa.Uuid, nullable=False),
    sa.Index("ix_audit_cards_rating", "rating"),
)
"""Which rating a card belongs to, kept as long as the audit record."""

ORIGIN_KEYS: Final = _table(
    "origin_keys",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("secret", sa.String(64), nullable=False),
)
"""Keys by which a uuid proves that we made it; the newest makes new ones, all are accepted."""

COMPANION_HANDLES: Final = _table(
    "companion_handles",
    # SHA-256 of the handle: whoever reads the table cannot use one.
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("sealed", sa.Text, nullable=False),
    sa.Index("ix_companion_handles_expires", "expires"),
)
"""Cards whose open questions the companion app may answer: client, patient, user and draft order,
sealed with the key of the setting `smart_keys_file`. Gone when used or expired.
"""

COMPANION_ANSWERS: Final = _table(
    "companion_answers",
    # Keyed digest of client, patient, user and order.
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("sealed", sa.Text, nullable=False),
    sa.Index("ix_companion_answers_expires", "expires"),
)
"""A QuestionnaireResponse from the companion app, sealed with the same key. Gone when expired."""
