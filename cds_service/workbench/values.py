"""Values of Observations and answers: as words, and what a form may make of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

import msgspec

from cds_service.facts.terminology.value_sets import Terminology
from cds_service.workbench import elements
from cds_service.workbench.document import Json

_ANSWERS = {True: "yes", False: "no"}


class Editor(msgspec.Struct, frozen=True, gc=False):
    """The form field for a value."""

    kind: Literal["number", "yesno", "choice"]
    current: str
    unit: str = ""


def editor(resource: Json) -> Editor | None:
    """How the value of an Observation may be changed; None: it may not."""
    if resource.get("resourceType") != "Observation":
        return None
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, dict) and quantity.get("value") is not None:
        return Editor("number", str(quantity["value"]), _unit(quantity))
    if isinstance(resource.get("valueInteger"), int):
        return Editor("number", str(resource["valueInteger"]))
    if isinstance(resource.get("valueBoolean"), bool):
        return Editor("yesno", _ANSWERS[resource["valueBoolean"]])
    if choice := elements.chosen(resource.get("valueCodeableConcept")):
        return Editor("choice", choice)
    return None


def shown(resource: Json, terminology: Terminology) -> str:
    """The value in words; empty when there is none."""
    found = list(answers(resource))
    if found:
        return "; ".join(
            f"{terminology.local_codes.get(link, link)}: {text}" for link, text in found
        )
    parts = resource.get("component")
    listed = parts if isinstance(parts, list) else []
    texts = [_value(resource), *(_value(part) for part in listed if isinstance(part, dict))]
    return " / ".join(text for text in texts if text)


def answers(resource: Json) -> Iterator[tuple[str, str]]:
    """linkId and answer of a QuestionnaireResponse, depth first."""
    if resource.get("resourceType") == "QuestionnaireResponse":
        yield from _items(resource.get("item"))


def _items(items: Any) -> Iterator[tuple[str, str]]:
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        given = item.get("answer")
        for each in given if isinstance(given, list) else ():
            if isinstance(each, dict):
                coding = each.get("valueCoding")
                text = _value(each) or (
                    str(coding.get("display") or coding.get("code"))
                    if isinstance(coding, dict)
                    else ""
                )
                yield str(item.get("linkId")), text
        yield from _items(item.get("item"))


def _value(item: Json) -> str:
    quantity = item.get("valueQuantity")
    if isinstance(quantity, dict):
        number = f"{quantity.get('comparator') or ''}{quantity.get('value', '')}"
        return f"{number} {_unit(quantity)}".strip()
    if isinstance(item.get("valueBoolean"), bool):
        return _ANSWERS[item["valueBoolean"]]
    coded = item.get("valueCodeableConcept")
    if isinstance(coded, dict):
        listed = [each for each in coded.get("coding") or () if isinstance(each, dict)]
        return str(coded.get("text") or next((each.get("display") for each in listed), "") or "")
    for name in ("valueInteger", "valueDecimal", "valueString", "valueDateTime", "valueDate"):
        value = item.get(name)
        if isinstance(value, int | str | Decimal):
            return str(value)
    return ""


def _unit(quantity: Json) -> str:
    return str(quantity.get("unit") or quantity.get("code") or "")
