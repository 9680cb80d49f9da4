"""POST /cds-services/{id}/feedback."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from cds_service.cdshooks.feedback import decode
from cds_service.cdshooks.services import SERVICE_ID
from cds_service.web.call_log import note
from cds_service.web.callers import admit
from cds_service.web.errors import refusal
from cds_service.web.invoke import read_body
from cds_service.web.seams import Authenticator, Clock, FeedbackKeeper


def feedback(
    keeper: FeedbackKeeper,
    authenticator: Authenticator,
    clock: Clock,
    public_url: str,
    systems: Mapping[str, str],
) -> Blueprint:
    """Routes that take feedback; `systems` are those of our override reasons, by code."""
    blueprint = Blueprint("feedback", __name__)

    @blueprint.post("/cds-services/<service_id>/feedback")
    @blueprint.post("/cds-services//<service_id>/feedback")
    def keep(service_id: str) -> Response:
        """Store what became of cards; 204 once it is on the disk, whoever's cards they are."""
        if service_id != SERVICE_ID:
            raise refusal(404)
        note(service=SERVICE_ID)
        client = admit(authenticator, f"{public_url}/cds-services/{SERVICE_ID}/feedback")
        events = decode(read_body(request), systems)
        note(events=len(events))
        keeper.keep(events, client, clock())
        return Response(status=204)

    return blueprint
