"""What is kept for the companion app: where it was asked for, and what was answered there."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cds_service.fhir.resources import QuestionnaireResponse


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """Whom and what something belongs to; in no other place is it ever used."""

    client: str
    patient: str
    """`context.patientId`."""
    user: str
    """`context.userId`, `Practitioner/x`."""
    order: str
    """`ServiceRequest/x`."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"  # a patient never reaches a log or a traceback


class Handle(Bound, frozen=True, kw_only=True):
    """Behind the `appContext` of one card: the order that lacked an answer."""

    expires: datetime
    consult_ids: tuple[str, ...]
    """`urn:uuid:…` of the advice on the card (CDS Hooks for PAMA: the same for unchanged facts), and
    the one the order came with, if it had one."""
    draft: msgspec.Raw
    """The draft ServiceRequest as it was received. It can be read back from nowhere (OS-8)."""
    encounter: str | None = None


class Answers(Bound, frozen=True, kw_only=True):
    """What one user answered about one order of one patient."""

    expires: datetime
    consult_ids: tuple[str, ...]
    """Those of the handle, and of the advice after the answers; one of them proves that it is the
    same order."""
    response: msgspec.Raw
    """A FHIR R4 QuestionnaireResponse."""


class Given(msgspec.Struct, frozen=True, gc=False):
    """Answers as they are put to an evaluation."""

    consult_ids: frozenset[str]
    response: QuestionnaireResponse
    certain: bool = False
    """The app itself asks, so no consult id has to agree."""
