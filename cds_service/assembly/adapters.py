"""What talks to the outside: store, metrics, traces, the reader of FHIR servers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from structlog.typing import FilteringBoundLogger

from cds_service.cdshooks.request import HOOKS, HookRequest
from cds_service.cdshooks.services import SERVICE_ID
from cds_service.client import Client
from cds_service.settings import Settings
from cds_service.web import call_log
from cds_service.web.callers import Throttle
from cds_service.web.seams import Authenticator, Clock, FhirReader, Meter, NoMeter, Tracer

if TYPE_CHECKING:
    from cds_service.adapters.metrics import PrometheusMeter
    from cds_service.adapters.store.store import Store
    from cds_service.adapters.vault import Vault
    from cds_service.facts.terminology.value_sets import Terminology


def build_meter() -> PrometheusMeter:
    """Counts for this process and all its forks; made once, it outlives a reload."""
    from cds_service.adapters.metrics import PrometheusMeter

    return PrometheusMeter((SERVICE_ID,), HOOKS, processes=True)


def throttled(authenticator: Authenticator, clients: Sequence[Client]) -> Authenticator:
    """The authenticator, behind what clients may ask in a minute, if any has such a limit."""
    if not any(client.calls_per_minute for client in clients):
        return authenticator
    from cds_service.adapters.callers.rates import Rates

    return Throttle(authenticator, Rates(clients).wait)


def build_tracer(settings: Settings) -> Tracer | None:
    """Traces of calls; None: they are switched off. Raises ConfigurationError."""
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


class LateReader:
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
