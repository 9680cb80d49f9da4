"""From a card to the app: the handle that stands for one order whose rating lacks an answer."""

from __future__ import annotations

import secrets
from typing import Final

import msgspec

from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import HookRequest
from cds_service.client import Client
from cds_service.companion.questions import Questions
from cds_service.fhir.references import relative
from cds_service.handles import Handle
from cds_service.issued import Slip
from cds_service.rendering.model import OrderAdvice, RenderOptions
from cds_service.rendering.pama import carried_id, consult_id

LAUNCH: Final = "/smart/launch"
"""Where the app is launched, below the public URL; by every client also with its name behind it."""
LARGEST_DRAFT: Final = 64 * 1024
"""Bytes of an order that are kept for the app."""
PEOPLE: Final = ("Practitioner", "Patient", "RelatedPerson")
"""Who can be known again at a log-in. A PractitionerRole is a post: its call names the post, the log-in
of the app whoever fills it (SMART App Launch, fhirUser).
"""


def launch_path(client: Client) -> str | None:
    """Where this client's cards lead to the app; None: they offer none. What was registered with an
    EHR before names came into use stays as it is, unless it no longer tells whose launch it is.
    """
    if client.smart is None:
        return None
    return f"{LAUNCH}/{client.name}" if client.smart.shares else LAUNCH


def user_of(request: HookRequest) -> str:
    """`Practitioner/x`, also of a client that sends the whole address."""
    user = request.context.user_id
    return relative(user, request.fhir_server) or user


def can_log_in(user: str | None) -> bool:
    """Whether a log-in of the app may name this very user, `Practitioner/x`."""
    kind, _, identity = (user or "").partition("/")
    return kind in PEOPLE and bool(identity) and "/" not in identity


def with_handle(
    advice: OrderAdvice,
    request: HookRequest,
    options: RenderOptions,
    slip: Slip,
    questions: Questions,
) -> OrderAdvice:
    """The advice with a handle, if the app can do something about what is missing, its user can log in
    there, and the handle can be kept. Without a question the app would be a detour; earlier answers
    can be changed there.
    """
    user = user_of(request)
    missing = advice.recommendation.missing
    of_use = questions.can_ask(missing) or (missing and advice.reference in request.answered)
    if slip.handles_until is None or not of_use or not can_log_in(user):
        return advice
    draft = encode(advice.order)
    if len(draft) > LARGEST_DRAFT:
        return advice
    carried = carried_id(advice.order)
    token = secrets.token_urlsafe(32)
    handle = Handle(
        client=slip.client,
        patient=request.context.patient_id,
        user=user,
        order=advice.reference,
        expires=slip.handles_until,
        consult_ids=(consult_id(advice, options), *([carried] if carried else ())),
        draft=msgspec.Raw(draft),
        encounter=request.context.encounter_id,
    )
    slip.handles.append((token, handle))
    return msgspec.structs.replace(advice, app_context=token)
