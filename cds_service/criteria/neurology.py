"""Red flags of nerve roots and cord: RF-NEURO-* and RF-MYELO-*."""

from __future__ import annotations

from cds_service.criteria.registry import UNCONFIRMED, Case, criterion, judged
from cds_service.facts.finding import Finding
from cds_service.facts.record.entries import Entry

_LUMBAR = "a leg finding, and a lumbar problem on record may explain it"


def _superseded(case: Case, *concepts: str) -> list[Entry]:
    return [e for e in case.facts.judged.superseded if e.concept.split(":")[0] in concepts]


@criterion("RF-NEURO-MOTOR")
def weakness_in_a_limb(case: Case) -> Finding:
    """Weakness in an arm or a leg.

    Reads Condition (suspected too, 90 days), Observation and answers (30 days): strength below 5/5
    or an abnormal motor examination. Leg weakness with a lumbar explanation is set aside and asked.
    UNKNOWN when nothing usable is recorded.
    """
    return judged(
        case,
        "RF-NEURO-MOTOR",
        case.picture.motor,
        possible=case.picture.aside(case.picture.all_motor),
        unsettled=_LUMBAR,
        denied=case.facts.denied("VS-MOTOR", concepts=("motor",)) or _whole_exam(case),
        superseded=_superseded(case, "motor"),
        nothing="no strength or motor examination recorded",
    )


def sensory_change(case: Case) -> list[Entry]:
    """What RF-NEURO-SENS rests on; two contested settings widen and narrow it."""
    found = case.picture.sensory
    if not case.config["neuro.subjectiveSensoryIsRedFlag"]:
        found = [e for e in found if e.objective]
    if case.config["neuro.radiculopathyDxIsDeficit"]:
        found = found + [e for e in case.picture.radicular if not e.suspected]
    return found


@criterion("RF-NEURO-SENS")
def sensory_change_in_a_limb(case: Case) -> Finding:
    """Numbness, tingling or another sensory change in a limb.

    Reads Condition (suspected too, 90 days), Observation and answers (30 days). A reported symptom
    is not taken away by a normal examination (CF-2). Without a site it counts only where another
    fact points to the neck; the face never counts. `neuro.radiculopathyDxIsDeficit` adds
    radiculopathy diagnoses, `neuro.subjectiveSensoryIsRedFlag` off leaves examined findings only.
    """
    return judged(
        case,
        "RF-NEURO-SENS",
        sensory_change(case),
        possible=case.picture.aside(case.picture.all_sensory),
        unsettled=_LUMBAR,
        denied=case.facts.denied("VS-SENS", concepts=("sensory",)),
        superseded=_superseded(case, "sensory"),
        nothing="no sensory symptom or examination recorded",
    )


@criterion("RF-NEURO-REFLEX")
def reflex_change(case: Case) -> Finding:
    """A tendon-reflex abnormality or an upper-motor-neuron sign.

    Reads Condition (confirmed), Observation and answers (30 days). 2+ or normal is a denial; a
    symmetric 1+ or 3+ without `abnormal` is undecided.
    """
    legs = case.picture.aside(case.picture.all_reflex)
    return judged(
        case,
        "RF-NEURO-REFLEX",
        confirmed(case.picture.reflex),
        possible=legs or case.picture.reflex,
        unsettled=_LUMBAR if legs else UNCONFIRMED,
        denied=case.facts.denied("VS-REFLEX", concepts=("reflex",)) or _whole_exam(case),
        superseded=_superseded(case, "reflex", "umn"),
        nothing="no reflex examination recorded",
    )


@criterion("RF-MYELO-GAIT")
def gait_disturbance(case: Case) -> Finding:
    """A gait disturbance beside a cervical problem or a cord pattern.

    Reads Condition (suspected too, 90 days), Observation and answers (30 days).
    """
    return judged(
        case,
        "RF-MYELO-GAIT",
        case.picture.gait,
        denied=case.facts.denied("VS-GAIT", concepts=("gait",)),
        superseded=_superseded(case, "gait"),
        nothing="no gait examination recorded",
    )


@criterion("RF-MYELO-HAND")
def hand_clumsiness(case: Case) -> Finding:
    """Clumsy hands or loss of dexterity.

    Reads Condition (suspected too, 90 days), Observation and answers (30 days).
    """
    return judged(
        case,
        "RF-MYELO-HAND",
        case.picture.hand,
        denied=case.facts.denied("VS-HANDCLUMSY", concepts=("hand",)),
        superseded=_superseded(case, "hand"),
        nothing="hand dexterity not recorded",
    )


@criterion("RF-MYELO-BB")
def new_bladder_or_bowel_dysfunction(case: Case) -> Finding:
    """New bladder or bowel dysfunction, stress incontinence and long-known trouble excluded.

    Reads Condition (suspected too), Observation, order reasons.
    """
    return judged(
        case,
        "RF-MYELO-BB",
        case.picture.bladder_bowel,
        denied=case.facts.denied("VS-BB"),
        nothing="bladder and bowel function not recorded",
    )


@criterion("RF-MYELO-DX")
def myelopathy_documented(case: Case) -> Finding:
    """Myelopathy or cord compression, diagnosed or suspected; reads Condition and order reasons."""
    return judged(
        case,
        "RF-MYELO-DX",
        case.picture.myelopathy,
        denied=case.facts.denied("VS-MYELO"),
        nothing="no myelopathy recorded",
    )


def confirmed(entries: list[Entry]) -> list[Entry]:
    """Entries that may fire a row not marked S: not suspected, as order reasons always are."""
    return [e for e in entries if not e.suspected]


def _whole_exam(case: Case) -> list[Entry]:
    """A normal global examination denies motor and reflex findings (CF-2)."""
    return [e for e in case.facts.judged.absent if e.concept == "neuro-exam"]
