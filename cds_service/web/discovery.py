"""GET /cds-services."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from cds_service.cdshooks.encode import encode
from cds_service.web.callers import admit
from cds_service.web.seams import Authenticator


def discovery(
    document: dict[str, Any], authenticator: Authenticator | None, public_url: str
) -> Blueprint:
    """Routes that publish the services; the document is written once.

    With an authenticator a token is needed, made out to the discovery URL.
    """
    blueprint = Blueprint("discovery", __name__)
    body = encode(document)

    # Both spellings answer: a redirect would kill a browser's preflight (CORS-4).
    @blueprint.get("/cds-services")
    @blueprint.get("/cds-services/")
    def services() -> Response:
        """List the services."""
        if authenticator is not None:
            admit(authenticator, f"{public_url}/cds-services")
        return Response(body, content_type="application/json")

    return blueprint
