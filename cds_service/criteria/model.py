"""What the criteria hand over: one recommendation for one selected order."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, get_args

import msgspec

from cds_service.facts.finding import Evidence, Finding


class Outcome(StrEnum):
    """The nine answers; exactly one for each selected cervical-spine MRI order."""

    MRI_EMERGENT = "MRI_EMERGENT"
    MRI_URGENT = "MRI_URGENT"
    MRI_ROUTINE = "MRI_ROUTINE"
    MRI_MAY = "MRI_MAY"
    NOT_YET = "NOT_YET"
    CT_FIRST = "CT_FIRST"
    DUPLICATE = "DUPLICATE"
    INSUFFICIENT = "INSUFFICIENT"
    NO_CRITERIA = "NO_CRITERIA"


Indicator = Literal["critical", "warning", "info"]
SEVERITY: tuple[Indicator, ...] = get_args(Indicator)
"""The most urgent first."""
PRIORITIES = ("routine", "urgent", "asap", "stat")
"""FHIR R4, request-priority, the lowest first."""
Rating = Literal["appropriate", "not-appropriate", "no-criteria-apply"]


class Step(msgspec.Struct, frozen=True, gc=False):
    """One line of the decision order, as it was passed for this patient."""

    id: str
    """`P0` … `P12`."""
    text: str
    """Own words: what was asked at this step and what the answer was."""
    decided: bool


class Overlay(msgspec.Struct, frozen=True, gc=False):
    """A card of its own beside the primary one; it never changes the outcome."""

    id: str
    """Extension id, `EXT-MRS-CIED`."""
    indicator: Indicator
    evidence: tuple[Evidence, ...] = ()
    suggest_codes: tuple[str, ...] = ()
    """CPT codes the order may be changed to with one click, in order of preference."""


class Recommendation(msgspec.Struct, frozen=True, gc=False):
    """The answer for one order, before any wording."""

    outcome: Outcome
    step: str
    """Deciding step, `P6`."""
    steps: tuple[Step, ...]
    """Every step passed, in order; the last one decided."""
    rating: Rating | None
    """PAMA rating; None: no rating may be given."""
    acr: str | None
    """ACR wording of the category, such as `Usually appropriate`; None for DUPLICATE/INSUFFICIENT/NO_CRITERIA."""
    urgency: Literal["emergent", "urgent", "routine"] | None
    keep_mri: bool
    """CT_FIRST only: the MRI stays indicated whatever the CT shows."""
    indicator: Indicator
    fired: tuple[str, ...]
    """Decisive statement ids, grouped in the order of the criteria; with tags: `RF-INFECT-LAB:CRP`, `EXT-EMERG:E1`."""
    advisory: tuple[str, ...]
    """Advisory statement ids shown as lines on the primary card."""
    overlays: tuple[Overlay, ...]
    """At most cards.maxOverlays, most urgent first."""
    missing: tuple[str, ...]
    """Questions that would allow a rating (all of them, in order; a card shows four)."""
    not_found: tuple[str, ...]
    """Red-flag groups with nothing usable in the structured data."""
    documented_absent: tuple[str, ...]
    """Red-flag statements the record explicitly denies (statement ids)."""
    looked_at: tuple[str, ...]
    """Red-flag statements with something on record that does not make them fire (statement ids)."""
    possible: tuple[str, ...]
    """Questions of possible evidence (HOLD), whatever the outcome."""
    data_notes: tuple[str, ...]
    """What could not be read or used, own words."""
    findings: Mapping[str, Finding]
    """Every statement's finding by id."""
    suggested_priority: Literal["stat", "urgent"] | None = None
    """Set when the order's priority should be raised; never lowers one."""
    suggest_ct: bool = False
    """Offer a draft CT (beside the MRI when the outcome is MRI_* or keep_mri, instead of it otherwise)."""
    suggest_delete: bool = False
    suggest_physical_therapy: bool = False
    prior: Evidence | None = None
    """DUPLICATE: the prior study, pending order or earlier draft."""
    prior_kind: Literal["study", "pending", "draft"] | None = None
    underlying: Outcome | None = None
    """DUPLICATE: the outcome with the duplicate rule off."""
    raise_pending_priority: Literal["stat", "urgent"] | None = None
    age: int | None = None
    """Of the patient, in years; some figures hold at some ages only."""
