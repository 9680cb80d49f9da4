"""Completes a request from the client's FHIR server, as far as it may be read and answers in time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from cds_service.adapters.fhir import queries
from cds_service.adapters.fhir.addresses import Base
from cds_service.adapters.fhir.breaker import Breaker
from cds_service.adapters.fhir.errors import OF_THE_SERVER, Why
from cds_service.adapters.fhir.permission import Cover, cover, may_read, server_of
from cds_service.adapters.fhir.queries import Query
from cds_service.adapters.fhir.reading import Reading
from cds_service.adapters.fhir.resolver import Resolver
from cds_service.adapters.fhir.session import Grant, ServerSession
from cds_service.adapters.fhir.watchdog import Watchdog
from cds_service.cdshooks.request import HookRequest
from cds_service.client import Client, FhirServer

Drafts = Callable[[HookRequest, Client], Iterable[Mapping[str, Any]]]
"""The drafts that will be rated; none: the chart is not needed and not read."""
Course: TypeAlias = Literal["asked", "busy", "left alone"]
MAX_SERVERS: Final = 64
"""Servers whose connections are kept; more only where any server of this machine may be named."""


class Report(NamedTuple):
    """How the fetches of one call went; every word out of a closed list."""

    course: Course
    milliseconds: float
    queries: int
    failed: Mapping[Why, int]


class FhirReader:
    """See `web.seams.FhirReader`. Holds connections and breakers, no patient data."""

    def __init__(
        self,
        templates: Mapping[str, str],
        drafts: Drafts,
        *,
        loopback: bool = False,
        observe: Callable[[Report], None] | None = None,
    ) -> None:
        """`templates` are those of discovery. `loopback`: development mode, see `server_of`."""
        self._templates = templates
        self._drafts = drafts
        self._loopback = loopback
        self._observe = observe
        self._watchdog = Watchdog()
        self._resolver = Resolver()
        self._servers: dict[FhirServer, _Server] = {}
        self._lock = threading.Lock()

    def complete(self, request: HookRequest, client: Client, deadline: float) -> HookRequest:
        """Absent keys, left pages and what the drafts refer to, filled in as far as possible."""
        server = server_of(request, client, loopback=self._loopback)
        if server is None or not may_read(request, client, server):
            return request
        started = time.monotonic()
        if deadline <= started or not (drafts := list(self._drafts(request, client))):
            return request
        base = Base(server.base)
        asked = [
            *queries.missing(request, server.base, self._templates),
            *queries.left_pages(request, base, server.base),
            *queries.behind(drafts, request, server.base),
        ]
        if not asked:
            return request
        is_own = partial(
            queries.is_own, patient=request.context.patient_id, fhir_server=request.fhir_server
        )
        readings = [(query, Reading(query, base, is_own)) for query in asked]
        granted = request.fhir_authorization
        scope = granted.scope if granted else None
        covered = {query.kind: cover(scope, query.kind) for query in asked if query.kind}
        allowed = []
        for query, reading in readings:
            if covered.get(query.kind) is Cover.NONE:
                reading.fail("scope")
            else:
                allowed.append(reading)
        grant = Grant(granted.access_token if granted else None, deadline)
        course = self._server(server).read(allowed, grant)
        if self._observe is not None:
            failed = Counter(reading.failed for _, reading in readings if reading.failed)
            spent = (time.monotonic() - started) * 1000
            self._observe(Report(course, spent, len(readings), failed))
        return _filled(request, readings, covered)

    def close(self) -> None:
        """Close every connection and wait for the threads."""
        with self._lock:
            servers = list(self._servers.values())
            self._servers.clear()
        for server in servers:
            server.close()
        self._watchdog.close()

    def _server(self, server: FhirServer) -> _Server:
        with self._lock:
            found = self._servers.pop(server, None)
            if found is None:
                found = _Server(server, ServerSession(server, self._watchdog, self._resolver))
            self._servers[server] = found  # the last used is the last to go
            gone = len(self._servers) > MAX_SERVERS
            oldest = self._servers.pop(next(iter(self._servers))) if gone else None
        if oldest is not None:
            oldest.close(wait=False)
        return found


class _Server:
    """Threads, connections and breaker of one server, so that it can only slow down itself."""

    def __init__(self, server: FhirServer, session: ServerSession) -> None:
        self._session = session
        self._breaker = Breaker()
        self._calls = threading.BoundedSemaphore(server.parallel)
        # Threads start with the first request, that is after the server has forked its workers.
        self._threads = ThreadPoolExecutor(server.parallel, thread_name_prefix="fhir-fetch")

    def read(self, readings: list[Reading], grant: Grant) -> Course:
        """Run them side by side until all are done or the deadline has come."""
        if not self._calls.acquire(blocking=False):
            return "busy"
        try:
            if not self._breaker.closed():
                return "left alone"
            get = partial(self._session.get, grant=grant)
            running = [(self._threads.submit(reading.run, get), reading) for reading in readings]
            wait([run for run, _ in running], max(0.0, grant.deadline - time.monotonic()))
            for run, reading in running:
                if run.cancel() or not run.done():
                    reading.fail("timeout")
                elif (defect := run.exception()) is not None:
                    raise defect
        finally:
            self._calls.release()
        answered = any(reading.answered for reading in readings)
        if answered or any(reading.failed in OF_THE_SERVER for reading in readings):
            self._breaker.note(answered=answered)
        return "asked"

    def close(self, *, wait: bool = True) -> None:
        self._threads.shutdown(wait=wait, cancel_futures=True)
        self._session.close()


def _filled(
    request: HookRequest, readings: list[tuple[Query, Reading]], covered: Mapping[str, Cover]
) -> HookRequest:
    prefetch = dict(request.prefetch)
    fetched: dict[str, tuple[bytes, ...]] = {}
    for query, reading in readings:
        filtered = covered.get(query.kind) is Cover.SOME
        entry, bodies = reading.outcome(filtered=filtered)
        if query.key:
            prefetch[query.key] = entry
            fetched[query.key] = bodies
        else:
            queries.put(prefetch, query, entry.value)
    return msgspec.structs.replace(request, prefetch=prefetch, fetched=fetched)
