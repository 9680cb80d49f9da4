"""gunicorn around the app: one configuration for development and production."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from flask import Flask
from gunicorn.app.base import BaseApplication

from cds_service import __version__
from cds_service.app import START, create_app
from cds_service.assembly.adapters import build_meter, build_store
from cds_service.errors import ConfigurationError
from cds_service.settings import Settings
from cds_service.web.call_log import failure, make_logger
from cds_service.web.seams import Meter, NoMeter
from cds_service.worker import JsonLogger, Worker, telling_wait

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from cds_service.adapters.store.store import Store

_YOUNG: Final = 0
_ALL: Final = 2
_CALLS_PER_FULL_COLLECTION: Final = 200

# glibc, malloc.h
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_MIB: Final = 1 << 20


class CollectorControl:
    """Python's garbage collector, kept out of the calls: it is what makes slow calls slow.

    What was read at start is never scanned again; new garbage is collected after an answer has
    been sent, mostly the young generation only.
    """

    def __init__(self) -> None:
        self._calls = 0

    def take(self) -> None:
        """Once for each worker, when it has started."""
        gc.freeze()
        gc.disable()

    def between_calls(self) -> None:
        self._calls += 1
        gc.collect(_ALL if self._calls % _CALLS_PER_FULL_COLLECTION == 0 else _YOUNG)


def keep_freed_memory() -> None:
    """Let glibc reuse the megabytes of one call for the next, in one arena for all threads.

    By default it gives a large freed block back to the system and takes it again a page fault at a
    time, and spreads the threads over many arenas. Other C libraries are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, 8 * _MIB)
        mallopt(_M_TRIM_THRESHOLD, 16 * _MIB)


def closing_after_413(app: WSGIApplication) -> WSGIApplication:
    """Announce that the connection closes when a body was refused: the rest of it is still on its
    way, so a client that reused the connection would lose its next call.
    """

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, *rest: Any) -> Callable[[bytes], object]:
            if status.startswith("413"):
                response: Any = getattr(start_response, "__self__", None)  # gunicorn's, or a test's
                getattr(response, "force_close", lambda: None)()
            return start_response(status, *rest)

        return app(environ, cast("StartResponse", start))

    return wrapped


def on_port(port: int, special: WSGIApplication, app: WSGIApplication) -> WSGIApplication:
    """`special` for what arrives at that port, whatever its Host header says; `app` for the rest."""
    number = str(port)

    def chosen(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # gunicorn takes it from the socket that accepted the connection.
        return (special if environ["SERVER_PORT"] == number else app)(environ, start_response)

    return chosen


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Serves the app that `build` makes; a reload (HUP) builds it again and keeps the old one
    when the new content is wrong.
    """

    def __init__(
        self,
        settings: Settings,
        build: Callable[[Meter, Store | None], Flask],
    ) -> None:
        keep_freed_memory()
        self._settings = settings
        self._logger = make_logger()
        self._metrics = build_meter() if settings.metrics_port else None
        self._meter = meter = self._metrics or NoMeter()
        self._store = store = build_store(settings, self._logger, meter)
        self._build: Callable[[], Flask] = lambda: build(meter, store)
        try:
            self._app = self._build()
        except ConfigurationError:
            self._exit()
            raise
        # Workers are forked from here; frozen pages stay shared between them.
        gc.collect()
        gc.freeze()
        gc.enable()
        super().__init__()

    def load_config(self) -> None:
        collector = CollectorControl()
        settings = self._settings
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        ports = [settings.port, settings.metrics_port]
        for key, value in {
            "bind": [f"{host}:{port}" for port in ports if port is not None],
            "workers": settings.workers,
            "worker_class": Worker,
            "logger_class": JsonLogger,
            "threads": settings.threads,
            "timeout": 30,
            "graceful_timeout": 30,
            # Longer than a proxy keeps an idle connection, so that the proxy closes first.
            "keepalive": 75,
            "control_socket_disable": True,
            "accesslog": None,  # the call log has every call, without its query
            "loglevel": "warning",
            "proc_name": "cds-service",
            "when_ready": lambda _: self._ready(),
            "worker_exit": lambda _, _worker: self._worker_exit(),
            "on_exit": lambda _: self._exit(),
            "post_worker_init": lambda _: collector.take(),
            "post_request": lambda _worker, _req, _environ, _resp: collector.between_calls(),
        }.items():
            self.cfg.set(key, value)

    def load(self) -> WSGIApplication:
        """The app of a worker, once that has been forked: threads do not survive a fork."""
        self._app.extensions[START]()
        if self._store:
            self._store.start()
        app = telling_wait(closing_after_413(self._app))
        port = self._settings.metrics_port
        if self._metrics and port:
            return on_port(port, self._metrics.exposition(), app)
        return app

    def reload(self) -> None:
        try:
            self._app = self._build()
        except ConfigurationError as why:
            # The text is ours and names a file of this installation, nothing of a call.
            self._logger.error("reload refused, the old content stays", refused=str(why))
        self.callable = None
        super().reload()

    @property
    def open_to_pages(self) -> bool:
        """Whether every web page may read our answers."""
        return self._settings.dev

    def note_refusal(self, status: int, error: BaseException, request_id: str) -> None:
        """Of something that never became a call."""
        log = self._logger.error if status >= 500 else self._logger.info
        log("refused by the server", status=status, request_id=request_id, **failure(error))
        self._meter.count_call(service="none", hook="none", outcomes=(), topics=(), status=status)

    def _worker_exit(self) -> None:
        if self._store:
            self._store.close()

    def _exit(self) -> None:
        if self._metrics:
            self._metrics.close()
        if self._store:
            self._store.remove()

    def _ready(self) -> None:
        self._logger.info(
            "ready",
            version=__version__,
            url=self._settings.public_url,
            workers=self._settings.workers,
            mode="development" if self._settings.dev else "production",
            store=str(self._store) if self._store else "none",
        )


def serve(settings: Settings, **seams: Any) -> None:
    """Serve until stopped. Raises ConfigurationError before anything listens."""

    def build(meter: Meter, store: Store | None) -> Flask:
        checks = {"store": store.check} if store else {}
        return create_app(
            settings, meter=meter, store=store, companion=store, checks=checks, **seams
        )

    Server(settings, build).run()
