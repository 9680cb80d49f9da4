"""The fixed words of the card files: which cards there must be, what a placeholder stands for."""

from __future__ import annotations

from cds_service.criteria.model import Outcome

SUMMARY_PLACEHOLDERS: dict[str, str] = {
    "reason": "phrases of the deciding statements: the first two, and how many more",
    "prior_date": "date of the earlier study or order",
    "missing_count": "how many answers are missing",
}
DETAIL_PLACEHOLDERS: dict[str, str] = {
    "order": "own name of the ordered study; empty when only one order is advised on",
    "why": "fired statements by group, with value, date and reference",
    "criteria": "evidence texts of the fired statements",
    "advice": "advisory lines",
    "figures": "numbers of the source with their population",
    "missing": "answers that would allow a rating, at most four",
    "possible": "questions of possible evidence",
    "absent": "red flags that the record denies",
    "not_found": "red-flag groups with nothing usable",
    "prior": "the earlier study or order",
    "underlying": "title of the answer without the duplicate rule",
    "emergency": "the configured emergency line",
    "notes": "what could not be read or used",
    "evidence": "overlay: what it rests on",
    "basis": "overlay: citation of the extension",
    "citation": "source, review status and disclaimer",
}
SUGGESTION_PLACEHOLDERS: dict[str, str] = {
    "priority": "the new priority: stat or urgent",
    "study": "our own name of the new study",
}
LONGEST_PRIORITY = "urgent"
LONGEST_PRIOR_DATE = "an unknown date"
LONGEST_COUNT = "99"
MORE_REASONS = " and {} more"
"""Not "+1": behind "symptoms under 4 weeks" that would read as a figure."""

VARIANTS: dict[str, tuple[str, ...]] = {
    Outcome.CT_FIRST: ("keep-mri",),
    Outcome.DUPLICATE: ("pending", "draft"),
    Outcome.NO_CRITERIA: ("region", "cauda", "paediatric-trauma"),
}
"""Outcomes with more than one card, beside the plain one."""

OVERLAYS: tuple[str, ...] = (
    "EXT-CAUDA",
    "EXT-CONTRAST-INFECT",
    "EXT-CONTRAST-MALIG",
    "EXT-CONTRAST-NONE",
    "EXT-MRS-CIED",
    "EXT-MRS-CLIP",
    "EXT-MRS-COCHLEAR",
    "EXT-MRS-ORBIT",
    "EXT-MRS-OTHER",
    "EXT-GAD-EGFR",
    "EXT-GAD-PREG",
    "EXT-GAD-ALLERGY",
)

ARTICLE_TITLE = "When to Order Cervical MRI"
ARTICLE_DATE = "13 January 2026"
SOURCE_LABEL = f"{ARTICLE_TITLE} ({ARTICLE_DATE}; educational, pending human review)"

_RED_FLAGS = (
    "RF-",
    "TRAUMA-SCI",
    "TRAUMA-NEG-CT",
    "TRAUMA-LIG",
    "EXT-TRAUMA-CTPOS",
    "EXT-IMMUNO",
    "EXT-WBC",
    "EXT-WEIGHTLOSS",
    "EXT-DISH",
)
DECIDING: dict[str, tuple[str, ...]] = {
    Outcome.MRI_EMERGENT: _RED_FLAGS,
    Outcome.MRI_URGENT: _RED_FLAGS,
    Outcome.MRI_ROUTINE: ("CONS-6WK", "EXT-RADICULAR", "RF-PAIN-INTRACTABLE"),
    Outcome.MRI_MAY: (
        "CONS-4WK",
        "EXT-RADICULAR",
        "EXT-OBTUNDED",
        "EXT-TRAUMA-TENDER",
        "RF-NEURO-SENS",
    ),
    Outcome.NOT_YET: ("NOT-", "EXT-NEXUS-LOW", "EXT-CCR-LOW"),
    Outcome.CT_FIRST: ("TRAUMA-CT-INITIAL", "POSTOP-HARDWARE-CT", "CT-OSSIFIED"),
}
"""Ids, or beginnings of ids, whose phrases name the reason in the summary."""
NO_REASON = "see below"
