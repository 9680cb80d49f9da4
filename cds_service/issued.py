"""What leaves the service in one answer, as far as it has to be remembered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import msgspec

from cds_service.handles import Handle


class Identities(Protocol):
    """Makes the uuids of cards and suggestions, by which feedback names them."""

    def card(self) -> str: ...

    def suggestion(self, card: str) -> str:
        """The uuid of a suggestion of that card."""
        ...


class IssuedCard(msgspec.Struct, frozen=True, gc=False):
    """A card that is sent with a uuid."""

    uuid: str
    code: str
    """Outcome, or the id of an overlay."""
    indicator: str
    primary: bool
    suggestions: tuple[tuple[str, str], ...] = ()
    """uuid and name, as in cards/suggestions.toml."""


class Rated(msgspec.Struct, frozen=True):
    """How one order was judged, and the cards that say so. Nothing of the record is in it, but in
    `explanation` and `reasoning`.
    """

    order_code: str
    outcome: str
    rating: str | None
    step: str
    version: str
    """Of rules, value sets and options together."""
    fired: tuple[str, ...]
    advisory: tuple[str, ...]
    missing: tuple[str, ...]
    sent: int
    """How many cards were sent for it, with or without uuid."""
    cards: tuple[IssuedCard, ...]
    explanation: dict[str, Any] | None = None
    """For the audit record; None: not kept."""
    reasoning: str = ""


class Slip:
    """Filled in on the way of one call: who asked, what was rated, what was sent."""

    def __init__(
        self,
        *,
        client: str,
        hook: str,
        hook_instance: str | None,
        at: datetime,
        identities: Identities | None,
        audit: bool = False,
        patient: str | None = None,
        practitioner: str | None = None,
        handles_until: datetime | None = None,
    ) -> None:
        self.client = client
        self.hook = hook
        self.hook_instance = hook_instance
        self.at = at
        self.identities = identities
        """None: cards go out without uuid."""
        self.audit = audit
        self.patient = patient
        self.practitioner = practitioner
        self.handles_until = handles_until
        """When handles of the companion app expire; None: none can be kept, so none is made."""
        self.handles: list[tuple[str, Handle]] = []
        """Each with the secret text that stands for it on a card."""
        self.rated: tuple[Rated, ...] = ()
