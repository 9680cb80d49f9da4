"""Words for what a record holds: names, codes, dates, statuses, the person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from cds_service.facts.terminology.value_sets import UNLISTED, Terminology
from cds_service.rendering import pama
from cds_service.workbench import elements
from cds_service.workbench.document import Json

_WRITTEN: Final = {
    pama.RATING: "rating",
    pama.CONSULTED: "mechanism consulted",
    pama.CONSULT_ID: "consultation",
    pama.APPLIED: "criteria applied",
}
"""Extensions of an order that say how it was rated."""

KEY_WORDS: Final[Mapping[str, str]] = {
    "patient": "Patient",
    "conditions": "Problems",
    "obs-vitals": "Vital signs",
    "obs-labs": "Laboratory",
    "obs-exam": "Examination",
    "procedures": "Procedures",
    "meds": "Prescriptions",
    "med-statements": "Reported medication",
    "med-dispenses": "Dispensed medication",
    "imaging": "Imaging reports",
    "imaging-studies": "Imaging studies",
    "orders": "Orders",
    "devices": "Implants",
    "allergies": "Allergies",
    "answers": "Questionnaire answers",
}


_UNNAMED: Final = {"QuestionnaireResponse": "Questionnaire", "ImagingStudy": "Imaging study"}
"""Words for what has no code of its own."""


def name_of(concept: Json, resource: Json, terminology: Terminology) -> str:
    """The record's own words; where it has only codes, ours."""
    text = concept.get("text")
    if isinstance(text, str) and text:
        return text
    listed = [each for each in concept.get("coding") or () if isinstance(each, dict)]
    display = next((str(each["display"]) for each in listed if each.get("display")), "")
    if display:
        return display
    for system, code in elements.codings(concept):
        if (ours := terminology.display(system, code)) != UNLISTED:
            return ours
    codes = [code for _, code in elements.codings(concept)]
    words = resource.get("description") or (codes[0] if codes else "")
    return str(words or _UNNAMED.get(str(resource.get("resourceType"))) or "Entry without a code")


def codes_of(concept: Any) -> tuple[str, ...]:
    """`SNOMED CT 394616008` for every coding."""
    return tuple(f"{_system(system)} {code}" for system, code in elements.codings(concept))


def _system(url: str) -> str:
    known = {
        "http://snomed.info/sct": "SNOMED CT",
        "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
        "http://hl7.org/fhir/sid/icd-10": "ICD-10",
        "http://loinc.org": "LOINC",
        "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
        "http://www.ama-assn.org/go/cpt": "CPT",
    }
    return known.get(url.rstrip("/"), "local")


def ago(text: str, today: date) -> str:
    """How long before `today` a full date lies; empty for any other text."""
    if len(text) != 10:
        return ""
    try:
        days = (today - date.fromisoformat(text)).days
    except ValueError:
        return ""
    if days == 0:
        return "today"
    if days < 0:
        return f"in {-days} day{'s' if days < -1 else ''}"
    if days < 120:
        return f"{days} day{'s' if days > 1 else ''} ago"
    return f"{days // 30} months ago" if days < 730 else f"{days // 365} years ago"


def code_of(value: Any) -> str:
    """First code of a CodeableConcept; empty if there is none."""
    found = elements.codings(value)
    return found[0][1] if found else ""


def status_of(resource: Json) -> str:
    """The status in the words of FHIR; of a Condition, both of its statuses."""
    if resource.get("resourceType") == "Condition":
        clinical = code_of(resource.get("clinicalStatus"))
        verified = code_of(resource.get("verificationStatus"))
        return ", ".join(word for word in (clinical, verified) if word) or "no status"
    return str(resource.get("status") or "")


def condition_state(resource: Json) -> str:
    """Key of `elements.STATUSES`; empty for all but Conditions."""
    if resource.get("resourceType") != "Condition":
        return ""
    clinical = code_of(resource.get("clinicalStatus"))
    verified = code_of(resource.get("verificationStatus"))
    if verified in ("refuted", "entered-in-error"):
        return verified
    if verified in ("unconfirmed", "provisional", "differential"):
        return "suspected"
    return "resolved" if clinical in ("resolved", "inactive", "remission") else "active"


def person(request: Json, today: date) -> tuple[str, str]:
    """Name, and sex with age on `today`; says so where the Patient was not sent."""
    patient = (request.get("prefetch") or {}).get("patient")
    if not isinstance(patient, dict) or patient.get("resourceType") != "Patient":
        return "Patient not sent", ""
    names = patient.get("name")
    name = names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}
    given = name.get("given")
    first = given if isinstance(given, list) else []
    words = " ".join(str(part) for part in (*first, name.get("family")) if part)
    born = elements.day(str(patient.get("birthDate") or ""))
    age = ""
    if len(born) == 10:
        try:
            birth = date.fromisoformat(born)
            years = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
            age = f"{years} years"
        except ValueError:
            age = ""
    facts = [str(patient.get("gender") or "sex not stated"), age or "age not known"]
    return words or "Name not sent", ", ".join(facts)


def rating_of(draft: Json) -> str:
    """Code of the appropriateness that is written on an order; empty if there is none."""
    return next((code_of(value) for url, value in _extensions(draft) if url == pama.RATING), "")


def written_on(draft: Json) -> Iterator[tuple[str, str]]:
    """All extensions of a rating: what each is, and its value."""
    for url, value in _extensions(draft):
        if url in _WRITTEN:
            codes = [code for _, code in elements.codings(value)]
            yield _WRITTEN[url], ", ".join(codes) if codes else str(value or "")


def _extensions(draft: Json) -> Iterator[tuple[str, Any]]:
    """URL and value of each."""
    extensions = draft.get("extension")
    for each in extensions if isinstance(extensions, list) else ():
        if isinstance(each, dict):
            value = next((each[name] for name in each if name.startswith("value")), None)
            yield str(each.get("url")), value
