"""Errors as pages, for those who asked for a page; the API keeps its OperationOutcomes."""

from __future__ import annotations

from typing import Final, NamedTuple

from flask import Response, request

from cds_service.pages.site import Site
from cds_service.web.call_log import request_id
from cds_service.web.errors import ErrorPage

_MACHINES: Final = ("/cds-services", "/openapi.json", "/livez", "/readyz", "/static/")
"""Paths that no person opens to read."""


class Words(NamedTuple):
    """What happened, and what to do."""

    title: str
    advice: str


_WORDS: Final = {
    400: Words("That could not be read", "Go back, check what was entered, and send it again."),
    403: Words("Not allowed", "Ask whoever runs this service for access."),
    404: Words(
        "There is no such page", "Check the address, or begin at the start page of this service."
    ),
    405: Words("That does not work here", "Open the page again and use its own buttons."),
    413: Words("That is too large", "Send a smaller file."),
    415: Words("That kind of file is not read here", "Send a request as JSON."),
    429: Words("Too many requests", "Wait a few seconds, then load the page again."),
    500: Words(
        "The service failed",
        "Load the page again. If it fails again, report the number below to whoever runs this service.",
    ),
    503: Words(
        "The service is down or busy",
        "Nothing is lost. Wait a few seconds, then load the page again. "
        "If this stays, tell whoever runs this service; orders can be placed as usual without it.",
    ),
}


def error_pages(site: Site) -> ErrorPage:
    """For `web.errors.install`: a page, or None where an OperationOutcome is the answer."""

    def page(status: int, text: str | None) -> Response | None:
        accepted = request.accept_mimetypes
        if request.path.startswith(_MACHINES) or not (
            accepted.quality("text/html") > accepted.quality("application/json")
        ):
            return None
        words = _WORDS.get(status) or _WORDS[400 if status < 500 else 500]
        return site.page(
            "error.html",
            status=status,
            code=status,
            words=words,
            text=text,
            number=request_id() if status >= 500 else "",
        )

    return page
