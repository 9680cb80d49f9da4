"""POST /cds-services/{id}."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

import msgspec
from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import HTTPException

from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import HookRequest, decode
from cds_service.cdshooks.services import SERVICE_ID
from cds_service.client import Client
from cds_service.companion.links import user_of
from cds_service.errors import RequestError
from cds_service.issued import Slip
from cds_service.web.call_log import note, note_answer, note_request, watch
from cds_service.web.callers import admit
from cds_service.web.errors import refusal
from cds_service.web.seams import (
    AnswerFinder,
    Authenticator,
    Clock,
    EvaluatorProtocol,
    FhirReader,
    Recorder,
)

WAITED: Final = "cds_service.waited"
"""Key of the WSGI environment: seconds a call stood in the queue before a thread took it."""

LOOKUP: Final = 0.25
"""Seconds that a call waits for answers from the companion app: without them its card may be another."""
EVALUATION: Final = 0.15
"""Seconds of its time that a call keeps for all that comes behind them."""

_MEDIA_TYPES: Final = ("application/json", "application/fhir+json")


def invoke(
    evaluator: EvaluatorProtocol,
    authenticator: Authenticator,
    reader: FhirReader | None,
    clock: Clock,
    public_url: str,
    longest_wait: float = 0.1,
    recorder: Recorder | None = None,
    answers: AnswerFinder | None = None,
) -> Blueprint:
    """Routes that answer a hook, unless it has waited for more than `longest_wait` seconds.

    `answers` are those of the companion app, for the clients that have it.
    """
    blueprint = Blueprint("invoke", __name__)

    # One client makes `//id` of a discovery URL that was typed with a slash at its end.
    @blueprint.post("/cds-services/<service_id>")
    @blueprint.post("/cds-services//<service_id>")
    def call(service_id: str) -> Response:
        """Rate the draft orders of one firing of a hook."""
        waited: float = request.environ.get(WAITED, 0.0)
        arrived = time.monotonic() - waited
        if service_id != SERVICE_ID:
            raise refusal(404)
        if waited > longest_wait:
            # Overload: who is told now can still go on without advice in time.
            raise refusal(503)
        clockwork = watch()
        note(service=SERVICE_ID)
        client = admit(authenticator, f"{public_url}/cds-services/{SERVICE_ID}")
        clockwork.lap("verify")
        body = read_body(request)
        clockwork.lap("read")
        hook_request = decode(body)
        note_request(hook_request)
        clockwork.lap("decode")
        if reader is not None:
            budget = min(client.fetch_budget, client.budget - (time.monotonic() - arrived))
            completed = reader.complete(hook_request, client, time.monotonic() + budget)
            if completed is not hook_request:
                hook_request = completed
                clockwork.lap("fetch")
        now = clock()
        if answers is not None and client.smart is not None:
            left = client.budget - (time.monotonic() - arrived)
            hook_request = with_answers(answers, hook_request, client, now, left)
        slip = _slip(recorder, hook_request, client, now)
        began = time.monotonic()
        answer = evaluator.evaluate(hook_request, now, client, clockwork, slip=slip)
        took = time.monotonic() - began
        encoded = encode(answer)
        clockwork.lap("render")
        note_answer(answer, slip.rated)
        if recorder is not None:
            recorder.record(slip, took, time.monotonic() - arrived)
        return Response(encoded, content_type="application/json")

    return blueprint


def with_answers(
    answers: AnswerFinder, asked: HookRequest, client: Client, now: datetime, left: float
) -> HookRequest:
    """The request with what its user answered in the companion app about its drafts."""
    orders = [
        f"ServiceRequest/{draft['id']}"
        for draft in asked.context.draft_orders
        if draft.get("resourceType") == "ServiceRequest" and isinstance(draft.get("id"), str)
    ]
    wait = patience(left)
    patient, user = asked.context.patient_id, user_of(asked)
    found = answers.answered(client.name, patient, user, orders, now, wait)
    if found is None:
        return msgspec.structs.replace(asked, answers_unread=True)
    return msgspec.structs.replace(asked, answered=found) if found else asked


def patience(left: float) -> float:
    """Seconds to wait for answers when `left` are left of a call's time. Where reading the chart has
    left little, half of it.
    """
    return min(LOOKUP, max(left - EVALUATION, left / 2, 0.0))


def _slip(recorder: Recorder | None, asked: HookRequest, client: Client, now: datetime) -> Slip:
    hook, instance = asked.hook, asked.correlation_id
    if recorder is None:  # and so no uuids: feedback could not be kept
        return Slip(client=client.name, hook=hook, hook_instance=instance, at=now, identities=None)
    return recorder.slip(
        client,
        now,
        hook=hook,
        hook_instance=instance,
        patient=asked.context.patient_id,
        practitioner=asked.context.user_id,
    )


def read_body(incoming: Request) -> bytes:
    """The bytes of a JSON body, never inflated; more than the limit raises RequestEntityTooLarge."""
    if incoming.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise refusal(415)
    charset = incoming.mimetype_params.get("charset", "utf-8").lower()
    if incoming.mimetype not in _MEDIA_TYPES or charset not in ("utf-8", "utf8", "us-ascii"):
        raise refusal(415)
    try:
        return _received(incoming)
    except (RequestError, HTTPException):
        raise
    except Exception:  # noqa: BLE001  # each server has its own words for a body that breaks off
        raise refusal(400) from None


def _received(incoming: Request) -> bytes:
    length, limit = incoming.content_length, incoming.max_content_length
    body: bytes
    if length is None:
        body = incoming.get_data(cache=False)
        # A chunked body is cut at the limit without a word: one that fills it was longer.
        if limit is not None and len(body) >= limit:
            raise refusal(413)
        return body
    if limit is not None and length > limit:
        raise refusal(413)
    # In one read: the request's own reader copies a large body many times over, piece by piece.
    body = incoming.environ["wsgi.input"].read(length)
    if len(body) < length:
        raise refusal(400)  # the client went away
    return body
