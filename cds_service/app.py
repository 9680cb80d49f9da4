"""The one place that knows every room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from flask import Flask
from structlog.typing import FilteringBoundLogger

from cds_service import __version__
from cds_service.assembly.adapters import LateReader, build_reader, build_tracer, throttled
from cds_service.assembly.content import (
    build_catalogue,
    build_evaluator,
    load_library,
    load_terminology,
    override_codings,
)
from cds_service.assembly.pages import (
    build_bench,
    build_companion,
    build_site,
    launchable,
    own_options,
)
from cds_service.cdshooks.services import discovery_document, prefetch_templates
from cds_service.client import Client
from cds_service.companion.visit import Judge
from cds_service.errors import ConfigurationError
from cds_service.pages import criteria as criteria_pages
from cds_service.pages import workbench
from cds_service.pages.errors import error_pages
from cds_service.pages.site import BANNER, start
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
    CompanionStore,
    EvaluatorProtocol,
    FhirReader,
    Meter,
    NoMeter,
    Tracer,
)

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
    authenticator = throttled(authenticator, clients)
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
    call_log.install(app, logger, meter or NoMeter(), tracer or build_tracer(settings))
    headers.install(app, None if settings.dev else _origins(clients))
    site = build_site(settings, clients)
    errors.install(app, error_pages(site) if site else None)
    white_cells = any(client.criteria["ext.wbc"] for client in clients)
    templates = prefetch_templates(terminology.codes, white_cells=white_cells)
    app.register_blueprint(
        discovery(
            partial(discovery_document, templates),
            all(client.hook_version_fields for client in clients),
            None if settings.dev else authenticator,
            settings.public_url,
            closed=not settings.discovery_open,
        )
    )
    clock = clock or _now
    if reader is None and (settings.dev or any(client.fhir_servers for client in clients)):
        build = partial(build_reader, settings, terminology, templates, clock)
        reader = LateReader(build) if settings.dev else build()
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
        # Some clients send the code of an override reason alone.
        systems = {each["code"]: each["system"] for each in override_codings(library, settings)}
        app.register_blueprint(feedback(store, authenticator, clock, settings.public_url, systems))
    app.register_blueprint(health(evaluator.version, checks or {}, logger))
    app.register_blueprint(description(settings.public_url))
    own = own_options(settings, clients)
    if site:
        app.register_blueprint(start(site))
        if settings.workbench:
            bench = build_bench(settings, terminology, evaluator, reader, clock, own, companion)
            app.register_blueprint(workbench.workbench(site, bench, launchable(settings, clients)))
    if site and settings.pages.criteria:
        app.register_blueprint(
            criteria_pages.criteria(
                site,
                partial(build_catalogue, settings, terminology, library=library),
                own,
            )
        )
    if (
        site
        and companion is not None
        and companion.vault is not None
        and isinstance(evaluator, Judge)
    ):
        parts = build_companion(
            settings, clients, evaluator, terminology, companion, reader, templates, clock, logger
        )
        app.register_blueprint(smart(site, parts))
    if settings.dev:
        logger.warning(BANNER, version=__version__)
    return app


def _origins(clients: Sequence[Client]) -> frozenset[str]:
    return frozenset(origin for client in clients for origin in client.origins)


def _now() -> datetime:
    return datetime.now(UTC)
