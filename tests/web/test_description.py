"""The OpenAPI description: sound in itself, and true of what the service takes and sends."""

import json

import jsonschema
import pytest
from calls import call, post
from openapi_spec_validator import OpenAPIV31SpecValidator
from samples import SAMPLES, evaluator, sample

from cds_service import __version__
from cds_service.app import create_app
from cds_service.cdshooks.request import HOOKS
from cds_service.cdshooks.wire import PREFETCH_KEYS
from cds_service.settings import Settings
from cds_service.web.errors import ANSWERS


@pytest.fixture
def document(web):
    return web.get("/openapi.json").json


def validator(document, name):
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    )


def test_it_is_openapi_3_1(document):
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == __version__
    assert document["servers"] == [{"url": "http://127.0.0.1:5005"}]


def test_it_lists_every_address_of_the_api(app, document):
    routes = {
        (rule.rule.replace("<service_id>", "cervical-mri"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith("pages")  # for people
    }
    spellings = {
        ("/cds-services/", "get"),
        ("/cds-services//cervical-mri", "post"),
        ("/cds-services//cervical-mri/feedback", "post"),
    }
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == routes - spellings


def test_it_names_the_hooks_and_the_prefetch_keys(document):
    schemas = document["components"]["schemas"]
    assert set(schemas["Hook"]["enum"]) == set(HOOKS)
    assert tuple(schemas["Prefetch"]["properties"]) == PREFETCH_KEYS


def test_its_examples_are_answered(web, document):
    content = document["paths"]["/cds-services/cervical-mri"]["post"]["requestBody"]["content"]
    for media_type, entry in content.items():
        for example in entry["examples"].values():
            validator(document, "HookRequest").validate(example["value"])
            assert post(web, example["value"], content_type=media_type).status_code == 200


def test_its_feedback_is_taken(web, store, document):
    path = "/cds-services/cervical-mri/feedback"
    examples = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    for example in examples["examples"].values():
        validator(document, "FeedbackRequest").validate(example["value"])
        assert post(web, example["value"], path=path).status_code == 204
    assert [event.outcome for event in store.events] == ["accepted", "overridden", "overridden"]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_and_its_answer_are_as_described(document, name):
    validator(document, "HookRequest").validate(sample(name))
    scenario = SAMPLES[name]
    real = create_app(Settings(dev=True), lambda: scenario.evaluated, evaluator()).test_client()
    answer = post(real, sample(name))
    assert answer.status_code == 200
    validator(document, "HookResponse").validate(answer.json)


def test_discovery_and_health_are_as_described(web, document):
    for path, name in (("/cds-services", "Discovery"), ("/livez", "Alive"), ("/readyz", "Ready")):
        validator(document, name).validate(web.get(path).json)


def test_every_refusal_has_a_code_that_is_described(document):
    outcome = document["components"]["schemas"]["OperationOutcome"]
    codes = outcome["properties"]["issue"]["items"]["properties"]["code"]["enum"]
    assert {answer.code for answer in ANSWERS.values()} <= set(codes)


@pytest.mark.parametrize(
    "body", [b"{", json.dumps(call(hook="x")).encode(), json.dumps(call(prefetch={})).encode()]
)
def test_refusals_are_as_described(web, document, body):
    response = post(web, body)
    assert response.status_code >= 400
    validator(document, "OperationOutcome").validate(response.json)
