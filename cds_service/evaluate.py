"""The use case, top to bottom: request → facts → findings → recommendation → cards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from cds_service import __version__
from cds_service.cdshooks.request import HookRequest
from cds_service.client import Client
from cds_service.criteria.decision.recommendation import recommend
from cds_service.criteria.model import Recommendation
from cds_service.criteria.registry import Case, check_against
from cds_service.errors import DataNotAvailable
from cds_service.facts.patient_facts import PatientFacts
from cds_service.facts.record.attached import attached, joined, with_names
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.orders import Draft, cervical_mri
from cds_service.facts.record.prefetch import Received, State, gaps, receive
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.fhir.references import relative
from cds_service.fhir.resources import ServiceRequest
from cds_service.issued import IssuedCard, Rated, Slip
from cds_service.rendering.explain import explain_text, explanation_object
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice, RenderOptions
from cds_service.rendering.render import draw, identify, render, response
from cds_service.watch import Watch

Json = dict[str, Any]

REQUIRED = ("patient", "conditions")
"""Prefetch keys without which nothing is said (CDS Hooks, Prefetch: 412)."""


class Evaluator:
    """Rates the selected cervical-MRI drafts of a request. Holds content only, no patient data."""

    def __init__(
        self, terminology: Terminology, library: Library, canonical: str, public_url: str
    ) -> None:
        """Raises ConfigurationError when statements and criteria do not match one to one."""
        check_against(library.criterion_ids())
        self._terminology = terminology
        self._library = library
        self._canonical = canonical
        self._public_url = public_url
        together = f"{__version__} {library.version} {terminology.version}"
        self.version = f"{__version__}+{hashlib.sha256(together.encode()).hexdigest()[:12]}"

    def evaluate(
        self,
        request: HookRequest,
        now: datetime,
        client: Client,
        watch: Watch | None = None,
        *,
        slip: Slip | None = None,
    ) -> Json:
        """The CDS Hooks response as a plain dict; `watch` learns how the time went, `slip` what has
        to be remembered.

        Raises DataNotAvailable (412) when a required key is absent or failed; an order that is not a
        cervical MRI never is an error.
        """
        watch = watch or Watch()
        advices = self.advise(request, now, client, watch)
        watch.lap("evaluate")
        options = self._options(request, client)
        if slip is None:
            return render(advices, self._library, options)
        drawn = draw(advices, self._library, options)
        cards: dict[int, list[IssuedCard]] = {}
        if slip.identities is not None:
            for each in drawn:
                issued = identify(each, slip.identities)
                cards.setdefault(id(each.advice), []).append(issued)
        slip.rated = tuple(
            self._rated(
                advice,
                sum(each.advice is advice for each in drawn),
                cards.get(id(advice), ()),
                audit=slip.audit,
            )
            for advice in advices
        )
        return response(drawn, advices, options)

    def _rated(
        self, advice: OrderAdvice, sent: int, cards: Sequence[IssuedCard], *, audit: bool
    ) -> Rated:
        rec = advice.recommendation
        return Rated(
            order_code=advice.code,
            outcome=rec.outcome.value,
            rating=rec.rating,
            step=rec.step,
            version=self.version,
            fired=rec.fired,
            advisory=rec.advisory,
            missing=rec.missing,
            sent=sent,
            cards=tuple(cards),
            explanation=explanation_object(advice, self._library, self.version) if audit else None,
            reasoning=explain_text(advice, self._library) if audit else "",
        )

    def explain(self, request: HookRequest, now: datetime, client: Client) -> str:
        """The reasoning of every rated order, as text for people."""
        advices = self.advise(request, now, client)
        if not advices:
            return "No selected draft is a cervical-spine MRI of this patient: no cards."
        return "\n\n".join(explain_text(advice, self._library) for advice in advices)

    def advise(
        self, request: HookRequest, now: datetime, client: Client, watch: Watch | None = None
    ) -> list[OrderAdvice]:
        """One recommendation for each selected cervical-MRI draft, in the order of selection."""
        frame = self._frame(request, now, client)
        drafts = _drafts(request, frame)
        if not drafts:
            return []
        received = receive(request.prefetch, request.context.patient_id, request.fhir_server)
        if watch is not None:
            watch.gaps = gaps(received)
        _require(received)
        advices = []
        for draft, raw in drafts:
            # Each order gets a frame of its own: what it leaves out is noted on its own card.
            own = self._frame(request, now, client)
            known = joined(received, draft.attached)
            recommendation = recommend(Case(PatientFacts(known, draft, own)))
            advices.append(
                OrderAdvice(
                    order=raw,
                    recommendation=recommendation,
                    study=draft.code.display,
                    code=draft.code.code,
                    pending=_pending(recommendation, request),
                )
            )
        return advices

    def _frame(self, request: HookRequest, now: datetime, client: Client) -> Frame:
        return Frame(
            now,
            client.criteria,
            self._terminology,
            request.fhir_server,
            request.context.encounter_id,
        )

    def _options(self, request: HookRequest, client: Client) -> RenderOptions:
        criteria = client.criteria
        return RenderOptions(
            canonical=self._canonical,
            base_url=self._public_url,
            patient_id=request.context.patient_id,
            version=self.version,
            encounter_id=request.context.encounter_id,
            pama=criteria["ext.pama"],
            g_code=client.g_code,
            system_actions=client.system_actions,
            legacy_system_actions=client.legacy_system_actions,
            show_appropriate=client.show_appropriate,
            change_in_place=client.change_in_place,
            explanation=client.explanation,
            emergency_text=criteria["emerg.text"],
        )


def _pending(recommendation: Recommendation, request: HookRequest) -> Json | None:
    """The pending order whose priority should be raised, as it was received.

    None when it is not certain which one it is: another version of it may have been sent too.
    """
    prior = recommendation.prior
    if recommendation.raise_pending_priority is None or prior is None:
        return None
    own = f"Patient/{request.context.patient_id}"
    found = []
    for raw in request.raw_resources("orders", prior.reference):
        with suppress(msgspec.ValidationError):
            order = msgspec.convert(raw, ServiceRequest)
            subject = order.subject.reference if order.subject else None
            if relative(subject, request.fhir_server) == own and raw not in found:
                found.append(raw)
    return found[0] if len(found) == 1 else None


def _require(received: Received) -> None:
    for key in REQUIRED:
        state = received.states[key]
        if state is State.ABSENT:
            raise DataNotAvailable(key, "absent")
        if state is State.FAILED:
            raise DataNotAvailable(key, "could not be read")


def rated_drafts(
    request: HookRequest, now: datetime, client: Client, terminology: Terminology
) -> list[Json]:
    """The drafts that would be rated; without one the chart is not needed."""
    frame = Frame(now, client.criteria, terminology, request.fhir_server)
    return [raw for _, raw in _drafts(request, frame)]


def _drafts(request: HookRequest, frame: Frame) -> list[tuple[Draft, Json]]:
    """Selected cervical-MRI drafts of this patient, in the order of `selections`.

    Without `selections` (order-sign) every draft is selected. Drafts about another patient, and
    selections that match nothing, are passed over.
    """
    by_reference: dict[str, Json] = {}
    for raw in request.context.draft_orders:
        if raw.get("resourceType") == "ServiceRequest" and isinstance(raw.get("id"), str):
            by_reference.setdefault(f"ServiceRequest/{raw['id']}", raw)
    picked = request.context.selections
    wanted = list(by_reference) if picked is None else list(dict.fromkeys(picked))
    found: list[tuple[Draft, Json]] = []
    for reference in wanted:
        if reference not in by_reference:
            continue
        raw = by_reference[reference]
        draft = _draft(raw, request, frame)
        if draft is None:
            continue
        if found:
            # A second order for the same study: the first is being placed already.
            first = found[0][0]
            draft = msgspec.structs.replace(draft, follows=first.reference, follows_code=first.code)
        found.append((draft, raw))
    return found


def _draft(raw: Json, request: HookRequest, frame: Frame) -> Draft | None:
    try:
        order = msgspec.convert(raw, ServiceRequest)
    except msgspec.ValidationError:
        return None  # not an R4 ServiceRequest: not one of ours
    subject = order.subject.reference if order.subject else None
    patient = request.context.patient_id
    if relative(subject, request.fhir_server) != f"Patient/{patient}":
        return None
    brought = attached(raw, request.context.beside, patient, request.fhir_server)
    draft = cervical_mri(with_names(order, brought.names), frame)
    return draft and msgspec.structs.replace(
        draft, attached=brought.resources, supporting=brought.supporting
    )
