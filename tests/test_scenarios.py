"""Every sample order through the whole service, against what scenarios.toml expects."""

from collections.abc import Iterator
from typing import Any

import pytest
from wire import assert_valid_response

from cds_service.content.scenarios import Scenario, load_scenarios

PAMA_RATING = "http://fhir.org/argonaut/Extension/pama-rating"
EXPLANATION = "cervical-mri-cds.explanation"
INDICATIONS = (
    "RF-", "TRAUMA-", "CONS-", "POSTOP-", "CT-OSSIFIED",
    "EXT-EMERG", "EXT-RADICULAR", "EXT-OBTUNDED", "EXT-TRAUMA-", "EXT-NEXUS-", "EXT-CCR-",
    "EXT-DUP-", "EXT-REGION", "EXT-CAUDA",
)  # fmt: skip
"""Statements that are listed as fired whenever they hold, so none may be there unexpectedly."""


class Answer:
    """A response taken apart in the words of scenarios.toml."""

    def __init__(self, body: dict[str, Any], selection: str) -> None:
        assert_valid_response(body)
        self.body = body
        self.selection = selection
        self.primary, *self.others = body["cards"]
        self.explanation = self.primary["extension"][EXPLANATION]
        self.fired = [entry["id"] for entry in self.explanation.get("fired", [])]
        self.advisory = [entry["id"] for entry in self.explanation.get("advisory", [])]
        self.overlays = [card["source"]["topic"]["code"] for card in self.others]

    def has_fired(self, wanted: str) -> bool:
        """`RF-INFECT-LAB:CRP` is that part of the statement, `RF-INFECT-LAB` any part."""
        return any(wanted in (fired, base(fired)) for fired in self.fired)

    def mentions(self, wanted: str) -> bool:
        return wanted in self.advisory or wanted in self.overlays or self.has_fired(wanted)

    def actions(self) -> Iterator[dict[str, Any]]:
        for card in self.body["cards"]:
            for suggestion in card.get("suggestions", []):
                yield from suggestion["actions"]

    def suggested_codes(self) -> set[str]:
        return {
            coding["code"]
            for action in self.actions()
            for coding in action.get("resource", {}).get("code", {}).get("coding", [])
        }

    def raised_priorities(self) -> set[str]:
        priorities = {
            action["resource"].get("priority", "routine")
            for action in self.actions()
            if action["type"] == "update" and not is_ct(action["resource"])
        }
        return priorities - {"routine"}

    def removes_the_order(self) -> bool:
        return any(action.get("resourceId") == self.selection for action in self.actions())

    def rating_codings(self) -> list[dict[str, Any]]:
        """Codings of the rating recorded on the order; empty if it is not rated."""
        return [
            coding
            for action in self.body.get("systemActions", [])
            for extension in action["resource"]["extension"]
            if extension["url"] == PAMA_RATING
            for coding in extension["valueCodeableConcept"]["coding"]
        ]


def is_ct(resource: dict[str, Any]) -> bool:
    """An order turned into a CT carries the CT's own priority."""
    return any(coding["code"] == "72125" for coding in resource["code"]["coding"])


def base(statement_id: str) -> str:
    return statement_id.partition(":")[0]


@pytest.fixture(
    scope="module", params=load_scenarios(), ids=lambda scenario: f"{scenario.id}: {scenario.title}"
)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    chosen: Scenario = request.param
    return chosen


@pytest.fixture(scope="module")
def answer(scenario: Scenario, client_at) -> Answer:
    request = scenario.request()
    response = client_at(scenario.evaluated).post("/cds-services/cervical-mri", json=request)
    assert response.status_code == 200, response.get_data(as_text=True)
    (selection,) = request["context"]["selections"]
    return Answer(response.get_json(), selection)


def test_outcome(scenario: Scenario, answer: Answer):
    assert answer.primary["source"]["topic"]["code"] == scenario.outcome
    assert answer.explanation["outcome"] == scenario.outcome
    assert answer.primary["indicator"] == scenario.indicator


def test_rating(scenario: Scenario, answer: Answer):
    codings = answer.rating_codings()
    if scenario.rating == "none":
        assert codings == []
        assert "systemActions" not in answer.body
        assert "rating" not in answer.explanation
    else:
        assert codings[0]["code"] == scenario.rating
        assert answer.explanation["rating"] == scenario.rating
    if scenario.outcome == "MRI_MAY":
        assert "May be appropriate" in [coding.get("display") for coding in codings[1:]]


def test_statements(scenario: Scenario, answer: Answer):
    assert [wanted for wanted in scenario.fired if not answer.has_fired(wanted)] == []
    assert [wanted for wanted in scenario.also if not answer.mentions(wanted)] == []
    assert [unwanted for unwanted in scenario.not_fired if answer.has_fired(unwanted)] == []


def test_no_other_indication_fires(scenario: Scenario, answer: Answer):
    expected = {base(wanted) for wanted in (*scenario.fired, *scenario.also)}
    indications = {base(fired) for fired in answer.fired if fired.startswith(INDICATIONS)}
    assert indications <= expected


def test_evidence_points_into_the_request(scenario: Scenario, answer: Answer):
    request = scenario.request()
    known = {answer.selection, f"Patient/{request['context']['patientId']}"}
    for value in request["prefetch"].values():
        for entry in (value or {}).get("entry", []):
            known.add(f"{entry['resource']['resourceType']}/{entry['resource']['id']}")
    named = [
        evidence["reference"].partition("#")[0]
        for fired in answer.explanation.get("fired", [])
        for evidence in fired.get("evidence", [])
    ]
    assert set(named) <= known


def test_overlay_cards(scenario: Scenario, answer: Answer):
    assert answer.overlays == list(scenario.overlays)
    critical = [
        code
        for code, card in zip(answer.overlays, answer.others, strict=True)
        if card["indicator"] == "critical"
    ]
    assert critical == list(scenario.critical)


def test_suggestions(scenario: Scenario, answer: Answer):
    assert set(scenario.suggest) <= answer.suggested_codes()
    assert answer.raised_priorities() == ({scenario.priority} if scenario.priority else set())
    assert answer.removes_the_order() is not scenario.keep_mri


def test_questions(scenario: Scenario, answer: Answer):
    if not scenario.missing:
        return
    asked = answer.explanation["missing"]
    assert len(asked) == len(scenario.missing)
    for question, wanted in zip(asked, scenario.missing, strict=True):
        assert wanted in question.lower()


def test_figures_are_shown(scenario: Scenario, answer: Answer):
    detail = answer.primary.get("detail", "").replace("\N{NO-BREAK SPACE}", "")
    assert [figure for figure in scenario.says if figure not in detail.replace(" %", "%")] == []
