"""Local codes and the findings our sets stand for (criteria, Appendix B; local codes)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cds_service.facts.terminology.codings import is_sequela


class LocalCode(NamedTuple):
    """How one local code is read."""

    concept: str
    reading: str
    """`yes`: true/yes/present/positive; `exam`: Normal or Abnormal; `number`."""
    title: str
    on_condition: bool = False
    """A Condition may carry it, read like the finding."""


LOCAL: dict[str, LocalCode] = {
    "neuro-exam-normal": LocalCode("neuro-exam", "global", "Neurological examination"),
    "motor-strength": LocalCode("motor", "number", "Muscle strength (MRC)"),
    "motor-exam": LocalCode("motor", "exam", "Motor examination"),
    "sensory-exam": LocalCode("sensory", "exam", "Sensory examination"),
    "reflex-exam": LocalCode("reflex", "exam", "Tendon reflex"),
    "gait-exam": LocalCode("gait", "exam", "Gait examination"),
    "hand-clumsiness": LocalCode("hand", "yes", "Hand clumsiness", True),
    "hoffmann-sign": LocalCode("umn:hoffmann", "yes", "Hoffmann sign"),
    "babinski-sign": LocalCode("umn:babinski", "yes", "Babinski sign"),
    "clonus": LocalCode("umn:clonus", "yes", "Clonus"),
    "spasticity": LocalCode("umn:spasticity", "yes", "Spasticity"),
    "vertebral-tenderness": LocalCode("tenderness", "yes", "Midline vertebral tenderness", True),
    "saddle-anesthesia": LocalCode("saddle", "yes", "Saddle anaesthesia"),
    "iv-drug-use": LocalCode("ivdu", "yes", "Injecting drug use", True),
    "conservative-therapy-weeks": LocalCode("cons-weeks", "number", "Conservative therapy, weeks"),
    "conservative-therapy-none": LocalCode("cons-none", "yes", "No conservative therapy"),
    "intractable-pain": LocalCode("intractable", "yes", "Intractable pain", True),
    "symptom-worsening": LocalCode("worsening", "yes", "Symptoms worsening"),
    "suspected-ligament-injury": LocalCode("ligament", "yes", "Suspected ligament injury", True),
    "ct-cspine-negative": LocalCode("ct-negative", "yes", "CT cervical spine negative"),
    "prior-mri-nondiagnostic": LocalCode("mri-nondiagnostic", "yes", "Prior MRI non-diagnostic"),
    "fusion-status-question": LocalCode(
        "fusion-question", "yes", "Fusion or hardware in question", True
    ),
    "opll": LocalCode("opll", "yes", "Ossified posterior longitudinal ligament", True),
    "orbital-metal": LocalCode("orbital-metal", "yes", "Metal in or near the eye", True),
    "nexus-midline-tenderness": LocalCode(
        "nexus:midline-tenderness", "yes", "NEXUS: midline tenderness"
    ),
    "nexus-intoxication": LocalCode("nexus:intoxication", "yes", "NEXUS: intoxication"),
    "nexus-altered-alertness": LocalCode(
        "nexus:altered-alertness", "yes", "NEXUS: altered alertness"
    ),
    "nexus-focal-deficit": LocalCode("nexus:focal-deficit", "yes", "NEXUS: focal deficit"),
    "nexus-distracting-injury": LocalCode(
        "nexus:distracting-injury", "yes", "NEXUS: distracting injury"
    ),
    "ccr-dangerous-mechanism": LocalCode(
        "ccr:dangerous-mechanism", "yes", "C-Spine Rule: dangerous mechanism"
    ),
    "ccr-limb-paraesthesia": LocalCode(
        "ccr:limb-paraesthesia", "yes", "C-Spine Rule: limb paraesthesia"
    ),
    "ccr-simple-rear-end": LocalCode(
        "ccr:simple-rear-end", "yes", "C-Spine Rule: simple rear-end collision"
    ),
    "ccr-sitting-in-ed": LocalCode(
        "ccr:sitting-in-ed", "yes", "C-Spine Rule: sitting in the emergency department"
    ),
    "ccr-walked-since-injury": LocalCode(
        "ccr:walked-since-injury", "yes", "C-Spine Rule: walked since the injury"
    ),
    "ccr-delayed-pain-onset": LocalCode(
        "ccr:delayed-pain-onset", "yes", "C-Spine Rule: delayed onset of pain"
    ),
    "ccr-no-midline-tenderness": LocalCode(
        "ccr:no-midline-tenderness", "yes", "C-Spine Rule: no midline tenderness"
    ),
    "ccr-rotates-45-both-sides": LocalCode(
        "ccr:rotates-45-both-sides", "yes", "C-Spine Rule: rotates 45° to both sides"
    ),
    "ccr-penetrating-injury": LocalCode(
        "ccr:penetrating-injury", "yes", "C-Spine Rule: penetrating injury"
    ),
    "ccr-vitals-stable": LocalCode("ccr:vitals-stable", "yes", "C-Spine Rule: vital signs stable"),
}

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
