"""The one place that knows every room."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask
from structlog.typing import FilteringBoundLogger

from cds_service import __version__
from cds_service.app_companion import build_companion
from cds_service.cdshooks.request import HOOKS, HookRequest
from cds_service.cdshooks.services import SERVICE_ID, discovery_document
from cds_service.client import Client
from cds_service.companion.visit import Judge
from cds_service.errors import ConfigurationError
from cds_service.pages import criteria as criteria_pages
from cds_service.pages import workbench
from cds_service.pages.errors import error_pages
from cds_service.pages.site import BANNER, Section, Site, start
from cds_service.pages.smart.routes import smart
from cds_service.settings import Settings
from cds_service.web import call_log, errors, headers
from cds_service.web.callers import Anybody
from cds_service.web.description import description
from cds_service.web.discovery import discovery
from cds_service.web.feedback import feedback
from cds_service.web.health import health
from cds_service.web.invoke import invoke
from cds_service.web.seams import (
    Authenticator,
    CardStore,
    Check,
    Clock,
    CompanionStore,
    EvaluatorProtocol,
    FhirReader,
    Meter,
    NoMeter,
    Tracer,
)

if TYPE_CHECKING:
    from cds_service.adapters.metrics import PrometheusMeter
    from cds_service.adapters.store.store import Store
    from cds_service.adapters.vault import Vault
    from cds_service.catalogue.model import Catalogue
    from cds_service.facts.terminology.value_sets import Terminology
    from cds_service.rendering.library import Library
    from cds_service.workbench.bench import Bench

NO_CLIENT = (
    "no client is configured, and production mode answers configured clients only: add a "
    "[[clients]] table to the configuration file, and name that with --config; "
    "to try the service on this machine: cds-service serve --dev"
)
START = "cds-service: start"


def create_app(
    settings: Settings,
    clock: Callable[[], datetime] | None = None,
    evaluator: EvaluatorProtocol | None = None,
    *,
    clients: Sequence[Client] = (),
    authenticator: Authenticator | None = None,
    reader: FhirReader | None = None,
    meter: Meter | None = None,
    tracer: Tracer | None = None,
    checks: Mapping[str, Check] | None = None,
    store: CardStore | None = None,
    companion: CompanionStore | None = None,
    logger: FilteringBoundLogger | None = None,
) -> Flask:
    """Read and check all content, then fit the rooms together.

    Without a `store` nothing is remembered, cards have no uuid and there is no feedback endpoint;
    without a `companion` that has keys there is no companion app, and nothing answered there counts.
    Development mode has one implicit client and needs no authenticator; production mode takes both
    from the settings unless they are handed in. What a worker has to start after it was forked is
    left in `app.extensions[START]`. `checks` are what readiness asks for beside the content: a name
    and whether that thing is there. Raises ConfigurationError when content or settings are wrong,
    or when production mode has nobody to answer.
    """
    logger = logger or call_log.make_logger()
    keep_keys: Callable[[], None] | None = None
    if settings.dev:
        clients = (settings.development_client(),)
        authenticator = Anybody(clients[0])
    elif settings.clients and authenticator is None:
        from cds_service.adapters.callers.registry import register

        clients, authenticator, keeper, needed = register(settings, logger)
        checks = {**needed, **(checks or {})}
        keep_keys = keeper.start
    if not clients or authenticator is None:
        raise ConfigurationError(NO_CLIENT)
    terminology = load_terminology(settings)
    for conflict in terminology.conflicts():
        # What `cds-service check` ends with 1 for; files of this installation, nothing of a call.
        logger.warning("value sets to look at", problem=conflict)
    library = load_library()
    evaluator = evaluator or build_evaluator(settings, terminology, library)

    app = Flask("cds_service", static_folder=None, template_folder=None)
    app.extensions[START] = keep_keys or (lambda: None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False

    call_log.quieten_libraries()
    call_log.install(app, logger, meter or NoMeter(), tracer or _tracer(settings))
    headers.install(app, None if settings.dev else _origins(clients))
    site = build_site(settings, clients)
    errors.install(app, error_pages(site) if site else None)
    document = discovery_document(
        terminology.codes,
        white_cells=any(client.criteria["ext.wbc"] for client in clients),
        hook_version_fields=all(client.hook_version_fields for client in clients),
    )
    guard = None if settings.dev or settings.discovery_open else authenticator
    app.register_blueprint(discovery(document, guard, settings.public_url))
    clock = clock or _now
    if reader is None and (settings.dev or any(client.fhir_servers for client in clients)):
        templates = document["services"][0]["prefetch"]
        build = partial(build_reader, settings, terminology, templates, clock)
        reader = _LateReader(build) if settings.dev else build()
    app.register_blueprint(
        invoke(
            evaluator,
            authenticator,
            reader,
            clock,
            settings.public_url,
            settings.queue_ms / 1000,
            store,
            companion,
        )
    )
    if store is not None:
        app.register_blueprint(
            feedback(
                store, authenticator, clock, settings.public_url, _reason_systems(library, settings)
            )
        )
    app.register_blueprint(health(evaluator.version, checks or {}, logger))
    app.register_blueprint(description(settings.public_url))
    if site:
        app.register_blueprint(start(site))
        if settings.workbench:
            bench = build_bench(settings, terminology, evaluator, reader, clock)
            app.register_blueprint(workbench.workbench(site, bench))
    if site and settings.pages.criteria:
        app.register_blueprint(
            criteria_pages.criteria(
                site, lambda: build_catalogue(settings, terminology, library=library)
            )
        )
    if (
        site
        and companion is not None
        and companion.vault is not None
        and isinstance(evaluator, Judge)
    ):
        templates = document["services"][0]["prefetch"]
        parts = build_companion(
            settings, clients, evaluator, terminology, companion, reader, templates, clock, logger
        )
        app.register_blueprint(smart(site, parts))
    if settings.dev:
        logger.warning(BANNER, version=__version__)
    return app


def build_site(settings: Settings, clients: Sequence[Client]) -> Site | None:
    """The frame of the pages that are switched on; None: there are none, in production mode."""
    sections: list[Section] = []
    if settings.workbench:
        sections.append(workbench.SECTION)
    if settings.pages.criteria:
        sections.append(criteria_pages.SECTION)
    if not (sections or settings.dev or any(client.smart for client in clients)):
        return None
    return Site(settings.public_url, sections, dev=settings.dev)


def build_bench(
    settings: Settings,
    terminology: Terminology,
    evaluator: EvaluatorProtocol,
    reader: FhirReader | None,
    clock: Clock,
) -> Bench:
    """The workbench. Its reasoning is that of the client of development mode, in production that of
    a client with the shared options: whose token a call carries, the page does not learn.
    """
    from cds_service.workbench.bench import Bench, load_content

    client = settings.development_client() if settings.dev else settings.shared_client()

    def complete(request: HookRequest, client: Client) -> HookRequest:
        until = time.monotonic() + client.fetch_budget
        return reader.complete(request, client, until) if reader else request

    content = load_content(terminology)
    return Bench(content, reason=evaluator.reason, complete=complete, client=client, clock=clock)


def load_terminology(settings: Settings) -> Terminology:
    """The value sets of the package and of the site."""
    from cds_service.content.terminology_files import load_terminology as load

    return load(settings.value_set_folder, settings.local_code_system)


def load_library() -> Library:
    """Cards and statements of the package."""
    from cds_service.content.folders import cards_dir, knowledge_dir
    from cds_service.rendering.library import load_library as load

    return load(cards_dir(), knowledge_dir())


def build_evaluator(
    settings: Settings, terminology: Terminology, library: Library | None = None
) -> EvaluatorProtocol:
    """The use case with all its content, read and checked once."""
    from cds_service.evaluate import Evaluator

    library = library or load_library()
    return Evaluator(
        terminology, library, settings.canonical, settings.public_url, settings.catalogue_url
    )


def build_catalogue(
    settings: Settings,
    terminology: Terminology,
    client: Client | None = None,
    library: Library | None = None,
) -> Catalogue:
    """What the service goes by, with the options of `client`; None: those all clients share."""
    from cds_service.catalogue.build import build
    from cds_service.evaluate import Evaluator

    library = library or load_library()
    evaluator = Evaluator(terminology, library, settings.canonical, settings.public_url)
    return build(library, terminology, evaluator, client or settings.development_client())


def build_meter() -> PrometheusMeter:
    """Counts for this process and all its forks; made once, it outlives a reload."""
    from cds_service.adapters.metrics import PrometheusMeter

    return PrometheusMeter((SERVICE_ID,), HOOKS, processes=True)


def _tracer(settings: Settings) -> Tracer | None:
    if not settings.tracing:
        return None
    from cds_service.adapters.tracing import CallTracer, require

    require()
    return CallTracer()


def build_reader(
    settings: Settings, terminology: Terminology, templates: Mapping[str, str], clock: Clock
) -> FhirReader:
    """Reads what was not prefetched, for the drafts that will be rated."""
    from cds_service.adapters.fhir.reader import FhirReader as Reader
    from cds_service.adapters.fhir.reader import Report
    from cds_service.drafts import rated_drafts

    def observe(report: Report) -> None:
        call_log.note(
            fetch=report.course,
            fetched=report.queries,
            fetch_failed=dict(report.failed),
        )

    return Reader(
        templates,
        lambda request, client: rated_drafts(request, clock(), client, terminology),
        loopback=settings.dev,
        observe=observe,
    )


def build_store(
    settings: Settings, logger: FilteringBoundLogger, meter: Meter | None = None
) -> Store | None:
    """Where cards and feedback are kept, ready for the first process to be forked; None: nowhere.

    Raises ConfigurationError.
    """
    from cds_service.adapters.store.place import hash_key, store_url, temporary_url
    from cds_service.adapters.store.store import Store, StoreOptions

    if not (settings.dev or settings.clients):
        return None  # there is nobody to answer, and the start will be refused
    temporary = settings.dev and not settings.store
    url = temporary_url() if temporary else store_url(settings.store)
    if url is None:
        return None

    def say(text: str, why: BaseException | None) -> None:
        if why is None:
            logger.info(text)
        else:
            logger.error(text, **call_log.failure(why))

    options = StoreOptions(
        audit=settings.audit,
        comments=settings.feedback_comments,
        hash_key=hash_key(settings.hash_key_file),
        quarantine=settings.quarantine_rows,
        vault=build_vault(settings),
        lifetime=timedelta(hours=settings.smart_hours),
    )
    count = (meter or NoMeter()).count_store
    store = Store(url, options, say=say, count=count, temporary=temporary)
    store.prepare()
    return store


def build_vault(settings: Settings) -> Vault | None:
    """What seals for the companion app; None: no key is configured, and there is no app.

    Development mode makes a key that goes when it stops. Raises ConfigurationError.
    """
    from cds_service.adapters.vault import new_vault, vault_from

    if settings.smart_keys_file is not None:
        return vault_from(settings.smart_keys_file)
    return new_vault() if settings.dev else None


class _LateReader:
    """A reader that is made when the first client names a FHIR server: most that try the service
    name none, and its libraries are a tenth of the start.
    """

    def __init__(self, build: Callable[[], FhirReader]) -> None:
        self._build = build
        self._reader: FhirReader | None = None
        self._lock = threading.Lock()

    def complete(self, request: HookRequest, client: Client, deadline: float) -> HookRequest:
        if request.fhir_server is None:
            return request
        with self._lock:
            self._reader = self._reader or self._build()
        return self._reader.complete(request, client, deadline)


def override_codings(library: Library, settings: Settings) -> list[dict[str, Any]]:
    """Our override reasons as they stand on cards."""
    from cds_service.rendering.render import reason_coding

    return [
        reason_coding(reason, settings.canonical) for reason in library.override_reasons.values()
    ]


def _reason_systems(library: Library, settings: Settings) -> dict[str, str]:
    """Systems of our override reasons by code: some clients send the code alone."""
    return {coding["code"]: coding["system"] for coding in override_codings(library, settings)}


def _origins(clients: Sequence[Client]) -> frozenset[str]:
    return frozenset(origin for client in clients for origin in client.origins)


def _now() -> datetime:
    return datetime.now(UTC)
