"""What happens between launch and "Use this", as parts of a page and answers to its scripts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import uuid4

import msgspec
from flask import Response

from cds_service.cdshooks.encode import encode
from cds_service.client import Client, FhirServer, SmartApp
from cds_service.companion.answers import Entered
from cds_service.companion.links import can_log_in
from cds_service.companion.questions import Question
from cds_service.companion.visit import (
    OFFERED,
    View,
    Visit,
    access,
    bound,
    chart_of,
    draft_for,
)
from cds_service.errors import DataNotAvailable, LaunchFailed, StoreUnavailable
from cds_service.handles import Given
from cds_service.launches import Granted, Pending
from cds_service.pages.policy import policy
from cds_service.pages.site import Site
from cds_service.pages.smart.parts import Parts
from cds_service.pages.smart.words import PROBLEMS

LAUNCH_MINUTES: Final = 10
VISIT: Final = timedelta(hours=1)
READING: Final = 6.0
"""Seconds in which the chart is read."""
LOOKUP: Final = 1.0
_LOOPBACK: Final = "http://127.0.0.1:* http://localhost:*"
_RATINGS: Final = {
    "appropriate": ("Appropriate", "good"),
    "not-appropriate": ("Not appropriate as it stands", "warning"),
    "no-criteria-apply": ("No criteria apply", ""),
    None: ("", ""),
}

T = TypeVar("T")


class Begin(msgspec.Struct, frozen=True):
    iss: str
    launch: str | None = None
    client: str = ""
    """Of the launch address; empty: it had no name."""


class Open(msgspec.Struct, frozen=True):
    state: str
    pending: str
    code: str | None = None


class Ask(msgspec.Struct, frozen=True):
    visit: str
    answers: dict[str, Entered] = {}
    study: str | None = None


class Visits:
    """All visits; holds nothing of any."""

    def __init__(self, site: Site, parts: Parts) -> None:
        self._site = site
        self._parts = parts
        self._clients = {each.name: each for each in parts.clients if each.smart}
        self._free = threading.BoundedSemaphore(parts.at_once)

    def named(self, name: str) -> Client | None:
        return self._clients.get(name)

    def find(self, iss: str, name: str = "") -> tuple[Client, FhirServer]:
        """Whose launch it is: of the client that the address names, else of the only one with this
        server. One of several is never guessed: a card's handle would be foreign to any other, and
        the log-in and the criteria another's. Raises LaunchFailed.
        """
        found = [
            (client, server)
            for client in self._clients.values()
            if name in ("", client.name)
            and (server := self._parts.server_of(client, iss)) is not None
        ]
        if len(found) != 1:
            raise LaunchFailed("several" if found else "server")
        return found[0]

    def only_server(self) -> str:
        """Empty: there are several, and a stranger is told none."""
        servers = {each.base for client in self._clients.values() for each in client.fhir_servers}
        return servers.pop() if len(servers) == 1 else ""

    def answer(self, made: Callable[[], dict[str, Any]]) -> Response:
        try:
            return _json(200, made())
        except LaunchFailed as why:
            reason = why.reason
        except DataNotAvailable:
            reason = "chart"
        except StoreUnavailable:
            reason = "busy"
        self._parts.logger.warning("companion", reason=reason)
        problem = PROBLEMS[reason]
        html = self._site.render("smart/problem_part.html", words=problem)
        return _json(problem.status, {"html": html})

    def problem_page(self, reason: str, client: Client | None = None) -> Response:
        self._parts.logger.warning("companion", reason=reason)
        problem = PROBLEMS[reason]
        return self._site.page(
            "smart/problem.html", status=problem.status, policy=framed_by(client), words=problem
        )

    def begin(self, asked: Begin) -> dict[str, Any]:
        client, app, server = self._known(asked.iss, asked.client)
        with self._turn():
            url, pending = self._parts.flow.begin(client.name, app, server, asked.launch or None)
        until = time.time() + LAUNCH_MINUTES * 60
        pending = msgspec.structs.replace(pending, until=until)
        sealed = self._parts.sealer.seal("launch", msgspec.json.encode(pending))
        return {"url": url, "state": pending.state, "pending": sealed}

    def open(self, asked: Open) -> dict[str, Any]:
        pending = self._unsealed("launch", asked.pending, Pending)
        if pending is None or pending.state != asked.state or pending.until < time.time():
            raise LaunchFailed("state")
        if not asked.code:
            raise LaunchFailed("refused")
        client, app, server = self._known(pending.server, pending.client)
        with self._turn():
            granted = self._parts.flow.finish(app, server, pending, asked.code)
            visit, given = self._visit(client, app, server, granted)
        return self._shown(visit, given, client)

    def view(self, asked: Ask) -> dict[str, Any]:
        visit, client = self._opened(asked.visit)
        if visit.handle is None and asked.study in {study.cpt for study in OFFERED}:
            draft = msgspec.Raw(encode(draft_for(str(asked.study), visit.patient)))
            visit = msgspec.structs.replace(visit, draft=draft)
        return self._shown(visit, asked.answers, client)

    def use(self, asked: Ask) -> dict[str, Any]:
        visit, client = self._opened(asked.visit)
        now = self._parts.clock()
        view = self._parts.companion.view(visit, asked.answers, now, client)
        if visit.handle is None or not view.answered:
            raise LaunchFailed("handle")
        until = now + self._parts.lifetime
        answers = self._parts.companion.answers(visit, asked.answers, view, now, client, until)
        # A handle that ran out while the page was open is as good as none; answers that another
        # window kept meanwhile are not thrown away by one that never showed them.
        if self._parts.keeper.handle(visit.handle, now) is None or not (
            self._parts.keeper.keep_answers(visit.handle, answers, visit.earlier)
        ):
            raise LaunchFailed("handle")
        shown = until.astimezone(client.criteria.zone).strftime("%Y-%m-%d %H:%M")
        html = self._site.render("smart/done.html", view=view, until=shown)
        told: dict[str, Any] = {}
        if visit.origin:
            told = {"origin": visit.origin, "handle": visit.messaging or ""}
            if view.order is not None:
                told["send"] = view.order
        return {"html": html} | told

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """At once or not at all."""
        if not self._free.acquire(blocking=False):
            raise LaunchFailed("crowd")
        try:
            yield
        finally:
            self._free.release()

    def _visit(
        self, client: Client, app: SmartApp, server: FhirServer, granted: Granted
    ) -> tuple[Visit, dict[str, Entered]]:
        """Everything that has to be known from now on; the access token is forgotten here."""
        parts, now = self._parts, self._parts.clock()
        handle = None
        if granted.app_context:
            if not can_log_in(granted.user):
                # No card is made for such a user, so this says nothing of any handle.
                raise LaunchFailed("user")
            handle = parts.keeper.handle(granted.app_context, now)
            if not bound(handle, client.name, granted.patient, granted.user):
                raise LaunchFailed("handle")
        draft = (
            msgspec.json.decode(handle.draft)
            if handle
            else draft_for(OFFERED[0].cpt, granted.patient)
        )
        encounter = handle.encounter if handle else granted.encounter
        grant = access(granted.access_token, granted.scope, granted.expires_in, granted.patient)
        asked = parts.companion.request(
            draft,
            patient=granted.patient,
            user=granted.user,
            encounter=encounter,
            server=server.base,
            access=grant,
        )
        read = parts.reader.complete(asked, client, time.monotonic() + READING)
        earlier: Given | None = None
        if handle and granted.user:
            known = (client.name, granted.patient, granted.user, [handle.order], now, LOOKUP)
            found = parts.keeper.answered(*known)
            if found is None:
                # An empty form would be taken for what was answered so far.
                raise StoreUnavailable
            earlier = found.get(handle.order)
        visit = Visit(
            client=client.name,
            patient=granted.patient,
            user=granted.user,
            server=server.base,
            until=now + VISIT,
            response_id=f"companion-{uuid4()}",
            handle=granted.app_context if handle else None,
            consult_ids=handle.consult_ids if handle else (),
            draft=handle.draft if handle else msgspec.Raw(encode(draft)),
            encounter=encounter,
            chart=chart_of(read),
            origin=_messaged(app, granted.origin),
            messaging=granted.messaging,
            earlier=earlier.response.id if earlier else None,
        )
        return visit, parts.companion.earlier(earlier)

    def _shown(self, visit: Visit, given: Mapping[str, Entered], client: Client) -> dict[str, Any]:
        view = self._parts.companion.view(visit, given, self._parts.clock(), client)
        sealed = self._parts.sealer.seal("visit", encode(visit))
        return {"visit": sealed, "html": self._rendered(view, visit)}

    def _rendered(self, view: View, visit: Visit) -> str:
        rating, chip = _RATINGS[view.now.advice.recommendation.rating]
        return self._site.render(
            "smart/view.html",
            view=view,
            rating=rating,
            rating_chip=chip,
            choices=_choices,
            connected=visit.handle is not None,
            studies=() if visit.handle else OFFERED,
            study=view.now.advice.code,
            own=f"QuestionnaireResponse/{visit.response_id}#",
            messages=visit.origin is not None,
            hours=int(self._parts.lifetime.total_seconds() // 3600),
        )

    def _known(self, iss: str, name: str) -> tuple[Client, SmartApp, FhirServer]:
        client, server = self.find(iss, name)
        if client.smart is None:
            raise LaunchFailed("server")
        return client, client.smart, server

    def _opened(self, sealed: str) -> tuple[Visit, Client]:
        visit = self._unsealed("visit", sealed, Visit)
        client = self.named(visit.client) if visit else None
        if visit is None or client is None or visit.until <= self._parts.clock():
            raise LaunchFailed("over")
        return visit, client

    def _unsealed(self, kind: str, sealed: str, form: type[T]) -> T | None:
        content = self._parts.sealer.open(kind, sealed)
        return None if content is None else msgspec.json.decode(content, type=form)


def framed_by(client: Client | None) -> str:
    """The policy of a page that this client's own pages may show in a frame."""
    app = client.smart if client else None
    if app is None:
        return policy()
    origins = " ".join(app.origins) or (_LOOPBACK if app.loopback else "")
    return policy(frame_ancestors=origins) if origins else policy()


def _messaged(app: SmartApp, origin: str | None) -> str | None:
    """Only an origin that was configured is ever sent anything."""
    if origin in app.origins:
        return origin
    here = ("http://127.0.0.1:", "http://localhost:")
    return origin if app.loopback and origin and origin.startswith(here) else None


def _choices(question: Question) -> list[tuple[str, str]]:
    if question.kind == "boolean":
        return [("true", "Yes"), ("false", "No"), ("", "Left open")]
    return [*((each.code, each.display) for each in question.options), ("", "Left open")]


def _json(status: int, body: Mapping[str, Any]) -> Response:
    return Response(encode(body), status=status, content_type="application/json")
