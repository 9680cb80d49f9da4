"""Hook requests for tests, and an evaluator that answers without knowing anything."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Request
from flask.testing import FlaskClient

from cds_service.cdshooks.feedback import Event
from cds_service.cdshooks.request import HookRequest
from cds_service.client import Client
from cds_service.errors import DataNotAvailable, RequestError
from cds_service.issued import Rated, Slip
from cds_service.rendering.render import RANDOM
from cds_service.watch import Watch

HOOK_INSTANCE = "6d0c1c7e-9a0b-4d1f-8f0e-2f6a5b1f7c11"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

DRAFT = {
    "resourceType": "ServiceRequest",
    "id": "draft-mri-1",
    "status": "draft",
    "intent": "order",
    "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "72141"}]},
    "subject": {"reference": "Patient/pt-204"},
}


def bundle(*resources: Any, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": resource} for resource in resources],
    } | members


def condition(**members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "c-1",
        "subject": {"reference": "Patient/pt-204"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "81680005"}]},
    } | members


def context(**members: Any) -> dict[str, Any]:
    """An order-select context; a member given as None is left out."""
    return _without_none(
        {
            "userId": "PractitionerRole/pr-7",
            "patientId": "pt-204",
            "encounterId": "enc-88",
            "selections": ["ServiceRequest/draft-mri-1"],
            "draftOrders": bundle(DRAFT, type="collection"),
        }
        | members
    )


def call(**members: Any) -> dict[str, Any]:
    """An order-select request; a member given as None is left out."""
    return _without_none(
        {
            "hook": "order-select",
            "hookInstance": HOOK_INSTANCE,
            "context": context(),
            "prefetch": {
                "patient": {"resourceType": "Patient", "id": "pt-204", "birthDate": "1979-03-02"},
                "conditions": bundle(condition(), total=1),
                "procedures": None,
            },
        }
        | members
    )


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None}


CARD = {
    "uuid": "3b1d5f0a-5c0e-4a55-9d0b-8f2f1f0f6a01",
    "summary": "MRI is not needed yet",
    "indicator": "warning",
    "source": {
        "label": "Criteria",
        "topic": {"system": "http://example.org/CodeSystem/recommendation", "code": "NOT_YET"},
    },
}


RATED = Rated(
    order_code="72141",
    outcome="NOT_YET",
    rating="not-appropriate",
    step="P12",
    version="0+fake",
    fired=(),
    advisory=(),
    missing=(),
    sent=1,
    cards=(),
)


class FakeEvaluator:
    """Answers one card and remembers what it was asked; `fails` is raised instead."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.fails = fails
        self.asked: list[tuple[HookRequest, datetime, Client]] = []

    version = "0+fake"

    def evaluate(
        self,
        request: HookRequest,
        now: datetime,
        client: Client,
        watch: Watch | None = None,
        *,
        slip: Slip | None = None,
    ) -> dict[str, Any]:
        self.asked.append((request, now, client))
        if self.fails:
            raise self.fails
        if not request.prefetch["conditions"].present:
            raise DataNotAvailable("conditions", "absent; no fhirAuthorization supplied")
        if watch is not None:
            watch.lap("evaluate")
        if slip is not None:
            slip.rated = (RATED,)
        return {"cards": [CARD]}

    def explain(self, request: HookRequest, now: datetime, client: Client) -> str:
        return f"NOT_YET as of {now.isoformat()}"

    def reason(self, request: HookRequest, now: datetime, client: Client) -> tuple[Any, ...]:
        return ()

    def passed_over(self, request: HookRequest, now: datetime, client: Client) -> list[str]:
        return []


MARK = "Xylocanth"
"""Stands for patient data."""


def assert_outcome(response: Any, status: int, code: str) -> None:
    """The answer of Flask's test client is an OperationOutcome that quotes nothing."""
    assert response.status_code == status
    assert response.content_type == "application/json"
    body = response.json
    assert body["resourceType"] == "OperationOutcome"
    uuid.UUID(body["id"])
    (issue,) = body["issue"]
    assert (issue["severity"], issue["code"]) == ("error", code)
    assert issue["details"]["text"]
    assert MARK not in response.get_data(as_text=True)


SERVICE = "/cds-services/cervical-mri"
ORIGIN = "https://ehr.example"


class Bouncer:
    """Lets in whoever says please."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.urls: list[str] = []

    def authenticate(self, request: Request, url: str) -> Client:
        self.urls.append(url)
        if request.headers.get("Authorization") != "Bearer please":
            raise RequestError(401, "security", "not authenticated")
        return self.client


def post(web: FlaskClient, body: Any = None, **options: Any) -> Any:
    """POST a hook request; `body` may be bytes."""
    data = body if isinstance(body, bytes) else json.dumps(call() if body is None else body)
    options = {"content_type": "application/json"} | options
    return web.post(options.pop("path", SERVICE), data=data, **options)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


class Remembering:
    """A store that keeps in memory what it is handed."""

    def __init__(self) -> None:
        self.slips: list[Slip] = []
        self.events: list[Event] = []

    def slip(self, client: Client, now: datetime, **call: Any) -> Slip:
        call.pop("patient"), call.pop("practitioner")
        return Slip(client=client.name, at=now, identities=RANDOM, **call)

    def record(self, slip: Slip, evaluate: float, total: float) -> None:
        self.slips.append(slip)

    def keep(self, events: Sequence[Event], client: Client, now: datetime) -> None:
        self.events += events
