"""The sample requests are sound FHIR about one patient, and every one has its scenario."""

import json
import re
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.content.fixture_dates import DATE_KEYS, age_on
from cds_service.content.folders import fixtures_dir
from cds_service.content.scenarios import Scenario, load_scenarios
from cds_service.errors import ConfigurationError

PREFETCH_KEYS = {
    "patient": "Patient",
    "conditions": "Condition",
    "obs-vitals": "Observation",
    "obs-labs": "Observation",
    "obs-exam": "Observation",
    "procedures": "Procedure",
    "meds": "MedicationRequest",
    "med-statements": "MedicationStatement",
    "med-dispenses": "MedicationDispense",
    "imaging": "DiagnosticReport",
    "imaging-studies": "ImagingStudy",
    "orders": "ServiceRequest",
    "devices": "Device",
    "allergies": "AllergyIntolerance",
    "answers": "QuestionnaireResponse",
}
SCENARIOS = load_scenarios()
STATEMENT_ID = re.compile(r"[A-Z]+(-[A-Z0-9]+)+(:[A-Z0-9]+)?")
each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)


def entries(bundle: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in (bundle or {}).get("entry", [])]


def resources(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from entries(request["context"]["draftOrders"])
    yield request["prefetch"]["patient"]
    for key in PREFETCH_KEYS:
        if key != "patient":
            yield from entries(request["prefetch"][key])


def dates(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from dates(member, name)
    elif isinstance(value, list):
        for item in value:
            yield from dates(item, key)
    elif isinstance(value, str) and key in DATE_KEYS:
        yield value


def test_twenty_scenarios_and_a_request_for_each():
    names = [f"V{number:02}" for number in range(1, 21)]
    assert [scenario.id for scenario in SCENARIOS] == names
    assert sorted(path.stem for path in fixtures_dir().glob("*.json")) == names


@each
def test_scenario_names_statements_once_and_never_both_ways(scenario: Scenario):
    named = [*scenario.fired, *scenario.also, *scenario.not_fired]
    assert len(named) == len(set(named))
    assert all(STATEMENT_ID.fullmatch(name) for name in named)
    assert set(scenario.critical) <= set(scenario.overlays)
    assert scenario.title
    assert scenario.story


@each
def test_request_is_a_complete_order_select(scenario: Scenario):
    request = scenario.request()
    assert request["hook"] == "order-select"
    assert uuid.UUID(request["hookInstance"]).version == 4
    context = request["context"]
    assert set(context) == {"userId", "patientId", "encounterId", "selections", "draftOrders"}
    assert list(request["prefetch"]) == list(PREFETCH_KEYS)
    drafts = {
        f"{order['resourceType']}/{order['id']}": order for order in entries(context["draftOrders"])
    }
    assert context["selections"]
    for selection in context["selections"]:
        order = drafts[selection]
        assert (order["status"], order["intent"], order["priority"]) == (
            "draft",
            "order",
            "routine",
        )
        assert order["reasonCode"]


@each
def test_bundles_hold_what_their_key_asks_for(scenario: Scenario):
    prefetch = scenario.request()["prefetch"]
    assert prefetch["patient"]["resourceType"] == "Patient"
    for key, resource_type in PREFETCH_KEYS.items():
        bundle = prefetch[key]
        if key == "patient" or bundle is None:
            continue
        assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
        get_fhir_model_class("Bundle").model_validate(bundle)
        matches = [entry for entry in bundle.get("entry", []) if entry["search"]["mode"] == "match"]
        assert bundle["total"] == len(matches)
        assert {entry["resource"]["resourceType"] for entry in matches} <= {resource_type}


@each
def test_resources_are_valid_fhir_of_the_patient(scenario: Scenario):
    request = scenario.request()
    patient_id = request["context"]["patientId"]
    ids = set()
    for resource in resources(request):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        assert resource["meta"]["versionId"]
        assert resource["identifier"]
        ids.add(f"{resource['resourceType']}/{resource['id']}")
        if resource["resourceType"] == "Patient":
            assert resource["id"] == patient_id
        else:
            owner = resource.get("subject") or resource["patient"]
            assert owner["reference"] == f"Patient/{patient_id}"
    assert len(ids) == len(list(resources(request)))


@each
def test_nothing_is_dated_after_the_evaluation(scenario: Scenario):
    moment = scenario.evaluated.strftime("%Y-%m-%dT%H:%M:%SZ")
    for text in dates(scenario.request()):
        assert text <= moment[: len(text)], text


@each
def test_age_and_sex_are_those_of_the_story(scenario: Scenario):
    patient = scenario.request()["prefetch"]["patient"]
    age = age_on(date.fromisoformat(patient["birthDate"]), scenario.evaluated.date())
    if scenario.id == "V05":
        assert "same man" in scenario.story
        assert patient["birthDate"] == SCENARIOS[3].request()["prefetch"]["patient"]["birthDate"]
    else:
        noun = {"male": "man", "female": "woman"}[patient["gender"]]
        assert re.search(rf"\b{noun} of {age}\b", scenario.story)


@each
def test_narrative_names_no_year(scenario: Scenario):
    """Dates in text would stay behind when a request is moved in time."""
    texts = [scenario.title, scenario.story]
    for resource in resources(scenario.request()):
        texts += re.findall(r'"(?:text|conclusion|id)": "([^"]*)"', json.dumps(resource))
    assert [text for text in texts if re.search(r"\b(19|20)\d\d\b", text)] == []


VALID = """
evaluated = 2026-03-02T12:00:00Z
[V01]
title = "t"
story = "s"
outcome = "NOT_YET"
indicator = "warning"
rating = "not-appropriate"
"""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(VALID.replace("NOT_YET", "LATER"), "V01: Invalid enum", id="unknown outcome"),
        pytest.param(VALID + 'fird = ["NOT-MECH"]', "V01: .*fird", id="misspelt field"),
        pytest.param(VALID.replace('title = "t"', ""), "V01: .*title", id="no title"),
        pytest.param(VALID.replace("[V01]", "[V99]"), "V99.json", id="no request"),
        pytest.param(VALID.replace("T12:00:00Z", ""), "evaluated", id="moment without a zone"),
        pytest.param("V01 = 1\n" + VALID.split("[V01]")[0], "must be a table", id="not a table"),
        pytest.param("= broken", "not readable as TOML", id="broken TOML"),
    ],
)
def test_a_wrong_scenario_is_named(tmp_path: Path, text: str, complaint: str):
    (tmp_path / "V01.json").write_text("{}")
    (tmp_path / "scenarios.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=complaint):
        load_scenarios(tmp_path)


def test_scenarios_are_read_in_file_order_with_their_moment(tmp_path: Path):
    (tmp_path / "V01.json").write_text('{"hook": "order-select"}')
    (tmp_path / "scenarios.toml").write_text(VALID)
    (scenario,) = load_scenarios(tmp_path)
    assert scenario.evaluated == datetime.fromisoformat("2026-03-02T12:00:00+00:00")
    assert scenario.request() == {"hook": "order-select"}


def test_a_folder_without_scenarios_is_named(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"scenarios\.toml: not found"):
        load_scenarios(tmp_path)
