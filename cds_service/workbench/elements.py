"""Which FHIR R4 elements of a resource hold its date and its value, and what may be set there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from cds_service.rendering.studies import SNOMED
from cds_service.workbench.document import Json

CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

DATES: Final[Mapping[str, tuple[str, ...]]] = {
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "Observation": ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
    "Procedure": ("performedDateTime", "performedPeriod"),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod", "dateAsserted"),
    "MedicationDispense": ("whenHandedOver", "whenPrepared"),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod", "issued"),
    "ImagingStudy": ("started",),
    "ServiceRequest": ("authoredOn", "occurrenceDateTime"),
    "DeviceUseStatement": ("timingDateTime", "timingPeriod", "recordedOn"),
    "AllergyIntolerance": ("onsetDateTime", "recordedDate"),
    "QuestionnaireResponse": ("authored",),
}
"""In the order they are looked at; the first one there is shown and moved."""

CODES: Final = ("code", "medicationCodeableConcept", "type")

STATUSES: Final[Mapping[str, tuple[str, str | None, str]]] = {
    "active": ("active, confirmed", "active", "confirmed"),
    "suspected": ("suspected", "active", "provisional"),
    "resolved": ("resolved", "resolved", "confirmed"),
    "refuted": ("refuted: the patient does not have it", None, "refuted"),
    "entered-in-error": ("entered in error", None, "entered-in-error"),
}
"""What can be said of a Condition: words, clinicalStatus and verificationStatus (FHIR R4, con-3)."""


class Choice(NamedTuple):
    """One coded answer."""

    key: str
    code: str
    display: str


CHOICES: Final = (
    Choice("normal", "17621005", "Normal"),
    Choice("abnormal", "263654008", "Abnormal"),
    Choice("absent", "2667000", "Absent"),
    Choice("present", "52101004", "Present"),
)


def date_element(resource: Json) -> str | None:
    """Name of the element that holds the date."""
    names = DATES.get(str(resource.get("resourceType")), ())
    return next((name for name in names if resource.get(name)), None)


def date_text(resource: Json) -> tuple[str, str]:
    """First and last date as the record gives them; the last is empty for a single date."""
    name = date_element(resource)
    value = resource.get(name) if name else None
    if isinstance(value, dict):
        return str(value.get("start") or ""), str(value.get("end") or "")
    return (value, "") if isinstance(value, str) else ("", "")


def day(text: str) -> str:
    """The date of a FHIR dateTime, without its time."""
    match = re.match(r"\d{4}(-\d\d(-\d\d)?)?", text)
    return match.group() if match else ""


def concept(resource: Json) -> Json:
    """The CodeableConcept that says what the resource is about; empty if there is none."""
    for name in CODES:
        value = resource.get(name)
        if isinstance(value, list):  # Device.type of other versions, ImagingStudy.procedureCode
            value = value[0] if value else None
        if isinstance(value, dict):
            return value
    listed = resource.get("procedureCode")
    return listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}


def codings(codeable: Any) -> list[tuple[str, str]]:
    """(system, code) of every coding."""
    listed = codeable.get("coding") if isinstance(codeable, dict) else None
    return [
        (each["system"], each["code"])
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict)
        and isinstance(each.get("system"), str)
        and isinstance(each.get("code"), str)
    ]


def coded(system: str, code: str, display: str) -> Json:
    """A CodeableConcept with one coding."""
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def answer(choice: Choice) -> Json:
    return coded(SNOMED, choice.code, choice.display)


def chosen(value: Any) -> str:
    """Key of the choice that a coded value is; empty for any other value."""
    found = {code for system, code in codings(value) if system == SNOMED}
    return next((each.key for each in CHOICES if each.code in found), "")
