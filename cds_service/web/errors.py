"""Exceptions to HTTP, in one table. Every text is fixed; nothing of the request comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from flask import Flask, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from cds_service.cdshooks.encode import encode
from cds_service.errors import CallerRefused, RequestError, StoreUnavailable, Throttled
from cds_service.web.call_log import failure, note, request_id


class Answer(NamedTuple):
    """Issue code and text of an HTTP status."""

    code: str
    text: str


ANSWERS: Final[dict[int, Answer]] = {
    400: Answer("structure", "the request could not be read; send it again in full"),
    403: Answer(
        "forbidden", "the tenant named in the token may not call; ask the operator to add it"
    ),
    404: Answer("not-found", "no such service; GET /cds-services lists what there is"),
    405: Answer("not-supported", "method not allowed here; the Allow header lists what is"),
    413: Answer("too-long", "the body is larger than this service accepts; send less prefetch"),
    414: Answer("too-long", "the address is longer than this service accepts"),
    415: Answer(
        "not-supported", "send UTF-8 application/json or application/fhir+json, not compressed"
    ),
    417: Answer("not-supported", "send the request without an Expect header"),
    429: Answer("throttled", "too many calls; wait and try again"),
    431: Answer("too-long", "the headers are larger than this service accepts"),
    500: Answer("exception", "the service failed; quote the id of this answer when you report it"),
    501: Answer("not-supported", "send the body plain or chunked"),
    503: Answer("transient", "the service is busy; try again"),
}

ErrorPage: TypeAlias = Callable[[int, str | None], Response | None]
"""Status, and a text of ours if the error has one -> a page for a person; None: an OperationOutcome."""
RETRY_AFTER: Final = {429: "1", 503: "1"}
"""Seconds after which a client may try again."""


def body(status: int, request_id: str) -> bytes:
    """The OperationOutcome of a status, with its fixed text."""
    answer = ANSWERS[status]
    return _operation_outcome(request_id, answer.code, answer.text)


def outcome(status: int, code: str, text: str, diagnostics: str | None = None) -> Response:
    """An OperationOutcome with one issue; 401 has no body (SEC-10)."""
    if status == 401:
        return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
    content = _operation_outcome(request_id(), code, text, diagnostics)
    response = Response(content, status=status, content_type="application/json")
    if status in RETRY_AFTER:
        response.headers["Retry-After"] = RETRY_AFTER[status]
    return response


def _operation_outcome(
    request_id: str, code: str, text: str, diagnostics: str | None = None
) -> bytes:
    issue: dict[str, Any] = {"severity": "error", "code": code, "details": {"text": text}}
    if diagnostics:
        issue["diagnostics"] = diagnostics
    return encode({"resourceType": "OperationOutcome", "id": request_id, "issue": [issue]})


def install(app: Flask, pages: ErrorPage | None = None) -> None:
    """Register the handlers: ours, Flask's, and everything else."""

    def page(status: int, text: str | None = None) -> Response | None:
        return pages(status, text) if pages else None

    @app.errorhandler(CallerRefused)
    def unverified(error: CallerRefused) -> Response:
        note(refused="caller", reason=error.reason)
        if error.client is not None:
            note(client=error.client)
        answer = ANSWERS.get(error.status, ANSWERS[503])
        response = outcome(error.status, answer.code, answer.text)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(RequestError)
    def refused(error: RequestError) -> Response:
        note(refused=error.text)
        response = page(error.status, error.text) or outcome(
            error.status, error.code, error.text, error.diagnostics
        )
        if isinstance(error, StoreUnavailable | Throttled):
            response.headers["Retry-After"] = str(error.retry_after)
        if error.status == 415:
            response.headers["Accept-Encoding"] = "identity"
        return response

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        answer = ANSWERS.get(status) or ANSWERS[400 if status < 500 else 500]
        response = page(status) or outcome(status, answer.code, answer.text)
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    @app.errorhandler(Exception)
    def defect(error: Exception) -> Response:
        note(**failure(error))
        return page(500) or outcome(500, ANSWERS[500].code, ANSWERS[500].text)


def refusal(status: int) -> RequestError:
    """The table's answer of a status, to be raised."""
    return RequestError(status, ANSWERS[status].code, ANSWERS[status].text)
