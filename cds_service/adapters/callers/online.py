"""Asks every configured address once: are the keys there, is it a FHIR server of our version?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

from cds_service.adapters.callers.download import DownloadError, download
from cds_service.adapters.callers.key_sets import KeySetError
from cds_service.adapters.callers.registry import fetch_keys, pinned_keys
from cds_service.client_settings import ClientSettings
from cds_service.settings import Settings

_LARGEST_STATEMENT: Final = 8 * 1024 * 1024
_SECONDS: Final = 10.0


class Finding(NamedTuple):
    """One line of the report."""

    good: bool
    text: str


def check_online(settings: Settings) -> Iterator[Finding]:
    """A line for the keys of each client, and one for each of its FHIR servers."""
    for client in settings.clients:
        yield _keys(settings, client)
        for server in client.fhir_servers:
            yield _server(client.name, server.url)


def _keys(settings: Settings, client: ClientSettings) -> Finding:
    place = f"client {client.name}: keys: {client.jwks_url or client.keys_file}"
    try:
        found = fetch_keys(settings, client) if client.jwks_url else pinned_keys(settings, client)
    except (DownloadError, KeySetError) as why:
        return Finding(False, f"{place}: {why}")
    kids = {kid for kid, _ in found.keys}
    words = [f"{len(kids)} usable", *found.notes]
    return Finding(bool(kids), f"{place}: {'; '.join(words)}")


def _server(client: str, url: str) -> Finding:
    place = f"client {client}: FHIR server {url}"
    try:
        data = download(f"{url}/metadata", "application/fhir+json", _LARGEST_STATEMENT, _SECONDS)
    except DownloadError as why:
        return Finding(False, f"{place}: {why}")
    try:
        statement = orjson.loads(data)
    except orjson.JSONDecodeError:
        statement = None
    if not isinstance(statement, dict) or statement.get("resourceType") != "CapabilityStatement":
        return Finding(False, f"{place}: /metadata is no CapabilityStatement in JSON")
    version = str(statement.get("fhirVersion"))[:20]
    good = version.startswith("4.0.")
    return Finding(good, f"{place}: FHIR {version}" + ("" if good else "; R4 (4.0.1) is read here"))
