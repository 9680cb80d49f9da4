"""From what was entered to a FHIR QuestionnaireResponse, and back from the record to a form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

import msgspec

from cds_service.companion.questions import Option, Question, Questions
from cds_service.fhir import resources as r

Json = dict[str, Any]

MOST: Final = 1000
"""Largest number that may be entered."""


class Entered(msgspec.Struct, frozen=True):
    """What stands in the form for one question; empty: left open."""

    value: str = ""
    unit: str = ""


class Recorded(NamedTuple):
    """An earlier answer in the record, and where it stands."""

    entered: Entered
    words: str
    date: str
    reference: str


def mistake(question: Question, entered: Entered) -> str:
    """What is wrong with it, and the mend; empty: nothing."""
    if not entered.value or fhir_answer(question, entered) is not None:
        return ""
    if question.kind == "integer":
        return f"Enter a whole number from {question.low} to {question.high}."
    if question.kind == "quantity":
        return f"Enter a number from 0 to {MOST}, and choose the unit."
    return "Choose one of the answers."


def fhir_answer(question: Question, entered: Entered) -> Json | None:
    """`answer` of a QuestionnaireResponse item; None: left open, or not to be understood."""
    text = entered.value.strip()
    if question.kind == "boolean":
        return {"valueBoolean": text == "true"} if text in ("true", "false") else None
    if question.kind == "choice":
        option = _option(question, text)
        return None if option is None else {"valueCoding": _coding(option)}
    number = _number(text)
    if number is None:
        return None
    if question.kind == "integer":
        low, high = question.low or 0, MOST if question.high is None else question.high
        whole = number == number.to_integral_value() and low <= number <= high
        return {"valueInteger": int(number)} if whole else None
    unit = _option(question, entered.unit)
    if unit is None or not 0 <= number <= MOST:
        return None
    quantity = {"value": number, "unit": unit.display, "system": unit.system, "code": unit.code}
    return {"valueQuantity": quantity}


def response(
    questions: Questions, given: Mapping[str, Entered], *, identity: str, patient: str,
    author: str | None, authored: str,
) -> Json:  # fmt: skip
    """A completed FHIR R4 QuestionnaireResponse of everything that was answered."""
    items = []
    for link, entered in given.items():
        question = questions.by_link.get(link)
        answer = question and fhir_answer(question, entered)
        if question and answer:
            items.append({"linkId": link, "text": question.text, "answer": [answer]})
    made: Json = {
        "resourceType": "QuestionnaireResponse",
        "id": identity,
        "questionnaire": questions.url,
        "status": "completed",
        "subject": {"reference": f"Patient/{patient}"},
        "authored": authored,
    }
    if author:
        made["author"] = {"reference": author}
    return made | ({"item": items} if items else {})


def recorded(question: Question, pool: Iterable[object], local_system: str) -> Recorded | None:
    """The newest answer to a question that the record holds, however old."""
    found = [
        Recorded(entered, _words(question, entered), date[:10], reference)
        for value, date, reference in _values(question.link_id, pool, local_system)
        if (entered := _entered(question, value)).value and date
    ]
    return max(found, key=lambda each: each.date, default=None)


def of_response(questions: Questions, given: r.QuestionnaireResponse) -> dict[str, Entered]:
    """What an earlier response of the app says, as it stands in the form."""
    found = {}
    for item in given.item or ():
        question = questions.by_link.get(item.link_id or "")
        for answer in item.answer or ():
            if question and (entered := _entered(question, _valued(answer))).value:
                found[question.link_id] = entered
    return found


def _values(
    link: str, pool: Iterable[object], local_system: str
) -> Iterator[tuple[r.Valued, str, str]]:
    for resource in pool:
        if isinstance(resource, r.Observation):
            codings = resource.code.coding if resource.code else None
            date = resource.effective_date_time or resource.issued or ""
            for coding in codings or ():
                if (coding.system, coding.code) == (local_system, link):
                    yield resource, date, resource.reference
        elif isinstance(resource, r.QuestionnaireResponse):
            for item in _items(resource.item):
                if item.link_id == link:
                    for answer in item.answer or ():
                        yield _valued(answer), resource.authored or "", resource.reference


def _items(items: Iterable[r.AnswerItem] | None) -> Iterator[r.AnswerItem]:
    for item in items or ():
        yield item
        yield from _items(item.item)


def _valued(answer: r.Answer) -> r.Valued:
    concept = r.CodeableConcept([answer.value_coding]) if answer.value_coding else None
    return r.Valued(
        value_boolean=answer.value_boolean,
        value_integer=answer.value_integer,
        value_quantity=answer.value_quantity,
        value_codeable_concept=concept,
    )


def _entered(question: Question, value: r.Valued) -> Entered:
    if question.kind == "boolean" and value.value_boolean is not None:
        return Entered(str(value.value_boolean).lower())
    if question.kind == "integer" and value.value_integer is not None:
        return Entered(str(value.value_integer))
    if question.kind == "quantity" and value.value_quantity:
        number, unit = value.value_quantity.number, value.value_quantity.code or ""
        return Entered("" if number is None else format(number, "f"), unit)
    if question.kind == "choice" and value.value_codeable_concept:
        for coding in value.value_codeable_concept.coding or ():
            option = _option(question, coding.code or "")
            if option is not None and coding.system == option.system:
                return Entered(option.code)
    return Entered()


def _words(question: Question, entered: Entered) -> str:
    if question.kind == "boolean":
        return "Yes" if entered.value == "true" else "No"
    option = _option(question, entered.value if question.kind == "choice" else entered.unit)
    if question.kind == "choice":
        return option.display if option else ""
    return f"{entered.value} {option.display}" if option else entered.value


def _option(question: Question, code: str) -> Option | None:
    return next((option for option in question.options if option.code == code), None)


def _coding(option: Option) -> Json:
    return {"system": option.system, "code": option.code, "display": option.display}


def _number(text: str) -> Decimal | None:
    """A plain number of a few digits, with a point or a comma."""
    if not 0 < len(text) <= 10:
        return None
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= 10 else None
