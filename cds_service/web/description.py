"""GET /openapi.json: the service described for machines; `openapi.json` is kept by hand."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response

from cds_service import __version__
from cds_service.cdshooks.encode import encode


def document(public_url: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of this deployment."""
    text = files("cds_service.web").joinpath("openapi.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    found["info"]["version"] = __version__
    found["servers"] = [{"url": public_url}]
    return found


def description(public_url: str) -> Blueprint:
    """The route; the document is written once."""
    blueprint = Blueprint("description", __name__)
    body = encode(document(public_url))

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        """Describe the service."""
        return Response(body, content_type="application/json")

    return blueprint
