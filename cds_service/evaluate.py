"""The use case, top to bottom: request → facts → findings → recommendation → cards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from cds_service import __version__
from cds_service.cdshooks.request import HookRequest
from cds_service.client import Client
from cds_service.companion.counting import UNREAD, counted, left_out, noted, same_order
from cds_service.companion.links import launch_path, with_handle
from cds_service.companion.questions import Questions
from cds_service.criteria.decision.recommendation import recommend
from cds_service.criteria.model import Recommendation
from cds_service.criteria.registry import Case, check_against
from cds_service.drafts import selected
from cds_service.errors import DataNotAvailable
from cds_service.facts.config import CriteriaConfig
from cds_service.facts.patient_facts import PatientFacts, Reading
from cds_service.facts.record.attached import joined
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.orders import Draft
from cds_service.facts.record.prefetch import Received, State, gaps, receive
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.fhir.references import relative
from cds_service.fhir.resources import QuestionnaireResponse, ServiceRequest
from cds_service.handles import Given
from cds_service.issued import IssuedCard, Rated, Slip
from cds_service.rendering.explain import explain_text, explanation_object
from cds_service.rendering.judged import JudgedOrder, judged
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice, RenderOptions
from cds_service.rendering.reasoning import Reasoning, reasoning
from cds_service.rendering.render import draw, identify, render, response
from cds_service.watch import Watch

Json = dict[str, Any]

REQUIRED = ("patient", "conditions")
"""Prefetch keys without which nothing is said (CDS Hooks, Prefetch: 412)."""


@dataclass(frozen=True)
class _Call:
    """What is the same for all orders of one call."""

    request: HookRequest
    now: datetime
    client: Client
    received: Received
    terminology: Terminology

    def frame(self) -> Frame:
        return _frame(self.request, self.now, self.client, self.terminology)

    @cached_property
    def reading(self) -> Reading:
        """Of the chart alone; not made when every order brings something of its own."""
        return Reading(self.received, self.frame())


NO_CARD = "No card: the order adheres and nothing is to do (cards.showAppropriate is false)."


class Evaluator:
    """Rates the selected cervical-MRI drafts of a request. Holds content only, no patient data."""

    def __init__(
        self,
        terminology: Terminology,
        library: Library,
        rules: str,
        canonical: str,
        public_url: str,
        catalogue_url: str | None,
        questions: Questions,
        shared: CriteriaConfig,
    ) -> None:
        """`rules` is the version of the code that decides; `catalogue_url` is where cards lead to for
        their criteria (None: nowhere), and shows the options `shared`; `questions` is what the
        companion app can ask.

        Raises ConfigurationError when statements and criteria do not match one to one.
        """
        check_against(library.criterion_ids())
        self._terminology = terminology
        self._library = library
        self._canonical = canonical
        self._public_url = public_url
        self._catalogue_url = catalogue_url
        self._shared = shared.digest
        self._questions = questions
        together = f"{__version__} {library.version} {terminology.version} {rules}"
        self.version = f"{__version__}+{hashlib.sha256(together.encode()).hexdigest()[:12]}"
        """Of rules, cards, statements and value sets together, as they are without options."""

    def version_for(self, client: Client) -> str:
        """`version`, and what tells the options of this client from the defaults."""
        return self.version + client.variant

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
        if slip is not None and client.smart is not None:
            ask = self._questions
            advices = [with_handle(each, request, options, slip, ask) for each in advices]
        if slip is None:
            return render(advices, self._library, options)
        drawn = draw(advices, self._library, options)
        # Of an order without a card nothing has to be kept for the app.
        linked = {each.advice.app_context for each in drawn if each.primary}
        slip.handles = [each for each in slip.handles if each[0] in linked]
        cards: dict[int, list[IssuedCard]] = {}
        if slip.identities is not None:
            for each in drawn:
                issued = identify(each, slip.identities)
                cards.setdefault(id(each.advice), []).append(issued)
        slip.rated = tuple(
            self._rated(
                advice,
                self.version_for(client),
                sum(each.advice is advice for each in drawn),
                cards.get(id(advice), ()),
                audit=slip.audit,
            )
            for advice in advices
        )
        return response(drawn, advices, options)

    def _rated(
        self,
        advice: OrderAdvice,
        version: str,
        sent: int,
        cards: Sequence[IssuedCard],
        *,
        audit: bool,
    ) -> Rated:
        rec = advice.recommendation
        return Rated(
            order_code=advice.code,
            outcome=rec.outcome.value,
            rating=rec.rating,
            step=rec.step,
            version=version,
            fired=rec.fired,
            advisory=rec.advisory,
            missing=rec.missing,
            sent=sent,
            cards=tuple(cards),
            explanation=explanation_object(advice, self._library, version) if audit else None,
            reasoning=explain_text(advice, self._library) if audit else "",
        )

    def judged(self, request: HookRequest, now: datetime, client: Client) -> list[JudgedOrder]:
        """Each selected order with what is said about it, in the order of selection.

        Raises DataNotAvailable as `evaluate` does.
        """
        advices = self.advise(request, now, client)
        return judged(advices, self._library, self._options(request, client))

    def explain(self, request: HookRequest, now: datetime, client: Client) -> str:
        """The reasoning of every rated order, and why others were passed over, as text for people."""
        passed = self.passed_over(request, now, client)
        advices = self.advise(request, now, client)
        drawn = draw(advices, self._library, self._options(request, client))
        parts = []
        for advice in advices:
            parts.append(explain_text(advice, self._library))
            if not any(each.advice is advice for each in drawn):
                parts.append(NO_CARD)
        if not advices:
            parts.append("No selected draft is a cervical-spine MRI of this patient: no cards.")
        if passed:
            parts.append("\n  - ".join(["Passed over", *passed]))
        return "\n\n".join(parts)

    def passed_over(self, request: HookRequest, now: datetime, client: Client) -> list[str]:
        """Which drafts and selections are not rated, and why; one line each."""
        passed: list[str] = []
        frame = _frame(request, now, client, self._terminology)
        selected(request, frame, lambda what, why: passed.append(_printable(f"{what}: {why}")))
        return passed

    def reason(self, request: HookRequest, now: datetime, client: Client) -> tuple[Reasoning, ...]:
        """The reasoning of every rated order, for pages and machines; `explain` prints the same."""
        return tuple(
            reasoning(advice, self._library) for advice in self.advise(request, now, client)
        )

    def advise(
        self, request: HookRequest, now: datetime, client: Client, watch: Watch | None = None
    ) -> list[OrderAdvice]:
        """One recommendation for each selected cervical-MRI draft, in the order of selection."""
        frame = _frame(request, now, client, self._terminology)
        drafts = selected(request, frame)
        if not drafts:
            return []
        received = receive(request.prefetch, request.context.patient_id, request.fhir_server)
        if watch is not None:
            watch.gaps = gaps(received)
        _require(received)
        call = _Call(request, now, client, received, self._terminology)
        advices = []
        for draft, raw in drafts:
            advice = self._advice(call, draft, raw)
            if draft.reference in request.answered:
                advice = self._answered(call, draft, advice, request.answered[draft.reference])
            elif request.answers_unread:
                advice = noted(advice, UNREAD)
            advices.append(advice)
        return advices

    def _advice(
        self, call: _Call, draft: Draft, raw: Json, more: tuple[QuestionnaireResponse, ...] = ()
    ) -> OrderAdvice:
        # Each order gets a frame of its own: what it leaves out is noted on its own card.
        brought = (*draft.attached, *more)
        reading = Reading(joined(call.received, brought), call.frame()) if brought else call.reading
        recommendation = recommend(Case(PatientFacts(reading, draft, call.frame())))
        return OrderAdvice(
            order=raw,
            recommendation=recommendation,
            study=draft.code.display,
            code=draft.code.code,
            pending=_pending(recommendation, call.request),
        )

    def _answered(
        self, call: _Call, draft: Draft, before: OrderAdvice, given: Given
    ) -> OrderAdvice:
        """The advice with what was answered in the companion app, if it was for this order."""
        response, server = given.response, call.request.fhir_server
        subject = response.subject.reference if response.subject else None
        if relative(subject, server) != f"Patient/{call.request.context.patient_id}":
            return before
        after = self._advice(call, draft, dict(before.order), (response,))
        if not same_order(before, after, given, self._options(call.request, call.client)):
            return left_out(before, response)
        return counted(after, response, self._terminology)

    def _options(self, request: HookRequest, client: Client) -> RenderOptions:
        criteria = client.criteria
        launch = launch_path(client)
        return RenderOptions(
            canonical=self._canonical,
            base_url=self._public_url,
            patient_id=request.context.patient_id,
            version=self.version_for(client),
            encounter_id=request.context.encounter_id,
            pama=criteria["ext.pama"],
            g_code=client.g_code,
            system_actions=client.system_actions,
            legacy_system_actions=client.legacy_system_actions,
            show_appropriate=client.show_appropriate,
            change_in_place=client.change_in_place,
            explanation=client.explanation,
            emergency_text=criteria["emerg.text"],
            catalogue_url=self._criteria_url(client),
            smart_url=launch and f"{self._public_url}{launch}",
        )

    def _criteria_url(self, client: Client) -> str | None:
        """Where the criteria are shown with the options of this client; its name is not in it."""
        own = client.criteria.digest
        if self._catalogue_url is None or self._shared == own:
            return self._catalogue_url
        return f"{self._catalogue_url}/{own}"


def _frame(request: HookRequest, now: datetime, client: Client, terminology: Terminology) -> Frame:
    return Frame(
        now, client.criteria, terminology, request.fhir_server, request.context.encounter_id
    )


def _printable(text: str) -> str:
    """Without what would steer a terminal: parts of it were received."""
    return "".join(each if each.isprintable() else "?" for each in text)


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
