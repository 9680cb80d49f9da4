"""One line for each call, in JSON, from a closed list of keys: no patient data can get in."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, Final, TextIO
from uuid import uuid4

import orjson
import structlog
from flask import Flask, Response, g, request
from structlog.typing import FilteringBoundLogger

from cds_service.cdshooks.oddities import ODDITIES, oddities
from cds_service.cdshooks.request import HookRequest
from cds_service.issued import Rated
from cds_service.watch import STAGES, Watch
from cds_service.web.seams import Meter, Tracer

GAPS: Final = ("absent", "failed", "partial")
"""How a prefetch key can be missing; the log lists the keys of each."""

ALLOWED: Final = frozenset(
    {
        "event", "level", "timestamp", "request_id", "method", "route", "service", "status", "ms",
        "bytes_in", "bytes_out", "client", "hook", "hook_instance", "outcomes", "topics", "cards", "events",
        "refused", "reason", "problem", "keys", "file", "error", "at", "check", "version", "url", "workers", "mode",
        "store", "fetch", "fetched", "fetch_failed", *ODDITIES, *GAPS,
        *(f"{stage}_ms" for stage in STAGES),
    }
)  # fmt: skip

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def keep_allowed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not on the list."""
    return {key: value for key, value in event.items() if key in ALLOWED}


def _as_json(event: MutableMapping[str, Any], **_: Any) -> str:
    return orjson.dumps(event).decode("utf-8")


def make_logger(stream: TextIO | None = None) -> FilteringBoundLogger:
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_allowed,
            structlog.processors.JSONRenderer(_as_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
    )
    return logger


def quieten_libraries() -> None:
    """Whatever the level of the root logger: these write URLs and texts of databases, and with them
    identifiers, into it.
    """
    for name in ("urllib3", "requests", "werkzeug", "psycopg"):
        logging.getLogger(name).setLevel(logging.ERROR)


def note(**fields: Any) -> None:
    """Add to the line of this call."""
    g.call.update(fields)


def note_request(hook_request: HookRequest) -> None:
    """The call's correlation id; a hookInstance that is no UUID is left out (it may say anything)."""
    note(
        hook=hook_request.hook,
        hook_instance=hook_request.correlation_id or "not a UUID",
        **oddities(hook_request),
    )


def note_answer(answer: dict[str, Any], rated: Iterable[Rated]) -> None:
    """Outcomes of the orders, of those without a card too, and codes of the cards; they are ours."""
    topics = [card.get("source", {}).get("topic", {}).get("code") for card in answer["cards"]]
    note(
        cards=len(topics),
        outcomes=[each.outcome for each in rated],
        topics=[topic for topic in topics if topic],
    )


def failure(error: BaseException) -> dict[str, str]:
    """Type and place of a defect. Never its text: libraries quote what they were given."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "unknown"
    if trace is not None:
        code = trace.tb_frame.f_code
        name = trace.tb_frame.f_globals.get("__name__", "?")
        place = f"{name}:{code.co_name}:{trace.tb_lineno}"
    return {"error": type(error).__name__, "at": place}


def request_id() -> str:
    """Random id of this answer; the log line and the error body carry it."""
    text: str = g.call["request_id"]
    return text


def watch() -> Watch:
    """The stage clock of this call."""
    found: Watch = g.watch
    return found


def install(
    app: Flask, logger: FilteringBoundLogger, meter: Meter, tracer: Tracer | None = None
) -> None:
    """Log and count every call of the CDS Hooks API, once it is answered; of pages, what failed."""

    @app.before_request
    def begin() -> None:
        g.watch = Watch()
        g.call = {"request_id": str(uuid4())}

    @app.after_request
    def end(response: Response) -> Response:
        if request.path.startswith("/cds-services"):
            line = _line(response, g.watch) | g.call
            (logger.error if response.status_code >= 500 else logger.info)("call", **line)
            _count(meter, line, g.watch)
            if tracer is not None:
                tracer.trace_call(line, g.watch)
        elif "error" in g.call:
            logger.error("page", **(_line(response, g.watch) | g.call))
        return response


def _line(response: Response, watch: Watch) -> dict[str, Any]:
    line: dict[str, Any] = {
        "method": request.method if request.method in _METHODS else "other",
        "route": request.endpoint or "none",
        "status": response.status_code,
        "ms": _ms(watch.elapsed()),
        "bytes_in": request.content_length or 0,
        "bytes_out": response.content_length or 0,
    }
    for stage, seconds in watch.stages.items():
        line[f"{stage}_ms"] = _ms(seconds)
    for key, state in watch.gaps.items():
        line.setdefault(state, []).append(key)
    return line


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _count(meter: Meter, line: dict[str, Any], watch: Watch) -> None:
    """The same facts as figures. Adapters leave theirs with `note`: `reason`, why a token was not
    accepted, and `fetch_failed`, how many reads failed by kind.
    """
    meter.count_call(
        service=line.get("service", "none"),
        hook=line.get("hook", "none"),
        outcomes=line.get("outcomes", ()),
        topics=line.get("topics", ()),
        status=line["status"],
    )
    if "reason" in line:
        meter.count_rejection(line["reason"])
    for kind, times in line.get("fetch_failed", {}).items():
        meter.count_fetch_fault(kind, times)
    if line["method"] == "POST":
        meter.time_stage("total", watch.elapsed())
    for stage, seconds in watch.stages.items():
        meter.time_stage(stage, seconds)
    for key, state in watch.gaps.items():
        meter.count_gap(key, state)
