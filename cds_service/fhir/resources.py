"""FHIR R4 resources as far as the criteria read them, as typed structs.

The structs hold only the fields that are read, so one pass over the body decodes a whole chart
cheaply; everything else in a resource is skipped unread. They are lenient where real clients are
known to be loose (`category` as an object) and strict where a wrong type would change the meaning.
Elements outside the structs never fail a resource. Numbers are exact decimals.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias, TypeVar

import msgspec


class Element(msgspec.Struct, gc=False, rename="camel"):
    """Base of the data types."""


class Coding(Element):
    """What a code means is known from the pair; the record's display is not read."""

    system: str | None = None
    code: str | None = None


class CodeableConcept(Element):
    coding: list[Coding] | None = None


class NamedCoding(Coding):
    display: str | None = None


class NamedConcept(Element):
    """A concept whose words are compared too: medications, routes, body sites, device safety."""

    coding: list[NamedCoding] | None = None
    text: str | None = None


Coded: TypeAlias = CodeableConcept | NamedConcept


class StatusCoding(Element):
    code: str | None = None


class StatusConcept(Element):
    """A concept out of one required code system: clinical status, category, interpretation."""

    coding: list[StatusCoding] | None = None


Concepts: TypeAlias = list[CodeableConcept] | CodeableConcept | None
"""`0..*` in R4; several real clients send the object without its list."""
NamedConcepts: TypeAlias = list[NamedConcept] | NamedConcept | None
StatusConcepts: TypeAlias = list[StatusConcept] | StatusConcept | None


class Reference(Element):
    reference: str | None = None


class Period(Element):
    start: str | None = None
    end: str | None = None


class Quantity(Element):
    value: Decimal | None = None
    comparator: str | None = None
    unit: str | None = None
    code: str | None = None

    @property
    def number(self) -> Decimal | None:
        """The value; None for one no measurement has. Its exponent may have any length on the wire,
        and working such a number out, or writing it down, would never end.
        """
        value = self.value
        if value is None or not value.is_finite():
            return None
        if not value:
            return Decimal(0)
        return value if abs(value.adjusted()) <= 12 and len(value.as_tuple().digits) <= 30 else None


class Range(Element):
    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Element):
    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Meta(Element):
    last_updated: str | None = None


class Referable:
    """What a FHIR reference can point to."""

    __slots__ = ()
    id: str | None

    @property
    def reference(self) -> str:
        """`Type/id`; the type alone where no id was sent."""
        kind = type(self).__name__
        return f"{kind}/{self.id}" if self.id else kind


class Resource(Referable, Element, tag_field="resourceType"):
    """Base of the resources; the tag is `resourceType`."""

    id: str | None = None


class Patient(Resource, tag="Patient"):
    birth_date: str | None = None
    gender: str | None = None


class Condition(Resource, tag="Condition"):
    meta: Meta | None = None
    subject: Reference | None = None
    code: CodeableConcept | None = None
    clinical_status: StatusConcept | None = None
    verification_status: StatusConcept | None = None
    category: StatusConcepts = None
    body_site: NamedConcepts = None
    encounter: Reference | None = None
    onset_date_time: str | None = None
    onset_period: Period | None = None
    onset_age: Quantity | None = None
    recorded_date: str | None = None
    abatement_date_time: str | None = None
    abatement_period: Period | None = None
    abatement_age: Quantity | None = None


class ReferenceRange(Element):
    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None
    applies_to: Concepts = None
    age: Range | None = None


class Valued(Element):
    """What carries a code and a value: an Observation, one of its components, or an answer."""

    code: CodeableConcept | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_ratio: Ratio | None = None
    interpretation: StatusConcepts = None
    reference_range: list[ReferenceRange] | None = None


class Observation(Referable, Valued, tag_field="resourceType", tag="Observation"):
    id: str | None = None
    status: str | None = None
    subject: Reference | None = None
    body_site: NamedConcept | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    issued: str | None = None
    component: list[Valued] | None = None
    focus: list[Reference] | None = None


class Procedure(Resource, tag="Procedure"):
    status: str | None = None
    subject: Reference | None = None
    code: CodeableConcept | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    body_site: NamedConcepts = None
    reason_code: Concepts = None
    reason_reference: list[Reference] | None = None


class Medication(Resource, tag="Medication"):
    code: NamedConcept | None = None


class Repeat(Element):
    bounds_period: Period | None = None


class Timing(Element):
    repeat: Repeat | None = None


class Dosage(Element):
    timing: Timing | None = None
    route: NamedConcept | None = None


class DispenseRequest(Element):
    expected_supply_duration: Quantity | None = None
    number_of_repeats_allowed: int | None = None


class Contained(Element):
    """A contained resource, as far as a medication reference needs it."""

    id: str | None = None
    code: NamedConcept | None = None


class Medicated(Resource):
    """What the medication resources share."""

    status: str | None = None
    subject: Reference | None = None
    medication_codeable_concept: NamedConcept | None = None
    medication_reference: Reference | None = None
    contained: list[Contained] | None = None
    reason_code: Concepts = None
    reason_reference: list[Reference] | None = None


class MedicationRequest(Medicated, tag="MedicationRequest"):
    intent: str | None = None
    do_not_perform: bool | None = None
    authored_on: str | None = None
    dosage_instruction: list[Dosage] | None = None
    dispense_request: DispenseRequest | None = None


class MedicationStatement(Medicated, tag="MedicationStatement"):
    effective_date_time: str | None = None
    effective_period: Period | None = None
    dosage: list[Dosage] | None = None


class MedicationAdministration(Medicated, tag="MedicationAdministration"):
    effective_date_time: str | None = None
    effective_period: Period | None = None


class MedicationDispense(Medicated, tag="MedicationDispense"):
    when_handed_over: str | None = None
    days_supply: Quantity | None = None
    dosage_instruction: list[Dosage] | None = None


class DiagnosticReport(Resource, tag="DiagnosticReport"):
    status: str | None = None
    subject: Reference | None = None
    code: CodeableConcept | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    conclusion_code: Concepts = None


class ImagingStudy(Resource, tag="ImagingStudy"):
    status: str | None = None
    subject: Reference | None = None
    started: str | None = None
    procedure_code: Concepts = None


ORDER_INTENTS = frozenset(
    ("order", "original-order", "reflex-order", "filler-order", "instance-order")
)
"""FHIR R4, request-intent: `order` and what stands beneath it; a proposal or plan orders nothing."""


class ServiceRequest(Resource, tag="ServiceRequest"):
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    priority: str | None = None
    subject: Reference | None = None
    code: CodeableConcept | None = None
    authored_on: str | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    body_site: NamedConcepts = None
    reason_code: Concepts = None
    reason_reference: list[Reference] | None = None


class Device(Resource, tag="Device"):
    status: str | None = None
    patient: Reference | None = None
    type: CodeableConcept | None = None
    safety: NamedConcepts = None


class Reaction(Element):
    substance: CodeableConcept | None = None


class AllergyIntolerance(Resource, tag="AllergyIntolerance"):
    patient: Reference | None = None
    clinical_status: StatusConcept | None = None
    verification_status: StatusConcept | None = None
    code: CodeableConcept | None = None
    reaction: list[Reaction] | None = None


class Answer(Element):
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_decimal: Decimal | None = None
    value_quantity: Quantity | None = None
    value_coding: Coding | None = None
    value_string: str | None = None
    item: list[AnswerItem] | None = None


class AnswerItem(Element):
    link_id: str | None = None
    answer: list[Answer] | None = None
    item: list[AnswerItem] | None = None


class QuestionnaireResponse(Resource, tag="QuestionnaireResponse"):
    status: str | None = None
    subject: Reference | None = None
    authored: str | None = None
    item: list[AnswerItem] | None = None


class Issue(Element):
    severity: str | None = None


class OperationOutcome(Resource, tag="OperationOutcome"):
    """A search or read that failed, or remarks on one that did not."""

    issue: list[Issue] | None = None

    @property
    def failed(self) -> bool:
        """Whether it says more than information; without issues it does not say it went well."""
        return not self.issue or any(i.severity != "information" for i in self.issue)


class FamilyMemberHistory(Resource, tag="FamilyMemberHistory"):
    """Never evidence; known so that its presence is not an unreadable resource."""


class Link(Element):
    relation: str | None = None
    url: str | None = None


class BundleEntry(Element):
    resource: AnyResource | None = None


class Bundle(Resource, tag="Bundle"):
    total: int | None = None
    link: list[Link] | None = None
    entry: list[BundleEntry] | None = None


ClinicalResource: TypeAlias = (
    Patient
    | Condition
    | Observation
    | Procedure
    | Medication
    | MedicationRequest
    | MedicationStatement
    | MedicationAdministration
    | MedicationDispense
    | DiagnosticReport
    | ImagingStudy
    | ServiceRequest
    | Device
    | AllergyIntolerance
    | QuestionnaireResponse
    | OperationOutcome
    | FamilyMemberHistory
)
AnyResource: TypeAlias = ClinicalResource | Bundle


C = TypeVar("C", CodeableConcept, NamedConcept, StatusConcept)


def concepts(value: list[C] | C | None) -> list[C]:
    """A `0..*` CodeableConcept as a list, whatever form it came in."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
