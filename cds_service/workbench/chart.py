"""The chart as a person reads it, made from the request itself: sections, rows, dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from cds_service.facts.terminology.value_sets import UNLISTED, Terminology
from cds_service.workbench import elements
from cds_service.workbench.document import Json, drafts, numbered, reference
from cds_service.workbench.values import Editor, answers, editor, shown

SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Problems": ("conditions",),
    "Examination and vital signs": ("obs-exam", "obs-vitals", "answers"),
    "Laboratory": ("obs-labs",),
    "Treatment and procedures": ("procedures", "meds", "med-statements", "med-dispenses"),
    "Imaging and earlier orders": ("imaging", "imaging-studies", "orders"),
    "Implants and allergies": ("devices", "allergies"),
}
"""Prefetch keys by heading."""

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


class Row(msgspec.Struct, frozen=True, gc=False):
    """One entry of the record."""

    key: str
    place: int
    """Place among the entries of the prefetch key."""
    reference: str
    title: str
    kind: str
    """Resource type."""
    codes: tuple[str, ...]
    when: str
    until: str
    ago: str
    status: str
    value: str
    matters: bool
    """One of its codes is in a set the criteria ask for."""
    date: str
    """The full date to start from when it is moved; empty if the record has none."""
    movable: bool
    state: str
    """Key of `elements.STATUSES`; empty for all but Conditions."""
    editor: Editor | None

    @property
    def anchor(self) -> str:
        """HTML id."""
        return f"row-{self.key}-{self.place}"


class Section(msgspec.Struct, frozen=True, gc=False):
    """Rows under one heading, newest first."""

    heading: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    """What was not sent or could not be read."""

    @property
    def matter(self) -> list[Row]:
        return [row for row in self.rows if row.matters]

    @property
    def rest(self) -> list[Row]:
        return [row for row in self.rows if not row.matters]


class Order(msgspec.Struct, frozen=True, gc=False):
    """One draft."""

    reference: str
    title: str
    codes: tuple[str, ...]
    code: str
    """First code, to show the study as chosen."""
    priority: str
    reasons: tuple[str, ...]
    selected: bool
    rating: str
    """Appropriateness written on it, if any."""


class Supply(msgspec.Struct, frozen=True, gc=False):
    """How one prefetch key is sent."""

    key: str
    label: str
    state: str
    """Words: `3 entries`, `none`, `not sent`, …"""


class Chart(msgspec.Struct, frozen=True, gc=False):
    """One request, readable."""

    person: str
    born: str
    sections: tuple[Section, ...]
    orders: tuple[Order, ...]
    supplies: tuple[Supply, ...]


def chart(request: Json, terminology: Terminology, today: date) -> Chart:
    """Everything to be shown of a request that `document.read` took; times are held to `today`."""
    who, born = _person(request, today)
    return Chart(
        person=who,
        born=born,
        sections=tuple(
            _section(heading, keys, request, terminology, today)
            for heading, keys in SECTIONS.items()
        ),
        orders=tuple(_order(draft, request, terminology) for draft in drafts(request)),
        supplies=tuple(Supply(key, KEY_WORDS[key], _state(request, key)) for key in KEY_WORDS),
    )


def anchors(found: Chart) -> dict[str, str]:
    """HTML id of the row behind each reference; the first where one occurs twice."""
    rows: dict[str, str] = {}
    for section in found.sections:
        for row in section.rows:
            rows.setdefault(row.reference, row.anchor)
    return rows


def _section(
    heading: str, keys: tuple[str, ...], request: Json, terminology: Terminology, today: date
) -> Section:
    rows = [
        _row(key, place, resource, terminology, today)
        for key in keys
        for place, resource in numbered(request, key)
        if resource.get("resourceType") != "OperationOutcome"
    ]
    rows.sort(key=lambda row: row.when, reverse=True)
    notes = [
        f"{KEY_WORDS[key]}: {state}"
        for key in keys
        if (state := _state(request, key)).startswith(("not sent", "could not", "only"))
    ]
    return Section(heading, tuple(rows), tuple(notes))


def _row(key: str, place: int, resource: Json, terminology: Terminology, today: date) -> Row:
    start, end = elements.date_text(resource)
    concept = elements.concept(resource)
    when = elements.day(start or end)
    return Row(
        key=key,
        place=place,
        reference=reference(resource),
        title=_words(concept, resource, terminology),
        kind=str(resource.get("resourceType")),
        codes=_codes(concept),
        when=when,
        until=elements.day(end) if end and end != start else "",
        ago=_ago(when, today),
        status=_status(resource),
        value=shown(resource, terminology),
        matters=_matters(resource, terminology),
        date=when if len(when) == 10 else "",
        movable=str(resource.get("resourceType")) in elements.DATES,
        state=_condition_state(resource),
        editor=editor(resource),
    )


def _words(concept: Json, resource: Json, terminology: Terminology) -> str:
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


def _codes(concept: Any) -> tuple[str, ...]:
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


def _matters(resource: Json, terminology: Terminology) -> bool:
    return any(
        terminology.sets_of(system, code) or system == terminology.local_system
        for system, code in _all_codings(resource)
    ) or any(link in terminology.local_codes for link, _ in answers(resource))


def _all_codings(resource: Json) -> Iterator[tuple[str, str]]:
    yield from elements.codings(elements.concept(resource))
    parts = resource.get("component")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict):
            yield from elements.codings(part.get("code"))


def _ago(text: str, today: date) -> str:
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


def _code_of(value: Any) -> str:
    found = elements.codings(value)
    return found[0][1] if found else ""


def _status(resource: Json) -> str:
    if resource.get("resourceType") == "Condition":
        clinical = _code_of(resource.get("clinicalStatus"))
        verified = _code_of(resource.get("verificationStatus"))
        return ", ".join(word for word in (clinical, verified) if word) or "no status"
    return str(resource.get("status") or "")


def _condition_state(resource: Json) -> str:
    if resource.get("resourceType") != "Condition":
        return ""
    clinical = _code_of(resource.get("clinicalStatus"))
    verified = _code_of(resource.get("verificationStatus"))
    if verified in ("refuted", "entered-in-error"):
        return verified
    if verified in ("unconfirmed", "provisional", "differential"):
        return "suspected"
    return "resolved" if clinical in ("resolved", "inactive", "remission") else "active"


def _order(draft: Json, request: Json, terminology: Terminology) -> Order:
    name = reference(draft)
    picked = request["context"].get("selections")
    concept = elements.concept(draft)
    codes = [code for _, code in elements.codings(concept)]
    reasons = draft.get("reasonCode")
    return Order(
        reference=name,
        title=_words(concept, draft, terminology),
        codes=_codes(concept),
        code=codes[0] if codes else "",
        priority=str(draft.get("priority") or ""),
        reasons=tuple(
            _words(each, {}, terminology)
            for each in (reasons if isinstance(reasons, list) else ())
            if isinstance(each, dict)
        ),
        selected=picked is None or name in picked,
        rating=_rating(draft),
    )


def _rating(draft: Json) -> str:
    extensions = draft.get("extension")
    for each in extensions if isinstance(extensions, list) else ():
        if isinstance(each, dict) and str(each.get("url")).endswith("/pama-rating"):
            return _code_of(each.get("valueCodeableConcept"))
    return ""


def _person(request: Json, today: date) -> tuple[str, str]:
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


def _state(request: Json, key: str) -> str:
    prefetch = request.get("prefetch") or {}
    if key not in prefetch:
        return "not sent"
    value = prefetch[key]
    if value is None:
        return "none"
    if not isinstance(value, dict):
        return "could not be read"
    resources = list(numbered(request, key))
    if any(resource.get("resourceType") == "OperationOutcome" for _, resource in resources):
        return "could not be read"
    if value.get("resourceType") != "Bundle":
        return "sent"
    links = value.get("link")
    more = any(
        isinstance(link, dict) and link.get("relation") == "next"
        for link in (links if isinstance(links, list) else ())
    )
    count = len(resources)
    words = f"{count} {'entry' if count == 1 else 'entries'}" if count else "none"
    return f"only the first page, {words}" if more else words
