"""Comparable form of a coding: system without trailing slash, ICD-10-CM without dot."""

from __future__ import annotations

import re
from typing import Final

ICD10CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_SYSTEMS: Final = frozenset({ICD10CM, "http://hl7.org/fhir/sid/icd-10"})
LOCAL_SYSTEM: Final = "http://example.org/fhir/CodeSystem/cspine-cds"

# Category of three characters and up to four more; anything else is no ICD-10-CM code.
_ICD_CODE = re.compile(r"[A-Z][0-9][0-9A-Z]{1,5}")
_IGNORED = re.compile(r"[\s.]+|-$")


def normal_system(system: str) -> str:
    return system.strip().rstrip("/")


def normal_icd(code: str) -> str | None:
    """`m54.2` and `M542` are one code; None if it has not the form of a code."""
    code = _IGNORED.sub("", code.strip()).upper()
    return code if _ICD_CODE.fullmatch(code) else None


def seventh_character(system: str | None, code: str | None) -> str | None:
    """Encounter character of an ICD-10-CM injury code (chapters S and T), else None."""
    if not system or not code or normal_system(system) not in ICD_SYSTEMS:
        return None
    normal = normal_icd(code)
    return normal[6] if normal and len(normal) == 7 and normal[0] in "ST" else None


def is_sequela(system: str | None, code: str | None) -> bool:
    """Whether an ICD-10-CM injury code states a late effect (7th character S)."""
    return seventh_character(system, code) == "S"


def comparable(system: str | None, code: str | None) -> tuple[str, str] | None:
    """Key by which codings are compared; None for a coding that can match nothing."""
    if not system or not code:
        return None
    system = normal_system(system)
    if system in ICD_SYSTEMS:
        normal = normal_icd(code)
        return (ICD10CM, normal) if normal else None
    code = code.strip()
    return (system, code) if system and code else None
