"""Connections that go only where they may, and end at the deadline of the fetch they serve."""

from __future__ import annotations

import socket
import ssl
import time
from contextvars import ContextVar
from typing import Any, Final

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.response import HTTPResponse
from urllib3.util.ssl_ import create_urllib3_context

from cds_service.adapters.fhir.addresses import allowed
from cds_service.adapters.fhir.resolver import Resolver
from cds_service.adapters.fhir.watchdog import Watch, Watchdog
from cds_service.client import Peer


class Attempt:
    """One request on the wire: where it may go, how long it may take, and how it fared."""

    def __init__(
        self,
        peer: Peer,
        deadline: float,
        watchdog: Watchdog,
        resolver: Resolver,
        *,
        fresh: bool = False,
    ) -> None:
        self._peer = peer
        self._deadline = deadline
        self._watchdog = watchdog
        self._resolver = resolver
        self._watch: Watch | None = None
        self.fresh = fresh
        """Do not trust a connection that was used before."""
        self.reused = False
        self.answered = False
        self.forbidden = False

    @property
    def left(self) -> float:
        """Seconds until the deadline, none when it has passed."""
        return max(0.0, self._deadline - time.monotonic())

    def watch(self, sock: socket.socket) -> None:
        if self._watch is None:
            self._watch = self._watchdog.watch(sock, self._deadline)

    def finish(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

    def connect(self, host: str, port: int) -> socket.socket:
        """To the first address that may be and answers. Raises OSError."""
        for family, address in self._resolver.find(host, port, self._deadline):
            if not allowed(address[0], self._peer):
                self.forbidden = True
                continue
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                # At the deadline a zero would mean "do not wait", which is what is wanted.
                sock.settimeout(self.left)
                sock.connect(address)
                if not allowed(sock.getpeername()[0], self._peer):
                    self.forbidden = True
                    raise PermissionError("address")
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.watch(sock)
            except OSError:
                sock.close()
                continue
            return sock
        raise ConnectionError("no address answered")


ATTEMPT: Final[ContextVar[Attempt]] = ContextVar("attempt")
"""The request this thread is making; the pools of urllib3 hand no such thing through."""


class _Guarded(HTTPConnection):
    _served = 0

    def _new_conn(self) -> socket.socket:
        try:
            return ATTEMPT.get().connect(self._dns_host, self.port)
        except OSError:
            raise NewConnectionError(self, "no connection") from None

    def request(self, *args: Any, **options: Any) -> None:
        attempt = ATTEMPT.get()
        if self.sock is not None:
            if self._served and attempt.fresh:
                self.close()  # the request opens it again
            else:
                attempt.reused = self._served > 0
                attempt.watch(self.sock)
        self._served += 1
        super().request(*args, **options)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        response = super().getresponse()
        ATTEMPT.get().answered = True
        return response


class _GuardedTls(_Guarded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedTls


def trusted(authorities: str | None = None) -> ssl.SSLContext:
    """Certificates are held against these authorities (PEM), else those of `certifi`, and against
    the host's name.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.check_hostname = True
    if authorities is None:
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    else:
        context.load_verify_locations(cadata=authorities)
    return context


def scheme(peer: Peer) -> str:
    return peer.base.partition(":")[0].lower()


class GuardedAdapter(HTTPAdapter):
    """The transport of a `requests.Session` whose every connection is guarded."""

    def __init__(self, peer: Peer, parallel: int = 1) -> None:
        self._tls = trusted(peer.authorities) if scheme(peer) == "https" else None
        super().__init__(pool_connections=1, pool_maxsize=parallel)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **options: Any
    ) -> None:
        if self._tls is not None:
            options["ssl_context"] = self._tls
        self.poolmanager = PoolManager(
            num_pools=connections, maxsize=maxsize, block=block, **options
        )
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002
        """Always. The context knows whom to trust; read for each connection, as `requests` does,
        the list takes longer than the handshake.
        """
        conn.cert_reqs = "CERT_REQUIRED"

    def close(self) -> None:
        """Close the idle connections now: the manager leaves that to the garbage collector."""
        pools = self.poolmanager.pools
        for key in pools.keys():  # noqa: SIM118  (it is no dict, and cannot be iterated)
            pool = pools.get(key)
            if pool is not None:
                pool.close()
        super().close()
