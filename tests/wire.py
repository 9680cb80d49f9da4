"""Checks of what leaves the service: the shapes of CDS Hooks, closed where the standard closes them."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from fhir.resources.R4B.servicerequest import ServiceRequest
from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parent / "schemas"


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def response_errors(body: Any) -> list[str]:
    """Every way in which `body` breaks the response schema, one line each; empty if it is sound."""
    found = _errors("response", body)
    if not found and "systemActions" in body.get("extension", {}):
        legacy, actions = body["extension"]["systemActions"], body.get("systemActions")
        if legacy != actions:
            found.append("extension.systemActions: differs from systemActions")
    return found


def discovery_errors(body: Any) -> list[str]:
    """As response_errors, for the discovery answer; one hook is listed once per id."""
    found = _errors("discovery", body)
    if not found:
        keys = [(service["id"], service["hook"]) for service in body["services"]]
        found += [f"services: {key} listed twice" for key in set(keys) if keys.count(key) > 1]
    return found


def assert_valid_response(body: Any) -> None:
    assert response_errors(body) == []


def actions(body: Any) -> list[dict[str, Any]]:
    """Every action of a response: of its suggestions, then of its system actions."""
    suggestions = [each for card in body["cards"] for each in card.get("suggestions", [])]
    suggested = [action for each in suggestions for action in each["actions"]]
    return [*suggested, *body.get("systemActions", [])]


def emitted(body: Any) -> list[dict[str, Any]]:
    """Every resource that leaves the service."""
    return [action["resource"] for action in actions(body) if "resource" in action]


def nameless(body: Any) -> Any:
    """A response without its uuids, which are new each time."""
    if isinstance(body, dict):
        return {key: nameless(value) for key, value in body.items() if key != "uuid"}
    return [nameless(item) for item in body] if isinstance(body, list) else body


def assert_valid_resources(body: Any) -> None:
    """Every resource of a response is a ServiceRequest of FHIR R4."""
    for resource in emitted(body):
        assert resource["resourceType"] == "ServiceRequest"
        ServiceRequest.model_validate(resource)


def assert_valid_discovery(body: Any) -> None:
    assert discovery_errors(body) == []


def _errors(name: str, body: Any) -> list[str]:
    errors = sorted(_validator(name).iter_errors(body), key=lambda error: error.json_path)
    return [f"{error.json_path}: {error.message[:200]}" for error in errors]


NOTHING = object()


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """`body` with the member at `path` replaced, added, or removed (NOTHING)."""
    body = copy.deepcopy(body)
    *way, last = path.split("/")
    at: Any = body
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if value is NOTHING:
        del at[last]
    elif isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return body
