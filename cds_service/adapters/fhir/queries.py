"""The queries of a call: absent keys by discovery's own templates, pages that were left, references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, quote, urlencode, urljoin

import msgspec

from cds_service.adapters.fhir.addresses import Base
from cds_service.adapters.fhir.permission import is_id
from cds_service.cdshooks.request import HookRequest
from cds_service.cdshooks.salvage import PrefetchEntry
from cds_service.cdshooks.wire import PREFETCH_KEYS
from cds_service.facts.record.attached import references
from cds_service.fhir import resources as r
from cds_service.fhir.references import relative

PATIENT: Final = "{{context.patientId}}"
MAX_REFERENCES: Final = 10
"""References of the drafts that are read, in one call."""
_Behind: TypeAlias = r.Condition | r.Observation
_BEHIND: Final[Mapping[str, type[_Behind]]] = {
    "Condition": r.Condition,
    "Observation": r.Observation,
}
_KEYS: Final = {
    "Condition": ("conditions",),
    "Observation": ("obs-exam", "obs-vitals", "obs-labs"),
}
_WITHOUT_SUBJECT: Final = (r.Bundle, r.Medication, r.OperationOutcome, r.FamilyMemberHistory)


class Query(msgspec.Struct, frozen=True):
    """One thing to be read."""

    key: str
    kind: str
    url: str
    search: bool
    begun: PrefetchEntry | None = None


def missing(request: HookRequest, base: str, templates: Mapping[str, str]) -> Iterator[Query]:
    """Keys that were left out. What the client tried and failed at is not tried again (P-3)."""
    for key in PREFETCH_KEYS:
        if not request.prefetch[key].present and key in templates:
            kind, search, url = _address(templates[key], base, request.context.patient_id)
            yield Query(key, kind, url, search)


def _address(template: str, base: str, patient: str) -> tuple[str, bool, str]:
    """The parts are put in place before they are escaped, so none can reach beyond its own."""
    path, question, query = template.partition("?")
    path = "/".join(quote(part.replace(PATIENT, patient), safe="") for part in path.split("/"))
    parameters = [(name, value.replace(PATIENT, patient)) for name, value in parse_qsl(query)]
    asked = urlencode(parameters, safe=",:/", quote_via=quote)
    return path.partition("/")[0], bool(question), f"{base}/{path}{question}{asked}"


def left_pages(request: HookRequest, base: Base, url: str) -> Iterator[Query]:
    """Prefetched lists of which the client sent the first page (P-5)."""
    for key in PREFETCH_KEYS:
        entry = request.prefetch[key]
        if not isinstance(entry.value, r.Bundle):
            continue
        links = [link.url for link in entry.value.link or [] if link.relation == "next"]
        try:
            following = urljoin(f"{url}/", links[0] or "") if links else ""
        except ValueError:
            continue
        if following and base.holds(following):
            yield Query(key, "", following, search=True, begun=entry)


def behind(drafts: Iterable[Mapping[str, Any]], request: HookRequest, base: str) -> Iterator[Query]:
    """Conditions and Observations that drafts refer to and that were not prefetched."""
    held = {
        f"{type(resource).__name__}/{resource.id}"
        for keys in _KEYS.values()
        for key in keys
        for resource in _resources(request.prefetch[key].value)
    }
    wanted = dict.fromkeys(
        reference
        for draft in drafts
        for text in references(draft)
        if (reference := relative(text, request.fhir_server)) is not None
    )
    found = []
    for reference in wanted:
        kind, _, name = reference.partition("/")
        beside = reference in request.context.beside
        if kind in _BEHIND and is_id(name) and reference not in held and not beside:
            found.append(Query("", kind, f"{base}/{reference}", search=False))
    yield from found[:MAX_REFERENCES]


def _resources(value: object | None) -> list[Any]:
    return [entry.resource for entry in value.entry or []] if isinstance(value, r.Bundle) else []


def put(prefetch: dict[str, PrefetchEntry], query: Query, resource: object) -> None:
    """Add what a draft refers to to the first list of its kind that could be read.

    A list that could not be read stays so: one of its members is not the list.
    """
    if not isinstance(resource, _BEHIND[query.kind]):
        return
    for key in _KEYS[query.kind]:
        entry = prefetch[key]
        if not entry.present or not isinstance(entry.value, r.Bundle | None) or _lost(entry):
            continue
        value = entry.value if isinstance(entry.value, r.Bundle) else r.Bundle()
        if all(held != resource for held in _resources(value)):
            more = [*(value.entry or []), r.BundleEntry(resource)]
            # One more was found, so a list that was short by one is so still.
            total = None if value.total is None else value.total + 1
            bundle = msgspec.structs.replace(value, entry=more, total=total)
            prefetch[key] = msgspec.structs.replace(entry, value=bundle)
        return


def _lost(entry: PrefetchEntry) -> bool:
    if entry.value is None:
        return entry.unreadable > 0
    held = _resources(entry.value)
    return bool(held) and all(isinstance(one, r.OperationOutcome) for one in held)


def is_answer(query: Query, resource: object) -> bool:
    """Whether a read brought the very resource that was asked for."""
    name = f"{type(resource).__name__}/{getattr(resource, 'id', None)}"
    return query.url.endswith(f"/{name}")


def is_own(resource: object, patient: str, fhir_server: str | None) -> bool:
    """Whether a fetched resource names the patient, or is of a type that names nobody.

    More is asked than of prefetch: what a search for this patient brings and names nobody, or
    somebody we cannot tell from another, casts doubt on the whole answer.
    """
    if resource is None or isinstance(resource, _WITHOUT_SUBJECT):
        return True
    if isinstance(resource, r.Patient):
        return resource.id == patient
    named = getattr(resource, "subject", None) or getattr(resource, "patient", None)
    reference = named.reference if isinstance(named, r.Reference) else None
    return relative(reference, fhir_server) == f"Patient/{patient}"
