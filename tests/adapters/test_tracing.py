"""Traces: stages under one span with the hookInstance, and nothing of the patient."""

import io
import sys

import pytest
from calls import HOOK_INSTANCE, MARK, NOW, FakeEvaluator, call, context, post
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cds_service.adapters import tracing
from cds_service.adapters.tracing import CallTracer
from cds_service.app import create_app
from cds_service.errors import ConfigurationError
from cds_service.settings import Settings
from cds_service.watch import STAGES
from cds_service.web.call_log import make_logger


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
def web(spans):
    def provider():
        made = TracerProvider()
        made.add_span_processor(SimpleSpanProcessor(spans))
        return made

    app = create_app(
        Settings(dev=True), lambda: NOW, FakeEvaluator(), tracer=CallTracer(provider),
        logger=make_logger(io.StringIO()),
    )  # fmt: skip
    return app.test_client()


def test_a_call_is_a_span_and_each_stage_one_inside(web, spans):
    post(web)
    *stages, whole = spans.get_finished_spans()
    assert [span.name for span in stages] == [name for name in STAGES if name != "fetch"]
    assert all(span.parent.span_id == whole.context.span_id for span in stages)
    assert whole.attributes["cds.hook_instance"] == HOOK_INSTANCE
    assert whole.attributes["cds.outcomes"] == ("NOT_YET",)
    assert whole.attributes["cds.status"] == 200
    assert whole.start_time <= stages[0].start_time <= stages[-1].end_time <= whole.end_time + 10**6


def test_nothing_of_the_patient_is_in_a_trace(web, spans):
    post(web, call(hookInstance=MARK, context=context(patientId=MARK, userId=MARK)))
    post(web, path=f"/cds-services/{MARK}", query_string={"q": MARK}, headers={"X-Mark": MARK})
    post(web, MARK.encode())
    told = "".join(span.to_json() for span in spans.get_finished_spans())
    assert MARK not in told
    assert "cds-services" not in told, "no URLs"


def test_there_are_no_traces_unless_asked_for(monkeypatch):
    def never() -> None:
        raise AssertionError

    monkeypatch.setattr(tracing, "require", never)
    create_app(Settings(dev=True), lambda: NOW, FakeEvaluator())


def test_asked_for_without_the_libraries_the_start_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)
    with pytest.raises(ConfigurationError, match=r"install cds-service\[tracing\]"):
        create_app(Settings(dev=True, tracing=True), lambda: NOW, FakeEvaluator())


def test_asked_for_the_sender_is_made_by_the_first_call():
    create_app(Settings(dev=True, tracing=True), lambda: NOW, FakeEvaluator())
    provider = tracing.otlp_provider()
    assert provider.resource.attributes["service.name"] == "cds-service"
    provider.shutdown()
