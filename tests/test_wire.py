"""The response schema accepts the shapes of CDS Hooks and refuses near-misses."""

from typing import Any

import pytest
from wire import NOTHING, assert_valid_response, changed, response_errors

CPT = "http://www.ama-assn.org/go/cpt"
PAMA = "http://fhir.org/argonaut/Extension/pama-rating"


def order(code: str, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": {"coding": [{"system": CPT, "code": code}], "text": f"Study {code}"},
        "subject": {"reference": "Patient/pt-204"},
        "reasonCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "81680005"}]}],
    } | members


RATED = order(
    "72141",
    id="draft-mri-1",
    extension=[
        {
            "url": PAMA,
            "valueCodeableConcept": {
                "coding": [
                    {
                        "system": "http://fhir.org/argonaut/CodeSystem/pama-rating",
                        "code": "not-appropriate",
                    }
                ]
            },
        },
        {"url": f"{PAMA}-qcdsm-consulted", "valueString": "G-CODE-FROM-CONFIG"},
        {
            "url": f"{PAMA}-consult-id",
            "valueUri": "urn:uuid:c1f0d5e8-1c0e-4c7f-9a3f-0d8b6f1c4404",
        },
        {
            "url": f"{PAMA}-auc-applied",
            "valueUri": "https://cds.example/criteria/neck-pain",
        },
    ],
)
RATE = {"type": "update", "description": "Record the appropriateness rating", "resource": RATED}
EXAMPLE: dict[str, Any] = {
    "cards": [
        {
            "uuid": "3b1d5f0a-5c0e-4a55-9d0b-8f2f1f0f6a01",
            "summary": "MRI of the cervical spine may be premature: no red flags found",
            "detail": "**Order:** MRI cervical spine\n\n- Neck pain since 2025-01-20",
            "indicator": "warning",
            "source": {
                "label": "Cervical spine imaging criteria",
                "url": "https://cds.example/criteria",
                "topic": {
                    "system": "http://terminology.hl7.org/CodeSystem/cdshooks-card-type",
                    "code": "off-guideline",
                    "display": "Off guideline",
                },
            },
            "selectionBehavior": "at-most-one",
            "suggestions": [
                {
                    "label": "Order radiographs instead",
                    "uuid": "0a4fd1c2-0a35-4a0c-8a19-1f5d9c1d2e02",
                    "isRecommended": True,
                    "actions": [
                        {
                            "type": "delete",
                            "description": "Remove the MRI order",
                            "resourceId": "ServiceRequest/draft-mri-1",
                        },
                        {
                            "type": "create",
                            "description": "Add cervical spine radiographs",
                            "resource": order("72040"),
                        },
                    ],
                },
                {
                    "label": "Keep the MRI, after conservative care",
                    "uuid": "5f0b7a43-6c57-4d7c-9b51-6f3cb8f1a303",
                    "actions": [
                        {
                            "type": "update",
                            "description": "Move the MRI to after six weeks of conservative care",
                            "resource": order(
                                "72141",
                                id="draft-mri-1",
                                occurrencePeriod={"start": "2025-05-15"},
                            ),
                        }
                    ],
                },
            ],
            "overrideReasons": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
                    "code": "cds-not-applicable",
                    "display": "Does not apply to this patient",
                }
            ],
            "links": [
                {
                    "label": "Criteria text",
                    "url": "https://cds.example/criteria/neck-pain",
                    "type": "absolute",
                },
                {
                    "label": "Answer the missing questions",
                    "url": "https://cds.example/app/launch",
                    "type": "smart",
                    "appContext": "h-9f31c2",
                },
            ],
        }
    ],
    "systemActions": [RATE],
}
EXPLANATION: dict[str, Any] = {
    "outcome": "NOT_YET",
    "rating": "not-appropriate",
    "version": "1.0.0",
    "order": "ServiceRequest/draft-mri-1",
    "fired": [{"id": "NOT-ACUTE", "evidence": [{"reference": "Condition/c-1"}]}],
    "advisory": [{"id": "PITFALL-PREMATURE"}],
}


def test_the_example_passes():
    assert_valid_response(EXAMPLE)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("cards", [], id="no cards, only a rating"),
        pytest.param("systemActions", NOTHING, id="no system actions"),
        pytest.param("cards/0/summary", "x" * 139, id="summary of 139 characters"),
        pytest.param("cards/0/summary", "é" * 139, id="139 characters, more bytes"),
        pytest.param("cards/0/uuid", NOTHING, id="card without uuid"),
        pytest.param("cards/0/overrideReasons", NOTHING, id="no override reasons"),
        pytest.param("cards/0/source/topic", NOTHING, id="no topic"),
        pytest.param(
            "cards/0/extension", {"cervical-mri-cds.explanation": EXPLANATION}, id="explanation"
        ),
        pytest.param("cards/0/extension", {"org.example.other": {"a": 1}}, id="other extension"),
        pytest.param("extension", {"systemActions": [RATE]}, id="legacy copy of system actions"),
    ],
)
def test_what_may_vary(path, value):
    assert_valid_response(changed(EXAMPLE, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param("cards", NOTHING, id="no cards member"),
        pytest.param("cards", None, id="null cards"),
        pytest.param("card", [], id="unknown member of the response"),
        pytest.param("systemActions", [], id="empty system actions"),
        pytest.param("systemActions/0/type", "create", id="system action that creates"),
        pytest.param("systemActions/0/description", NOTHING, id="system action, no description"),
        pytest.param(
            "systemActions/0/uuid", EXAMPLE["cards"][0]["uuid"], id="system action with a name"
        ),
        pytest.param("systemActions/0/resource/id", NOTHING, id="update of nothing"),
        pytest.param("systemActions/0/resource/subject", NOTHING, id="update as a patch"),
        pytest.param("systemActions/0/resource/note", [], id="empty member in a resource"),
        pytest.param(
            "systemActions/0/resource/code/coding/0/display", None, id="null deep in a resource"
        ),
        pytest.param(
            "extension",
            {"systemActions": [RATE | {"description": "Another"}]},
            id="legacy copy differs",
        ),
        pytest.param("extension", [{"url": "http://x"}], id="FHIR's kind of extension"),
        pytest.param("extension", {}, id="empty extension"),
        pytest.param("cards/0/uuid", None, id="null uuid"),
        pytest.param(
            "cards/0/uuid", "urn:uuid:3b1d5f0a-5c0e-4a55-9d0b-8f2f1f0f6a01", id="uuid with prefix"
        ),
        pytest.param("cards/0/summary", "x" * 140, id="summary of 140 characters"),
        pytest.param("cards/0/summary", "", id="empty summary"),
        pytest.param("cards/0/summary", NOTHING, id="no summary"),
        pytest.param("cards/0/detail", "", id="empty detail"),
        pytest.param("cards/0/indicator", "success", id="dead indicator"),
        pytest.param("cards/0/indicator", "Warning", id="indicator in capitals"),
        pytest.param("cards/0/source", NOTHING, id="no source"),
        pytest.param("cards/0/source/label", "", id="empty source label"),
        pytest.param("cards/0/source/url", "/criteria", id="relative source url"),
        pytest.param("cards/0/source/topic/version", "1", id="coding with a version"),
        pytest.param("cards/0/source/topic/userSelected", True, id="coding with userSelected"),
        pytest.param("cards/0/source/topic/system", NOTHING, id="coding without system"),
        pytest.param("cards/0/suggestions", [], id="empty suggestions"),
        pytest.param("cards/0/selectionBehavior", NOTHING, id="suggestions, no behaviour"),
        pytest.param("cards/0/selectionBehavior", "all", id="unknown behaviour"),
        pytest.param("cards/0/suggestions", NOTHING, id="behaviour of no suggestions"),
        pytest.param("cards/0/suggestions/0/isRecommended", None, id="null recommendation"),
        pytest.param("cards/0/suggestions/0/actions/0/description", "", id="empty description"),
        pytest.param("cards/0/suggestions/1/isRecommended", True, id="two recommended"),
        pytest.param("cards/0/suggestions/0/label", NOTHING, id="suggestion without label"),
        pytest.param("cards/0/suggestions/0/actions", [], id="empty actions"),
        pytest.param(
            "cards/0/suggestions/0/actionSelectionBehavior", "any", id="unsafe behaviour of actions"
        ),
        pytest.param("cards/0/suggestions/0/actions/0/type", "replace", id="unknown action"),
        pytest.param("cards/0/suggestions/0/actions/0/resourceId", NOTHING, id="delete of nothing"),
        pytest.param("cards/0/suggestions/0/actions/0/resourceId", "abc", id="bare id to delete"),
        pytest.param(
            "cards/0/suggestions/0/actions/0/resource", order("72141"), id="delete with a resource"
        ),
        pytest.param("cards/0/suggestions/0/actions/1/resource", NOTHING, id="create of nothing"),
        pytest.param(
            "cards/0/suggestions/0/actions/1/resource/resourceType", NOTHING, id="no resource type"
        ),
        pytest.param("cards/0/overrideReasons", [], id="empty override reasons"),
        pytest.param("cards/0/overrideReasons/0/display", NOTHING, id="reason without display"),
        pytest.param("cards/0/links", [], id="empty links"),
        pytest.param("cards/0/links/0/type", "launch", id="unknown link type"),
        pytest.param("cards/0/links/0/appContext", "h-1", id="absolute link with appContext"),
        pytest.param("cards/0/links/1/appContext", {"h": 1}, id="appContext as object"),
        pytest.param("cards/0/links/1/appContext", "", id="empty appContext"),
        pytest.param("cards/0/links/1/label", NOTHING, id="link without label"),
        pytest.param("cards/0/links/1/url", "app/launch", id="relative link"),
        pytest.param(
            "cards/0/links/1/url", "https://cds.example/app?launch=1", id="app already launched"
        ),
        pytest.param(
            "cards/0/links/1/url", "https://cds.example/app?a=1&iss=https://e", id="app with server"
        ),
        pytest.param("cards/0/links/1/autolaunchable", True, id="link that opens by itself"),
        pytest.param("cards/0/extension", {}, id="empty card extension"),
        pytest.param("cards/0/priority", 1, id="unknown member of a card"),
        *[
            pytest.param(
                "cards/0/extension",
                {"cervical-mri-cds.explanation": changed(EXPLANATION, path, value)},
                id=f"explanation: {what}",
            )
            for what, path, value in [
                ("unknown outcome", "outcome", "MRI_LATER"),
                ("no outcome", "outcome", NOTHING),
                ("rating null", "rating", None),
                ("nothing missing, but said", "missing", []),
                ("id in lower case", "fired/0/id", "not-acute"),
                ("evidence from nowhere", "fired/0/evidence/0/reference", NOTHING),
                ("advisory as text", "advisory/0", "PITFALL-PREMATURE"),
                ("unknown member", "score", 9),
            ]
        ],
    ],
)
def test_what_is_refused(path, value):
    assert response_errors(changed(EXAMPLE, path, value))


def test_two_recommendations_need_any():
    """CDS Hooks: only with `any` may several suggestions be recommended."""
    both = changed(EXAMPLE, "cards/0/suggestions/1/isRecommended", True)
    assert_valid_response(changed(both, "cards/0/selectionBehavior", "any"))
