"""Changes of the chart: each takes the request and gives a new one; the old one stays as it was."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from cds_service.cdshooks.wire import PREFETCH_KEYS
from cds_service.errors import EditRefused
from cds_service.workbench import elements
from cds_service.workbench.document import Json, numbered, opened
from cds_service.workbench.palette import Finding, Measure, Palette

_HOMES: Final = {
    "Condition": "conditions",
    "Observation": "obs-exam",
    "Procedure": "procedures",
    "Therapy": "procedures",
    "MedicationStatement": "med-statements",
    "DiagnosticReport": "imaging",
    "AllergyIntolerance": "allergies",
}
"""Prefetch key of what is added."""

_LABORATORY: Final = frozenset(("1988-5", "4537-7", "6690-2", "98979-8"))
_VITAL: Final = frozenset(("8310-5", "72514-3"))
UCUM: Final = "http://unitsofmeasure.org"
_CONDITION_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/condition-category"


def add_finding(
    request: Json, palette: Palette, name: str, answer: str, since: str, now: datetime
) -> Json:
    """Put a finding of the palette into the chart.

    `answer` is `present`, `absent` or `suspected` (a Condition only), `since` an ISO date, not after
    `now`. Raises EditRefused.
    """
    finding = palette.findings.get(name)
    if finding is None:
        raise EditRefused("choose a finding from the list")
    if answer not in ("present", "absent", "suspected"):
        raise EditRefused("say whether the finding is present, absent or suspected")
    if finding.carrier != "Condition" and answer == "suspected":
        raise EditRefused("only a problem can be suspected; choose present or absent")
    if finding.carrier not in ("Condition", "Observation") and answer == "absent":
        raise EditRefused("this entry can only be added as present; leave it out instead")
    when = _day(since, now)
    return _added(request, _HOMES[finding.carrier], _resource(request, finding, answer, when, now))


def add_measure(
    request: Json, palette: Palette, name: str, value: str, since: str, now: datetime
) -> Json:
    """Put a measurement into the chart. Raises EditRefused."""
    measure = palette.measures.get(name)
    if measure is None:
        raise EditRefused("choose a measurement from the list")
    number = _number(value)
    resource = _observation(request, measure.system, measure.code, measure.display, since, now)
    resource["valueQuantity"] = {
        "value": number,
        "unit": measure.unit_words,
        "system": UCUM,
        "code": measure.unit,
    }
    return _added(request, _home(measure), resource)


def remove(request: Json, key: str, place: int) -> Json:
    """Take an entry out of the record. Raises EditRefused."""
    new, _ = _target(request, key, place)
    bundle = new["prefetch"][key]
    if bundle.get("resourceType") == "Bundle":
        del bundle["entry"][place]
        _count(bundle)
    else:
        new["prefetch"][key] = None
    return new


def move(request: Json, key: str, place: int, to: str, now: datetime) -> Json:
    """Give an entry another date: its onset, or when it was done, begun or written.

    Raises EditRefused for a date that is none, or lies after `now` or after its own end.
    """
    new, resource = _target(request, key, place)
    when = _day(to, now)
    names = elements.DATES.get(str(resource.get("resourceType")))
    if names is None:
        raise EditRefused("this entry has no date that can be moved; remove it instead")
    name = elements.date_element(resource) or names[0]
    # An onset that was only recorded, not known, is known now.
    if resource.get("resourceType") == "Condition" and name == "recordedDate":
        name = "onsetDateTime"
    old = resource.get(name)
    if isinstance(old, dict):
        end = elements.day(str(old.get("end") or ""))
        if end and end < when:
            raise EditRefused(f"it ended on {end}; choose a day before that, or remove it")
        resource[name] = {**old, "start": when}
    else:
        resource[name] = f"{when}T12:00:00Z" if name in ("effectiveInstant", "issued") else when
    return new


def set_state(request: Json, key: str, place: int, state: str, now: datetime) -> Json:
    """Say of a Condition that it is active, suspected, resolved, refuted or entered in error."""
    new, resource = _target(request, key, place)
    if resource.get("resourceType") != "Condition" or state not in elements.STATUSES:
        raise EditRefused("only a problem has such a status; choose one of the list")
    _, clinical, verified = elements.STATUSES[state]
    resource["verificationStatus"] = _status_code(elements.VERIFICATION, verified)
    if clinical is None:
        resource.pop("clinicalStatus", None)
    else:
        resource["clinicalStatus"] = _status_code(elements.CLINICAL, clinical)
    if state == "resolved":
        resource.setdefault("abatementDateTime", now.date().isoformat())
    else:
        for name in [name for name in resource if name.startswith("abatement")]:
            del resource[name]
    return new


def set_value(request: Json, key: str, place: int, value: str) -> Json:
    """Give an Observation another value of the same kind; what a laboratory said of it goes."""
    new, resource = _target(request, key, place)
    if resource.get("resourceType") != "Observation":
        raise EditRefused("only an observation has a value to change")
    if isinstance(resource.get("valueQuantity"), dict):
        resource["valueQuantity"]["value"] = _number(value)
        resource["valueQuantity"].pop("comparator", None)
    elif isinstance(resource.get("valueInteger"), int):
        number = _number(value)
        if number != int(number):
            raise EditRefused("write a whole number")
        resource["valueInteger"] = int(number)
    elif isinstance(resource.get("valueBoolean"), bool):
        if value not in ("yes", "no"):
            raise EditRefused("choose yes or no")
        resource["valueBoolean"] = value == "yes"
    else:
        choice = next((each for each in elements.CHOICES if each.key == value), None)
        if choice is None or not elements.chosen(resource.get("valueCodeableConcept")):
            raise EditRefused("choose one of the answers of the list")
        resource["valueCodeableConcept"] = elements.answer(choice)
    resource.pop("interpretation", None)
    return new


def _resource(request: Json, finding: Finding, answer: str, when: str, now: datetime) -> Json:
    concept = elements.coded(finding.system, finding.code, finding.display)
    subject = {"reference": f"Patient/{request['context']['patientId']}"}
    head: Json = {"id": _new_id(request), "subject": subject}
    if finding.carrier == "Condition":
        state = {"present": "active", "suspected": "suspected", "absent": "refuted"}[answer]
        _, clinical, verified = elements.STATUSES[state]
        return {
            "resourceType": "Condition",
            **head,
            **({"clinicalStatus": _status_code(elements.CLINICAL, clinical)} if clinical else {}),
            "verificationStatus": _status_code(elements.VERIFICATION, verified),
            "category": [_status_code(_CONDITION_CATEGORY, "problem-list-item")],
            "code": concept,
            "onsetDateTime": when,
            "recordedDate": now.date().isoformat(),
        }
    if finding.carrier == "Observation":
        found = _observation(request, finding.system, finding.code, finding.display, when, now)
        if finding.reading == "exam":
            key = "abnormal" if answer == "present" else "normal"
            choice = next(each for each in elements.CHOICES if each.key == key)
            return found | {"valueCodeableConcept": elements.answer(choice)}
        return found | {"valueBoolean": answer == "present"}
    bodies: dict[str, Json] = {
        "Procedure": {"status": "completed", "code": concept, "performedDateTime": when},
        "Therapy": {"status": "in-progress", "code": concept, "performedPeriod": {"start": when}},
        "MedicationStatement": {
            "status": "active",
            "medicationCodeableConcept": concept,
            "effectivePeriod": {"start": when},
        },
        "DiagnosticReport": {"status": "final", "code": concept, "effectiveDateTime": when},
        "AllergyIntolerance": {"code": concept, "recordedDate": when},
    }
    kind = "Procedure" if finding.carrier == "Therapy" else finding.carrier
    if kind == "AllergyIntolerance":
        head["patient"] = head.pop("subject")
    return {"resourceType": kind, **head, **bodies[finding.carrier]}


def _observation(
    request: Json, system: str, code: str, display: str, since: str, now: datetime
) -> Json:
    return {
        "resourceType": "Observation",
        "id": _new_id(request),
        "status": "final",
        "code": elements.coded(system, code, display),
        "subject": {"reference": f"Patient/{request['context']['patientId']}"},
        "effectiveDateTime": _day(since, now),
    }


def _home(measure: Measure) -> str:
    if measure.code in _LABORATORY:
        return "obs-labs"
    return "obs-vitals" if measure.code in _VITAL else "obs-exam"


def _status_code(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _new_id(request: Json) -> str:
    """An id that the request does not hold yet: `added-1`, `added-2`, …"""
    known = {resource.get("id") for key in PREFETCH_KEYS for _, resource in numbered(request, key)}
    number = 1
    while f"added-{number}" in known:
        number += 1
    return f"added-{number}"


def _added(request: Json, key: str, resource: Json) -> Json:
    new, bundle = opened(request, key)
    bundle["entry"].append({"resource": resource, "search": {"mode": "match"}})
    _count(bundle)
    return new


def _count(bundle: Json) -> None:
    """`total` of a searchset, kept true where nothing more is to come."""
    if "total" in bundle or bundle.get("type") == "searchset":
        bundle["total"] = len(bundle["entry"])
    if not bundle["entry"]:
        del bundle["entry"]


def _target(request: Json, key: Any, place: Any) -> tuple[Json, Json]:
    """A request in which one entry may be changed, and that entry."""
    if key in PREFETCH_KEYS and isinstance(place, int):
        for number, resource in numbered(request, key):
            if number != place:
                continue
            own = deepcopy(resource)
            if resource is request["prefetch"][key]:  # bare, and stays so
                return {**request, "prefetch": {**request["prefetch"], key: own}}, own
            new, bundle = opened(request, key)
            bundle["entry"][place] = {**bundle["entry"][place], "resource": own}
            return new, own
    raise EditRefused("that entry is not in the chart any more; load the patient again")


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 100_000 or len(text) > 12:
        raise EditRefused("write a number such as 38.5")
    return number


def _day(text: str, now: datetime) -> str:
    try:
        when = date.fromisoformat(text)
    except (TypeError, ValueError):
        raise EditRefused("choose a date; as text it is written 2026-03-02") from None
    # Somebody east of us may be in tomorrow already.
    if when > now.date() + timedelta(days=1):
        raise EditRefused("choose a day that is not in the future; later dates are not counted")
    return when.isoformat()
