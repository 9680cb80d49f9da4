"""Prefetch in which something does not have its type: save every resource that has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from cds_service.cdshooks import wire
from cds_service.cdshooks.limits import check_resources, holds_nul
from cds_service.errors import BadRequest
from cds_service.fhir import resources as r


class PrefetchEntry(msgspec.Struct, frozen=True, gc=False):
    """What arrived under one prefetch key (CDS Hooks, Prefetch)."""

    present: bool
    """False: the key was left out, so the data could not be provided."""
    value: object | None = None
    """The decoded resource or Bundle. None: nothing readable, or `null` when `unreadable` is 0."""
    unreadable: int = 0
    """Resources that were left out because they are not what FHIR R4 says."""

    @property
    def held(self) -> int:
        """How many resources came under this key."""
        if isinstance(self.value, r.Bundle):
            return len(self.value.entry or ()) + self.unreadable
        return int(self.value is not None) + self.unreadable


ABSENT: Final = PrefetchEntry(present=False)
UNREADABLE: Final = PrefetchEntry(present=True, unreadable=1)

_READ: Final = frozenset(
    kind.__struct_config__.tag for kind in (*r.ClinicalResource.__args__, r.Bundle)
)

_OF_OLDER_FHIR: Final = frozenset({"MedicationOrder", "DiagnosticOrder", "ProcedureRequest"})
"""What orders were called before R4: an order may be there that cannot be read."""


def salvage(prefetch: msgspec.Raw) -> dict[str, PrefetchEntry]:
    """Read key by key, and where a key does not decode, resource by resource."""
    try:
        raw = wire.raw_prefetches.decode(prefetch)
    except msgspec.ValidationError:
        raise BadRequest("structure", "prefetch: send an object, or leave it out") from None
    entries: dict[str, PrefetchEntry] = {}
    held = 0
    for key in wire.PREFETCH_KEYS:
        entries[key] = _entry(getattr(raw, wire.attribute(key), msgspec.UNSET), check_resources)
        held += entries[key].held
        check_resources(held)
    return entries


def read_resource(body: bytes) -> PrefetchEntry:
    """The answer of a FHIR server, read as if it had come under a prefetch key.

    Raises ValueError when it is not JSON. How much it may hold is the reader's to say.
    """
    if holds_nul(body):
        raise ValueError("a string holds U+0000")
    try:
        if not body.isascii():
            body.decode("utf-8")
        return _entry(msgspec.Raw(body))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except msgspec.DecodeError:
        raise ValueError("not JSON") from None


def _entry(
    raw: msgspec.Raw | msgspec.UnsetType, limit: Callable[[int], None] = lambda _: None
) -> PrefetchEntry:
    """`limit` is told how many resources there are before they are read one by one."""
    if isinstance(raw, msgspec.UnsetType):
        return ABSENT
    try:
        return PrefetchEntry(present=True, value=wire.resources.decode(raw))
    except msgspec.ValidationError:
        return _resource_by_resource(raw, limit)


def _resource_by_resource(raw: msgspec.Raw, limit: Callable[[int], None]) -> PrefetchEntry:
    try:
        loose = wire.loose_bundles.decode(raw)
    except msgspec.ValidationError:
        return UNREADABLE
    limit(len(loose.entry))
    unreadable = 0
    kept: list[r.BundleEntry] = []
    for each in loose.entry:
        try:
            entry = wire.loose_entries.decode(each)
        except msgspec.ValidationError:
            unreadable += 1
            continue
        if isinstance(entry.resource, msgspec.UnsetType):
            kept.append(r.BundleEntry())
            continue
        try:
            kept.append(r.BundleEntry(wire.resources.decode(entry.resource)))
        except msgspec.ValidationError:
            unreadable += _is_read(entry.resource)
    try:
        total = msgspec.convert(loose.total, int | None)
        link = msgspec.convert(loose.link, list[r.Link] | None)
    except msgspec.ValidationError:
        # Without them nobody knows whether more pages exist, so the list is not complete.
        total, link, unreadable = None, None, unreadable + 1
    bundle = r.Bundle(total=total, link=link, entry=kept)
    return PrefetchEntry(present=True, value=bundle, unreadable=unreadable)


def _is_read(resource: msgspec.Raw) -> bool:
    """Whether this is, or may be, a type the criteria read; another type is no fault of the chart."""
    try:
        return wire.kinds.decode(resource).resource_type in _READ | _OF_OLDER_FHIR
    except msgspec.ValidationError:
        return True
