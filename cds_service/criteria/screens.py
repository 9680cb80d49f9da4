"""Low-risk screens after trauma: NEXUS and the Canadian C-Spine Rule (extensions)."""

from __future__ import annotations

from cds_service.criteria.registry import Case, criterion, met, not_met, once, switched_off, unknown
from cds_service.criteria.trauma import ALERT, coma_scores, deficits
from cds_service.facts.finding import Evidence, Finding
from cds_service.facts.record.entries import Entry
from cds_service.facts.terminology.vocabulary import CCR_LOW_RISK, LOCAL, NEXUS
from cds_service.fhir.dates import Interval, age_in_years, parse

_CCR_MAX_DAYS = 2
_CCR_OLD_AGE = 65
_CCR_HIGH_RISK = ("ccr-dangerous-mechanism", "ccr-limb-paraesthesia")
_REASSURING = frozenset((*CCR_LOW_RISK, "ccr-vitals-stable", "ccr-rotates-45-both-sides"))
"""Where yes is the good answer."""


def _decisive(case: Case, local: str) -> Entry | None:
    """The newest answer on or after the injury; of several on one day the alarming one (CF-3)."""
    alarming = local not in _REASSURING
    since = [
        (e.recorded, e)
        for e in case.facts.answers(local)
        if e.present is not None
        and e.recorded is not None
        and case.trauma.since(e.recorded, alarming=e.present is alarming)
    ]
    last = max((day.lo for day, _ in since), default=None)
    # A vague date may be the last day as well: it takes nothing away.
    newest = [e for day, e in since if last is not None and day.hi >= last]
    return min(newest, key=lambda e: (e.present is not alarming, e.reference), default=None)


def answer(case: Case, local: str) -> bool | None:
    """What was answered since the injury; None: nothing."""
    found = _decisive(case, local)
    return None if found is None else found.present


def _shown(case: Case, codes: tuple[str, ...]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            found.reference,
            case.frame.terminology.local_codes[local],
            found.recorded.text if found.recorded else None,
            "yes" if found.present else "no",
        )
        for local in codes
        if (found := _decisive(case, local))
    )


def contradicted(case: Case) -> bool:
    """A documented deficit, midline tenderness or clouded mind: no answer `no` takes it away."""
    clouded = any(n.value < ALERT for n in coma_scores(case))
    return bool(deficits(case)) or bool(case.picture.tenderness) or clouded


def _unusable(case: Case, statement: str, key: str) -> Finding | None:
    if not case.config[key]:
        return switched_off(statement, key)
    if not case.trauma.recent:
        return not_met(statement, "no recent injury")
    age = case.facts.person.age
    if age is not None and age < case.config["trauma.ageMin"]:
        return not_met(statement, "not meant for children")
    return None


@once
def _nexus(case: Case) -> bool | None:
    """True: POS; False: LOW; None: neither."""
    answers = [answer(case, local) for local in NEXUS]
    if any(a is True for a in answers):
        return True
    return False if all(a is False for a in answers) else None


def _is_old(case: Case) -> bool | None:
    """At the old age of the rule; None: not known, also where a partial birth date leaves it open."""
    patient = case.facts.received.patient
    born = parse(patient.birth_date, case.frame.zone) if patient else None
    if born is None:
        return None
    youngest, oldest = (
        age_in_years(Interval(day, day), case.frame.today) for day in (born.hi, born.lo)
    )
    return None if youngest < _CCR_OLD_AGE <= oldest else youngest >= _CCR_OLD_AGE


def _ccr_applies(case: Case) -> str | None:
    """None where the rule may be used, else why not."""
    scores = coma_scores(case)
    injury = case.trauma.date
    # On record, current or not: a fused or narrow spine stays one.
    names = ("VS-AS", "VS-STENOSIS", "VS-MYELO")
    barred = [*case.facts.history(*names), *case.facts.reasons(*names)]
    checks = (
        (_is_old(case) is not None, "age not known"),
        (
            bool(scores) and all(n.value == ALERT for n in scores),
            "Glasgow coma score 15 not documented",
        ),
        (answer(case, "ccr-vitals-stable") is True, "stable vital signs not documented"),
        (answer(case, "ccr-penetrating-injury") is False, "penetrating injury not excluded"),
        (
            injury is not None and case.frame.within(injury, _CCR_MAX_DAYS),
            f"injury more than {_CCR_MAX_DAYS} days ago",
        ),
        (not case.picture.motor, "weakness documented"),
        (
            not barred and not case.facts.surgery.cervical,
            "ankylosing spondylitis, stenosis, myelopathy or cervical surgery on record",
        ),
    )
    return next((why for holds, why in checks if not holds), None)


@once
def _ccr(case: Case) -> bool | None:
    """True: POS; False: LOW; None: neither."""
    high = [answer(case, local) for local in _CCR_HIGH_RISK]
    if _is_old(case) or True in high:
        return True
    low = [answer(case, local) for local in CCR_LOW_RISK]
    if all(a is False for a in low):
        return True
    if None in high or True not in low:
        return None
    rotates = answer(case, "ccr-rotates-45-both-sides")
    return None if rotates is None else not rotates


def _usable_nexus(case: Case) -> bool | None:
    return None if _unusable(case, "", "ext.nexus") else _nexus(case)


def _usable_ccr(case: Case) -> bool | None:
    return None if _unusable(case, "", "ext.ccr") or _ccr_applies(case) else _ccr(case)


def _low(case: Case, statement: str, own: bool | None, other: bool | None) -> Finding:
    """LOW, unless the chart or the other screen says otherwise: POS wins."""
    if own is None:
        return unknown(statement, "answers missing")
    if own:
        return not_met(statement, "positive")
    if contradicted(case):
        return not_met(statement, "contradicted by a documented finding")
    if other is True:
        return not_met(statement, "the other screen is positive")
    return met(statement)


def _with(finding: Finding, shown: tuple[Evidence, ...]) -> Finding:
    return Finding(finding.id, finding.status, shown, finding.reason)


@criterion("EXT-NEXUS-LOW")
def nexus_low_risk(case: Case) -> Finding:
    """All five NEXUS answers are no, on or after the injury, and nothing documented contradicts.

    Reads the `nexus-` answers, coma scores and the neurological findings. UNKNOWN while one of the
    five is missing.
    """
    if finding := _unusable(case, "EXT-NEXUS-LOW", "ext.nexus"):
        return finding
    finding = _low(case, "EXT-NEXUS-LOW", _nexus(case), _usable_ccr(case))
    return _with(finding, _shown(case, NEXUS))


@criterion("EXT-NEXUS-POS")
def nexus_positive(case: Case) -> Finding:
    """Any NEXUS answer is yes, on or after the injury; reads the `nexus-` answers.

    UNKNOWN while none is yes and one is missing.
    """
    if finding := _unusable(case, "EXT-NEXUS-POS", "ext.nexus"):
        return finding
    result = _nexus(case)
    if result is None:
        return unknown("EXT-NEXUS-POS", "answers missing", _shown(case, NEXUS))
    shown = _shown(case, NEXUS)
    positive = tuple(e for e in shown if e.value == "yes")
    return met("EXT-NEXUS-POS", positive) if result else not_met("EXT-NEXUS-POS", "all no", shown)


_CCR_ALL = tuple(code for code in LOCAL if code.startswith("ccr-"))


@criterion("EXT-CCR-LOW")
def c_spine_rule_low_risk(case: Case) -> Finding:
    """Applicable, no high-risk factor, a low-risk factor, and able to rotate 45° to both sides.

    Reads the `ccr-` answers, age, coma scores, history and the neurological findings. UNKNOWN where
    the rule may not be used or answers are missing.
    """
    if finding := _unusable(case, "EXT-CCR-LOW", "ext.ccr"):
        return finding
    if why := _ccr_applies(case):
        return unknown("EXT-CCR-LOW", f"not applicable: {why}")
    finding = _low(case, "EXT-CCR-LOW", _ccr(case), _usable_nexus(case))
    return _with(finding, _shown(case, _CCR_ALL))


@criterion("EXT-CCR-POS")
def c_spine_rule_positive(case: Case) -> Finding:
    """Applicable, and high risk, no low-risk factor, or unable to rotate.

    Reads what EXT-CCR-LOW reads, and is UNKNOWN where that is.
    """
    if finding := _unusable(case, "EXT-CCR-POS", "ext.ccr"):
        return finding
    if why := _ccr_applies(case):
        return unknown("EXT-CCR-POS", f"not applicable: {why}")
    result = _ccr(case)
    if result is None:
        return unknown("EXT-CCR-POS", "answers missing", _shown(case, _CCR_ALL))
    shown = _shown(case, _CCR_ALL)
    return met("EXT-CCR-POS", shown) if result else not_met("EXT-CCR-POS", "low risk", shown)
