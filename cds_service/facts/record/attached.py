"""Conditions and Observations that come with the draft: contained in it, or beside it in its Bundle.

They can be read nowhere else (CDS Hooks, OS-8), and count only when a reference of the draft leads
to them and they name the patient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from cds_service.facts.record.prefetch import Received
from cds_service.fhir import resources as r
from cds_service.fhir.references import relative

Json: TypeAlias = Mapping[str, Any]
Attached: TypeAlias = r.Condition | r.Observation
_REASON: Final = "reasonReference"
_SUPPORT: Final = "supportingInfo"


class Attachments(msgspec.Struct, frozen=True):
    """What the draft brings with it."""

    resources: tuple[Attached, ...] = ()
    names: Mapping[str, str] = {}
    """How the draft refers to each -> `Type/id` it is known by; a contained one keeps its `#`, so
    that it is never taken for a resource of the record with the same id."""
    supporting: frozenset[str] = frozenset()
    """`Type/id` of the supportingInfo, wherever it lies."""


def attached(
    draft: Json, beside: Mapping[str, Json], patient_id: str, fhir_server: str | None
) -> Attachments:
    """`beside` are the resources of the Bundle of drafts by `Type/id` and by fullUrl."""
    found: dict[str, Attached] = {}
    names: dict[str, str] = {}
    for text in references(draft):
        if text.startswith("#"):
            raw = _contained(draft, text[1:])
        else:
            raw = beside.get(text) or beside.get(relative(text, fhir_server) or "")
        resource = None if raw is None else _own(raw, patient_id, fhir_server)
        if resource is None:
            continue
        if text.startswith("#") or not resource.id:
            local = text if text.startswith("#") else f"#beside-{len(found)}"
            resource = msgspec.structs.replace(resource, id=local)
        name = names[text] = resource.reference
        found[name] = resource
    supporting = (names.get(text) or relative(text, fhir_server) for text in _of(draft, _SUPPORT))
    return Attachments(tuple(found.values()), names, frozenset(name for name in supporting if name))


def references(draft: Json) -> Iterator[str]:
    """Reasons first, then what supports the order."""
    yield from _of(draft, _REASON)
    yield from _of(draft, _SUPPORT)


def _of(draft: Json, member: str) -> Iterator[str]:
    """Odd forms are passed over."""
    value = draft.get(member)
    for item in value if isinstance(value, list) else []:
        text = item.get("reference") if isinstance(item, dict) else None
        if isinstance(text, str) and text:
            yield text


def with_names(order: r.ServiceRequest, names: Mapping[str, str]) -> r.ServiceRequest:
    """The order, referring to what it brings by the names it is known by."""
    reasons = [
        r.Reference(names.get(reason.reference or "", reason.reference))
        for reason in order.reason_reference or []
    ]
    return msgspec.structs.replace(order, reason_reference=reasons)


def joined(received: Received, more: tuple[Attached | r.QuestionnaireResponse, ...]) -> Received:
    """The record with what the draft brings; where both have it, the record's is kept."""
    if not more:
        return received
    pool: dict[type, list[Any]] = {kind: list(held) for kind, held in received.resources.items()}
    for resource in more:
        held = pool.setdefault(type(resource), [])
        if all(one.id != resource.id for one in held):
            held.append(resource)
    return msgspec.structs.replace(received, resources=pool)


def _contained(draft: Json, name: str) -> Json | None:
    inside = draft.get("contained")
    for item in inside if isinstance(inside, list) else []:
        if isinstance(item, dict) and str(item.get("id")).removeprefix("#") == name:
            return item
    return None


def _own(raw: Json, patient_id: str, fhir_server: str | None) -> Attached | None:
    try:
        resource: Attached = msgspec.convert(raw, Attached)
    except msgspec.ValidationError:
        return None
    subject = resource.subject.reference if resource.subject else None
    return resource if relative(subject, fhir_server) == f"Patient/{patient_id}" else None
