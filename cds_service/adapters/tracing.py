"""A trace of each call for OpenTelemetry: when which stage ran, under the hookInstance, and no more.

Where the spans go is said by OpenTelemetry's own variables, such as OTEL_EXPORTER_OTLP_ENDPOINT.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from cds_service.errors import ConfigurationError
from cds_service.watch import Watch

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

_ATTRIBUTES: Final = ("service", "hook", "hook_instance", "client", "outcomes", "cards", "status")
"""Of the log line; none of them is a URL or a text of the request."""


def otlp_provider() -> TracerProvider:
    """Sends spans by OTLP over HTTP, from a thread of its own."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "cds-service"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def require() -> None:
    """Raises ConfigurationError when the libraries are not installed."""
    try:
        import opentelemetry.exporter.otlp.proto.http
        import opentelemetry.sdk  # noqa: F401
    except ImportError:
        raise ConfigurationError("tracing: install cds-service[tracing]") from None


class CallTracer:
    """Writes down calls that are over. The provider is made by the first of them: its thread would
    not survive the fork of a worker.
    """

    def __init__(self, provider: Callable[[], TracerProvider] = otlp_provider) -> None:
        self._make = provider
        self._lock = threading.Lock()
        self._tracer: Tracer | None = None

    def trace_call(self, line: Mapping[str, Any], watch: Watch) -> None:
        """`line` is that of the log."""
        tracer = self._ready()
        end = time.time_ns()
        begun = end - _nanoseconds(watch.elapsed())
        attributes = {f"cds.{key}": line[key] for key in _ATTRIBUTES if key in line}
        from opentelemetry.trace import SpanKind, set_span_in_context

        whole = tracer.start_span(
            "hook call", kind=SpanKind.SERVER, start_time=begun, attributes=attributes
        )
        inside = set_span_in_context(whole)
        for stage, seconds in watch.stages.items():
            part = tracer.start_span(stage, context=inside, start_time=begun)
            begun += _nanoseconds(seconds)
            part.end(begun)
        whole.end(end)

    def _ready(self) -> Tracer:
        with self._lock:
            if self._tracer is None:
                self._tracer = self._make().get_tracer("cds_service")
            return self._tracer


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
