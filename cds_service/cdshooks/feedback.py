"""Decode the body of a feedback call: all three forms, in batches, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

from cds_service.cdshooks.request import BOM, UUID_FORM
from cds_service.errors import BadRequest

MOST: Final = 100
"""Events in one call."""
COMMENT_BYTES: Final = 2048
UNREADABLE: Final = "not-a-code"
"""Stands for a reason whose code is no code: it may be a sentence about a patient."""
COMMENT_ONLY: Final = "comment-only"
"""Stands for a reason that was given in the user's own words alone (CDS Hooks, Feedback: overrideReason
has a reason, a userComment, or both). The words are not in it, so it is kept where they are not.
"""

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/|+-]{0,63}")
_SYSTEM: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}:[!-~]{1,220}")
_MOMENT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(?:\.(\d{1,18}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
"""RFC 3339."""


class Reason(msgspec.Struct, frozen=True, gc=False):
    system: str | None
    code: str


class Event(msgspec.Struct, frozen=True, gc=False):
    """What became of one card."""

    card: UUID | None
    """None: what was sent is no UUID."""
    outcome: Literal["accepted", "overridden"]
    at: datetime
    suggestions: tuple[UUID | None, ...] = ()
    reason: Reason | None = None
    comment: str | None = None

    def __repr__(self) -> str:
        return f"Event({self.outcome})"  # a comment never reaches a log or a traceback


class _Coding(msgspec.Struct, frozen=True, gc=False):
    code: str
    system: str | None = None


class _OverrideReason(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    reason: _Coding | None = None
    user_comment: str | None = None


class _Suggestion(msgspec.Struct, frozen=True, gc=False):
    id: str


class _Item(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    card: str
    outcome: Literal["accepted", "overridden"]
    outcome_timestamp: str
    accepted_suggestions: list[_Suggestion] | None = None
    override_reason: _OverrideReason | None = None


class _Body(msgspec.Struct, frozen=True, gc=False):
    feedback: list[_Item]


_bodies: Final = msgspec.json.Decoder(_Body)


def decode(body: bytes, systems: Mapping[str, str]) -> list[Event]:
    """Read a feedback body; `systems` are those of our override reasons, by code.

    Raises BadRequest with a fixed text that names the member and the mend. Never partly: what is
    wrong in one event refuses them all.
    """
    if body.startswith(BOM):
        raise BadRequest("structure", "send the JSON without a byte order mark")
    try:
        body.decode("utf-8")
        items = _bodies.decode(body).feedback
    except UnicodeDecodeError:
        raise BadRequest("structure", "the body is not UTF-8") from None
    except msgspec.ValidationError:
        raise BadRequest(
            "value",
            "send an object with the array feedback; each item needs the strings card, outcome "
            "(accepted or overridden) and outcomeTimestamp, an accepted one its "
            "acceptedSuggestions with ids, and a reason its code",
        ) from None
    except (msgspec.DecodeError, RecursionError):
        raise BadRequest("structure", "the body is not valid JSON") from None
    if not items:
        raise BadRequest("required", "feedback: send at least one item")
    if len(items) > MOST:
        raise BadRequest("too-long", f"feedback: send at most {MOST} items in one call")
    return [_event(item, systems) for item in items]


def _event(item: _Item, systems: Mapping[str, str]) -> Event:
    if not item.card:
        raise BadRequest("value", "card: send the uuid of the card")
    card = _uuid(item.card)
    at = _moment(item.outcome_timestamp)
    if item.outcome == "accepted":
        accepted = item.accepted_suggestions
        if not accepted:
            raise BadRequest(
                "required", "acceptedSuggestions: name the suggestions that were accepted"
            )
        if len(accepted) > MOST:
            raise BadRequest("too-long", f"acceptedSuggestions: send at most {MOST}")
        ids = dict.fromkeys(_uuid(each.id) for each in accepted)
        return Event(card, "accepted", at, tuple(ids))
    override = item.override_reason or _OverrideReason()
    reason, comment = _reason(override.reason, systems), _comment(override.user_comment)
    if reason is None and comment is not None:
        reason = Reason(None, COMMENT_ONLY)
    return Event(card, "overridden", at, reason=reason, comment=comment)


def _reason(coding: _Coding | None, systems: Mapping[str, str]) -> Reason | None:
    """Clients leave out `display` and some `system`; the display is theirs and is not read."""
    if coding is None:
        return None
    if not coding.code:
        raise BadRequest("required", "overrideReason.reason.code: send the code of the reason")
    if not _CODE.fullmatch(coding.code):
        return Reason(None, UNREADABLE)
    system = coding.system
    if system is None or not _SYSTEM.fullmatch(system):
        system = systems.get(coding.code)
    return Reason(system, coding.code)


def _comment(text: str | None) -> str | None:
    """At most 2 KiB, without control characters, which one of the databases refuses."""
    printable = "".join(c for c in text or "" if c.isprintable() or c in "\n\t").strip()
    return printable.encode("utf-8")[:COMMENT_BYTES].decode("utf-8", "ignore") or None


def _uuid(text: str) -> UUID | None:
    return UUID(text) if UUID_FORM.fullmatch(text) else None


def _moment(text: str) -> datetime:
    parts = _MOMENT.fullmatch(text)
    try:
        if parts is None:
            raise ValueError
        day, minute, second, fraction, zone = parts.groups()
        leap = second == "60"
        zone = "+00:00" if zone in "Zz" else zone
        moment = datetime.fromisoformat(f"{day}T{minute}:{'59' if leap else second}{zone}")
        exact = moment + timedelta(milliseconds=int((fraction or "0").ljust(3, "0")[:3]))
        # The first second of a year or the last of all years may not exist in UTC.
        return exact.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest(
            "value", "outcomeTimestamp: send date and time with zone, 2026-03-02T09:14:07.250Z"
        ) from None
