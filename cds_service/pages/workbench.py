"""/workbench: an ordering screen to play with, the cards it gets, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from flask import Blueprint, Response, request

from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.services import SERVICE_ID
from cds_service.errors import RequestError
from cds_service.pages.markdown import Reader
from cds_service.pages.site import Section, Site
from cds_service.web.errors import refusal
from cds_service.web.invoke import read_body
from cds_service.workbench.answer import Answer, contradicted, decode_answer, values_of
from cds_service.workbench.bench import Asked, Bench
from cds_service.workbench.changes import UNTOLD
from cds_service.workbench.chart import anchors
from cds_service.workbench.document import indented
from cds_service.workbench.elements import CHOICES, STATUSES

SECTION: Final = Section(
    "/workbench",
    "Workbench",
    "Open a sample patient, change the chart, and see which cards an EHR would show, and why.",
)
T = TypeVar("T")
_FIRST: Final = "V01"
LARGEST: Final = 2 * 1024 * 1024
"""Bytes of one call in production mode, where nobody has to say who he is; samples have 50 KiB."""
LARGEST_HERE: Final = 4 * LARGEST
"""The same in development mode: what a page can still be worked with."""
_PRIORITIES: Final = ("routine", "urgent", "asap", "stat")

_OLD: Final = (
    "The newest entry of this request is from {day}. If the request was written for about then, use it "
    "again and say for which day: its dates are moved to today."
)
_ADVICE: Final[Mapping[int, str]] = {
    400: "The request is not what CDS Hooks or this service asks for. Undo the last change, or mend the request and use it again.",
    401: "This service answers known clients only. Give a token made out to the address below, or try a service in development mode (cds-service serve --dev).",
    403: "The tenant in the token may not call. Ask whoever runs the service to add it.",
    404: "The service is not at this address. Load the page again.",
    412: "The record lacks what no answer can be given without. Tick the key named here again under “What is sent with the call”, or add it to your request; or name a FHIR server that the service may read.",
    413: "The request is too large. Send fewer entries.",
    429: "There were too many calls. Wait a few seconds and fire again.",
    500: "The service failed. Fire again; if it fails again, report the number of the answer (tab Response).",
    503: "The service is busy. Wait a second and fire again.",
}


class _Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page got from the service and wants to see."""

    call: str
    status: int
    response: str
    before: Any = None


def workbench(site: Site, bench: Bench, launchable: Callable[[str], bool]) -> Blueprint:
    """The page, and what its script asks for. Nothing is kept between calls.

    `launchable`: whether the companion app can be begun from the FHIR server at a URL.
    """
    blueprint = Blueprint("pages_workbench", __name__)
    largest = LARGEST_HERE if site.dev else LARGEST

    @blueprint.before_request
    def bounded() -> None:
        """Hooks must not wait for what anybody may send here."""
        request.max_content_length = min(request.max_content_length or largest, largest)

    @blueprint.get("/workbench")
    def page() -> Response:
        """The ordering screen with a sample patient."""
        name = request.args.get("patient", _FIRST)
        if name not in bench.samples:
            raise RequestError(
                404, "not-found", "there is no such sample patient; choose one of the list"
            )
        return site.page(
            "workbench/page.html",
            active=SECTION.path,
            sample=bench.samples[name],
            samples=bench.samples.values(),
            service=f"/cds-services/{SERVICE_ID}",
            address=f"{site.public_url}/cds-services/{SERVICE_ID}",
            dev=site.dev,
            largest=largest,
            rated={},
            **_frame(bench),
            chart=bench.sample(name).chart,
        )

    @blueprint.post("/workbench/change")
    def change() -> Response:
        """The request after a change, the call to make of it, and its chart as HTML."""
        asked = _decoded(Asked)
        done = bench.change(asked)
        shown = {"chart": done.chart, "rated": {}, **_frame(bench)}
        return _json(
            {
                "request": done.request,
                "call": "" if done.call is done.request else done.call,
                "hook": done.hook,
                "note": _OLD.format(day=done.old) if done.old else "",
                "orders": site.render("workbench/orders.html", **shown),
                "record": site.render("workbench/record.html", **shown),
            }
        )

    @blueprint.post("/workbench/read")
    def read() -> Response:
        """An answer of the service as HTML: cards, and the reasoning behind them."""
        asked = _decoded(_Read)
        response = indented(asked.response)
        if asked.status != 200:
            cards = site.render("workbench/problem.html", **_problem(asked))
            return _json({"cards": cards, "response": response})
        answer = decode_answer(asked.response)
        values = values_of(answer, site.public_url)
        found = bench.why(asked.call, asked.before, values)
        other = contradicted(answer, (each.outcome for each, _ in found.orders))
        shown = bench.chart_of(asked.call, asked.response)
        return _json(
            {
                "cards": site.render(
                    "workbench/cards.html",
                    answer=answer,
                    found=found,
                    markdown=Reader(),
                    server=shown.server,
                    launchable=launchable(shown.server),
                    here=_here(site),
                    dev=site.dev,
                ),
                "orders": site.render(
                    "workbench/orders.html",
                    chart=shown,
                    rated={}
                    if other
                    else {each.order: each.rating or "" for each, _ in found.orders},
                    **_frame(bench),
                ),
                "response": response,
                "why": site.render(
                    "workbench/why.html",
                    orders=found.orders,
                    passed_over=found.passed_over,
                    other=other,
                    untold=UNTOLD,
                    values=values,
                    anchors=anchors(shown),
                ),
                "memory": msgspec.to_builtins(found.memory),
                "said": _said(answer, found.orders, other, first=not asked.before),
            }
        )

    @blueprint.post("/workbench/reasoning")
    def reasoning() -> Response:
        """The whole reasoning behind the answer to a hook request, as JSON; the body is the request."""
        found = bench.why(read_body(request).decode("utf-8", "replace"))
        return _json({"orders": [msgspec.to_builtins(each) for each, _ in found.orders]})

    return blueprint


def _frame(bench: Bench) -> dict[str, Any]:
    """What the forms of a chart need."""
    return {
        "studies": bench.studies,
        "priorities": _PRIORITIES,
        "states": STATUSES,
        "choices": CHOICES,
        "palette": bench.palette,
        "today": bench.today.isoformat(),
    }


def _decoded(kind: type[T]) -> T:
    try:
        return msgspec.json.decode(read_body(request), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refusal(400) from None


def _json(body: Any) -> Response:
    return Response(encode(body), content_type="application/json")


def _here(site: Site) -> Callable[[str], str]:
    """An address of this service as the page reaches it; empty for any other. A form may lead to the
    page's own origin only, and loses what stands behind a question mark.
    """

    def path(url: str) -> str:
        inside = url.startswith(f"{site.public_url}/") and "?" not in url
        return site.url(url.removeprefix(site.public_url)) if inside else ""

    return path


def _problem(asked: _Read) -> dict[str, Any]:
    """Words for an answer without cards; an OperationOutcome says more."""
    try:
        issue = json.loads(asked.response)["issue"][0]
        text, more = issue["details"]["text"], issue.get("diagnostics", "")
    except (ValueError, LookupError, TypeError, RecursionError):
        text = more = ""
    advice = _ADVICE.get(asked.status) or _ADVICE[400 if asked.status < 500 else 500]
    return {"status": asked.status, "text": text, "more": more, "advice": advice}


def _said(answer: Answer, found: Any, other: Sequence[str], *, first: bool) -> str:
    """One sentence for those who hear the page."""
    count = len(answer.cards)
    words = [f"{count} card{'' if count == 1 else 's'}"]
    if other:
        words.append(f"{' and '.join(other)}, and the reasons are not of this answer")
    for each, new in () if other else found:
        was = f"{new.outcome} became " if new.outcome else "" if first else "still "
        rating = f", rated {each.rating}" if each.rating else ", not rated"
        words.append(f"{was}{each.outcome}{rating}{_changes(len(new.statements))}")
    if not found:
        words.append("no order was rated")
    if answer.system_actions:
        words.append("written on the order")
    return ", ".join(words)


def _changes(count: int) -> str:
    return f", {count} statement{'' if count == 1 else 's'} changed" if count else ""
