"""Addresses of the companion app. No cookies: what it knows travels sealed between page and server, so
that it works in a frame, and so that a page of elsewhere has nothing to ride on.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec
from flask import Blueprint, Response, request

from cds_service.companion.links import LAUNCH
from cds_service.errors import LaunchFailed
from cds_service.pages.site import Site
from cds_service.pages.smart.parts import Parts
from cds_service.pages.smart.visits import Ask, Begin, Open, Visits, framed_by
from cds_service.web.errors import refusal

_LONGEST: Final = 4096
"""Characters of what comes in an address."""

T = TypeVar("T")


def smart(site: Site, parts: Parts) -> Blueprint:
    """Pages to be opened by a browser, and what their scripts ask for."""
    blueprint = Blueprint("smart", __name__)
    visits = Visits(site, parts)

    @blueprint.get(LAUNCH)
    @blueprint.get(f"{LAUNCH}/<name>")
    def launch(name: str = "") -> Response:
        """The page a launch begins with, from an EHR or by itself; a name is that of a client."""
        iss = request.args.get("iss", "") or visits.only_server()
        launched = request.args.get("launch", "")
        try:
            if not iss and not name:
                raise LaunchFailed("iss")
            if len(iss) + len(launched) > _LONGEST:
                raise LaunchFailed("server")
            client, server = visits.find(iss, name)
        except LaunchFailed as why:
            return visits.problem_page(why.reason)
        return site.page(
            "smart/launch.html",
            policy=framed_by(client),
            iss=server.base,
            launch=launched,
            client=name,
        )

    @blueprint.post("/smart/begin")
    def begin() -> Response:
        """Where to go, and what to remember until then."""
        return visits.answer(lambda: visits.begin(_body(Begin)))

    @blueprint.get("/smart/app")
    def returned() -> Response:
        """The page the authorization server sends the browser back to."""
        client = visits.named(request.args.get("state", "").partition(".")[0])
        if "error" in request.args or client is None:
            return visits.problem_page("refused" if client else "state", client)
        return site.page("smart/app.html", policy=framed_by(client))

    @blueprint.post("/smart/open")
    def opened() -> Response:
        """Log in, read the chart, and show the questions."""
        return visits.answer(lambda: visits.open(_body(Open)))

    @blueprint.post("/smart/view")
    def viewed() -> Response:
        """What is said with the answers so far."""
        return visits.answer(lambda: visits.view(_body(Ask)))

    @blueprint.post("/smart/use")
    def used() -> Response:
        """Keep the answers; what to tell the EHR."""
        return visits.answer(lambda: visits.use(_body(Ask)))

    return blueprint


def _body(form: type[T]) -> T:
    if request.mimetype != "application/json":
        raise refusal(415)
    try:
        return msgspec.json.decode(request.get_data(cache=False), type=form)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise refusal(400) from None
