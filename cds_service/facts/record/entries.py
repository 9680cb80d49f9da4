"""One entry of the record about one finding, as every criterion sees it."""

from __future__ import annotations

from enum import Enum
from typing import Literal

import msgspec

from cds_service.facts.finding import Evidence
from cds_service.fhir.dates import Interval, later

Region = Literal["upper", "lower", "neck", "face"]
_BY_WEIGHT: tuple[Region, ...] = ("upper", "lower", "neck", "face")


class Kind(Enum):
    """Where an entry comes from; it decides what may supersede what (criteria, 0.4)."""

    CONDITION = "Condition"
    OBSERVATION = "Observation"
    ANSWER = "answer"
    REASON = "order reason"


class Code(msgspec.Struct, frozen=True, gc=False):
    """A coded concept of the record that at least one of our sets knows."""

    sets: frozenset[str]
    system: str
    code: str
    display: str
    codings: frozenset[tuple[str, str]] = frozenset()
    """All codings of the concept as (system, code), for `the same code`."""
    parts: tuple[frozenset[str], ...] = ()
    """The sets of each coding that is known."""


class Site(msgspec.Struct, frozen=True, gc=False):
    """Where in the body: codes decide the region, text only tells two sites apart."""

    codes: frozenset[tuple[str, str]] = frozenset()
    text: str = ""
    regions: frozenset[Region] = frozenset()

    @property
    def region(self) -> Region | None:
        """The region that matters most: what reaches the arm is no picture of the leg alone."""
        return next((x for x in _BY_WEIGHT if x in self.regions), None)

    @property
    def named(self) -> bool:
        return bool(self.codes or self.text)


NOWHERE = Site()


class Entry(msgspec.Struct, frozen=True, gc=False):
    """Positive, negative or undecided evidence for one finding."""

    kind: Kind
    code: Code
    concept: str
    """What it is compared with when the record contradicts itself (criteria, 0.4)."""
    present: bool | None
    """True: the finding is there; False: explicitly denied; None: the entry does not say."""
    reference: str
    key: str
    """Unique within the request: one Observation component or one answer is one entry."""
    suspected: bool = False
    current: bool = True
    site: Site = NOWHERE
    onset: Interval | None = None
    recorded: Interval | None = None
    """recordedDate, effective[x], authored, or today for an order reason."""
    value: str | None = None
    grade: float | None = None
    """Muscle strength, MRC 0–5."""
    relapse: bool = False
    encounter: str | None = None
    objective: bool = False
    """Examined, not reported."""
    note: str | None = None
    remission: bool = False
    """A Condition in remission: not current, yet history."""
    symptom: bool = True
    """Recent or listed enough to count in a set of symptoms (criteria, 0.3)."""
    abated: Interval | None = None
    status: str | None = None
    """Our words for a clinicalStatus that is not plainly active: `resolved 2019`, `in remission`."""

    @property
    def date(self) -> Interval | None:
        """Date of the evidence: for a Condition the later of onset and recordedDate."""
        return later(self.onset, self.recorded) if self.kind is Kind.CONDITION else self.recorded

    @property
    def proven(self) -> Interval | None:
        """Onset if documented, else when it was recorded or observed; an order reason proves none."""
        if self.kind is Kind.REASON:
            return None
        return self.onset or self.recorded

    @property
    def region(self) -> Region | None:
        return self.site.region

    def evidence(self, threshold: str | None = None, note: str | None = None) -> Evidence:
        remarks = (note or self.note or ("suspected" if self.suspected else None), self.status)
        shown = self.onset or self.recorded
        return Evidence(
            self.reference,
            self.code.display,
            shown.text if shown else None,
            self.value,
            threshold,
            ", ".join(filter(None, remarks)) or None,
        )
