"""Pure functions from an order as received to the resources of a suggestion.

Updates start from a deep copy of the raw JSON, so that elements we do not know, extensions and
meta.versionId survive (CDS Hooks, Suggestions: `update` carries the whole resource).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

import msgspec

from cds_service.criteria.model import PRIORITIES
from cds_service.fhir.resources import CodeableConcept, Reference
from cds_service.rendering.studies import Study, neck, physical_therapy_code, study_code

Json = dict[str, Any]

_TAKEN_OVER: Final[Mapping[str, Any]] = {
    "encounter": Reference,
    "requester": Reference,
    "reasonCode": list[CodeableConcept],
    "reasonReference": list[Reference],
}
"""Elements a new order shares with the order it stands beside."""


def with_priority(order: Mapping[str, Any], priority: str) -> Json:
    """The order at a higher priority."""
    resource = deepcopy(dict(order))
    resource["priority"] = priority
    resource.pop("_priority", None)
    return resource


def with_study(order: Mapping[str, Any], study: Study) -> Json:
    """The order for another study: all codings replaced, since old ones would contradict."""
    resource = deepcopy(dict(order))
    resource["code"] = study_code(study)
    return resource


def higher_priority(order: Mapping[str, Any], priority: str | None) -> str | None:
    """The higher of the order's own priority and another; an order's priority is never lowered."""
    own = order.get("priority")
    known = [p for p in (own, priority) if p in PRIORITIES]
    return max(known, key=PRIORITIES.index) if known else None


def study_draft(
    order: Mapping[str, Any],
    study: Study,
    *,
    patient_id: str,
    encounter_id: str | None,
    priority: str | None,
) -> Json:
    """A new draft order for a study, for the reasons of the order it stands beside."""
    draft = _draft(order, study_code(study), patient_id, encounter_id)
    urgent = higher_priority(order, priority)
    return draft | {"priority": urgent} if urgent else draft


def physical_therapy_draft(
    order: Mapping[str, Any], *, patient_id: str, encounter_id: str | None
) -> Json:
    """A new draft order for physical therapy of the neck."""
    draft = _draft(order, physical_therapy_code(), patient_id, encounter_id)
    return draft | {"bodySite": [neck()]}


def create(description: str, resource: Json) -> Json:
    return {"type": "create", "description": description, "resource": resource}


def update(description: str, resource: Json) -> Json:
    return {"type": "update", "description": description, "resource": resource}


def delete(description: str, reference: str) -> Json:
    """CDS Hooks, Action: `delete` names the resource by resourceId and carries none."""
    return {"type": "delete", "description": description, "resourceId": reference}


def _draft(order: Mapping[str, Any], code: Json, patient_id: str, encounter_id: str | None) -> Json:
    draft: Json = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": code,
        "subject": _taken_over(order.get("subject"), Reference)
        or {"reference": f"Patient/{patient_id}"},
    }
    if encounter_id:
        draft["encounter"] = {"reference": f"Encounter/{encounter_id}"}
    copied = {name: _taken_over(order.get(name), kind) for name, kind in _TAKEN_OVER.items()}
    return draft | {name: value for name, value in copied.items() if value}


def _taken_over(value: Any, kind: Any) -> Any:
    """A copy fit for an order of our own: nothing empty (G-2), a list where R4 has one.

    None when the element is not what R4 says; an update gives it back as it came, but a new order
    must not repeat it.
    """
    if kind is not Reference and isinstance(value, dict):
        value = [value]  # several clients send the object without its list
    copy = _filled(value)
    if copy is None:
        return None
    try:
        msgspec.convert(copy, kind)
    except msgspec.ValidationError:
        return None
    return copy


def _filled(value: Any) -> Any:
    """A deep copy without empty members; None when nothing is left."""
    if isinstance(value, dict):
        members = {key: _filled(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member is not None} or None
    if isinstance(value, list):
        return [item for item in map(_filled, value) if item is not None] or None
    return None if value == "" else value
