"""What every reader of the record needs to know about the call: the day, the codes, the switches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from cds_service.facts.config import CriteriaConfig
from cds_service.facts.record.entries import NOWHERE, Code, Region, Site
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.facts.terminology.vocabulary import LOCAL, together
from cds_service.fhir.dates import Days, Interval, parse, since, until_today
from cds_service.fhir.references import relative
from cds_service.fhir.resources import Coded, Coding, NamedConcept, Reference

_REGIONS: tuple[tuple[str, Region], ...] = (
    ("SITE-NECK", "neck"),
    ("SITE-UPPER", "upper"),
    ("SITE-LOWER", "lower"),
    ("SITE-FACE", "face"),
)
NO_SETS: frozenset[str] = frozenset()


_DECIMALS: Final = 4
_DIGITS: Final = 10
"""More of both nobody has measured: they come from a converted unit."""


def plain(number: Decimal) -> str:
    """A decimal as a person writes it, without exponent or trailing zeros.

    One that goes on, as of a converted unit, is cut to four digits and marked, `≈38.33`. It is not
    rounded: 37.996 must not read as the 38 it does not reach.
    """
    whole, _, rest = format(number, "f").partition(".")
    rest = rest.rstrip("0")
    if not rest:
        return whole
    known = len((whole + rest).lstrip("-0"))
    if known <= _DIGITS or len(rest) <= _DECIMALS:
        return f"{whole}.{rest}"
    rest = rest[: max(2, len(rest) - known + 4)].rstrip("0")
    return f"≈{whole}.{rest}" if rest else f"≈{whole}"


class Frame:
    """Reads dates against today, and codes against the terminology; collects data notes."""

    def __init__(
        self,
        now: datetime,
        config: CriteriaConfig,
        terminology: Terminology,
        fhir_server: str | None = None,
        encounter_id: str | None = None,
    ) -> None:
        self.config = config
        self.terminology = terminology
        self._local = terminology.local_system
        self._known = terminology.known
        self.fhir_server = fhir_server
        self.encounter = f"Encounter/{encounter_id}" if encounter_id else None
        self.zone = config.zone
        self.today: date = now.astimezone(self.zone).date()
        self.future = 0
        """Dates after today that were left out (criteria, 0.1)."""

    def when(self, text: str | None) -> Interval | None:
        """A date up to today; a future one is ignored and counted."""
        value = parse(text, self.zone)
        if value is not None and value.lo > self.today:
            self.future += 1
            return None
        return until_today(value, self.today)

    def days(self, start: Interval) -> Days:
        return since(start, self.today)

    def within(self, start: Interval | None, days: int) -> bool:
        """Proven to be no older than `days`, both ends counted."""
        return start is not None and (self.today - start.lo).days <= days

    def possibly_within(self, start: Interval | None, days: int) -> bool:
        return start is not None and (self.today - start.hi).days <= days

    def reference(self, value: Reference | None) -> str | None:
        return relative(value.reference, self.fhir_server) if value else None

    def code(self, concept: Coded | None) -> Code | None:
        """The concept as our sets know it; None when none of its codings is known."""
        if concept is None or not concept.coding:
            return None
        # Nearly everything in a chart is none of our business: one look-up each, then out.
        known = self._known
        for coding in concept.coding:
            if known[coding.system, coding.code] or coding.system == self._local:
                return self.coded(concept.coding)
        return None

    def coded(self, codings: Iterable[Coding]) -> Code | None:
        terminology = self.terminology
        sets = NO_SETS
        first: Coding | None = None
        known: list[tuple[str, str]] = []
        parts: list[frozenset[str]] = []
        for coding in codings:
            found = terminology.sets_of(coding.system, coding.code)
            if coding.system == terminology.local_system and coding.code in LOCAL:
                found = found | {f"local:{coding.code}"}
            if coding.system and coding.code:
                known.append((coding.system, coding.code))
            if found:
                sets = found if sets is NO_SETS else sets | found
                parts.append(found)
                first = first or coding
        if first is None or first.system is None or first.code is None:
            return None
        if len(known) > 1:
            sets = together(sets, parts, known)
        display = terminology.display(first.system, first.code)
        return Code(sets, first.system, first.code, display, frozenset(known), tuple(parts))

    def site(self, places: Iterable[NamedConcept], code: Code) -> Site:
        """Body site by code; without one the limb the finding's own code means."""
        codes: set[tuple[str, str]] = set()
        text = ""
        regions: set[Region] = set()
        for place in places:
            text = text or (place.text or "").strip().casefold()
            for coding in place.coding or []:
                if coding.system and coding.code:
                    codes.add((coding.system, coding.code))
                    sets = self.terminology.sets_of(coding.system, coding.code)
                    regions |= {region for name, region in _REGIONS if name in sets}
        if not regions:
            regions = self._own_regions(code)
        if not codes and not text and not regions:
            return NOWHERE
        return Site(frozenset(codes), text, frozenset(regions))

    @staticmethod
    def _own_regions(code: Code) -> set[Region]:
        # A finding of all four limbs is upper-limb evidence: it is no lumbar picture.
        if "LIMB-UPPER" in code.sets:
            return {"upper"}
        return {"lower"} if "LIMB-LOWER" in code.sets else set()
