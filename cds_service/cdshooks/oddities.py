"""What a request holds that is passed over, counted for the log."""

from __future__ import annotations

from typing import Any, Final

from cds_service.cdshooks.request import HookRequest
from cds_service.fhir.references import relative

ODDITIES: Final = ("selections_unmatched", "drafts_of_other_patients")


def oddities(request: HookRequest) -> dict[str, int]:
    """How many selections name no draft (OS-3), and drafts another patient (OS-9); zero is left out."""
    context = request.context
    drafts = {f"{draft.get('resourceType')}/{draft.get('id')}" for draft in context.draft_orders}
    own = f"Patient/{context.patient_id}"
    counts = (
        sum(selection not in drafts for selection in context.selections or ()),
        sum(
            _subject(draft, request.fhir_server) not in (None, own)
            for draft in context.draft_orders
        ),
    )
    return {name: count for name, count in zip(ODDITIES, counts, strict=True) if count}


def _subject(draft: dict[str, Any], server: str | None) -> str | None:
    """Whom a draft names; None: nobody."""
    subject = draft.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    if not isinstance(reference, str) or not reference:
        return None
    return relative(reference, server) or reference
