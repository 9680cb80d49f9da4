"""What is counted, under which labels, and that no label comes from a request."""

import io
from copy import copy
from typing import get_args

import pytest
from calls import HOOK_INSTANCE, NOW, SERVICE, Bouncer, FakeEvaluator, call, context, post
from werkzeug.test import Client

from cds_service.adapters.fhir.errors import Why
from cds_service.adapters.metrics import PrometheusMeter
from cds_service.app import create_app
from cds_service.cdshooks.request import HOOKS
from cds_service.client import make_client
from cds_service.errors import RequestError
from cds_service.settings import Settings
from cds_service.watch import Watch
from cds_service.web.call_log import make_logger, note
from cds_service.web.seams import FETCH_FAULTS, REJECTIONS

MARK = "Xylocanth"


@pytest.fixture
def meter():
    return PrometheusMeter(("cervical-mri",), HOOKS)


def shown(meter: PrometheusMeter) -> dict[str, float]:
    """Everything the metrics page says: sample with its labels -> value."""
    page = Client(meter.exposition()).get("/metrics")
    assert page.status_code == 200
    body = page.get_data(as_text=True)
    samples = [line.rpartition(" ") for line in body.splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in samples}


@pytest.fixture
def web(meter):
    app = create_app(
        Settings(dev=True),
        lambda: NOW,
        FakeEvaluator(),
        meter=meter,
        logger=make_logger(io.StringIO()),
    )
    return app.test_client()


def test_a_call_is_counted_by_service_hook_outcome_and_status(web, meter):
    post(web)
    post(web, call(hook="order-sign"))
    post(web, b"{")
    found = shown(meter)
    labels = 'service="cervical-mri"'
    rated = 'cds_calls_total{hook="%s",outcome="NOT_YET",%s,status="200"}'
    assert found[rated % ("order-select", labels)] == 1
    assert found[rated % ("order-sign", labels)] == 1
    assert found[f'cds_calls_total{{hook="none",outcome="none",{labels},status="400"}}'] == 1
    assert found[f'cds_ratings_total{{outcome="NOT_YET",{labels}}}'] == 2
    assert found[f'cds_cards_total{{outcome="NOT_YET",{labels}}}'] == 2


def test_each_stage_has_a_histogram(web, meter):
    post(web)
    found = shown(meter)
    for stage in ("verify", "read", "decode", "evaluate", "render", "total"):
        assert found[f'cds_stage_seconds_count{{stage="{stage}"}}'] == 1
    assert found['cds_stage_seconds_count{stage="fetch"}'] == 0


@pytest.mark.parametrize("limit", ["0.05", "0.1", "0.35", "0.5"])
def test_the_budgets_are_bounds_of_the_histogram(meter, limit):
    meter.time_stage("total", float(limit))
    assert shown(meter)[f'cds_stage_seconds_bucket{{le="{limit}",stage="total"}}'] == 1


def test_missing_data_are_counted_by_key(meter):
    class Blind(FakeEvaluator):
        def evaluate(self, request, now, client, watch=None, *, slip=None):
            watch.gaps = {"devices": "absent", "imaging": "partial"}
            return super().evaluate(request, now, client, watch)

    post(create_app(Settings(dev=True), lambda: NOW, Blind(), meter=meter).test_client())
    found = shown(meter)
    assert found['cds_prefetch_gaps_total{key="devices",state="absent"}'] == 1
    assert found['cds_prefetch_gaps_total{key="imaging",state="partial"}'] == 1


@pytest.mark.parametrize("reason", REJECTIONS)
def test_a_token_that_was_not_accepted_is_counted_by_reason(meter, reason):
    assert shown(meter)[f'cds_token_rejections_total{{reason="{reason}"}}'] == 0
    meter.count_rejection(reason)
    assert shown(meter)[f'cds_token_rejections_total{{reason="{reason}"}}'] == 1


@pytest.mark.parametrize("kind", FETCH_FAULTS)
def test_a_read_that_failed_is_counted_by_kind(meter, kind):
    meter.count_fetch_fault(kind)
    assert shown(meter)[f'cds_fetch_faults_total{{kind="{kind}"}}'] == 1


def test_what_adapters_note_of_a_call_is_counted(meter):
    class Strict:
        def authenticate(self, request, url):
            note(reason="replayed")
            raise RequestError(401, "security", "")

    class Reader:
        def complete(self, request, client, deadline):
            note(fetch_failed={"timeout": 3})
            return copy(request)

    client = make_client("ehr", {}, dev=False)
    strict = create_app(
        Settings(), lambda: NOW, FakeEvaluator(), clients=(client,), authenticator=Strict(),
        meter=meter,
    )  # fmt: skip
    post(strict.test_client())
    dev = create_app(Settings(dev=True), lambda: NOW, FakeEvaluator(), reader=Reader(), meter=meter)
    post(dev.test_client())
    found = shown(meter)
    assert found['cds_token_rejections_total{reason="replayed"}'] == 1
    assert found['cds_fetch_faults_total{kind="timeout"}'] == 3
    assert found['cds_stage_seconds_count{stage="fetch"}'] == 1


def test_every_fault_of_the_reader_is_counted_by_name():
    assert set(get_args(Why)) == set(FETCH_FAULTS)


def test_a_word_that_is_not_known_becomes_no_label(meter):
    meter.count_rejection(MARK)
    meter.count_fetch_fault(MARK)
    meter.count_call(service=MARK, hook=MARK, outcomes=(), topics=(), status=400)
    found = shown(meter)
    assert found['cds_token_rejections_total{reason="other"}'] == 1
    assert found['cds_fetch_faults_total{kind="other"}'] == 1
    assert MARK not in str(found)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(call(hook=MARK), id="hook"),
        pytest.param(call(hookInstance=MARK), id="hookInstance"),
        pytest.param(call(context=context(patientId=MARK, userId=MARK)), id="context"),
        pytest.param(call(prefetch={MARK: None}), id="prefetch key"),
    ],
)
def test_nothing_of_a_request_is_a_label(web, meter, body):
    post(web, body)
    post(web, body, path=f"/cds-services/{MARK}")
    web.open(SERVICE, method=MARK.upper())
    assert MARK not in str(shown(meter)).replace(MARK.upper(), MARK)
    assert HOOK_INSTANCE not in str(shown(meter))


def test_calls_that_are_not_let_in_are_counted(meter):
    bouncer = Bouncer(make_client("ehr", {}, dev=False))
    app = create_app(
        Settings(), lambda: NOW, FakeEvaluator(), clients=(bouncer.client,),
        authenticator=bouncer, meter=meter,
    )  # fmt: skip
    assert post(app.test_client()).status_code == 401
    found = shown(meter)
    assert (
        found['cds_calls_total{hook="none",outcome="none",service="cervical-mri",status="401"}']
        == 1
    )


def test_without_processes_there_is_no_folder(meter):
    meter.close()
    assert shown(meter)


def test_a_watch_knows_its_stages():
    watch = Watch()
    watch.lap("verify")
    assert watch.stages.keys() == {"verify"}
    assert watch.elapsed() >= watch.stages["verify"]
