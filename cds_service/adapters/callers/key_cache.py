"""Keys of a client: pinned in a file, or fetched from its JWKS URL and renewed beside the calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from cds_service.adapters.callers.download import DownloadError
from cds_service.adapters.callers.key_sets import KeySet, KeySetError

RENEW_AFTER: Final = 15 * 60.0
"""Seconds after which keys are fetched again."""
KEEP_FOR: Final = 24 * 60 * 60.0
"""Seconds for which keys are good while their host cannot be reached."""
RETRY_AFTER: Final = 60.0
"""Seconds between attempts while old keys are still good."""
RETRY_WITHOUT: Final = 5.0
"""Seconds between attempts while there are no keys at all."""
UNKNOWN_KID_AFTER: Final = 60.0
"""Seconds between renewals that unknown key ids ask for."""
_TICK: Final = 5.0


class Log(Protocol):
    """Where events of the keys go."""

    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...

    def error(self, event: str, **fields: object) -> object: ...


Run = Callable[[Callable[[], None]], None]
"""Starts a job beside the calls."""


class PinnedKeys:
    """Keys out of a file; they change with the file and a reload."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    @property
    def loaded(self) -> bool:
        return True

    def find(self, kid: str, patience: float) -> KeySet:  # noqa: ARG002  # there is nothing to wait for
        return self._keys


class FetchedKeys:
    """Keys of one issuer, from its JWKS URL. Calls never fetch; they may wait for a moment.

    Each worker process has its own. `fetch` raises DownloadError or KeySetError.
    """

    def __init__(
        self,
        client: str,
        fetch: Callable[[], KeySet],
        log: Log,
        run: Run | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._fetch = fetch
        self._log = log
        self._run = run or _in_a_thread
        self._now = now
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._fetched = 0.0
        self._tried: float | None = None
        self._asked: float | None = None
        self._pending: threading.Event | None = None

    def find(self, kid: str, patience: float) -> KeySet | None:
        """The present keys, renewed once if `kid` is not among them; None: there are none.

        Waits for `patience` seconds at the most.
        """
        keys = self._usable()
        if keys is None or kid not in keys.kids:
            pending = self._renew_if(self._due() or self._kid_may_ask(keys))
            if pending is not None:
                pending.wait(patience)
            return self._usable()
        self.tick()
        return keys

    @property
    def loaded(self) -> bool:
        """Whether there are keys that are still good."""
        return self._usable() is not None

    def tick(self) -> None:
        """Renew the keys if it is time to, without waiting for them."""
        self._renew_if(self._due())

    def _usable(self) -> KeySet | None:
        with self._lock:
            return self._keys if self._now() - self._fetched <= KEEP_FOR else None

    def _due(self) -> bool:
        usable = self._usable()
        with self._lock:
            now = self._now()
            if self._tried is None:
                return True
            if usable is None:
                return now - self._tried >= RETRY_WITHOUT
            return now - self._fetched >= RENEW_AFTER and now - self._tried >= RETRY_AFTER

    def _kid_may_ask(self, keys: KeySet | None) -> bool:
        """Whether an unknown key id may start a renewal: the next one must wait for its turn."""
        with self._lock:
            now = self._now()
            if keys is None or (self._asked is not None and now - self._asked < UNKNOWN_KID_AFTER):
                return False
            self._asked = now
            return True

    def _renew_if(self, wanted: bool) -> threading.Event | None:
        """The renewal under way, after starting one if it is wanted and there is none."""
        with self._lock:
            if self._pending is not None or not wanted:
                return self._pending
            self._pending = pending = threading.Event()
            self._tried = self._now()
        try:
            self._run(self._renew)
        except RuntimeError:  # no more threads to be had; the next call tries again
            self._finish()
        return pending

    def _renew(self) -> None:
        try:
            keys = self._fetch()
        except DownloadError as why:
            self._log.warning("keys not renewed", client=self._client, reason=why.reason)
        except KeySetError as why:
            # Private keys prove nothing: neither do those published beside them before.
            self._log.error("keys refused", client=self._client, reason=why.reason)
            if why.reason != "keys-malformed":
                self._install(None)
        except Exception as why:  # noqa: BLE001  # a defect; old keys go on serving
            self._log.error("keys not renewed", client=self._client, error=type(why).__name__)
        else:
            self._install(keys)
        finally:
            self._finish()

    def _finish(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, None
        if pending is not None:
            pending.set()

    def _install(self, keys: KeySet | None) -> None:
        with self._lock:
            before = None if self._keys is None else set(self._keys.keys)
            self._keys = keys
            self._fetched = self._now()
        if keys is not None and set(keys.keys) != before:
            self._log.info("keys changed", client=self._client, keys=len(keys.keys))


class Keeper:
    """Renews the keys of all clients while a worker runs, also when nobody calls."""

    def __init__(self, sources: Sequence[FetchedKeys]) -> None:
        self._sources = sources
        self._stop = threading.Event()

    def start(self) -> None:
        """Fetch everything once and go on, beside the calls; for each process after it forked."""
        if self._sources:
            threading.Thread(target=self._keep, name="keys", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _keep(self) -> None:
        for source in self._sources:
            source.tick()
        while not self._stop.wait(_TICK):
            for source in self._sources:
                source.tick()


def _in_a_thread(job: Callable[[], None]) -> None:
    threading.Thread(target=job, name="fetch keys", daemon=True).start()
