"""One visit to the app: one user at one order of one patient, from launch to "Use this"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol, cast, runtime_checkable
from uuid import uuid4

import msgspec

from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import AccessToken, FhirAuthorization, HookRequest, OrderContext
from cds_service.cdshooks.salvage import ABSENT, PrefetchEntry
from cds_service.cdshooks.wire import PREFETCH_KEYS
from cds_service.client import Client
from cds_service.companion.answers import (
    Entered,
    mistake,
    of_response,
    recorded,
    response,
)
from cds_service.companion.asking import Asked, chosen, on_record
from cds_service.companion.questions import Questions
from cds_service.criteria.model import Outcome, Recommendation
from cds_service.fhir.resources import AnyResource, Bundle, QuestionnaireResponse
from cds_service.handles import Answers, Given, Handle
from cds_service.rendering.judged import JudgedOrder, Reason
from cds_service.rendering.studies import CT, STUDIES, study_code

Json = dict[str, Any]

OFFERED: Final = tuple(study for study in STUDIES.values() if study is not CT)
"""Studies to choose from where no order came along."""


class Kept(msgspec.Struct, frozen=True):
    """One prefetch key as it was read, ready to be sealed."""

    present: bool
    value: AnyResource | None = None
    unreadable: int = 0


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Everything between two clicks. Sealed, it lies with the browser and nowhere else.

    The access token is not in it: the chart was read, once, before the page was shown.
    """

    client: str
    patient: str
    user: str | None
    """`Practitioner/x`; None: the authorization server did not say who it is."""
    server: str
    until: datetime
    response_id: str
    handle: str | None
    """What stands for the order; None: the app was opened without one."""
    consult_ids: tuple[str, ...] = ()
    draft: msgspec.Raw
    encounter: str | None = None
    chart: dict[str, Kept]
    origin: str | None = None
    """The EHR's page that is sent messages; None: it offers none, or an origin we do not know."""
    messaging: str | None = None
    """Its messaging handle."""
    earlier: str | None = None
    """Id of the answers that stood in the form when it was opened; None: there were none."""

    def __repr__(self) -> str:
        return "Visit(hidden)"


class View(NamedTuple):
    """What the page shows for the answers so far."""

    now: JudgedOrder
    before: JudgedOrder
    """Without any answer of this visit."""
    asked: tuple[Asked, ...]
    more: bool
    """Whether other questions wait until some of these are answered."""
    elsewhere: tuple[tuple[str, str], ...]
    """What is missing and cannot be asked here, with what to do."""

    @property
    def rated(self) -> bool:
        return self.now.advice.recommendation.outcome is not Outcome.INSUFFICIENT

    @property
    def order(self) -> Json | None:
        """The draft with its rating; None: it is as it came, for want of a rating or of a new one."""
        return self.now.order if self.now.order != self.now.advice.order else None

    @property
    def moved(self) -> bool:
        return self.now.title != self.before.title

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.now.reasons

    @property
    def answered(self) -> bool:
        return any(each.entered.value and not each.mistake for each in self.asked)


@runtime_checkable
class Judge(Protocol):
    """The use case."""

    def judged(self, request: HookRequest, now: datetime, client: Client) -> list[JudgedOrder]:
        """Each selected order, with what is said about it. Raises DataNotAvailable."""
        ...


class Companion:
    """Asks, judges, and writes down. Holds content only, no patient data."""

    def __init__(self, judge: Judge, questions: Questions, local_system: str) -> None:
        self._judge = judge
        self._questions = questions
        self._local_system = local_system

    def request(
        self,
        draft: Json,
        *,
        patient: str,
        user: str | None,
        encounter: str | None,
        server: str,
        access: FhirAuthorization | None = None,
        chart: Mapping[str, PrefetchEntry] | None = None,
    ) -> HookRequest:
        """The call an EHR would make for this order; `access` reads what is not in `chart`."""
        order = f"ServiceRequest/{draft.get('id')}"
        return HookRequest(
            hook="order-select",
            hook_instance=str(uuid4()),
            context=OrderContext(
                user_id=user or "Practitioner/unknown",
                patient_id=patient,
                encounter_id=encounter,
                selections=(order,),
                draft_orders=(draft,),
                beside={order: draft},
            ),
            fhir_server=server,
            fhir_authorization=access,
            prefetch=dict.fromkeys(PREFETCH_KEYS, ABSENT) | dict(chart or {}),
        )

    def view(
        self, visit: Visit, given: Mapping[str, Entered], now: datetime, client: Client
    ) -> View:
        """The questions, and what is said with these answers. Raises DataNotAvailable."""
        request = self._request(visit)
        (before,) = self._judge.judged(request, now, client)
        after = before
        answered = self._response(visit, given, now, client)
        if "item" in answered:
            typed = msgspec.json.decode(encode(answered), type=QuestionnaireResponse)
            order = before.advice.reference
            own = {order: Given(frozenset(), typed, certain=True)}
            asked = msgspec.structs.replace(request, answered=own)
            (after,) = self._judge.judged(asked, now, client)
        links, more = chosen(
            self._questions,
            given,
            at_first=before.advice.recommendation.missing,
            lacking=after.advice.recommendation.missing,
        )
        on_page = self._asked(visit, given, links, before.advice.recommendation)
        return View(after, before, on_page, more, self._elsewhere(after))

    def answers(
        self, visit: Visit, given: Mapping[str, Entered], view: View, now: datetime, client: Client,
        until: datetime,
    ) -> Answers:  # fmt: skip
        """What is kept until the EHR asks again."""
        return Answers(
            client=visit.client,
            patient=visit.patient,
            user=visit.user or "",
            order=view.now.advice.reference,
            expires=until,
            consult_ids=tuple(dict.fromkeys((*visit.consult_ids, view.now.consult_id))),
            response=msgspec.Raw(encode(self._response(visit, given, now, client))),
        )

    def earlier(self, given: Given | None) -> dict[str, Entered]:
        """What the same user answered about the same order before."""
        return of_response(self._questions, given.response) if given else {}

    def _response(
        self, visit: Visit, given: Mapping[str, Entered], now: datetime, client: Client
    ) -> Json:
        return response(
            self._questions,
            given,
            identity=visit.response_id,
            patient=visit.patient,
            author=visit.user,
            authored=now.astimezone(client.criteria.zone).isoformat(timespec="seconds"),
        )

    def _request(self, visit: Visit) -> HookRequest:
        chart = {
            key: PrefetchEntry(each.present, each.value, each.unreadable)
            for key, each in visit.chart.items()
        }
        return self.request(
            msgspec.json.decode(visit.draft),
            patient=visit.patient,
            user=visit.user,
            encounter=visit.encounter,
            server=visit.server,
            chart=chart,
        )

    def _asked(
        self,
        visit: Visit,
        given: Mapping[str, Entered],
        links: Iterable[str],
        unanswered: Recommendation,
    ) -> tuple[Asked, ...]:
        pool = [resource for each in visit.chart.values() for resource in _resources(each.value)]
        found = []
        for link in links:
            question, entered = self._questions.by_link[link], given.get(link, Entered())
            old = recorded(question, pool, self._local_system)
            beside = on_record(self._questions, link, unanswered, old)
            found.append(Asked(question, entered, old, beside, mistake(question, entered)))
        return tuple(found)

    def _elsewhere(self, judged: JudgedOrder) -> tuple[tuple[str, str], ...]:
        asks = [(m, self._questions.ask_for(m)) for m in judged.advice.recommendation.missing]
        return tuple((missing, ask.elsewhere) for missing, ask in asks if ask.elsewhere)


def chart_of(request: HookRequest) -> dict[str, Kept]:
    """What was read, in a form that can be sealed."""
    return {
        # Everything a prefetch holds was decoded as one of these.
        key: Kept(each.present, cast("AnyResource | None", each.value), each.unreadable)
        for key, each in request.prefetch.items()
    }


def draft_for(study: str, patient: str) -> Json:
    """An order to try the criteria on, where none came along."""
    return {
        "resourceType": "ServiceRequest",
        "id": "companion-draft",
        "status": "draft",
        "intent": "order",
        "code": study_code(STUDIES[study]),
        "subject": {"reference": f"Patient/{patient}"},
    }


def access(
    token: str, scope: str | None, expires_in: int | None, patient: str
) -> FhirAuthorization:
    return FhirAuthorization(AccessToken(token), expires_in, scope, None, patient)


def bound(handle: Handle | None, client: str, patient: str, user: str | None) -> bool:
    """Whether a handle belongs to exactly these."""
    return handle is not None and (handle.client, handle.patient, handle.user) == (
        client,
        patient,
        user,
    )


def _resources(value: object) -> list[object]:
    if isinstance(value, Bundle):
        return [entry.resource for entry in value.entry or () if entry.resource is not None]
    return [] if value is None else [value]
