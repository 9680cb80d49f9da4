"""A SMART launch of the companion app, on its way and granted."""

from __future__ import annotations

import msgspec


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known when the browser is back. Sealed, it waits in the tab that was sent away,
    so that no other tab can end this launch.
    """

    client: str
    server: str
    state: str
    verifier: str
    nonce: str
    until: float = 0.0
    """Seconds since 1970 after which it is of no use."""

    def __repr__(self) -> str:
        return "Pending(hidden)"


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What the authorization server gave."""

    access_token: str
    scope: str | None
    expires_in: int | None
    patient: str
    user: str | None
    """`Practitioner/x`, from a verified id_token; None: it did not say."""
    encounter: str | None
    app_context: str | None
    """The handle of a card (CDS Hooks, Link); None: it did not arrive."""
    origin: str | None
    messaging: str | None

    def __repr__(self) -> str:
        return "Granted(hidden)"
