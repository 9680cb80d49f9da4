"""Which drafts are cervical-spine MRI orders, and what they ask for."""

from __future__ import annotations

from typing import Literal

import msgspec

from cds_service.facts.record.attached import Attached
from cds_service.facts.record.entries import Code
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.imaging import mri_sets
from cds_service.fhir.resources import ServiceRequest

Contrast = Literal["without", "with", "without-and-with"]

_CONTRAST: tuple[tuple[str, Contrast], ...] = (
    ("MRI-WITHOUT-AND-WITH", "without-and-with"),
    ("MRI-WITHOUT", "without"),
    ("MRI-WITH", "with"),
)


class Draft(msgspec.Struct, frozen=True):
    """One selected draft for a cervical-spine MRI."""

    order: ServiceRequest
    reference: str
    """`ServiceRequest/id`, as `selections` names it."""
    code: Code
    contrast: Contrast | None
    """None: the code does not say."""
    follows: str | None = None
    """Reference of an earlier selected draft for the same study."""
    follows_code: Code | None = None
    attached: tuple[Attached, ...] = ()
    """Conditions and Observations that came with it."""
    supporting: frozenset[str] = frozenset()
    """`Type/id` of its supportingInfo."""


def cervical_mri(order: ServiceRequest, frame: Frame) -> Draft | None:
    """The draft as a cervical-spine MRI order; None for every other order (P0).

    `doNotPerform` asks for the study not to be done: nothing to advise on.
    """
    code = frame.code(order.code)
    if code is None or order.do_not_perform or not code.sets & mri_sets(frame):
        return None
    contrast = next((word for name, word in _CONTRAST if name in code.sets), None)
    return Draft(order, order.reference, code, contrast)
