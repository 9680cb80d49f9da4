"""Calls whose chart lies on a FHIR server: a reader, the answer it leads to, and what is left after."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samples import CLIENT, NOW, evaluator, terminology

from cds_service.adapters.fhir.reader import FhirReader
from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import HookRequest, decode
from cds_service.cdshooks.services import prefetch_templates
from cds_service.client import Client
from cds_service.drafts import rated_drafts
from cds_service.facts.record.prefetch import State, receive

Json = dict[str, Any]
TEMPLATES = prefetch_templates(terminology().codes, white_cells=bool(CLIENT.criteria["ext.wbc"]))
KEYS = tuple(TEMPLATES)


def make_reader(*, templates: Mapping[str, str] = TEMPLATES, **options: Any) -> FhirReader:
    return FhirReader(
        templates,
        lambda request, client: rated_drafts(request, NOW, client, terminology()),
        **options,
    )


def completed(body: Json, client: Client, reader: FhirReader) -> HookRequest:
    """The request after fetching."""
    request = decode(json.dumps(body).encode())
    return reader.complete(request, client, time.monotonic() + client.fetch_budget)


def states(request: HookRequest) -> dict[str, State]:
    """How far each prefetch key was read."""
    return dict(receive(request.prefetch, request.context.patient_id, request.fhir_server).states)


def answer(body: Json, client: Client, reader: FhirReader) -> bytes:
    """The answer to a call as bytes, without the uuids, which are new each time."""
    response = evaluator().evaluate(completed(body, client, reader), NOW, client)
    for card in response["cards"]:
        card.pop("uuid", None)
        for suggestion in card.get("suggestions", ()):
            suggestion.pop("uuid", None)
    return encode(response)


def outcome(body: Json, client: Client, reader: FhirReader) -> str:
    """Code of the primary card."""
    code: str = json.loads(answer(body, client, reader))["cards"][0]["source"]["topic"]["code"]
    return code


def threads() -> list[str]:
    """Threads of ours that are alive."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("fhir-")]


def connections_to(port: int) -> int:
    """Sockets of this process whose other end is this port (Linux)."""
    lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    wanted = {f"socket:[{row[9]}]" for row in rows if int(row[2].split(":")[1], 16) == port}
    return sum(_target(link) in wanted for link in Path("/proc/self/fd").iterdir())


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
