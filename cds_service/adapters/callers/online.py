"""Asks every configured address once: are the keys there, is it a FHIR server of our version?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Final, NamedTuple

import orjson

from cds_service.adapters.callers.download import DownloadError
from cds_service.adapters.callers.key_sets import KeySetError
from cds_service.adapters.callers.registry import fetch_keys, pinned_keys
from cds_service.adapters.fhir.errors import FetchError, Why
from cds_service.adapters.fhir.resolver import Resolver
from cds_service.adapters.fhir.session import Grant, ServerSession
from cds_service.adapters.fhir.watchdog import Watchdog
from cds_service.client import FhirServer
from cds_service.settings import Settings
from cds_service.settings.clients import ClientSettings

_LARGEST_STATEMENT: Final = 8 * 1024 * 1024
_SECONDS: Final = 10.0
_WORDS: Final[dict[Why, str]] = {
    "timeout": f"no answer within {_SECONDS:g} s",
    "connection": "it cannot be reached",
    "tls": "its certificate is not trusted here; name its authority with `ca`",
    "redirect": "it redirects; configure the final address",
    "not-fhir": "/metadata is no CapabilityStatement in JSON",
    "too-large": f"/metadata is larger than {_LARGEST_STATEMENT >> 20} MiB",
    "address": "it has an address that is not public; name its private network with `network`",
}


class Finding(NamedTuple):
    """One line of the report."""

    good: bool
    text: str


def check_online(settings: Settings) -> Iterator[Finding]:
    """A line for the keys of each client, and one for each of its FHIR servers.

    They are asked as calls would ask: the same addresses, certificates and limits.
    """
    for each, client in zip(settings.clients, settings.runtime_clients(), strict=True):
        yield _keys(settings, each)
        for server in client.fhir_servers:
            yield _server(client.name, server)


def _keys(settings: Settings, client: ClientSettings) -> Finding:
    place = f"client {client.name}: keys: {client.jwks_url or client.keys_file}"
    try:
        found = fetch_keys(settings, client) if client.jwks_url else pinned_keys(settings, client)
    except (DownloadError, KeySetError) as why:
        return Finding(False, f"{place}: {why}")
    kids = {kid for kid, _ in found.keys}
    words = [f"{len(kids)} usable", *found.notes]
    return Finding(bool(kids), f"{place}: {'; '.join(words)}")


def _server(client: str, server: FhirServer) -> Finding:
    place = f"client {client}: FHIR server {server.base}"
    watchdog = Watchdog()
    with closing(watchdog), closing(ServerSession(server, watchdog, Resolver())) as session:
        try:
            grant = Grant(None, time.monotonic() + _SECONDS)
            data = session.get(f"{server.base}/metadata", grant, _LARGEST_STATEMENT)
        except FetchError as error:
            words = _WORDS.get(error.why) or f"it answers {error.status}"
            return Finding(False, f"{place}: {words}")
    try:
        statement = orjson.loads(data)
    except orjson.JSONDecodeError:
        statement = None
    if not isinstance(statement, dict) or statement.get("resourceType") != "CapabilityStatement":
        return Finding(False, f"{place}: {_WORDS['not-fhir']}")
    version = str(statement.get("fhirVersion"))[:20]
    good = version.startswith("4.0.")
    return Finding(good, f"{place}: FHIR {version}" + ("" if good else "; R4 (4.0.1) is read here"))
