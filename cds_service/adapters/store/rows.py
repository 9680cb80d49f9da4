"""From what was issued to rows, and how rows get in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.adapters.store import tables as t
from cds_service.adapters.store.ids import plain
from cds_service.issued import Rated, Slip

Row = dict[str, Any]
Rows = dict[sa.Table, list[Row]]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_QUESTION: Final = 200
ORDER: Final = (
    t.PROFILES, t.PROFILE_STATEMENTS, t.PROFILE_QUESTIONS, t.RATINGS, t.CARDS, t.SUGGESTIONS,
    t.AUDIT, t.AUDIT_CARDS,
)  # fmt: skip
"""What refers to another table comes after it."""


def milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def insert_new(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Insert the rows that are not there yet and say how many; a repeat changes nothing."""
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table).on_conflict_do_nothing()
    return connection.execute(
        insert, list(rows), execution_options={"preserve_rowcount": True}
    ).rowcount


def issued_rows(slips: Iterable[tuple[Slip, float, float]]) -> Rows:
    """Rows of each table; with each slip come the seconds of its evaluation and of its call."""
    rows: Rows = {table: [] for table in ORDER}
    for slip, evaluate, total in slips:
        ids = [plain(slip.at) for _ in slip.rated]
        for id_, rated in zip(ids, slip.rated, strict=True):
            rating: Row = {
                "id": id_,
                "call": ids[0],
                "at": milliseconds(slip.at),
                "client": slip.client,
                "hook": slip.hook,
                "hook_instance": slip.hook_instance and UUID(slip.hook_instance),
                "profile": _profile(rated, rows),
                "cards": rated.sent,
                "evaluate_us": _micros(evaluate),
                "total_us": _micros(total),
                "patient": slip.patient,
                "practitioner": slip.practitioner,
                "primary_card": any(card.primary for card in rated.cards),
            }
            rows[t.RATINGS].append(rating)
            _cards(rated, rating, rows)
            _audit(rated, rating, rows)
    return rows


def _profile(rated: Rated, rows: Rows) -> int:
    row: Row = {
        "outcome": rated.outcome,
        "rating": rated.rating,
        "step": rated.step,
        "version": rated.version,
        "order_code": rated.order_code,
    }
    missing = sorted({question[:_QUESTION] for question in rated.missing})
    fired, advisory = sorted(set(rated.fired)), sorted(set(rated.advisory))
    digest = hashlib.sha256(orjson.dumps([*row.values(), fired, advisory, missing])).digest()
    profile = int.from_bytes(digest[:8]) >> 1
    rows[t.PROFILES].append(row | {"id": profile})
    rows[t.PROFILE_STATEMENTS] += [
        {"profile": profile, "statement": statement, "role": role}
        for role, statements in (("fired", fired), ("advisory", advisory))
        for statement in statements
    ]
    rows[t.PROFILE_QUESTIONS] += [{"profile": profile, "question": each} for each in missing]
    return profile


def _cards(rated: Rated, rating: Row, rows: Rows) -> None:
    for card in rated.cards:
        uuid = UUID(card.uuid)
        rows[t.CARDS].append(
            {
                "uuid": uuid,
                "rating": rating["id"],
                "at": rating["at"],
                "client": rating["client"],
                "profile": rating["profile"],
                "code": card.code,
                "indicator": card.indicator,
                "is_primary": card.primary,
            }
        )
        rows[t.SUGGESTIONS] += [
            {"uuid": UUID(suggestion), "card": uuid, "name": name}
            for suggestion, name in card.suggestions
        ]


def _audit(rated: Rated, rating: Row, rows: Rows) -> None:
    if rated.explanation is None:
        return
    rows[t.AUDIT].append(
        {
            "rating": rating["id"],
            "at": rating["at"],
            "client": rating["client"],
            "explanation": orjson.dumps(rated.explanation).decode(),
            # One of the databases refuses this character, and no reader misses it.
            "reasoning": rated.reasoning.replace("\0", ""),
        }
    )
    rows[t.AUDIT_CARDS] += [
        {"card": UUID(card.uuid), "rating": rating["id"]} for card in rated.cards
    ]


def _micros(seconds: float) -> int:
    return min(int(seconds * 1_000_000), 2_000_000_000)
