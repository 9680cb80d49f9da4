"""GET /cds-services."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from cds_service.cdshooks.encode import encode


def discovery(document: dict[str, Any]) -> Blueprint:
    """Routes that publish the services; the document is written once."""
    blueprint = Blueprint("discovery", __name__)
    body = encode(document)

    # Both spellings answer: a redirect would kill a browser's preflight (CORS-4).
    @blueprint.get("/cds-services")
    @blueprint.get("/cds-services/")
    def services() -> Response:
        """List the services."""
        return Response(body, content_type="application/json")

    return blueprint
