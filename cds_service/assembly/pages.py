"""What stands behind the pages: their frame, the workbench, the companion app."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from structlog.typing import FilteringBoundLogger

from cds_service.cdshooks.request import HookRequest
from cds_service.client import Client, FhirServer, SmartApp
from cds_service.companion.visit import Judge
from cds_service.launches import Granted, Pending
from cds_service.pages import criteria, workbench
from cds_service.pages.site import Section, Site
from cds_service.pages.smart.parts import Parts
from cds_service.settings import Settings
from cds_service.web.invoke import with_answers
from cds_service.web.seams import (
    AnswerFinder,
    Clock,
    CompanionStore,
    EvaluatorProtocol,
    FhirReader,
)

if TYPE_CHECKING:
    from cds_service.adapters.smart.flow import SmartFlow
    from cds_service.facts.terminology.value_sets import Terminology
    from cds_service.workbench.bench import Bench


LAUNCHES: Final = 8
"""Of the companion app, that may wait for other servers at one time; at most half the threads."""


def build_site(settings: Settings, clients: Sequence[Client]) -> Site | None:
    """The frame of the pages that are switched on; None: there are none, in production mode."""
    sections: list[Section] = []
    if settings.workbench:
        sections.append(workbench.SECTION)
    if settings.pages.criteria:
        sections.append(criteria.SECTION)
    if not (sections or settings.dev or any(client.smart for client in clients)):
        return None
    return Site(settings.public_url, sections, dev=settings.dev)


def build_bench(
    settings: Settings,
    terminology: Terminology,
    evaluator: EvaluatorProtocol,
    reader: FhirReader | None,
    clock: Clock,
    own: Mapping[str, Client | None],
    answers: AnswerFinder | None,
) -> Bench:
    """The workbench. Its reasoning is that of the client of development mode, with its answers in the
    companion app. In production the page does not learn whose token a call carries: there the card
    names the thresholds, which are found in `own`, and nothing that is kept for a client is looked up,
    or read for it.
    """
    from cds_service.workbench.bench import Bench, load_content

    client = settings.development_client() if settings.dev else settings.shared_client()

    def complete(request: HookRequest, now: datetime, client: Client) -> HookRequest:
        if reader is not None:
            request = reader.complete(request, client, time.monotonic() + client.fetch_budget)
        if answers is not None and settings.dev:
            request = with_answers(answers, request, client, now, client.budget)
        return request

    content = load_content(terminology)
    return Bench(
        content,
        reason=evaluator.reason,
        passed_over=evaluator.passed_over,
        complete=complete,
        client=client,
        own={digest: each.criteria for digest, each in own.items() if each is not None},
        clock=clock,
    )


def own_options(settings: Settings, clients: Sequence[Client]) -> dict[str, Client | None]:
    """By digest of the criteria options that are in use: a client that has them; None: the shared ones."""
    own: dict[str, Client | None] = {
        # Which other options it has, and so its variant, is nothing that these pages show.
        client.criteria.digest: msgspec.structs.replace(client, variant="")
        for client in clients
    }
    own[settings.shared_client().criteria.digest] = None
    return own


def launchable(settings: Settings, clients: Sequence[Client]) -> Callable[[str], bool]:
    """Whether some client's companion app can be begun from the FHIR server at a URL."""

    def known(iss: str) -> bool:
        from cds_service.adapters.fhir.permission import server_named

        return any(
            client.smart and server_named(iss, client, loopback=settings.dev) for client in clients
        )

    return known


def build_companion(
    settings: Settings,
    clients: Sequence[Client],
    judge: Judge,
    terminology: Terminology,
    store: CompanionStore,
    reader: FhirReader | None,
    templates: Mapping[str, str],
    clock: Clock,
    logger: FilteringBoundLogger,
) -> Parts:
    """The companion app; it reads what discovery asks for, by the same templates."""
    from cds_service.adapters.fhir.permission import server_named
    from cds_service.companion.questions import load_questions
    from cds_service.companion.visit import Companion
    from cds_service.content.folders import knowledge_dir

    kinds = [template.partition("?")[0].partition("/")[0] for template in templates.values()]
    return Parts(
        clients=tuple(clients),
        companion=Companion(judge, load_questions(knowledge_dir()), terminology.local_system),
        flow=_LateFlow(f"{settings.public_url}/smart/app", kinds),
        keeper=store,
        sealer=store.vault,
        reader=reader or _NoReader(),
        server_of=lambda client, iss: server_named(iss, client, loopback=settings.dev),
        clock=clock,
        lifetime=timedelta(hours=settings.smart_hours),
        at_once=max(1, min(LAUNCHES, settings.threads // 2)),
        logger=logger,
    )


class _NoReader:
    """Nothing can be read where no FHIR server is configured."""

    def complete(self, request: HookRequest, client: Client, deadline: float) -> HookRequest:  # noqa: ARG002
        return request


class _LateFlow:
    """Launches, from the first one on: the OAuth library is slow to start, and most processes begin
    with hooks.
    """

    def __init__(self, redirect_uri: str, kinds: Sequence[str]) -> None:
        self._made: SmartFlow | None = None
        self._redirect, self._kinds = redirect_uri, kinds
        self._lock = threading.Lock()

    def begin(
        self, client: str, app: SmartApp, server: FhirServer, launch: str | None
    ) -> tuple[str, Pending]:
        return self._flow().begin(client, app, server, launch)

    def finish(self, app: SmartApp, server: FhirServer, pending: Pending, code: str) -> Granted:
        return self._flow().finish(app, server, pending, code)

    def _flow(self) -> SmartFlow:
        from cds_service.adapters.smart.flow import SmartFlow

        with self._lock:
            self._made = self._made or SmartFlow(self._redirect, self._kinds)
        return self._made
