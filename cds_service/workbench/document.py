"""The request as text and as JSON: read with the place of a mistake, written digit by digit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, NoReturn

import msgspec

from cds_service.cdshooks.encode import encode, pretty
from cds_service.cdshooks.request import decode
from cds_service.errors import BadRequest, EditRefused

Json = dict[str, Any]
INDENTED: Final = 256 * 1024
"""Bytes up to which a request is indented for people; samples have 50 KiB."""
DEEPEST: Final = 100
"""Levels of objects and lists; no FHIR resource comes near."""
_NO_JSON: Final = (
    "this is no JSON: it does not begin as JSON does; open or paste the JSON of a whole order-select or "
    "order-sign call"
)
_TOO_DEEP: Final = "the JSON is nested too deeply; send a plain hook request"


def read(text: str) -> Json:
    """A hook request from its text; decimals stay as written.

    Raises EditRefused with the line, or the member, and the mend.
    """
    text = text.removeprefix("\ufeff")  # some editors begin a file with it
    try:
        found = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except json.JSONDecodeError as why:
        if not text[: why.pos].strip() and why.msg == "Expecting value":
            raise EditRefused(_NO_JSON) from None
        # Its message is one of a closed list and quotes nothing of the text.
        raise EditRefused(
            f"line {why.lineno}, column {why.colno}: {why.msg}; mend the JSON there"
        ) from None
    except RecursionError:
        raise EditRefused(_TOO_DEEP) from None
    except ValueError:
        raise EditRefused("a whole number has thousands of digits; write a shorter one") from None
    if not isinstance(found, dict):
        raise EditRefused("the text is not one JSON object; paste a whole CDS Hooks request")
    if _depth(found) > DEEPEST:
        raise EditRefused(_TOO_DEEP)
    try:
        decode(text.encode("utf-8"))
    except BadRequest as why:
        raise EditRefused(why.text) from None
    except UnicodeEncodeError:
        raise EditRefused("the text holds half a character (surrogate); remove it") from None
    return found


def write(request: Json) -> str:
    """The text of a request; indented, unless nobody would read it for its length."""
    text = encode(request)
    return text.decode("utf-8") if len(text) > INDENTED else pretty(request)


def indented(text: str) -> str:
    """JSON for people, digit by digit; any other text, such as a proxy's page, as it is."""
    try:
        json.loads(text)
        return msgspec.json.format(text.encode(), indent=2).decode()
    except (ValueError, RecursionError, msgspec.DecodeError):
        return text


def opened(request: Json, key: str) -> tuple[Json, Json]:
    """A request whose Bundle under `key` may be changed, and that Bundle; all else is shared with the
    old one. A key that holds no Bundle gets one, with the bare resource that was there.
    """
    prefetch = dict(request.get("prefetch") or {})
    value = prefetch.get(key)
    if not isinstance(value, dict) or value.get("resourceType") == "OperationOutcome":
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "entry": []}
    elif value.get("resourceType") != "Bundle":
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": value}]}
    else:
        entries = value.get("entry")
        bundle = {**value, "entry": list(entries) if isinstance(entries, list) else []}
    prefetch[key] = bundle
    return {**request, "prefetch": prefetch}, bundle


def prefetched(request: Json, key: str) -> list[Json]:
    """Resources under a prefetch key as they stand; those of a Bundle, or the bare one."""
    return [resource for _, resource in numbered(request, key)]


def numbered(request: Json, key: str) -> Iterator[tuple[int, Json]]:
    """The same, each with its place among the entries of the Bundle."""
    value = (request.get("prefetch") or {}).get(key)
    if not isinstance(value, dict):
        return
    if value.get("resourceType") != "Bundle":
        yield 0, value
        return
    entries = value.get("entry")
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield place, resource


def drafts(request: Json) -> list[Json]:
    """The draft orders, whatever their type."""
    entries = request["context"]["draftOrders"].get("entry")
    found = [each.get("resource") for each in entries or () if isinstance(each, dict)]
    return [each for each in found if isinstance(each, dict)]


def reference(resource: Json) -> str:
    """`Type/id`."""
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _depth(value: Any) -> int:
    """Levels below and with `value`, counted without recursion."""
    depth, level = 0, [value]
    while level:
        depth += 1
        if depth > DEEPEST:
            break
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, dict | list)
        ]
    return depth


def _no_number(_: str) -> NoReturn:
    raise EditRefused("NaN and Infinity are no JSON numbers; write a number, or leave it out")
