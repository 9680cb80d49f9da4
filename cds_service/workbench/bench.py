"""The workbench behind its page: samples, changes, and the reasoning behind an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from cds_service.cdshooks.request import HookRequest, decode
from cds_service.client import Client
from cds_service.content.fixture_dates import shift
from cds_service.content.folders import knowledge_dir
from cds_service.content.scenarios import Scenario, load_scenarios
from cds_service.errors import EditRefused
from cds_service.facts.config import CriteriaConfig
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.rendering.reasoning import Reasoning
from cds_service.workbench import document, edits, orders
from cds_service.workbench.changes import Difference, Memory, difference, recall, remember
from cds_service.workbench.chart import Chart, chart
from cds_service.workbench.document import Json
from cds_service.workbench.palette import FILE, Palette, load_palette

Reason = Callable[[HookRequest, datetime, Client], Sequence[Reasoning]]
"""The use case: the reasoning of every rated order."""
PassedOver = Callable[[HookRequest, datetime, Client], Sequence[str]]
"""Why the other drafts and selections are not rated."""
Complete = Callable[[HookRequest, datetime, Client], HookRequest]
"""Adds what a call would: what was not prefetched, and what was answered in the companion app."""


LONG_AGO: Final = timedelta(days=30)
"""A request whose newest entry is older was hardly made for today."""


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page wants changed. One of `sample`, `text` or `request` says of what."""

    sample: str = ""
    """Id of a sample request."""
    text: str = ""
    """A request somebody pasted or opened."""
    written: str = ""
    """The day `text` was written for; its dates move so that this day is today."""
    request: str = ""
    """The request as the page has it."""
    answered: str = ""
    """The answer it got last: its system actions are applied before anything else, and a suggestion that
    is accepted is one of its.
    """
    hook: str = ""
    """Which hook to fire; empty: that of `text`, else order-select."""
    withheld: tuple[str, ...] = ()
    """Prefetch keys that are not sent."""
    edit: dict[str, Any] | None = None


class Changed(NamedTuple):
    """The request after the change, and the call to make of it."""

    request: str
    call: str
    """The same text as `request` where it is that, fired."""
    hook: str
    chart: Chart
    old: str = ""
    """The newest day in a request somebody brought, if that is long ago."""


class Why(NamedTuple):
    """The reasoning of every rated order, and what is new in it."""

    orders: tuple[tuple[Reasoning, Difference], ...]
    passed_over: Sequence[str]
    memory: dict[str, Memory]


class Content(NamedTuple):
    """What the workbench reads at start."""

    samples: Mapping[str, Scenario]
    palette: Palette
    terminology: Terminology


def load_content(terminology: Terminology) -> Content:
    """Samples and palette of this package. Raises ConfigurationError."""
    text = (knowledge_dir() / FILE).read_text(encoding="utf-8")
    samples = {each.id: each for each in load_scenarios()}
    return Content(samples, load_palette(text, terminology), terminology)


class Bench:
    """Holds content only; requests come and go with each call."""

    def __init__(
        self,
        content: Content,
        *,
        reason: Reason,
        passed_over: PassedOver,
        complete: Complete,
        client: Client,
        own: Mapping[str, CriteriaConfig],
        clock: Callable[[], datetime],
    ) -> None:
        """`client` says with which thresholds the reasoning is worked out, unless it is asked for with
        others: `own` are those in use, by their digest.
        """
        self.samples: Final = content.samples
        self.palette: Final = content.palette
        self.studies: Final = orders.studies(content.terminology)
        self._terminology = content.terminology
        self._reason = reason
        self._passed_over = passed_over
        self._client = client
        self._own = own
        self._clock = clock
        self._complete = complete

    @property
    def today(self) -> date:
        """Of the zone the criteria are held in."""
        return self._now().date()

    def sample(self, name: str) -> Changed:
        """A sample order as it would look today. Raises EditRefused for an unknown id."""
        return self.change(Asked(sample=name))

    def change(self, asked: Asked) -> Changed:
        """Carry out what the page asked for. Raises EditRefused with what to do instead."""
        now = self._now()
        request = self._request(asked, now)
        if asked.request and asked.answered:
            request = orders.annotate(request, asked.answered)
        if asked.edit is not None:
            request = self._edited(request, asked, asked.edit, now)
        if unknown := set(asked.withheld) - set(request.get("prefetch") or {}):
            # Withheld before, and gone with another patient: nothing to hold back.
            asked = msgspec.structs.replace(
                asked, withheld=tuple(key for key in asked.withheld if key not in unknown)
            )
        hook = asked.hook or (request["hook"] if asked.text else "order-select")
        fired = orders.call(request, hook, asked.withheld)
        call = document.write(fired)
        if hook == "order-select" and not asked.withheld:
            text, request = call, fired
        else:
            text = document.write(request)
        shown = chart(request, self._terminology, now.date())
        newest = "" if asked.written or not asked.text else shown.newest
        old = "" < newest < (now.date() - LONG_AGO).isoformat()
        return Changed(text, call, hook, shown, newest if old else "")

    def why(self, call: str, before: Any = None, values: str = "") -> Why:
        """The reasoning behind the answer to a call, held against what is `before` of it. `values`: the
        digest of the thresholds it was answered with, where that is known.

        Raises RequestError as the service itself does.
        """
        request = decode(call.encode("utf-8", "surrogatepass"))
        now, client = self._clock(), self._client
        if values in self._own:
            client = msgspec.structs.replace(client, criteria=self._own[values])
        request = self._complete(request, now, client)
        found = self._reason(request, now, client)
        old = recall(before)
        return Why(
            tuple((each, difference(each, old)) for each in found),
            self._passed_over(request, now, client),
            remember(found),
        )

    def chart_of(self, call: str, response: str) -> Chart:
        """The chart a call carries, with what its answer did to the drafts without asking.

        Raises EditRefused.
        """
        request = orders.annotate(document.read(call), response)
        return chart(request, self._terminology, self.today)

    def _now(self) -> datetime:
        return self._clock().astimezone(self._client.criteria.zone)

    def _request(self, asked: Asked, now: datetime) -> Json:
        if asked.sample:
            scenario = self.samples.get(asked.sample)
            if scenario is None:
                raise EditRefused("choose a patient from the list")
            return document.read(document.write(shift(scenario.request(), scenario.evaluated, now)))
        if asked.text:
            request = document.read(asked.text)
            if not asked.written:
                return request
            try:
                written = datetime.fromisoformat(asked.written).replace(hour=12, tzinfo=now.tzinfo)
                return shift(request, written, now)
            except (ValueError, OverflowError):
                raise EditRefused(
                    "written for: choose the day the request was made for, or leave it empty"
                ) from None
        if asked.request:
            return document.read(asked.request)
        raise EditRefused("open a patient, or paste a request, first")

    def _edited(self, request: Json, asked: Asked, edit: Json, now: datetime) -> Json:
        kind = edit.get("kind")
        if kind == "add":
            return edits.add_finding(
                request,
                self.palette,
                _text(edit, "finding"),
                _text(edit, "answer") or "present",
                _text(edit, "date") or now.date().isoformat(),
                now,
            )
        if kind == "measure":
            return edits.add_measure(
                request,
                self.palette,
                _text(edit, "measure"),
                _text(edit, "value"),
                _text(edit, "date") or now.date().isoformat(),
                now,
            )
        if kind == "study":
            return orders.set_study(
                request, self._terminology, _text(edit, "order"), _text(edit, "code")
            )
        if kind == "priority":
            return orders.set_priority(request, _text(edit, "order"), _text(edit, "priority"))
        if kind == "accept":
            return orders.accept(
                request,
                asked.answered,
                _number(edit, "card"),
                _number(edit, "suggestion"),
            )
        return self._row_edited(request, edit, now)

    def _row_edited(self, request: Json, edit: Json, now: datetime) -> Json:
        key, place = _text(edit, "key"), _number(edit, "place")
        match edit.get("kind"):
            case "remove":
                return edits.remove(request, key, place)
            case "move":
                return edits.move(request, key, place, _text(edit, "date"), now)
            case "state":
                return edits.set_state(request, key, place, _text(edit, "state"), now)
            case "value":
                return edits.set_value(request, key, place, _text(edit, "value"))
        raise EditRefused("that change is not known here; load the page again")


def _text(edit: Json, name: str) -> str:
    value = edit.get(name)
    return value if isinstance(value, str) else ""


def _number(edit: Json, name: str) -> int:
    """A place in a list; forms send it as text. -1 is in no list."""
    value = edit.get(name)
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 6:
        return int(value)
    return value if isinstance(value, int) else -1
