"""The app on a store, for tests of what is kept."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest import mock

import sqlalchemy as sa
from calls import NOW, post
from flask import Flask
from flask.testing import FlaskClient
from samples import SAMPLES, evaluator, terminology

from cds_service import app as rooms
from cds_service.adapters.databases import transaction
from cds_service.adapters.store.store import Store
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger

DEVELOPMENT = Settings(dev=True)
FEEDBACK = "/cds-services/cervical-mri/feedback"


class Patient:
    """A store whose look-ups of answers wait for as long as this machine needs: in a test it is the
    answer that counts, and machines can be busy.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def answered(
        self, client: str, patient: str, user: str, orders: Any, now: datetime, _: float
    ) -> Any:
        return self._store.answered(client, patient, user, orders, now, 30.0)


@dataclass
class Service:
    """The app on a store, with a clock that stands still until it is moved."""

    store: Store
    now: datetime = NOW
    settings: Settings = DEVELOPMENT
    log: io.StringIO = field(default_factory=io.StringIO)
    counted: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with mock.patch.object(rooms, "load_terminology", return_value=terminology()):
            self.app: Flask = rooms.create_app(
                self.settings,
                lambda: self.now,
                evaluator(),
                store=self.store,
                companion=Patient(self.store),
                logger=make_logger(self.log),
            )
        self.web: FlaskClient = self.app.test_client()

    def cards(self, body: str | dict[str, Any] = "V01") -> list[dict[str, Any]]:
        """The cards of a request, or of a sample order."""
        response = post(self.web, SAMPLES[body].request() if isinstance(body, str) else body)
        assert response.status_code == 200, response.text
        cards: list[dict[str, Any]] = response.json["cards"]
        return cards

    def feedback(self, *items: Any, status: int = 204) -> Any:
        response = post(self.web, {"feedback": list(items)}, path=FEEDBACK)
        assert response.status_code == status, response.text
        return response

    def written(self) -> None:
        """Wait until what was issued is in the database."""
        self.store.close()

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        with transaction(self.store.url, writes=False) as connection:
            return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def accepted(card: dict[str, Any], *which: int, at: datetime = NOW, **more: Any) -> dict[str, Any]:
    """Feedback: these of a card's suggestions were taken; the first when none is named."""
    ids = [{"id": card["suggestions"][number]["uuid"]} for number in which or (0,)]
    return {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": ids,
        "outcomeTimestamp": at.isoformat(timespec="milliseconds"),
    } | more


def overridden(
    card: dict[str, Any] | str, *, at: datetime = NOW, comment: str | None = None, **reason: str
) -> dict[str, Any]:
    """Feedback: the card was put aside, for a reason if one is given."""
    why: dict[str, Any] = {}
    if reason:
        why["reason"] = reason
    if comment is not None:
        why["userComment"] = comment
    return {
        "card": card if isinstance(card, str) else card["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": at.isoformat(timespec="milliseconds"),
    } | ({"overrideReason": why} if why else {})
