"""Headers of every answer: CORS for browser clients, and the protective ones.

CORS is thirty lines here and no library: two modes, exact origins, no credentials, and preflights
that never redirect are all that CDS Hooks needs, and the rest of a library would be ways to get it
wrong.
"""

from __future__ import annotations

import re
from typing import Final

from flask import Flask, Response, request

from cds_service.web.callers import caller

_ENDPOINTS: Final = re.compile(r"/cds-services/*(?:[^/]+(?:/feedback)?)?/?")
"""Discovery, service and feedback URLs, also with the doubled slash one client makes of them."""

_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Authorization, Accept",
    "Access-Control-Max-Age": "600",
}

PROTECTIVE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
ANY_ORIGIN: Final = {"Access-Control-Allow-Origin": "*"}


def install(app: Flask, origins: frozenset[str] | None) -> None:
    """Allow `origins` to call from a browser; None: every origin (development mode).

    `origins` are those of all clients: a preflight and a refusal do not say whose they are. Once
    the caller is known only its own origins may read the answer.
    """

    @app.before_request
    def preflight() -> Response | None:
        # Answered before routing: no token, no redirect, whatever the service id (CORS-2, CORS-4).
        if request.method == "OPTIONS" and _ENDPOINTS.fullmatch(request.path):
            allowed = origins is None or request.headers.get("Origin") in origins
            return Response(status=204, headers=_PREFLIGHT if allowed else None)
        return None

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        if origins is None:
            headers.update(ANY_ORIGIN)
        else:
            headers.add("Vary", "Origin")
            origin = request.headers.get("Origin")
            client = caller()
            if origin in (origins if client is None else client.origins):
                headers["Access-Control-Allow-Origin"] = origin
        for name, value in PROTECTIVE.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", POLICY)
        return response
