"""Three truth values, and the evidence a verdict rests on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NoReturn

import msgspec


class Status(Enum):
    """Verdict of one statement: it holds, it does not, or the record cannot tell."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "unknown"

    def __and__(self, other: Status) -> Status:
        if Status.NOT_MET in (self, other):
            return Status.NOT_MET
        return Status.UNKNOWN if Status.UNKNOWN in (self, other) else Status.MET

    def __or__(self, other: Status) -> Status:
        if Status.MET in (self, other):
            return Status.MET
        return Status.UNKNOWN if Status.UNKNOWN in (self, other) else Status.NOT_MET

    def __invert__(self) -> Status:
        return _NEGATION[self]

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Status is not a bool: unknown is neither true nor false; "
            "combine with &, | and ~, or compare with `is Status.MET`"
        )


_NEGATION = {
    Status.MET: Status.NOT_MET,
    Status.NOT_MET: Status.MET,
    Status.UNKNOWN: Status.UNKNOWN,
}


def status(value: bool | None) -> Status:
    """Status of a plain truth value; None is unknown."""
    if value is None:
        return Status.UNKNOWN
    return Status.MET if value else Status.NOT_MET


class Evidence(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One piece of the record a verdict rests on, ready to be shown.

    Never holds free text of the record: `display` is our own name of the coded concept,
    `value` a number with its unit, a grade or one word of a closed list.
    """

    reference: str
    """FHIR reference, `Condition/abc`; an answer carries its linkId: `QuestionnaireResponse/q#gait-exam`."""
    display: str
    date: str | None = None
    """ISO date or partial date, as far as the record gives it."""
    value: str | None = None
    threshold: str | None = None
    """What the value was held against, such as `≥ 38.0 °C, last 7 days`."""
    note: str | None = None
    """`suspected`, `documented absent`, `superseded by the examination of 2026-03-02`, ..."""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """Verdict of one statement for one patient, with what it rests on."""

    id: str
    status: Status
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    """One line, own words: why not met, why unknown, or what decided."""
    tags: tuple[str, ...] = ()
    """Parts of the statement that hold: `CRP`, `ESR`, `E1`; listed as `RF-INFECT-LAB:CRP`."""
    values: Mapping[str, str] = {}
    """Named values for the statement's evidence text, such as {"days": "43"}."""
    denied: bool = False
    """Not met, because the record says outright that it is not there."""

    @property
    def met(self) -> bool:
        return self.status is Status.MET
