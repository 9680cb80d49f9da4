"""An answer with cards, as an EHR reads it (CDS Hooks, CDS Service Response)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

import msgspec

from cds_service.criteria.model import Outcome
from cds_service.errors import EditRefused

MOST: Final = 100
"""Cards of one answer; ours has at most four for each order."""


class _Part(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of the parts; members that are not shown are passed over."""


class Coding(_Part, frozen=True):
    code: str
    system: str = ""
    display: str = ""


class Action(_Part, frozen=True):
    type: str
    description: str = ""
    resource: dict[str, Any] = {}


BEHAVIOURS: Final = {"at-most-one": "Choose one", "any": "Choose as many as fit"}
"""What `selectionBehavior` lets a user do."""


class Suggestion(_Part, frozen=True):
    label: str
    uuid: str = ""
    is_recommended: bool = False
    actions: tuple[Action, ...] = ()

    @property
    def does(self) -> tuple[str, ...]:
        """What its actions do, in words the label does not say already."""
        words = [each.description or each.type for each in self.actions]
        return () if words == [self.label] else tuple(words)


class Link(_Part, frozen=True):
    label: str
    url: str
    type: str

    @property
    def opens(self) -> bool:
        """Whether a browser may follow it; an app is launched by the EHR."""
        return self.type == "absolute" and _is_web(self.url)

    @property
    def launches(self) -> bool:
        """Whether it is an app that an EHR launches."""
        return self.type == "smart" and _is_web(self.url)

    def with_server(self, iss: str) -> str:
        """The launch address with what an EHR adds of itself (CDS Hooks, Link; SMART App Launch)."""
        return f"{self.url}{'&' if '?' in self.url else '?'}iss={quote(iss, safe='')}"


class Source(_Part, frozen=True):
    label: str
    url: str = ""
    topic: Coding | None = None

    @property
    def opens(self) -> bool:
        return _is_web(self.url)


class Card(_Part, frozen=True):
    summary: str
    indicator: str
    source: Source
    uuid: str = ""
    detail: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: str = ""
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def choice(self) -> str:
        """How to choose among its suggestions; empty: a client shall treat the card as an error."""
        return BEHAVIOURS.get(self.selection_behavior, "")


class Answer(_Part, frozen=True):
    cards: tuple[Card, ...]
    system_actions: tuple[Action, ...] = ()


OUTCOMES: Final = frozenset(Outcome)
CRITERIA: Final = re.compile(r"/criteria/([0-9a-f]{12})(?:/|$)")
"""A link of ours to the criteria with the values that a card was made with."""


def contradicted(answer: Answer, outcomes: Iterable[str]) -> tuple[str, ...]:
    """Outcomes that cards give and `outcomes`, those of a reasoning, do not. More than one order may
    have the same, and an order may have no card.
    """
    said = Counter(
        card.source.topic.code
        for card in answer.cards
        if card.source.topic and card.source.topic.code in OUTCOMES
    )
    return tuple((said - Counter(outcomes)).elements())


def values_of(answer: Answer, public_url: str) -> str:
    """Digest of the thresholds that the links of an answer lead to; empty: it names none."""
    for card in answer.cards:
        for url in (card.source.url, *(link.url for link in card.links)):
            found = url.startswith(public_url) and CRITERIA.match(url.removeprefix(public_url))
            if found:
                return found[1]
    return ""


def _is_web(url: str) -> bool:
    return url.lower().startswith(("https://", "http://"))


_answers = msgspec.json.Decoder(Answer)


def decode_answer(text: str) -> Answer:
    """Read what came back with status 200. Raises EditRefused naming what is wrong with it."""
    try:
        answer = _answers.decode(text.encode("utf-8", "surrogatepass"))
    except msgspec.ValidationError as why:
        # Names the place and the types, nothing of the text.
        raise EditRefused(f"the answer is not one of CDS Hooks: {why}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EditRefused(
            "the answer is not JSON; is something else listening at this address?"
        ) from None
    if len(answer.cards) > MOST:
        raise EditRefused(f"the answer holds more than {MOST} cards; select fewer orders")
    return answer
