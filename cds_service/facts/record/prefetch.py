"""What arrived, key by key, and the resources of this patient in it.

An omitted key could not be provided, `null` means asked and nothing there, an OperationOutcome means
it failed, a page of a longer list is incomplete (CDS Hooks, Prefetch). Only what was read to its end
allows a conclusion from absence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Protocol, TypeVar

import msgspec

from cds_service.fhir import resources as r
from cds_service.fhir.references import relative

LABELS = {
    "patient": "the patient's birth date and sex",
    "conditions": "conditions",
    "obs-vitals": "vital signs",
    "obs-labs": "laboratory results",
    "obs-exam": "examination findings",
    "procedures": "procedures",
    "meds": "prescriptions",
    "med-statements": "medication statements",
    "med-dispenses": "medication dispenses",
    "imaging": "imaging reports",
    "imaging-studies": "imaging studies",
    "orders": "earlier orders",
    "devices": "devices",
    "allergies": "allergies",
    "answers": "questionnaire answers",
}
"""Every prefetch key that is read, in the order of discovery, with our words for what it holds."""
KEYS = tuple(LABELS)


class State(Enum):
    """How far a key could be read."""

    READ = "read"
    PARTIAL = "partly read"
    FAILED = "failed"
    ABSENT = "not supplied"


class Supplied(Protocol):
    """A prefetch value as the wire hands it over."""

    @property
    def present(self) -> bool: ...
    @property
    def value(self) -> object | None: ...
    @property
    def unreadable(self) -> int: ...


class Received(msgspec.Struct, frozen=True):
    """The readable resources of this patient, pooled, with the state of every key."""

    states: Mapping[str, State]
    patient: r.Patient | None
    resources: Mapping[type, list[Any]]
    other_patient: int
    """Resources dropped because they name another patient, or none."""
    unreadable: int

    def of(self, kind: type[T]) -> list[T]:
        return self.resources.get(kind, [])

    def read(self, *keys: str) -> bool:
        """Whether every key was read to its end."""
        return all(self.states[key] is State.READ for key in keys)


T = TypeVar("T")

# Medication is a look-up target without a subject; OperationOutcome and FamilyMemberHistory are no
# evidence; the Patient is compared by its id.
_NOT_EVIDENCE = frozenset((r.OperationOutcome, r.FamilyMemberHistory, r.Patient, r.Bundle))
_COMES_ALONG = {r.OperationOutcome, r.Medication}
_BY_PATIENT = (r.Device, r.AllergyIntolerance)


def receive(
    entries: Mapping[str, Supplied], patient_id: str, fhir_server: str | None = None
) -> Received:
    """Sort a prefetch into states and resources; identical copies of a resource count once."""
    states: dict[str, State] = {}
    pool: dict[type, list[Any]] = {}
    seen: dict[type, dict[str, Any]] = {}
    versions: set[bytes] = set()
    others = unreadable = 0
    patient: r.Patient | None = None
    own = f"Patient/{patient_id}"
    for key in KEYS:
        entry = entries.get(key)
        if entry is None or not entry.present:
            states[key] = State.ABSENT
            continue
        states[key] = _state(entry)
        unreadable += entry.unreadable
        for resource in _resources(entry.value):
            kind = type(resource)
            if kind in _NOT_EVIDENCE:
                if kind is r.Bundle:  # in a Bundle: nobody opens it
                    unreadable += 1
                elif kind is r.Patient and resource.id == patient_id:
                    patient = resource
                continue
            if kind is not r.Medication:
                subject = resource.patient if kind in _BY_PATIENT else resource.subject
                if subject is None or (
                    subject.reference != own and relative(subject.reference, fhir_server) != own
                ):
                    others += 1
                    continue
            if kind not in pool:
                pool[kind], seen[kind] = [], {}
            if resource.id is not None:
                first = seen[kind].setdefault(resource.id, resource)
                if first is not resource and _is_copy(resource, first, versions):
                    continue
            pool[kind].append(resource)
    return Received(states, patient, pool, others, unreadable)


def _is_copy(resource: Any, first: Any, versions: set[bytes]) -> bool:
    """Whether an identical copy was there before; another version of the same id is kept."""
    if resource == first:
        return True
    # One record sent in thousands of versions must not be compared each with each.
    version = msgspec.json.encode(resource)
    if version in versions:
        return True
    versions.add(version)
    return False


def _state(entry: Supplied) -> State:
    value = entry.value
    if entry.unreadable and not isinstance(value, r.Bundle):
        return State.FAILED
    if isinstance(value, r.OperationOutcome):
        return State.FAILED
    if not isinstance(value, r.Bundle):
        return State.READ
    entries = value.entry or []
    kinds = {type(e.resource) for e in entries}
    if r.OperationOutcome in kinds and any(
        e.resource.failed for e in entries if isinstance(e.resource, r.OperationOutcome)
    ):
        return State.FAILED if kinds == {r.OperationOutcome} else State.PARTIAL
    paged = any(link.relation == "next" for link in value.link or [])
    # `total` counts what was asked for, not what came along with it.
    matches = len(entries)
    if kinds & _COMES_ALONG:
        matches = sum(type(e.resource) not in _COMES_ALONG for e in entries)
    short = value.total is not None and value.total > matches
    # An empty entry, or a Bundle of its own, which nobody opens, is something unread.
    if paged or short or entry.unreadable or kinds & {type(None), r.Bundle}:
        return State.PARTIAL
    return State.READ


def _resources(value: object | None) -> list[Any]:
    if isinstance(value, r.Bundle):
        return [e.resource for e in value.entry or [] if e.resource is not None]
    return [] if value is None else [value]


def gaps(received: Received) -> dict[str, str]:
    """Keys that were not read to their end, with the reason in one word."""
    words = {State.ABSENT: "absent", State.FAILED: "failed", State.PARTIAL: "partial"}
    return {key: words[state] for key, state in received.states.items() if state in words}


def notes(received: Received) -> Iterable[str]:
    """Data notes on what could not be read or was set aside, in a fixed order."""
    for state, words in (
        (State.ABSENT, "not supplied"),
        (State.FAILED, "could not read"),
        (State.PARTIAL, "only partly read"),
    ):
        labels = [LABELS[key] for key in KEYS if received.states[key] is state]
        if labels:
            yield f"{words}: {', '.join(labels)}"
    if received.unreadable:
        yield f"{received.unreadable} unreadable resource(s) left out"
    if received.other_patient:
        yield f"{received.other_patient} resource(s) about another patient, or naming none, left out"
