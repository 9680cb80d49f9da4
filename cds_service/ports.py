"""Ports of this machine: which is free, and an early word when one is not."""

from __future__ import annotations

import contextlib
import socket

from cds_service.errors import ConfigurationError


def require_free(host: str, port: int) -> None:
    """Raises ConfigurationError when nobody can listen there; a server would try for seconds."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            _bind(probe, host, port)
        except OSError as why:
            raise ConfigurationError(
                f"{host}:{port}: {why.strerror}; choose another with --port"
            ) from None


def free_port(usual: int) -> int:
    """The usual port if it is free on this machine, else any other."""
    for port in (usual, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            _bind(probe, "127.0.0.1", port)
            chosen: int = probe.getsockname()[1]
            return chosen
    raise ConfigurationError("no free port on this machine; close something and try again")


def _bind(probe: socket.socket, host: str, port: int) -> None:
    # As servers do: a port whose last connections are still closing counts as free.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((host, port))
