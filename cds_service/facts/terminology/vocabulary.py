"""Local codes and the findings our sets stand for (criteria, Appendix B; local codes)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cds_service.facts.terminology.codings import is_sequela


class LocalCode(NamedTuple):
    """How one local code is read."""

    concept: str
    reading: str
    """`yes`: true/yes/present/positive; `exam`: Normal or Abnormal; `global`: true or Normal; `number`."""
    on_condition: bool = False
    """A Condition may carry it, read like the finding."""


LOCAL: dict[str, LocalCode] = {
    "neuro-exam-normal": LocalCode("neuro-exam", "global"),
    "motor-strength": LocalCode("motor", "number"),
    "motor-exam": LocalCode("motor", "exam"),
    "sensory-exam": LocalCode("sensory", "exam"),
    "reflex-exam": LocalCode("reflex", "exam"),
    "gait-exam": LocalCode("gait", "exam"),
    "hand-clumsiness": LocalCode("hand", "yes", True),
    "hoffmann-sign": LocalCode("umn:hoffmann", "yes"),
    "babinski-sign": LocalCode("umn:babinski", "yes"),
    "clonus": LocalCode("umn:clonus", "yes"),
    "spasticity": LocalCode("umn:spasticity", "yes"),
    "vertebral-tenderness": LocalCode("tenderness", "yes", True),
    "saddle-anesthesia": LocalCode("saddle", "yes"),
    "iv-drug-use": LocalCode("ivdu", "yes", True),
    "conservative-therapy-weeks": LocalCode("cons-weeks", "number"),
    "conservative-therapy-none": LocalCode("cons-none", "yes"),
    "intractable-pain": LocalCode("intractable", "yes", True),
    "symptom-worsening": LocalCode("worsening", "yes"),
    "suspected-ligament-injury": LocalCode("ligament", "yes", True),
    "ct-cspine-negative": LocalCode("ct-negative", "yes"),
    "prior-mri-nondiagnostic": LocalCode("mri-nondiagnostic", "yes"),
    "fusion-status-question": LocalCode("fusion-question", "yes", True),
    "opll": LocalCode("opll", "yes", True),
    "orbital-metal": LocalCode("orbital-metal", "yes", True),
    "nexus-midline-tenderness": LocalCode("nexus:midline-tenderness", "yes"),
    "nexus-intoxication": LocalCode("nexus:intoxication", "yes"),
    "nexus-altered-alertness": LocalCode("nexus:altered-alertness", "yes"),
    "nexus-focal-deficit": LocalCode("nexus:focal-deficit", "yes"),
    "nexus-distracting-injury": LocalCode("nexus:distracting-injury", "yes"),
    "ccr-dangerous-mechanism": LocalCode("ccr:dangerous-mechanism", "yes"),
    "ccr-limb-paraesthesia": LocalCode("ccr:limb-paraesthesia", "yes"),
    "ccr-simple-rear-end": LocalCode("ccr:simple-rear-end", "yes"),
    "ccr-sitting-in-ed": LocalCode("ccr:sitting-in-ed", "yes"),
    "ccr-walked-since-injury": LocalCode("ccr:walked-since-injury", "yes"),
    "ccr-delayed-pain-onset": LocalCode("ccr:delayed-pain-onset", "yes"),
    "ccr-no-midline-tenderness": LocalCode("ccr:no-midline-tenderness", "yes"),
    "ccr-rotates-45-both-sides": LocalCode("ccr:rotates-45-both-sides", "yes"),
    "ccr-penetrating-injury": LocalCode("ccr:penetrating-injury", "yes"),
    "ccr-vitals-stable": LocalCode("ccr:vitals-stable", "yes"),
}
"""Every local code; knowledge/local_codes.toml holds our words for it."""

NEXUS = tuple(code for code in LOCAL if code.startswith("nexus-"))
CCR_LOW_RISK = (
    "ccr-simple-rear-end",
    "ccr-sitting-in-ed",
    "ccr-walked-since-injury",
    "ccr-delayed-pain-onset",
    "ccr-no-midline-tenderness",
)

SYMPTOM_SETS = frozenset(
    (
        "VS-NECKPAIN",
        "VS-MOTOR",
        "VS-SENS",
        "VS-REFLEX",
        "VS-UMN",
        "VS-GAIT",
        "VS-HANDCLUMSY",
        "VS-BB",
        "VS-FEVER",
        "VS-SYSTEMIC-INFECTION",
        "local:hand-clumsiness",
    )
)
"""Sets of symptoms and findings; a Condition in any other set is a diagnosis (criteria, 0.3)."""

# Which finding a coded concept is compared within when entries contradict each other. A set that is
# absent here is compared code by code, as are reported sensory symptoms: a normal examination does
# not take away what the patient feels (CF-2).
_CONCEPT_OF_SET = (
    ("VS-MOTOR", "motor"),
    ("VS-GAIT", "gait"),
    ("VS-HANDCLUMSY", "hand"),
    ("VS-REFLEX", "reflex"),
)


_TAKES_OUT = (
    ("VS-MALIG", "VS-NMSC"),
    ("VS-BB", "VS-STRESS-INCONTINENCE"),
    ("VS-NECKPAIN", "VS-NECKPAIN-DEGENERATIVE"),
)
"""Sets, and the part of them that does not count: the criteria leave out codes, not entries."""
_FRESH_INJURY = frozenset(
    ("VS-NECKTRAUMA", "VS-NECKTRAUMA-NEEDS-SITE", "VS-SCI", "VS-CFRACTURE", "VS-LIG")
)


def together(
    sets: frozenset[str], parts: Sequence[frozenset[str]], codings: Iterable[tuple[str, str]]
) -> frozenset[str]:
    """What several codings of one concept say together.

    One that counts is not taken out by another that does not; a late effect in one code system is a
    late effect in all (criteria, 1.2, 0.6).
    """
    for whole, out in _TAKES_OUT:
        if out in sets and any(whole in part and out not in part for part in parts):
            sets -= {out}
    late = "VS-SCI-SEQUELA" in sets or any(is_sequela(*coding) for coding in codings)
    return sets - _FRESH_INJURY if late else sets


def besides(parts: tuple[frozenset[str], ...], concept: str) -> frozenset[str]:
    """What a coded entry says besides the finding `concept`: its other codings, and the diagnosis
    that the coding of the finding states with it. An examination denies findings, no diagnosis.
    """
    finding = {name for name, own in _CONCEPT_OF_SET if own == concept}
    finding |= {f"local:{code}" for code, local in LOCAL.items() if local.concept == concept}
    if concept.startswith("umn:"):
        finding |= {"VS-UMN", "VS-SPASTICITY"}
    if not any(part & finding for part in parts):
        return frozenset()  # compared code by code: the denial is of this very code
    left: set[str] = set()
    for part in parts:
        if part.isdisjoint(finding):
            left |= part
        elif not any(name.startswith("local:") for name in part):
            left |= part - SYMPTOM_SETS - finding
    return frozenset(name for name in left if not name.startswith(("LIMB-", "SITE-")))


def concept_of(sets: frozenset[str], system: str, code: str) -> str:
    """The finding concept of a coded entry (criteria, 0.4)."""
    for name in sorted(sets):
        if name.startswith("local:"):
            return LOCAL[name.removeprefix("local:")].concept
    for name, concept in _CONCEPT_OF_SET:
        if name in sets:
            return concept
    return f"umn:{code}" if "VS-UMN" in sets else f"{system}|{code}"
