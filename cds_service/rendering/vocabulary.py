"""The fixed words of the card files: which cards there must be, what a placeholder stands for."""

from __future__ import annotations

from cds_service.criteria.model import Outcome

SUMMARY_PLACEHOLDERS: dict[str, str] = {
    "reason": "phrases of the deciding statements: as many as fit, and how many more",
    "prior_date": "date of the earlier study or order",
    "open": "what could not be read, and which answers are missing, as many as fit",
}
DETAIL_PLACEHOLDERS: dict[str, str] = {
    "order": "own name of the ordered study; empty when only one order is advised on",
    "why": "fired statements by group, with value, date and reference",
    "presenting": "the presenting problem, as far as it is not among `why`",
    "criteria": "texts of the fired and the supporting statements",
    "advice": "what else is to be done or known: safety, contrast, CT in addition",
    "figures": "numbers of the source with their population",
    "missing": "answers that would allow a rating, at most four",
    "unread": "what could not be read and kept the order from being rated",
    "possible": "questions of possible evidence",
    "absent": "red flags that the record denies, with what denies them",
    "looked_at": "values on record that are no red flag, and why not",
    "not_found": "red-flag groups with nothing usable",
    "prior": "the earlier study or order",
    "underlying": "title of the answer without the duplicate rule",
    "emergency": "the configured emergency line, where the cord is at stake",
    "emergency_if": "the same line, where it is not, or not for certain",
    "escalation": "what would make an emergency of it; empty where that tier is off",
    "notes": "what could not be read or used",
    "evidence": "overlay: what it rests on",
    "basis": "overlay: citation of the extension",
    "for_contrast": "overlay: phrases of the fired statements that ask for contrast",
    "citation": "source, review status and disclaimer",
}
SUGGESTION_PLACEHOLDERS: dict[str, str] = {
    "priority": "the new priority: stat or urgent",
    "study": "our own name of the new study",
}
SUMMARY_MAX = 139
"""CDS Hooks, Card: summary has fewer than 140 characters."""
LONGEST_PRIORITY = "urgent"
LONGEST_PRIOR_DATE = "an unknown date"
LONGEST_COUNT = "99"
REASONS_AT_LEAST = 2
"""So many are named whatever their length; the start checks that they fit."""
UNREAD = "could not read "
"""How the criteria begin an entry of `missing` that no answer can settle."""
OPEN = "Open: {}"
OPEN_COUNT = "Open questions: {}"
MORE_REASONS = " and {} more"
"""Not "+1": behind "symptoms under 4 weeks" that would read as a figure."""

VARIANTS: dict[str, tuple[str, ...]] = {
    Outcome.MRI_EMERGENT: ("weakness", "cord-injury"),
    Outcome.NOT_YET: ("cauda",),
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

RED_FLAGS = (
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
    Outcome.MRI_EMERGENT: RED_FLAGS,
    Outcome.MRI_URGENT: RED_FLAGS,
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

TO_DO_GROUPS = ("safety", "contrast", "order", "context")
COMPLEMENTARY_CT = ("TRAUMA-CT-INITIAL", "POSTOP-HARDWARE-CT", "CT-OSSIFIED")
"""Advisory lines to act upon; the rest supports what the criteria say."""
ESCALATION = ("E1", "E2", "E3", "E5")
"""Tags of EXT-EMERG that can still come to a patient with a red flag."""
ADDS_CONTRAST = ("EXT-CONTRAST-INFECT", "EXT-CONTRAST-MALIG")
AGAINST_CONTRAST = ("EXT-GAD-EGFR", "EXT-GAD-PREG", "EXT-GAD-ALLERGY")
AGAINST = "Against contrast"
FOR_CONTRAST = ("RF-INFECT-", "RF-SYS-MALIG", "RF-SYS-INFLAM", "RF-SYS-AS", "RF-POSTOP")
