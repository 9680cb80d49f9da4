"""The workbench with the real evaluator, on the day of the sample orders."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from samples import CLIENT, NOW, SAMPLES, SETTINGS, evaluator, terminology

from cds_service.assembly.pages import build_bench
from cds_service.workbench.bench import Asked, Bench, Changed

Json = dict[str, Any]


@cache
def bench() -> Bench:
    return build_bench(SETTINGS, terminology(), evaluator(), None, lambda: NOW, {}, None)


def opened(name: str) -> str:
    """The request of a sample, as the page has it."""
    return bench().sample(name).request


def edited(request: str, answered: str = "", **edit: Any) -> Changed:
    """`answered`: what the service said to the request."""
    return bench().change(Asked(request=request, answered=answered, edit=edit))


def outcome(call: str) -> str:
    (each,) = bench().why(call).orders
    return each[0].outcome


def place_of(request: str, reference: str) -> tuple[str, int]:
    """Prefetch key and place of an entry."""
    for key, value in json.loads(request)["prefetch"].items():
        for place, entry in enumerate((value or {}).get("entry", [])):
            resource = entry["resource"]
            if f"{resource['resourceType']}/{resource['id']}" == reference:
                return key, place
    raise AssertionError(f"no {reference}")


def entry(request: str, reference: str) -> Json:
    key, place = place_of(request, reference)
    found: Json = json.loads(request)["prefetch"][key]["entry"][place]["resource"]
    return found


__all__ = ["CLIENT", "NOW", "SAMPLES", "bench", "edited", "entry", "opened", "outcome", "place_of"]
