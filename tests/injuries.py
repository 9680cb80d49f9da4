"""Injuries of the neck, CT after them and screens, for the tests of trauma."""

from __future__ import annotations

from typing import Any

from chart import Json, answers, condition, observation, quantity, report

NECK_INJURY = "icd|S19.9XXA"
WHIPLASH = "sct|39848009"
CORD_INJURY = "sct|405754008"
FRACTURE = "sct|125606003"
LIGAMENT = "icd|M53.2X2"
CT = "cpt|72125"
MRI = "cpt|72141"
NORMAL = "sct|17621005"
WEAK_LIMB = "sct|713514005"
TINGLING_HAND = "sct|309086004"

NEXUS_NO = {
    "nexus_midline_tenderness": False,
    "nexus_intoxication": False,
    "nexus_altered_alertness": False,
    "nexus_focal_deficit": False,
    "nexus_distracting_injury": False,
}
CCR_LOW = {
    "ccr_vitals_stable": True,
    "ccr_penetrating_injury": False,
    "ccr_dangerous_mechanism": False,
    "ccr_limb_paraesthesia": False,
    "ccr_simple_rear_end": True,
    "ccr_rotates_45_both_sides": True,
}


def injury(onset: int | str | None = 0, code: str = NECK_INJURY, **members: Any) -> Json:
    """A confirmed injury of the neck, `onset` days ago."""
    return condition(code, onset, **members)


def ct(days: int | None, *conclusions: str, **members: Any) -> Json:
    """A reported CT of the cervical spine; without a conclusion its result is free text."""
    return report(CT, days, *conclusions, **members)


def tender(days: int = 0) -> Json:
    return observation("vertebral-tenderness", True, days)


def coma_score(value: int, days: int = 0) -> Json:
    return observation("loinc|9269-2", quantity(value, "{score}"), days)


def nexus(days: int = 0, **changed: Any) -> Json:
    """All five NEXUS questions answered no, but for `changed`; None leaves one out."""
    return _screen(NEXUS_NO, days, changed)


def ccr(days: int = 0, **changed: Any) -> Json:
    """A Canadian C-Spine Rule that is low risk, but for `changed`."""
    return _screen(CCR_LOW, days, changed)


def _screen(usual: dict[str, bool], days: int, changed: dict[str, Any]) -> Json:
    found = {name: value for name, value in (usual | changed).items() if value is not None}
    return answers(days, **found)
