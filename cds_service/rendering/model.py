"""What the renderer is handed: one order with its recommendation, and the options of a client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cds_service.criteria.model import Recommendation


class OrderAdvice(msgspec.Struct, frozen=True, gc=False):
    """One selected order and what the criteria say about it."""

    order: Mapping[str, Any]
    """The draft ServiceRequest, raw, as received; never changed."""
    recommendation: Recommendation
    study: str
    """Our own name of the ordered study, never text of the record."""
    code: str = ""
    """The code that told us which study it is."""
    pending: Mapping[str, Any] | None = None
    """Raw pending ServiceRequest of a DUPLICATE; without it its priority cannot be raised."""
    app_context: str | None = None
    """Opaque handle for a SMART app link (CDS Hooks for PAMA: no clinical data); None: no link."""

    @property
    def reference(self) -> str:
        return f"ServiceRequest/{self.order.get('id', '')}"


class RenderOptions(msgspec.Struct, frozen=True, gc=False):
    """Options of one client and one call."""

    canonical: str
    """Base of our canonical URLs, without a slash at the end."""
    base_url: str
    """Public base URL of the service."""
    patient_id: str
    version: str
    """Version of rules, value sets and options together; shown in the explanation."""
    encounter_id: str | None = None
    pama: bool = True
    g_code: str = ""
    """CMS G-code of the mechanism consulted; the extension is left out when empty."""
    system_actions: bool = False
    """Rating updates at the top level of the response (CDS Hooks 2.0)."""
    legacy_system_actions: bool = False
    """The same updates under `extension.systemActions` (Argonaut PAMA guide)."""
    empty_system_actions: bool = False
    """An empty systemActions array instead of none, for clients that insist on the member."""
    show_appropriate: bool = True
    change_in_place: bool = True
    """The swap for a CT also as one update of the order, beside delete and create."""
    explanation: bool = True
    """Whether primary cards carry the explanation object."""
    emergency_text: str = ""
    catalogue_url: str | None = None
    """Where the criteria are shown; a statement's page is below it, by id. None: no link."""
    smart_url: str | None = None
    """Launch URL of the app in which missing answers can be given; offered with an `app_context`."""
    report_url: str | None = None
    """Absolute URL of a prior study or order, with `{reference}` where `Type/id` belongs."""
