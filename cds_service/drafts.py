"""Which drafts of a request are rated, and why the others are passed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from cds_service.cdshooks.request import HookRequest
from cds_service.client import Client
from cds_service.facts.record.attached import attached, with_names
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.imaging import mri_sets
from cds_service.facts.record.orders import Draft, cervical_mri
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.fhir.references import relative
from cds_service.fhir.resources import ServiceRequest

Json = dict[str, Any]
Say = Callable[[str, str], None]
"""Is told what was passed over, and why."""


def rated_drafts(
    request: HookRequest, now: datetime, client: Client, terminology: Terminology
) -> list[Json]:
    """The drafts that would be rated; without one the chart is not needed."""
    frame = Frame(now, client.criteria, terminology, request.fhir_server)
    return [raw for _, raw in selected(request, frame)]


def selected(
    request: HookRequest, frame: Frame, say: Say | None = None
) -> list[tuple[Draft, Json]]:
    """Selected cervical-MRI drafts of this patient, in the order of `selections`.

    Without `selections` (order-sign) every draft is selected. Drafts about another patient, and
    selections that match nothing, are passed over; `say` is told of each.
    """
    by_reference: dict[str, Json] = {}
    for raw in request.context.draft_orders:
        if raw.get("resourceType") == "ServiceRequest" and isinstance(raw.get("id"), str):
            by_reference.setdefault(f"ServiceRequest/{raw['id']}", raw)
    picked = request.context.selections
    wanted = list(by_reference) if picked is None else list(dict.fromkeys(picked))
    if say is not None:
        _unlisted(request.context.draft_orders, by_reference, say)
        if picked is not None:
            _unmatched(picked, by_reference, say)
    found: list[tuple[Draft, Json]] = []
    for reference in wanted:
        if reference not in by_reference:
            continue
        raw = by_reference[reference]
        draft = _draft(raw, request, frame, explain=say is not None)
        if isinstance(draft, str):
            if say is not None:
                say(reference, draft)
            continue
        if found:
            # A second order for the same study: the first is being placed already.
            first = found[0][0]
            draft = msgspec.structs.replace(draft, follows=first.reference, follows_code=first.code)
        found.append((draft, raw))
    return found


def _draft(raw: Json, request: HookRequest, frame: Frame, *, explain: bool) -> Draft | str:
    """The draft as one to be rated, or why it is not; without `explain` the why may be empty."""
    try:
        order = msgspec.convert(raw, ServiceRequest)
    except msgspec.ValidationError as why:
        return f"not a ServiceRequest of FHIR R4: {why}" if explain else ""
    subject = order.subject.reference if order.subject else None
    patient = request.context.patient_id
    if relative(subject, request.fhir_server) != f"Patient/{patient}":
        return _of_nobody(subject, request) if explain else ""
    brought = attached(raw, request.context.beside, patient, request.fhir_server)
    draft = cervical_mri(with_names(order, brought.names), frame)
    if draft is None:
        return _no_cervical_mri(order, frame) if explain else ""
    return msgspec.structs.replace(draft, attached=brought.resources, supporting=brought.supporting)


def _unlisted(drafts: Sequence[Json], known: Mapping[str, Json], say: Say) -> None:
    """Drafts that never come to be looked at."""
    if not drafts:
        say("draftOrders", "holds no order; send it as entry[].resource")
    for place, raw in enumerate(drafts):
        kind, name = raw.get("resourceType"), raw.get("id")
        where = f"draftOrders.entry[{place}]"
        if kind != "ServiceRequest":
            say(where, f"a {kind}; only a ServiceRequest is rated")
        elif not isinstance(name, str):
            say(where, "a ServiceRequest without id; send one, it may be a temporary one")
        elif known[f"ServiceRequest/{name}"] is not raw:
            say(where, f"a second ServiceRequest/{name}; the first counts")


def _unmatched(picked: Sequence[str], known: Mapping[str, Json], say: Say) -> None:
    """Selections of nothing, and drafts that were not selected."""
    if not picked:
        say("selections", "is empty, so nothing was picked; name the orders just picked")
    for selection in picked:
        if selection in known:
            continue
        if f"ServiceRequest/{selection}" in known:
            say(f"selections: {selection}", f"write it as ServiceRequest/{selection}")
        else:
            drafts = ", ".join(known) or "none with an id"
            say(f"selections: {selection}", f"matches no draft; ServiceRequests sent: {drafts}")
    for reference in known:
        if reference not in picked:
            say(reference, "is not among the selections")


def _of_nobody(subject: str | None, request: HookRequest) -> str:
    own = f"Patient/{request.context.patient_id}"
    if not subject:
        return f"has no subject.reference; send {own}"
    text = f"its subject is {subject}, and context.patientId makes it {own}"
    if "://" in subject:
        return f"{text}; an absolute one counts below fhirServer only ({request.fhir_server})"
    return text


def _no_cervical_mri(order: ServiceRequest, frame: Frame) -> str:
    """What was read as the code, and what is wrong with it."""
    codings = order.code.coding or [] if order.code else []
    if not codings:
        return "has no code.coding; a text alone is not read"
    read = ", ".join(f"{coding.system}|{coding.code}" for coding in codings)
    if order.do_not_perform:
        return f"{read}: doNotPerform asks for the study not to be done"
    sets = [frame.terminology.sets_of(coding.system, coding.code) for coding in codings]
    if any(each & mri_sets(frame) for each in sets):
        return f"{read}: another coding beside it names another study"
    if any("VS-MRICSPINE-MULTI" in each for each in sets):
        return f"{read}: MRI of several spine regions; rated only with scope.multiRegion=true"
    cervical = frame.terminology.codes("VS-MRICSPINE")
    for coding in codings:
        systems = [system for system, code in cervical if code == coding.code]
        if systems:
            return f"{read}: {coding.code} is a code of {systems[0]}; send that as its system"
    rated = ", ".join(f"{system}|{code}" for system, code in cervical[:2])
    return f"{read}: no code of a cervical-spine MRI (VS-MRICSPINE), such as {rated}"
