"""How much one call may hold (413), and forms of JSON that nothing in FHIR needs (400).

Sizes are looked at in the bytes and in what one decode leaves, never by a second parse. Members that
are passed over unread may be nested as deep as the decoder goes and hold numbers of any length:
nothing works on them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cds_service.errors import BadRequest, TooLarge

MOST_DRAFTS: Final = 100
MOST_BESIDE: Final = 1000
"""Conditions and Observations among the drafts, and entries that hold nothing."""
_BESIDE: Final = ("Condition", "Observation")  # no set: what a client sends need not be hashable
MOST_RESOURCES: Final = 5000
"""Under all prefetch keys that are read, together; drafts are counted apart."""
LONGEST_STRING: Final = 64 * 1024
"""Bytes between the quotes, as they were sent."""
DEEPEST: Final = 64
"""Levels of arrays and objects from the top of the body to the innermost part of a draft."""
MOST_DIGITS: Final = 18
"""Of an integer in a draft."""

NUMBER: Final = "a number is out of range; send integers of at most 18 digits, numbers below 1e400"
_GREATEST: Final = 10**MOST_DIGITS - 1
_OF_A_DRAFT: Final = 6
"""Level of the resource in `{context: {draftOrders: {entry: [{resource: {…`."""
_DOCUMENT: Final = re.compile(rb'"data"[ \t\r\n]*:[ \t\r\n]*"\Z')
_BEFORE: Final = 256
"""Bytes in front of a string in which its member's name is looked for."""


def check_bytes(body: bytes) -> None:
    """Raises TooLarge for a string of more than LONGEST_STRING, BadRequest for U+0000 in one.

    Base64 data of a document (a member named `data`, FHIR Attachment) may be longer: reports bring
    their PDF along, and nobody reads it here.
    """
    if holds_nul(body):
        raise BadRequest("structure", "a string holds U+0000; leave it out")
    if _long_string(body):
        raise TooLarge("a string is longer than 64 KiB; leave long texts out of the call")


def holds_nul(body: bytes) -> bool:
    """Whether a string holds U+0000: no FHIR string may, and a database can refuse to keep it."""
    # One byte is looked for many times as fast as six.
    return b"\\" in body and b"\\u0000" in body and b"\\u0000" in _plain(body)


def check_drafts(resources: Sequence[Mapping[str, Any] | None]) -> None:
    """Of `context.draftOrders`; the findings that orders rest on lie among them in some calls."""
    beside = sum(each is None or each.get("resourceType") in _BESIDE for each in resources)
    if len(resources) - beside > MOST_DRAFTS:
        raise TooLarge(f"context.draftOrders: send at most {MOST_DRAFTS} orders in one call")
    if beside > MOST_BESIDE:
        raise TooLarge(f"context.draftOrders: send at most {MOST_BESIDE} entries beside the orders")


def check_resources(resources: int) -> None:
    if resources > MOST_RESOURCES:
        raise TooLarge(f"prefetch: send at most {MOST_RESOURCES} resources in one call")


def check_draft(draft: Mapping[str, Any]) -> None:
    """Drafts are sent back, so each has to be one that can be written again.

    Raises BadRequest.
    """
    level: list[Any] = [draft]
    for _ in range(_OF_A_DRAFT, DEEPEST + 1):
        level = [part for each in level for part in _parts(each) if _holds_parts(part)]
        if not level:
            return
    raise BadRequest(
        "structure", f"context.draftOrders: an order is nested more than {DEEPEST} levels deep"
    )


def can_be_sent(resource: Mapping[str, Any]) -> bool:
    """Whether a received resource can be sent back as it is."""
    try:
        check_draft(resource)
    except BadRequest:
        return False
    return True


def _parts(value: Mapping[str, Any] | list[Any]) -> Iterable[Any]:
    return value if isinstance(value, list) else value.values()


def _holds_parts(value: Any) -> bool:
    if isinstance(value, int) and abs(value) > _GREATEST:
        raise BadRequest("value", NUMBER)
    return isinstance(value, dict | list)


def _long_string(body: bytes) -> bool:
    """Whether there is one. Hops from quote to quote, a string's greatest length at a time."""
    at = 0  # behind a quote, or outside of strings
    counted, inside = 0, False  # whether `counted` is inside a string
    while at + LONGEST_STRING < len(body):
        end = at + LONGEST_STRING + 1
        quote = body.rfind(b'"', at, end)
        if quote > at and body[quote - 1] == ord("\\"):
            quote = _plain(body[at:end]).rfind(b'"')
            quote = quote if quote < 0 else at + quote
        if quote >= 0:
            at = quote + 1
            continue
        # Too far without a quote: a string, or white space and numbers between two?
        inside ^= bool(_plain(body[counted:at]).count(b'"') % 2)
        counted = at
        if inside and not _DOCUMENT.search(body, max(0, at - _BEFORE), at):
            return True
        if inside:
            quote = body.find(b'"', at)
            if quote < 0:
                return False  # no JSON: the string never ends
            if body[quote - 1] == ord("\\"):
                return True  # an escaped quote: no base64
            at = counted = quote + 1
            inside = False
        else:
            at = end
    return False


def _plain(part: bytes) -> bytes:
    """The same length, without escaped backslashes and quotes; begins outside of an escape."""
    return part.replace(rb"\\", b"..").replace(rb"\"", b"..")
