"""What the views need from other rooms, as small protocols; app.py fits them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

from flask import Request

from cds_service.cdshooks.feedback import Event
from cds_service.cdshooks.request import HookRequest
from cds_service.client import Client
from cds_service.handles import Answers, Given, Handle
from cds_service.issued import Slip
from cds_service.rendering.reasoning import Reasoning
from cds_service.watch import Watch

Clock: TypeAlias = Callable[[], datetime]
"""The moment a call is evaluated for, with its zone."""


Check: TypeAlias = Callable[[], object]
"""Whether something the service needs is there: raises when it is not. Quick: probes wait for it."""

REJECTIONS: Final = (
    "token-missing", "token-size", "token-malformed", "header-typ", "header-crit", "header-kid",
    "issuer", "jku", "algorithm", "key-unknown", "signature", "audience", "claims", "expired",
    "not-yet-valid", "lifetime", "tenant", "replayed", "keys-unavailable", "replay-store",
)  # fmt: skip
"""Why a token was not accepted: the reasons that are counted by name."""

FETCH_FAULTS: Final = (
    "timeout", "connection", "tls", "server-error", "refused", "redirect", "not-fhir", "too-large",
    "other-patient", "scope", "address",
)  # fmt: skip
"""Why a read from a FHIR server came to nothing: the kinds that are counted by name."""


STORE_EVENTS: Final = (
    "card_without_uuid", "call_lost", "feedback_kept", "feedback_set_apart", "feedback_repeated",
    "feedback_dropped",
)  # fmt: skip
"""What is counted of the store: cards sent while it was down; calls that were never written down;
events of feedback that count from now on, and those that count nowhere; those that were there
already; those beyond what is set apart for a client.
"""


class EvaluatorProtocol(Protocol):
    """The use case."""

    @property
    def version(self) -> str:
        """Of rules and value sets together, without the options of clients."""
        ...

    def evaluate(
        self,
        request: HookRequest,
        now: datetime,
        client: Client,
        watch: Watch | None = None,
        *,
        slip: Slip | None = None,
    ) -> dict[str, Any]:
        """The CDS Hooks response. Raises RequestError when the request cannot be answered.

        `watch` is told where the time goes and which data were missing; `slip` takes down what was
        rated and sent.
        """
        ...

    def explain(self, request: HookRequest, now: datetime, client: Client) -> str:
        """The reasoning as text for people."""
        ...

    def reason(self, request: HookRequest, now: datetime, client: Client) -> tuple[Reasoning, ...]:
        """The same for pages and machines."""
        ...

    def passed_over(self, request: HookRequest, now: datetime, client: Client) -> list[str]:
        """Which drafts and selections are not rated, and why; one line each."""
        ...


class Authenticator(Protocol):
    """Who calls."""

    def authenticate(self, request: Request, url: str) -> Client:
        """The caller, from the headers alone; `url` is the public URL that was called.

        Raises RequestError with status 401; the body of that answer stays empty (SEC-10).
        """
        ...


class FhirReader(Protocol):
    """Reads what the client did not prefetch, where the client allows it (CDS Hooks, F-1)."""

    def complete(self, request: HookRequest, client: Client, deadline: float) -> HookRequest:
        """The request with absent prefetch keys filled as far as they could be read in time.

        `deadline` is a reading of the monotonic clock; nothing is awaited beyond it.
        """
        ...


class Meter(Protocol):
    """Counts for operators. No argument may come from a request; other words are counted as one."""

    def count_call(
        self,
        *,
        service: str,
        hook: str,
        outcomes: Iterable[str],
        topics: Iterable[str],
        status: int,
    ) -> None:
        """A call was answered; `outcomes` are those of the orders it rated, with or without a card, in
        the order of selection; `topics` the codes of its cards.
        """
        ...

    def time_stage(self, stage: str, seconds: float) -> None:
        """`stage` is one of `watch.STAGES`, or `total`."""
        ...

    def count_gap(self, key: str, state: str) -> None:
        """A prefetch key that was `absent`, `failed` or `partial` when an order was rated."""
        ...

    def count_rejection(self, reason: str) -> None:
        """A token was not accepted; `reason` is one of REJECTIONS."""
        ...

    def count_fetch_fault(self, kind: str, times: int = 1) -> None:
        """A read from a FHIR server failed; `kind` is one of FETCH_FAULTS."""
        ...

    def count_store(self, event: str, times: int = 1) -> None:
        """`event` is one of STORE_EVENTS."""
        ...


class Tracer(Protocol):
    """Writes down how single calls went."""

    def trace_call(self, line: Mapping[str, Any], watch: Watch) -> None:
        """A call is over; `line` is what the log says of it."""
        ...


class NoMeter:
    """Counts nothing."""

    def count_call(
        self,
        *,
        service: str,
        hook: str,
        outcomes: Iterable[str],
        topics: Iterable[str],
        status: int,
    ) -> None:
        pass

    def time_stage(self, stage: str, seconds: float) -> None:
        pass

    def count_gap(self, key: str, state: str) -> None:
        pass

    def count_rejection(self, reason: str) -> None:
        pass

    def count_fetch_fault(self, kind: str, times: int = 1) -> None:
        pass

    def count_store(self, event: str, times: int = 1) -> None:
        pass


class Recorder(Protocol):
    """Remembers what was issued."""

    def slip(
        self,
        client: Client,
        now: datetime,
        *,
        hook: str,
        hook_instance: str | None,
        patient: str,
        practitioner: str,
    ) -> Slip:
        """To be filled in by one call; it says how cards get their uuids, if they get any."""
        ...

    def record(self, slip: Slip, evaluate: float, total: float) -> None:
        """Remember it; returns at once. `evaluate` and `total` are seconds."""
        ...


class FeedbackKeeper(Protocol):
    """Remembers what became of cards."""

    def keep(self, events: Sequence[Event], client: Client, now: datetime) -> None:
        """Returns once everything is on the disk. Raises StoreUnavailable; then nothing is."""
        ...


class AnswerFinder(Protocol):
    """Remembers what was answered in the companion app."""

    def answered(
        self,
        client: str,
        patient: str,
        user: str,
        orders: Sequence[str],
        now: datetime,
        wait: float,
    ) -> Mapping[str, Given] | None:
        """What this user answered about these orders, `ServiceRequest/x`, by order.

        None: that could not be found out within `wait` seconds. Never raises.
        """
        ...


class CompanionStore(AnswerFinder, Protocol):
    """All that is kept for the companion app."""

    @property
    def vault(self) -> Any:
        """Seals and opens; None: nothing can be kept."""
        ...

    def handle(self, token: str, now: datetime) -> Handle | None:
        """What a handle stands for; None: unknown, used or expired. Raises StoreUnavailable."""
        ...

    def keep_answers(self, token: str, answers: Answers, replaces: str | None) -> bool:
        """Keep answers and use their handle up, both or neither; False: it is gone already, or
        answers other than `replaces` (id of a QuestionnaireResponse) were kept meanwhile.

        Raises StoreUnavailable.
        """
        ...


class CardStore(Recorder, FeedbackKeeper, Protocol):
    """Both."""
