"""POST /cds-services/{id}: what reaches the evaluator, what is turned away before."""

import json
from typing import Any

import msgspec
import pytest
from calls import CARD, HOOK_INSTANCE, NOW, SERVICE, bundle, call, context, post

from cds_service.app import create_app
from cds_service.web.invoke import patience


@pytest.mark.parametrize("path", [SERVICE, "/cds-services//cervical-mri", SERVICE + "/"])
def test_a_call_is_answered_wherever_it_lands(web, evaluator, path):
    response = post(web, path=path)
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.json == {"cards": [CARD]}
    ((request, now, client),) = evaluator.asked
    assert request.hook_instance == HOOK_INSTANCE
    assert now is NOW
    assert client.name == "development"
    assert client.show_appropriate
    assert client.legacy_system_actions


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_one_address_answers_both_hooks(web, evaluator, hook):
    assert post(web, call(hook=hook)).status_code == 200
    ((request, _, _),) = evaluator.asked
    assert request.hook == hook


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/fhir+json",
        "Application/JSON",
    ],
)
def test_media_types(web, media_type):
    assert post(web, content_type=media_type).status_code == 200


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "", "application/json; charset=utf-16"]
)
def test_other_media_types(web, evaluator, media_type):
    assert post(web, content_type=media_type).status_code == 415
    assert evaluator.asked == []


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip"])
def test_compressed_bodies_are_not_opened(web, encoding):
    response = post(web, headers={"Content-Encoding": encoding})
    assert response.status_code == 415
    assert response.headers["Accept-Encoding"] == "identity"


def test_identity_is_no_compression(web):
    assert post(web, headers={"Content-Encoding": "identity"}).status_code == 200


def test_body_limit(web, settings):
    body = json.dumps(call())
    fits = body + " " * (settings.max_body - len(body))
    assert post(web, fits.encode()).status_code == 200
    response = post(web, fits.encode() + b" ")
    assert response.status_code == 413
    assert response.json["issue"][0]["code"] == "too-long"


def test_missing_required_data_is_412_and_names_the_key(web):
    response = post(web, call(prefetch={}))
    assert response.status_code == 412
    (issue,) = response.json["issue"]
    assert issue["code"] == "processing"
    assert "'conditions'" in issue["diagnostics"]


def test_order_view_without_order_context_is_400(web):
    """One client repeats a call without its context when a tab is clicked twice."""
    response = post(web, call(context=context(draftOrders=None, selections=None)))
    assert response.status_code == 400


def test_production_asks_who_calls_before_it_reads(production, bouncer, evaluator):
    response = post(production, b"not json")
    assert response.status_code == 401
    assert response.data == b""
    assert evaluator.asked == []
    assert bouncer.urls == ["https://cds.example/base/cds-services/cervical-mri"]


def test_production_answers_its_client(production, evaluator, bouncer):
    response = post(production, headers={"Authorization": "Bearer please"})
    assert response.status_code == 200
    assert evaluator.asked[0][2] is bouncer.client
    assert not bouncer.client.show_appropriate
    assert not bouncer.client.system_actions


def test_a_reader_completes_the_request(settings, evaluator):
    class Reader:
        def complete(self, request, client, deadline):
            return msgspec.structs.replace(request, fhir_server="https://read.example")

    class Witness:
        version = "0"
        seen: Any = None

        def evaluate(self, request, now, client, watch=None, *, slip=None):
            self.seen = request
            return {"cards": []}

        def explain(self, request, now, client):
            return ""

        def reason(self, request, now, client):
            return ()

        def passed_over(self, request, now, client):
            return []

    witness = Witness()
    app = create_app(settings, lambda: NOW, witness, reader=Reader())
    assert post(app.test_client(), call(prefetch={"conditions": bundle()})).status_code == 200
    assert witness.seen.fhir_server == "https://read.example"


def test_decimals_go_back_as_they_came(web, evaluator):
    draft = b'{"resourceType":"ServiceRequest","quantityQuantity":{"value":2.50}}'
    evaluator.evaluate = lambda request, now, client, watch, slip: {
        "cards": [],
        "systemActions": [{"resource": request.context.draft_orders[0]}],
    }
    body = json.dumps(call(context=context(draftOrders=bundle("HERE")))).encode()
    assert b'"value":2.50' in post(web, body.replace(b'"HERE"', draft)).data


@pytest.mark.parametrize(
    ("left", "wait"),
    [
        pytest.param(0.5, 0.25, id="nothing was read"),
        pytest.param(0.3, 0.15, id="the rest is for the evaluation"),
        pytest.param(0.15, 0.075, id="all that reading may take is taken"),
        pytest.param(10.0, 0.25, id="a client with a lot of time"),
        pytest.param(-0.1, 0.0, id="too late already"),
    ],
)
def test_the_look_up_of_answers_waits_for_what_is_left(left, wait):
    assert patience(left) == pytest.approx(wait)
