"""What the companion app keeps: handles from cards to the app, answers from the app to the next call.

Rows say nothing without the key: content is sealed, and what a row is found by is a digest.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from cds_service.adapters.store import tables as t
from cds_service.adapters.store.bounded import TooSlow, reads
from cds_service.adapters.store.rows import Row, insert_new, milliseconds
from cds_service.adapters.vault import Vault
from cds_service.cdshooks.encode import encode
from cds_service.errors import StoreUnavailable
from cds_service.fhir.resources import QuestionnaireResponse
from cds_service.handles import Answers, Bound, Given, Handle
from cds_service.issued import Slip

_REST: Final = 1.0
"""Seconds after a failure in which a call goes without its answers at once."""
_PATIENCE: Final = 3
"""Look-ups in a row that took too long and are no failure yet: the next may well be in time, and a call
without its answers gets another card.
"""
_FAIR: Final = 0.05
"""Seconds. A call that could not even wait for so long says nothing of the database."""
_SWEEP: Final = 60.0
"""Seconds between removals of what has expired."""
_HANDLE, _ANSWERS = "handle", "answers"

B = TypeVar("B", Handle, Answers)


class _Overtaken(Exception):  # noqa: N818  (what happened, not what it is)
    """Other answers to this order were kept meanwhile."""


class Companion:
    """Handles and answers of one process; made after it was forked, closed with it."""

    def __init__(self, engine: sa.Engine, url: sa.URL, vault: Vault, lifetime: timedelta) -> None:
        self._engine = engine
        self._vault = vault
        self.lifetime = lifetime
        table = t.COMPANION_ANSWERS
        self._answers = reads(url, table.c.id, table.c.sealed)
        self._rests_until = 0.0
        self._slow = 0
        """Look-ups in a row that took too long."""
        self._swept = float("-inf")

    def close(self) -> None:
        self._answers.close()

    # --- behind the calls --------------------------------------------------------------------

    def write(self, connection: sa.Connection, batch: Iterable[tuple[Slip, float, float]]) -> None:
        """Handles of calls that were answered, in the writer's commit."""
        rows: list[Row] = []
        now = None
        for slip, _, _ in batch:
            now = slip.at
            rows += [self._row(token, handle) for token, handle in slip.handles]
        insert_new(connection, t.COMPANION_HANDLES, rows)
        if now is not None and time.monotonic() - self._swept > _SWEEP:
            self._swept = time.monotonic()
            for table in (t.COMPANION_HANDLES, t.COMPANION_ANSWERS):
                connection.execute(sa.delete(table).where(table.c.expires < milliseconds(now)))

    def _row(self, token: str, handle: Handle) -> Row:
        sealed = self._vault.seal(_HANDLE, encode(handle))
        return {"id": _digest(token), "expires": milliseconds(handle.expires), "sealed": sealed}

    # --- in a call ---------------------------------------------------------------------------

    def find(
        self,
        client: str,
        patient: str,
        user: str,
        orders: Sequence[str],
        now: datetime,
        wait: float,
    ) -> Mapping[str, Given] | None:
        """Answers by order; None: whether there are any could not be found out in `wait` seconds."""
        if not orders:
            return {}
        if time.monotonic() < self._rests_until:
            return None
        asked = [Bound(client=client, patient=patient, user=user, order=order) for order in orders]
        by_mark = {mark: each for each in asked for mark in self._marks(each)}
        try:
            rows = self._answers.read(list(by_mark), wait)
        except StoreUnavailable as why:
            self._slow += wait >= _FAIR
            if not isinstance(why, TooSlow) or self._slow > _PATIENCE:
                self._slow = 0
                self._rests_until = time.monotonic() + _REST
            return None
        self._slow = 0
        found: dict[str, Given] = {}
        for mark, sealed in rows:
            answers = self._open(_ANSWERS, sealed, Answers)
            # A row that was moved to another place opens, and is not believed.
            if answers and answers.expires > now and _same(answers, by_mark[mark]):
                response = msgspec.json.decode(answers.response, type=QuestionnaireResponse)
                found[answers.order] = Given(frozenset(answers.consult_ids), response)
        return found

    # --- for the app -------------------------------------------------------------------------

    def handle(self, token: str, now: datetime) -> Handle | None:
        """What a handle stands for; None: unknown, used or expired. Raises StoreUnavailable."""
        table = t.COMPANION_HANDLES
        try:
            with self._engine.connect() as connection:
                sealed = connection.scalar(
                    sa.select(table.c.sealed).where(table.c.id == _digest(token))
                )
        except (SQLAlchemyError, OSError):
            raise StoreUnavailable from None
        found = self._open(_HANDLE, sealed, Handle) if sealed else None
        return found if found is not None and found.expires > now else None

    def keep(self, token: str, answers: Answers, replaces: str | None = None) -> bool:
        """Store answers and use the handle up, both or neither; False: it is gone already.

        Answers to the same order by the same user are replaced if they are those of `replaces`, the id
        of a QuestionnaireResponse. Others were given meanwhile, in another window, and this one never
        showed them: False, and they stay. Raises StoreUnavailable.
        """
        handles, table = t.COMPANION_HANDLES, t.COMPANION_ANSWERS
        marks = self._marks(answers)
        row: Row = {
            "id": marks[0],
            "expires": milliseconds(answers.expires),
            "sealed": self._vault.seal(_ANSWERS, encode(answers)),
        }
        try:
            with self._engine.begin() as connection:
                used = connection.execute(
                    sa.delete(handles).where(handles.c.id == _digest(token))
                ).rowcount
                if not used:
                    return False
                before = sa.select(table.c.sealed).where(table.c.id.in_(marks))
                there = connection.scalars(before).all()
                if self._others(there, answers, replaces):
                    raise _Overtaken
                # Those that were looked at, and none that came since.
                connection.execute(
                    sa.delete(table).where(table.c.id.in_(marks), table.c.sealed.in_(there))
                )
                insert_new(connection, table, [row])
                kept = sa.select(table.c.sealed).where(table.c.id == row["id"])
                if connection.scalar(kept) != row["sealed"]:
                    raise _Overtaken  # by one who was as fast
        except _Overtaken:
            return False
        except (SQLAlchemyError, OSError):
            raise StoreUnavailable from None
        return True

    def _others(self, rows: Iterable[str], answers: Answers, known: str | None) -> bool:
        """Whether answers other than `known` count for this order now."""
        now = answers.expires - self.lifetime
        for sealed in rows:
            there = self._open(_ANSWERS, sealed, Answers)
            if there and there.expires > now and _same(there, answers):
                response = msgspec.json.decode(there.response, type=QuestionnaireResponse)
                if response.id != known:
                    return True
        return False

    def _marks(self, bound: Bound) -> tuple[str, ...]:
        return self._vault.marks(bound.client, bound.patient, bound.user, bound.order)

    def _open(self, kind: str, sealed: str, form: type[B]) -> B | None:
        content = self._vault.open(kind, sealed)
        return None if content is None else msgspec.json.decode(content, type=form)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _same(one: Bound, other: Bound) -> bool:
    return (one.client, one.patient, one.user, one.order) == (
        other.client,
        other.patient,
        other.user,
        other.order,
    )
