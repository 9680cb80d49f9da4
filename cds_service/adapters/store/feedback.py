"""Feedback, written before it is acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from cds_service.adapters.store import tables as t
from cds_service.adapters.store.ids import Origin, made_at
from cds_service.adapters.store.rows import Row, insert_new, milliseconds
from cds_service.cdshooks.feedback import Event

CLOCKS: Final = timedelta(minutes=5)
"""How far the clock of a client may be off."""

Why = Literal["card", "suggestion", "time"]


class Sorted:
    """Rows of the events of one call: those that count, and those kept apart."""

    def __init__(self, client: str, now: datetime, origin: Origin, *, comments: bool) -> None:
        self._client = client
        self._now = now
        self._origin = origin
        self._comments = comments
        self.events: list[Row] = []
        self.suggestions: list[Row] = []
        self.comments: list[Row] = []
        self.apart: list[Row] = []

    def sort(self, events: Iterable[Event]) -> None:
        for event in events:
            self._sort(event)

    def _sort(self, event: Event) -> None:
        card = event.card
        if card is None or not self._origin.is_card(self._client, card):
            self._set_apart(event, "card")
            return
        issued = made_at(card)
        if not issued - CLOCKS <= event.at <= self._now + CLOCKS:
            self._set_apart(event, "time")
            return
        ours = [
            suggestion
            for suggestion in event.suggestions
            if suggestion and self._origin.is_suggestion(self._client, card, suggestion)
        ]
        if len(ours) < len(event.suggestions):
            self._set_apart(event, "suggestion")
        if event.outcome == "overridden" or ours:
            self._keep(event, card, issued, ours)

    def _keep(self, event: Event, card: UUID, issued: datetime, ours: Sequence[UUID]) -> None:
        reason = event.reason
        row: Row = {
            "client": self._client,
            "card": card,
            "outcome": event.outcome,
            "reason_system": reason and reason.system,
            "reason_code": reason and reason.code,
            "outcome_at": milliseconds(event.at),
        }
        row["id"] = _digest(*row.values())
        row["issued"] = milliseconds(issued)
        row["received_at"] = milliseconds(self._now)
        self.events.append(row)
        self.suggestions += [{"feedback": row["id"], "suggestion": each} for each in ours]
        if self._comments and event.comment:
            self.comments.append(
                {
                    "feedback": row["id"],
                    "received_at": row["received_at"],
                    "comment": event.comment,
                }
            )

    def _set_apart(self, event: Event, why: Why) -> None:
        row: Row = {
            "client": self._client,
            "why": why,
            "card": event.card,
            "outcome": event.outcome,
        }
        row["id"] = _digest(*row.values(), milliseconds(event.at))
        self.apart.append(row | {"received_at": milliseconds(self._now)})


class Written(NamedTuple):
    """How many events a call brought that are kept now and were not before, and how many others."""

    kept: int
    set_apart: int
    repeated: int
    """There already."""
    dropped: int
    """To be set apart, and beyond the cap."""


def write(connection: sa.Connection, found: Sorted, client: str, cap: int) -> Written:
    """All or nothing, in the transaction of `connection`. Repeats change nothing.

    `cap`: rows kept apart for one client, so that nobody fills the disk with what counts nowhere.
    """
    kept = insert_new(connection, t.FEEDBACK, found.events)
    insert_new(connection, t.FEEDBACK_SUGGESTIONS, found.suggestions)
    insert_new(connection, t.FEEDBACK_COMMENTS, found.comments)
    room, set_apart = len(found.apart), 0
    if found.apart:
        apart = t.FEEDBACK_QUARANTINE
        there = connection.scalar(
            sa.select(sa.func.count()).select_from(apart).where(apart.c.client == client)
        )
        room = min(room, max(0, cap - (there or 0)))
        set_apart = insert_new(connection, apart, found.apart[:room])
    repeated = len(found.events) - kept + room - set_apart
    return Written(kept, set_apart, repeated, len(found.apart) - room)


def _digest(*parts: Any) -> UUID:
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])
