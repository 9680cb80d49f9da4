"""What the companion app needs from other rooms, as small protocols; it is put together elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, Protocol

from structlog.typing import FilteringBoundLogger

from cds_service.client import Client, FhirServer, SmartApp
from cds_service.companion.visit import Companion
from cds_service.launches import Granted, Pending
from cds_service.web.seams import Clock, CompanionStore, FhirReader


class Flow(Protocol):
    """The authorization code flow. Both raise LaunchFailed."""

    def begin(
        self, client: str, app: SmartApp, server: FhirServer, launch: str | None
    ) -> tuple[str, Pending]: ...

    def finish(self, app: SmartApp, server: FhirServer, pending: Pending, code: str) -> Granted: ...


class Sealer(Protocol):
    def seal(self, kind: str, content: bytes) -> str: ...

    def open(self, kind: str, sealed: str) -> bytes | None: ...


class Parts(NamedTuple):
    """What the app is put together from."""

    clients: tuple[Client, ...]
    companion: Companion
    flow: Flow
    keeper: CompanionStore
    sealer: Sealer
    reader: FhirReader
    server_of: Callable[[Client, str], FhirServer | None]
    """The configured server of a client that an `iss` names."""
    clock: Clock
    lifetime: timedelta
    at_once: int
    """Launches of one process that ask other servers at one time. Anybody may begin one, and a server
    that does not answer holds a thread for seconds: hooks must not wait behind it.
    """
    logger: FilteringBoundLogger
