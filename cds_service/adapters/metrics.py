"""Prometheus metrics. Every label comes from a closed set; nothing of a request can become one.

The workers are processes of their own, so each writes its figures to files in a common folder, and
whoever is asked adds them up.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cds_service.watch import STAGES
from cds_service.web.seams import FETCH_FAULTS, REJECTIONS, STORE_EVENTS

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 1.0,
)  # fmt: skip
"""Seconds; close together between 50 and 500 ms, where the time budgets lie."""
OTHER: Final = "other"
_GAPS: Final = ("absent", "failed", "partial")


class PrometheusMeter:
    """A Meter, and the WSGI application that shows what it counted."""

    def __init__(
        self, services: Iterable[str], hooks: Iterable[str], *, processes: bool = False
    ) -> None:
        """`processes`: the figures of this process and its forks are added up, in a new folder."""
        self._folder = Path(tempfile.mkdtemp(prefix="cds-service-metrics-")) if processes else None
        self._owner = os.getpid()
        if self._folder:
            # The library reads this when it is first imported, which is here.
            os.environ[_VARIABLE] = str(self._folder)
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._services = frozenset((*services, "none"))
        self._hooks = frozenset((*hooks, "none"))
        self._registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Any:
            return Counter(name, text, labels, registry=registry)

        self._calls = counter("cds_calls", "Calls answered", "service", "hook", "outcome", "status")
        self._ratings = counter(
            "cds_ratings", "Orders rated, with or without a card", "service", "outcome"
        )
        self._cards = counter("cds_cards", "Cards sent", "service", "outcome")
        self._gaps = counter(
            "cds_prefetch_gaps", "Orders rated without all of a prefetch key", "key", "state"
        )
        self._rejections = counter("cds_token_rejections", "Tokens not accepted", "reason")
        self._faults = counter("cds_fetch_faults", "Reads that came to nothing", "kind")
        self._store = counter("cds_store_events", "What was kept and what was not", "event")
        self._seconds = Histogram(
            "cds_stage_seconds",
            "Time of a stage of a hook call, and of all of it",
            ("stage",),
            buckets=_BUCKETS,
            registry=registry,
        )
        # What has not happened yet reads 0, not nothing.
        for reason in (*REJECTIONS, OTHER):
            self._rejections.labels(reason)
        for kind in (*FETCH_FAULTS, OTHER):
            self._faults.labels(kind)
        for event in (*STORE_EVENTS, OTHER):
            self._store.labels(event)
        self._stages = {name: self._seconds.labels(name) for name in (*STAGES, "total")}

    def count_call(
        self,
        *,
        service: str,
        hook: str,
        outcomes: Iterable[str],
        topics: Iterable[str],
        status: int,
    ) -> None:
        service, hook = _of(service, self._services), _of(hook, self._hooks)
        outcomes = list(outcomes)
        self._calls.labels(service, hook, outcomes[0] if outcomes else "none", str(status)).inc()
        for outcome in outcomes:
            self._ratings.labels(service, outcome).inc()
        for topic in topics:
            self._cards.labels(service, topic).inc()

    def time_stage(self, stage: str, seconds: float) -> None:
        self._stages[stage].observe(seconds)

    def count_gap(self, key: str, state: str) -> None:
        self._gaps.labels(key, _of(state, _GAPS)).inc()

    def count_rejection(self, reason: str) -> None:
        self._rejections.labels(_of(reason, REJECTIONS)).inc()

    def count_fetch_fault(self, kind: str, times: int = 1) -> None:
        self._faults.labels(_of(kind, FETCH_FAULTS)).inc(times)

    def count_store(self, event: str, times: int = 1) -> None:
        self._store.labels(_of(event, STORE_EVENTS)).inc(times)

    def exposition(self) -> WSGIApplication:
        """Answers every GET with the figures of all workers."""
        from prometheus_client import CollectorRegistry, make_wsgi_app
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = self._registry
        if self._folder:
            registry = CollectorRegistry()
            add_up: Any = MultiProcessCollector  # it has no types
            add_up(registry, str(self._folder))
        return make_wsgi_app(registry)

    def close(self) -> None:
        """Remove the folder; the forks of this process leave it alone."""
        if self._folder and os.getpid() == self._owner:
            shutil.rmtree(self._folder, ignore_errors=True)


def _of(word: str, known: Iterable[str]) -> str:
    return word if word in known else OTHER
