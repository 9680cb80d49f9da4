"""The store as the service sees it: one object, with connections of its own in each process."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from cds_service.adapters.databases import make_file, open_engine, shown
from cds_service.adapters.store import feedback, schema
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.companion import Companion
from cds_service.adapters.store.ids import Origin
from cds_service.adapters.store.writer import Also, Count, Writer
from cds_service.adapters.vault import Vault
from cds_service.cdshooks.feedback import Event
from cds_service.client import Client
from cds_service.errors import ConfigurationError, StoreUnavailable
from cds_service.handles import Answers, Given, Handle
from cds_service.issued import Identities, Slip

AT_ONCE: Final = 8
"""Feedback calls of one process that may wait for the database: the other threads are for cards."""
_QUEUE: Final = 0.5
"""Seconds that one more of them waits for its turn."""
_REST: Final = 1.0
"""Seconds after a failure in which nobody is made to wait for the database again."""
_PATIENCE: Final = 10.0


class StoreOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept beyond the least."""

    audit: bool = False
    comments: bool = False
    hash_key: bytes | None = None
    """Key of the hashes of patients and practitioners; None: no hashes."""
    quarantine: int = 1000
    """Rows of feedback that counts nowhere, for each client."""
    vault: Vault | None = None
    """Seals what the companion app needs; None: nothing of it is kept."""
    lifetime: timedelta = timedelta(hours=24)
    """Of handles and answers of the companion app."""

    def __repr__(self) -> str:
        return "StoreOptions(hidden)"


class Store:
    """Recorder of what is issued, and keeper of feedback.

    The engine and the writing thread of a process are made on its first call, after it was forked.
    """

    def __init__(
        self,
        url: sa.URL,
        options: StoreOptions,
        *,
        temporary: bool = False,
        count: Count = lambda _kind, _number: None,
        say: Callable[[str, BaseException | None], None] = lambda _text, _why: None,
    ) -> None:
        """`count` hears of what operators count, `say` of what belongs into the log: an exception
        for its type, never for its text. `temporary`: `remove` takes its folder away.
        """
        self.url = url
        self._temporary = temporary
        self._options = options
        self._count = count
        self._say = say
        self._lock = threading.Lock()
        self._here: _Here | None = None
        self._keys: tuple[bytes, ...] = ()

    def __str__(self) -> str:
        return shown(self.url)

    def prepare(self) -> None:
        """Before the first process is forked. Makes a file of SQLite's that is not there yet, and
        changes no other.

        Raises ConfigurationError when the schema is behind; a database that does not answer is
        waited for while cards go out.
        """
        engine = open_engine(self.url)
        try:
            make_file(self.url)
            with engine.begin() as connection:
                found = schema.state(connection)
                if not found.current and connection.dialect.name == "sqlite":
                    (schema.create if self._temporary else schema.upgrade)(connection)
                    found = schema.state(connection)
                if found.ready:
                    self._keys = schema.keys(connection)
        except (SQLAlchemyError, OSError) as why:
            self._say("store is down", why)
            return
        finally:
            engine.dispose()
        if not found.ready:
            raise ConfigurationError(
                f"store: the schema of {shown(self.url)} is not up to date; "
                "run: cds-service db upgrade"
            )

    def start(self) -> None:
        """After a process was forked: its first call need not wait."""
        self._process()

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
        """To be filled in by a call; its cards get uuids if they will be remembered."""
        here = self._process()
        origin = here.origin
        identities: Identities | None = None
        sure = here.writer.sure
        if origin is not None and sure:
            identities = _ForClient(origin, client.name, now)
        kept = self._options.vault is not None and sure
        return Slip(
            client=client.name,
            hook=hook,
            hook_instance=hook_instance,
            at=now,
            identities=identities,
            audit=self._options.audit,
            patient=self._hash(client, patient),
            practitioner=self._hash(client, practitioner),
            handles_until=now + self._options.lifetime if kept else None,
        )

    def record(self, slip: Slip, evaluate: float, total: float) -> None:
        """Have it written; never waits. Times in seconds."""
        if slip.identities is None:
            self._count("card_without_uuid", sum(each.sent for each in slip.rated))
        if slip.rated:
            self._process().writer.put((slip, evaluate, total))

    def keep(self, events: Sequence[Event], client: Client, now: datetime) -> None:
        """Write feedback; it is on the disk when this returns. Raises StoreUnavailable."""
        here = self._process()
        if time.monotonic() < here.rests_until or not here.turns.acquire(timeout=_QUEUE):
            raise StoreUnavailable
        try:
            origin = here.known_origin()
            found = feedback.Sorted(client.name, now, origin, comments=self._options.comments)
            found.sort(events)
            with here.engine.begin() as connection:
                written = feedback.write(connection, found, client.name, self._options.quarantine)
        except (SQLAlchemyError, OSError) as why:
            here.rests_until = time.monotonic() + _REST
            self._say("feedback refused", why)
            raise StoreUnavailable from None
        finally:
            here.turns.release()
        self._count("feedback_kept", written.kept)
        self._count("feedback_set_apart", written.set_apart)
        self._count("feedback_repeated", written.repeated)
        self._count("feedback_dropped", written.dropped)

    @property
    def vault(self) -> Vault | None:
        return self._options.vault

    def handle(self, token: str, now: datetime) -> Handle | None:
        """What a handle of the companion app stands for. Raises StoreUnavailable."""
        companion = self.companion
        return companion.handle(token, now) if companion else None

    def keep_answers(self, token: str, answers: Answers, replaces: str | None) -> bool:
        """Keep answers and use their handle up. Raises StoreUnavailable."""
        companion = self.companion
        return companion.keep(token, answers, replaces) if companion else False

    @property
    def companion(self) -> Companion | None:
        """Handles and answers, in this process; None: there is no key to seal them with."""
        return self._process().companion

    def answered(
        self,
        client: str,
        patient: str,
        user: str,
        orders: Sequence[str],
        now: datetime,
        wait: float,
    ) -> Mapping[str, Given] | None:
        """See `web.seams.AnswerFinder`."""
        here = self._process()
        if here.companion is None:
            return {}
        if here.writer.down:
            return None
        return here.companion.find(client, patient, user, orders, now, wait)

    def check(self) -> None:
        """Raises when the database cannot be asked."""
        here = self._process()
        if here.writer.down:
            raise StoreUnavailable
        with here.engine.connect() as connection:
            connection.execute(sa.select(t.ORIGIN_KEYS.c.id).limit(1))

    def close(self) -> None:
        """Write what is left and give the connections of this process back."""
        with self._lock:
            here, self._here = self._here, None
        if here is not None and here.process == os.getpid():
            here.writer.close(_PATIENCE)
            if here.companion is not None:
                here.companion.close()
            here.engine.dispose()

    def remove(self) -> None:
        """When the service has stopped."""
        if self._temporary:
            shutil.rmtree(Path(str(self.url.database)).parent, ignore_errors=True)

    def _process(self) -> _Here:
        here = self._here
        if here is None or here.process != os.getpid():
            with self._lock:
                here = self._here
                if here is None or here.process != os.getpid():
                    here = self._here = _Here(
                        self.url, self._keys, self._count, self._say, self._options
                    )
        return here

    def _hash(self, client: Client, text: str) -> str | None:
        """Within one client only: nobody is followed from one house to another."""
        key = self._options.hash_key
        if key is None:
            return None
        named = f"{client.name}\0{text}".encode("utf-8", "surrogatepass")
        return hmac.digest(key, named, hashlib.sha256).hex()[:32]


class _Here:
    """What belongs to one process."""

    def __init__(
        self,
        url: sa.URL,
        keys: tuple[bytes, ...],
        count: Count,
        say: Callable[[str, BaseException | None], None],
        options: StoreOptions,
    ) -> None:
        self.process = os.getpid()
        self.engine = open_engine(url)
        self.companion: Companion | None = None
        if options.vault is not None:
            self.companion = Companion(self.engine, url, options.vault, options.lifetime)
        self.turns = threading.BoundedSemaphore(AT_ONCE)
        self.rests_until = 0.0
        self.origin = Origin(keys) if keys else None
        self._say = say
        also: tuple[Also, ...] = (self.companion.write,) if self.companion else ()
        self.writer = Writer(self._begin, count, self._told, also)
        if self.origin is None:
            # The database was down, or nobody called `prepare`: now, or behind the calls.
            with contextlib.suppress(SQLAlchemyError):
                self.known_origin()

    def known_origin(self) -> Origin:
        if self.origin is None:
            with self.engine.begin() as connection:
                self.origin = Origin(schema.keys(connection))
        return self.origin

    @contextlib.contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        self.known_origin()
        with self.engine.begin() as connection:
            yield connection

    def _told(self, why: BaseException | None) -> None:
        self._say("store is there again" if why is None else "store is down", why)


class _ForClient:
    """Identities of one call."""

    def __init__(self, origin: Origin, client: str, at: datetime) -> None:
        self._origin = origin
        self._client = client
        self._at = at

    def card(self) -> str:
        return str(self._origin.card(self._client, self._at))

    def suggestion(self, card: str) -> str:
        return str(self._origin.suggestion(self._client, self._at, UUID(card)))
