"""Every room of criteria, imported so that the registry is full and in the order of the criteria."""

from __future__ import annotations

from importlib import import_module

from cds_service.criteria.registry import CRITERIA

ROOMS = (
    "context",
    "neurology",
    "infection",
    "systemic",
    "postop",
    "pain",
    "trauma",
    "screens",
    "emergency",
    "region",
    "deferral",
    "modality",
    "duplicates",
    "contrast",
    "mr_safety",
)
"""In the order in which fired statements are listed: neurology, infection, systemic, ..."""


def _fill() -> None:
    for room in ROOMS:
        import_module(f"cds_service.criteria.{room}")
    rank = {f"cds_service.criteria.{room}": index for index, room in enumerate(ROOMS)}
    ordered = sorted(CRITERIA.items(), key=lambda item: rank[item[1].__module__])
    CRITERIA.clear()
    CRITERIA.update(ordered)


_fill()
