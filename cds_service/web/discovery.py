"""GET /cds-services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from cds_service.cdshooks.encode import encode
from cds_service.errors import RequestError, Throttled
from cds_service.web.callers import admit
from cds_service.web.seams import Authenticator


def discovery(
    document: Callable[[bool], dict[str, Any]],
    common: bool,
    authenticator: Authenticator | None,
    public_url: str,
    *,
    closed: bool = False,
) -> Blueprint:
    """Routes that publish the services; each document is written once.

    `document` is asked with and without the fields of hook versions. Who shows a token, made out to
    the discovery URL, gets what its own options say, everybody else `common`; `closed`: nobody else
    gets anything.
    """
    blueprint = Blueprint("discovery", __name__)
    bodies = {fields: encode(document(fields)) for fields in (True, False)}

    def fields() -> bool:
        if authenticator is None or not (closed or "Authorization" in request.headers):
            return common
        try:
            return admit(authenticator, f"{public_url}/cds-services").hook_version_fields
        except Throttled:
            raise  # it is that client's, and its own answer is withheld
        except RequestError:
            if closed:
                raise
            return common  # what is open is open to a token that is not good, too

    # Both spellings answer: a redirect would kill a browser's preflight (CORS-4).
    @blueprint.get("/cds-services")
    @blueprint.get("/cds-services/")
    def services() -> Response:
        """List the services."""
        return Response(bodies[fields()], content_type="application/json")

    return blueprint
