"""The order of decision as data: each step's question, what it looks at, and what it may answer.

`precedence.decide` walks this table from top to bottom, unless `EARLY` holds; the catalogue draws both.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cds_service.criteria.model import Outcome


class Rule(NamedTuple):
    """One step."""

    question: str
    statements: tuple[str, ...] = ()
    """Any of them makes the step match; RF-ANY stands for every red flag."""
    exceptions: tuple[str, ...] = ()
    """Statements that change what the step says, or let it pass."""
    outcomes: tuple[Outcome, ...] = ()
    """What it may say, the usual answer first."""


class Early(NamedTuple):
    """An answer of one step that is given before P1 is asked."""

    step: str
    when: str
    """Of an order, in words that follow `where an order …`."""
    outcome: Outcome
    switch: str
    """Configuration key that has to be on."""


EARLY: Final = Early(
    step="P5",
    when="follows another selected order for MRI of the cervical spine in the same call",
    outcome=Outcome.DUPLICATE,
    switch="ext.duplicate",
)


STEPS: Final[dict[str, Rule]] = {
    "P0": Rule("Is it a cervical-spine MRI order?"),
    "P1": Rule(
        "Is there nothing that points to the cervical spine?",
        exceptions=("EXT-REGION", "EXT-CAUDA"),
        outcomes=(Outcome.INSUFFICIENT, Outcome.NO_CRITERIA),
    ),
    "P2": Rule(
        "Is a cord injury confirmed?",
        ("TRAUMA-SCI",),
        outcomes=(Outcome.MRI_EMERGENT, Outcome.MRI_URGENT),
    ),
    "P3": Rule(
        "Is there an acute injury without a CT?",
        ("TRAUMA-CT-INITIAL",),
        ("RF-ANY", "RF-SYS-AS", "EXT-NEXUS-LOW", "EXT-CCR-LOW", "EXT-AGE"),
        (Outcome.CT_FIRST, Outcome.NOT_YET, Outcome.INSUFFICIENT, Outcome.NO_CRITERIA),
    ),
    "P4": Rule(
        "Is there an emergency pattern?",
        ("EXT-EMERG",),
        outcomes=(Outcome.MRI_EMERGENT,),
    ),
    "P5": Rule(
        "Was the same study done or ordered, with nothing new since?",
        ("EXT-DUP-RECENT", "EXT-DUP-PENDING"),
        outcomes=(Outcome.DUPLICATE,),
    ),
    "P6": Rule(
        "Does a red flag or a trauma finding fire?",
        ("RF-ANY", "TRAUMA-NEG-CT", "TRAUMA-LIG", "EXT-TRAUMA-CTPOS"),
        (
            "POSTOP-HARDWARE-CT",
            "RF-POSTOP",
            "RF-NEURO-SENS",
            "EXT-NEURO-MIMIC",
            "RF-PAIN-INTRACTABLE",
        ),
        (Outcome.MRI_URGENT, Outcome.CT_FIRST, Outcome.MRI_MAY, Outcome.MRI_ROUTINE),
    ),
    "P7": Rule(
        "Is fusion or hardware the question?",
        ("POSTOP-HARDWARE-CT",),
        outcomes=(Outcome.CT_FIRST, Outcome.INSUFFICIENT),
    ),
    "P8": Rule(
        "Do symptoms persist after the full window of conservative care?",
        ("CONS-6WK",),
        outcomes=(Outcome.MRI_ROUTINE,),
    ),
    "P9": Rule(
        "Is ossification the question?",
        ("CT-OSSIFIED",),
        outcomes=(Outcome.CT_FIRST, Outcome.INSUFFICIENT),
    ),
    "P10": Rule(
        "Does weaker support apply?",
        ("CONS-4WK", "EXT-RADICULAR", "EXT-OBTUNDED", "EXT-TRAUMA-TENDER"),
        outcomes=(Outcome.MRI_MAY, Outcome.MRI_ROUTINE),
    ),
    "P11": Rule(
        "Can imaging wait?",
        ("NOT-ACUTE", "NOT-NORMALEXAM", "NOT-MECH"),
        outcomes=(Outcome.NOT_YET, Outcome.INSUFFICIENT),
    ),
    "P12": Rule("Otherwise: what is missing?", outcomes=(Outcome.INSUFFICIENT,)),
}
