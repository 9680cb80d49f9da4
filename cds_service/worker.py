"""gunicorn's thread worker with our manners: it says how long a call has waited, answers what never
becomes a call as we answer everything else, and logs nothing that was received.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.http import errors as refused
from gunicorn.workers.gthread import ThreadWorker

from cds_service.web.call_log import failure, make_logger
from cds_service.web.errors import body
from cds_service.web.headers import ANY_ORIGIN, POLICY, PROTECTIVE
from cds_service.web.invoke import WAITED

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_here: Final = threading.local()

_STATUSES: Final[dict[type[Exception], tuple[int, str]]] = {
    # The application's fault, although it is a kind of the one below.
    refused.InvalidResponseHeader: (500, "Internal Server Error"),
    refused.InvalidResponseHeaderName: (500, "Internal Server Error"),
    refused.ConfigurationProblem: (500, "Internal Server Error"),
    refused.LimitRequestLine: (414, "URI Too Long"),
    refused.LimitRequestHeaders: (431, "Request Header Fields Too Large"),
    refused.ExpectationFailed: (417, "Expectation Failed"),
    refused.UnsupportedTransferCoding: (501, "Not Implemented"),
    refused.ParseException: (400, "Bad Request"),
    Exception: (500, "Internal Server Error"),
}
"""What the parser raises -> the answer; the first that fits."""


class TimedPool(ThreadPoolExecutor):
    """Threads in which `waited` says how long the work at hand stood in the queue for one of them.

    Work that finds a thread free has not waited, however long a busy machine takes to run it: that
    is no queue, and turning calls away would not make it shorter.
    """

    def __init__(self, threads: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(max_workers=threads)
        self._threads_at_most = threads
        self._clock = clock
        self._unfinished = 0
        self._lock = threading.Lock()

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        with self._lock:
            self._unfinished += 1
            queues = self._unfinished > self._threads_at_most
        queued = self._clock() if queues else None

        def timed() -> Any:
            _here.waited = 0.0 if queued is None else self._clock() - queued
            try:
                return work(*args, **named)
            finally:
                with self._lock:
                    self._unfinished -= 1

        return super().submit(timed)


def waited() -> float:
    """Seconds the work of this thread stood in the queue."""
    seconds: float = getattr(_here, "waited", 0.0)
    return seconds


def telling_wait(app: WSGIApplication) -> WSGIApplication:
    """Hand the wait of a call on to the app."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[WAITED] = waited()
        return app(environ, start_response)

    return wrapped


def refusal(error: BaseException) -> tuple[int, str]:
    """HTTP status and its phrase for what the parser or a worker stumbled over."""
    return next(found for kind, found in _STATUSES.items() if isinstance(error, kind))


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """One process that answers calls in threads."""

    def get_thread_pool(self) -> TimedPool:
        return TimedPool(self.cfg.threads)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ARG002
        """Bad request lines and headers never reach the app; gunicorn would quote them in a page
        of HTML and in its log. What the Origin header said is lost with the rest, so only development
        mode, which lets every page read, can let a page read this.
        """
        status, phrase = refusal(exc)
        request_id = str(uuid4())
        self.app.note_refusal(status, exc, request_id)
        content = body(status, request_id)
        head = {
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            "Connection": "close",
            "Content-Security-Policy": POLICY,
            **(ANY_ORIGIN if self.app.open_to_pages else {"Vary": "Origin"}),
            **PROTECTIVE,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        answer = f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode("latin-1") + content
        with contextlib.suppress(OSError):  # nobody is there any more
            util.write_nonblock(client, answer)


class JsonLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own messages as lines of our log, without what it was sent."""

    def __init__(self, cfg: Any) -> None:
        super().__init__(cfg)
        self._lines = make_logger()

    def critical(self, msg: object, *args: object, **_: object) -> None:
        self._say("error", msg, args)

    def error(self, msg: object, *args: object, **_: object) -> None:
        self._say("error", msg, args)

    def exception(self, msg: object, *args: object, **_: object) -> None:
        self._say("error", msg, args)

    def warning(self, msg: object, *args: object, **_: object) -> None:
        self._say("warning", msg, args)

    def info(self, msg: object, *args: object, **_: object) -> None:
        pass

    def debug(self, msg: object, *args: object, **_: object) -> None:
        pass

    def _say(self, level: str, msg: object, args: tuple[object, ...]) -> None:
        text = msg if isinstance(msg, str) else "failed"
        if args and all(isinstance(arg, int) for arg in args):
            text %= args  # numbers of processes and signals; texts may have come from outside
        error = sys.exc_info()[1]
        getattr(self._lines, level)(text, **({} if error is None else failure(error)))
