"""A chart made by hand for one statement: a test says what matters, the rest is defaulted.

Everything goes through the wire: the builders make FHIR JSON, `recommend` decodes and evaluates it
as a call would be. Dates are days before the evaluation date (`ago(28)`); codes are
`"system|code"` with the short names of `SYSTEMS`, or a local code alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from typing import Any

from samples import NOW, evaluator

from cds_service.cdshooks.request import decode
from cds_service.cdshooks.services import SERVICE_ID
from cds_service.client import make_client
from cds_service.criteria.model import Recommendation
from cds_service.evaluate import Evaluator
from cds_service.facts.finding import Finding, Status
from cds_service.facts.record.prefetch import KEYS

Json = dict[str, Any]
MET, NOT_MET, UNKNOWN = Status.MET, Status.NOT_MET, Status.UNKNOWN

SYSTEMS = {
    "icd": "http://hl7.org/fhir/sid/icd-10-cm",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "cpt": "http://www.ama-assn.org/go/cpt",
    "rx": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "local": "http://example.org/fhir/CodeSystem/cspine-cds",
}
PATIENT = "pt"
KEY_OF = {
    "Condition": "conditions",
    "FamilyMemberHistory": "conditions",
    "Observation": "obs-exam",
    "Procedure": "procedures",
    "MedicationRequest": "meds",
    "Medication": "meds",
    "MedicationStatement": "med-statements",
    "MedicationAdministration": "med-statements",
    "MedicationDispense": "med-dispenses",
    "DiagnosticReport": "imaging",
    "ImagingStudy": "imaging-studies",
    "ServiceRequest": "orders",
    "Device": "devices",
    "AllergyIntolerance": "allergies",
    "QuestionnaireResponse": "answers",
}
NECK_PAIN = "icd|M54.2"
_numbers = count(1)


def ago(days: int) -> str:
    """ISO date so many days before the evaluation date; negative: after it."""
    return (NOW.date() - timedelta(days=days)).isoformat()


def concept(code: str, text: str | None = None) -> Json:
    """CodeableConcept of `icd|M54.2`, `sct|81680005` or a local code."""
    system, _, value = code.rpartition("|")
    coding = {"system": SYSTEMS.get(system, system) if system else SYSTEMS["local"], "code": value}
    return {"coding": [coding]} | ({"text": text} if text else {})


def resource(kind: str, **members: Any) -> Json:
    """A resource about the patient; members given as None are left out."""
    whose = "patient" if kind in ("Device", "AllergyIntolerance") else "subject"
    base = {
        "resourceType": kind,
        "id": f"{kind.lower()}-{next(_numbers)}",
        whose: {"reference": f"Patient/{PATIENT}"},
    }
    return {key: value for key, value in (base | members).items() if value is not None}


def condition(
    code: str,
    onset: int | str | None = None,
    *,
    recorded: int | None = None,
    clinical: str | None = "active",
    verification: str | None = "confirmed",
    problem: bool = True,
    site: str | None = None,
    **members: Any,
) -> Json:
    """A Condition on the problem list; `onset` and `recorded` in days ago, or onset as FHIR text."""
    onset_text = ago(onset) if isinstance(onset, int) else onset
    return resource(
        "Condition",
        code=concept(code),
        onsetDateTime=onset_text,
        recordedDate=None if recorded is None else ago(recorded),
        clinicalStatus=_status(clinical),
        verificationStatus=_status(verification),
        category=[{"coding": [{"code": "problem-list-item"}]}] if problem else None,
        bodySite=[concept(site)] if site else None,
        **members,
    )


def observation(
    code: str, value: Any = True, days: int | None = 0, *, site: str | None = None, **members: Any
) -> Json:
    """A final Observation; `value` bool, int, str (a coded answer `sct|..` or free text) or a Quantity."""
    return resource(
        "Observation",
        status=members.pop("status", "final"),
        code=concept(code),
        effectiveDateTime=None if days is None else ago(days),
        bodySite=concept(site) if site else None,
        **valued(value),
        **members,
    )


def valued(value: Any) -> Json:
    """`value[x]` of a plain Python value; None: no value."""
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, int):
        return {"valueInteger": value}
    if isinstance(value, dict):
        return {"valueQuantity": value}
    if "|" in value:
        return {"valueCodeableConcept": concept(value)}
    return {"valueString": value}


def quantity(value: float | str, unit: str, **members: Any) -> Json:
    """A UCUM Quantity."""
    number = json.loads(str(value))
    ucum = {"system": "http://unitsofmeasure.org", "code": unit, "unit": unit}
    return {"value": number} | ucum | members


def answers(days: int = 0, *, status: str = "completed", **items: Any) -> Json:
    """A QuestionnaireResponse; `hand_clumsiness=True` answers linkId `hand-clumsiness`."""
    return resource(
        "QuestionnaireResponse",
        status=status,
        authored=ago(days),
        item=[
            {"linkId": name.replace("_", "-"), "answer": [_answer(value)]}
            for name, value in items.items()
        ],
    )


def _answer(value: Any) -> Json:
    found = valued(value)
    coded = found.get("valueCodeableConcept")
    return {"valueCoding": coded["coding"][0]} if coded else found


def procedure(
    code: str,
    start: int | None = None,
    end: int | None = None,
    *,
    status: str = "completed",
    on: int | None = None,
    site: str | None = None,
    **members: Any,
) -> Json:
    """A Procedure performed `on` a day, or from `start` to `end` (days ago)."""
    period = {
        name: ago(day) for name, day in (("start", start), ("end", end)) if day is not None
    } or None
    return resource(
        "Procedure",
        status=status,
        code=concept(code),
        performedDateTime=None if on is None else ago(on),
        performedPeriod=period,
        bodySite=[concept(site)] if site else None,
        **members,
    )


def report(code: str, days: int | None = 0, *conclusions: str, **members: Any) -> Json:
    """A final DiagnosticReport."""
    return resource(
        "DiagnosticReport",
        status=members.pop("status", "final"),
        code=concept(code),
        effectiveDateTime=None if days is None else ago(days),
        conclusionCode=[concept(c) for c in conclusions] or None,
        **members,
    )


def order(code: str = "cpt|72141", *reasons: str, **members: Any) -> Json:
    """The draft order; reasons are codes."""
    return resource(
        "ServiceRequest",
        status="draft",
        intent="order",
        code=concept(code),
        reasonCode=[concept(c) for c in reasons] or None,
        **members,
    )


def request(
    *chart: Json,
    draft: Json | Iterable[Json] | None = None,
    born: str | None = "1980-01-01",
    sex: str | None = "female",
    unread: Iterable[str] = (),
    partly: Iterable[str] = (),
    encounter: str | None = None,
    hook: str = "order-select",
) -> Json:
    """The hook request. Keys in `unread` come as OperationOutcome (asked, and failed); those in
    `partly` are the first page of a longer list.

    Several drafts are all selected, in their order.
    """
    drafts = [draft] if isinstance(draft, dict) else list(draft or [order()])
    patient = {"resourceType": "Patient", "id": PATIENT, "birthDate": born, "gender": sex}
    prefetch: Json = {key: {"resourceType": "Bundle", "type": "searchset"} for key in KEYS}
    prefetch["patient"] = {key: value for key, value in patient.items() if value is not None}
    for item in chart:
        key = KEY_OF[item["resourceType"]]
        prefetch[key].setdefault("entry", []).append({"resource": item})
    for key in partly:
        prefetch[key]["link"] = [{"relation": "next", "url": "https://ehr.example/more"}]
    for key in unread:
        issue = {"severity": "error", "code": "timeout"}
        prefetch[key] = {"resourceType": "OperationOutcome", "issue": [issue]}
    context: Json = {
        "userId": "Practitioner/dr",
        "patientId": PATIENT,
        "draftOrders": {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": d} for d in drafts],
        },
    }
    if hook == "order-select":
        context["selections"] = [f"ServiceRequest/{d['id']}" for d in drafts]
    if encounter:
        context["encounterId"] = encounter
    return {
        "hook": hook,
        "hookInstance": "6d0c1c7e-9a0b-4d1f-8f0e-2f6a5b1f7c11",
        "context": context,
        "prefetch": prefetch,
    }


def recommend_all(
    *chart: Json,
    options: dict[str, object] | None = None,
    service: Evaluator | None = None,
    **rest: Any,
) -> list[Recommendation]:
    """Recommendations of all selected drafts; `options` are dotted keys of the criteria, `service`
    an evaluator with the codes of a site.
    """
    client = make_client(SERVICE_ID, options or {}, dev=True)
    body = json.dumps(request(*chart, **rest)).encode()
    return [a.recommendation for a in (service or evaluator()).advise(decode(body), NOW, client)]


def recommend(*chart: Json, **rest: Any) -> Recommendation:
    """The recommendation of the one selected draft."""
    (found,) = recommend_all(*chart, **rest)
    return found


def finding(statement: str, *chart: Json, **rest: Any) -> Finding:
    """The finding of one statement."""
    return recommend(*chart, **rest).findings[statement]


def status(statement: str, *chart: Json, **rest: Any) -> Status:
    return finding(statement, *chart, **rest).status


def fired(*chart: Json, **rest: Any) -> set[str]:
    """Ids listed as fired, without their tags."""
    return {name.partition(":")[0] for name in recommend(*chart, **rest).fired}


def _status(code: str | None) -> Json | None:
    return None if code is None else {"coding": [{"code": code}]}
