"""Keys of a client: pinned in a file, or fetched from its JWKS URL and renewed beside the calls."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol

from cds_service.adapters.callers.download import DownloadError
from cds_service.adapters.callers.key_sets import KeySet, KeySetError
from cds_service.adapters.callers.key_shelf import Alone, Shelf

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
_KID_AFTER: Final = 1.0
"""Seconds between looks whether another worker has a key by now."""
_LOOK_EVERY: Final = 0.05
_LOOKS: Final = 100
"""Looks for the keys that another worker is fetching: longer than that fetch may take."""


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

    Each worker process has its own, and what is on the `shelf` from the others. `fetch` raises
    DownloadError or KeySetError.
    """

    def __init__(
        self,
        client: str,
        fetch: Callable[[], KeySet],
        log: Log,
        run: Run | None = None,
        now: Callable[[], float] = time.monotonic,
        *,
        shelf: Shelf | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._fetch = fetch
        self._log = log
        self._run = run or _in_a_thread
        self._now = now
        self._shelf = shelf or Alone(now)
        self._pause = pause
        self._lock = threading.Lock()
        self._keys: KeySet | None = None
        self._stamp = 0
        self._fetched = -math.inf
        self._tried: float | None = None
        self._asked: float | None = None
        self._pending: threading.Event | None = None

    def begin(self) -> None:
        """Take what other workers have, before the first call."""
        try:
            self._learn()
        except Exception as why:  # noqa: BLE001  # a defect; without them it starts as the first did
            self._log.error("keys not taken over", client=self._client, error=type(why).__name__)

    def find(self, kid: str, patience: float) -> KeySet | None:
        """The present keys, renewed once if `kid` is not among them; None: there are none.

        Waits for `patience` seconds at the most.
        """
        keys = self._usable()
        if keys is None or kid not in keys.kids:
            pending = self._renew_if(self._due(), kid if self._kid_may_ask(keys) else None)
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
            if keys is None or (self._asked is not None and now - self._asked < _KID_AFTER):
                return False
            self._asked = now
            return True

    def _renew_if(self, due: bool, kid: str | None = None) -> threading.Event | None:
        """The renewal under way, after starting one if it is wanted and there is none.

        `kid`: a key id that is not known and may ask.
        """
        with self._lock:
            if self._pending is not None or not (due or kid is not None):
                return self._pending
            self._pending = pending = threading.Event()
            if due:
                self._tried = self._now()
        try:
            self._run(partial(self._renew, due, kid))
        except RuntimeError:  # no more threads to be had; the next call tries again
            self._finish()
        return pending

    def _renew(self, due: bool, kid: str | None) -> None:
        try:
            if not self._has_learnt(kid) and self._is_our_turn(due, kid):
                self._install(self._fetch())
        except DownloadError as why:
            self._log.warning("keys not renewed", client=self._client, reason=why.reason)
        except KeySetError as why:
            # Private keys prove nothing: neither do those published beside them before.
            self._log.error("keys refused", client=self._client, reason=why.reason)
            if why.reason != "keys-malformed":
                self._install(None)
        except Exception as why:  # noqa: BLE001  # a defect; old keys go on serving
            self._log.error("keys not renewed", client=self._client, error=type(why).__name__)
        finally:
            self._finish()

    def _is_our_turn(self, due: bool, kid: str | None) -> bool:
        """Whether to fetch. If another worker is at it, its keys are waited for."""
        spacing = RETRY_AFTER if self.loaded else RETRY_WITHOUT
        if due and self._shelf.take_turn("renewed", spacing):
            return True
        if kid is not None and self._shelf.take_turn("asked", UNKNOWN_KID_AFTER):
            return True
        for _ in range(_LOOKS):
            found = self._shelf.look(self._stamp)
            if found is None or not found.busy:
                break
            self._pause(_LOOK_EVERY)
        self._learn()
        return False

    def _has_learnt(self, kid: str | None) -> bool:
        """Whether another worker has fetched since, and brought what is wanted."""
        news = self._learn()
        keys = self._usable()
        return news and keys is not None and (kid is None or kid in keys.kids)

    def _learn(self) -> bool:
        """Take what is on the shelf, if it is newer than what is here."""
        found = self._shelf.look(self._stamp)
        if found is None or found.stamp in (0, self._stamp):
            return False
        fetched = self._now() - found.age
        if fetched <= self._fetched:
            return False
        self._hold(found.keys, fetched, found.stamp)
        return True

    def _finish(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, None
        if pending is not None:
            pending.set()

    def _install(self, keys: KeySet | None) -> None:
        """Use what was fetched now, and hand it on."""
        self._hold(keys, self._now(), 0)  # calls wait for this, and not for a database
        self._stamp = self._shelf.put(keys)

    def _hold(self, keys: KeySet | None, fetched: float, stamp: int) -> None:
        with self._lock:
            before = None if self._keys is None else set(self._keys.keys)
            self._keys = keys
            self._fetched = fetched
            self._stamp = stamp
        if keys is not None and set(keys.keys) != before:
            self._log.info("keys changed", client=self._client, keys=len(keys.keys))


class Keeper:
    """Renews the keys of all clients while a worker runs, also when nobody calls."""

    def __init__(self, sources: Sequence[FetchedKeys]) -> None:
        self._sources = sources
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin with what other workers have, fetch everything once and go on, beside the calls; for
        each process after it forked.
        """
        for source in self._sources:
            source.begin()
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
