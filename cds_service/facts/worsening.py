"""WORSE: what the record says has become worse, and when (criteria, 0.6)."""

from __future__ import annotations

import msgspec

from cds_service.facts.finding import Evidence
from cds_service.facts.patient_facts import PatientFacts
from cds_service.facts.record import results
from cds_service.facts.record.entries import Entry, Kind
from cds_service.fhir.dates import Interval

_LOWER_WITHIN = 30
_EARLIER_WITHIN = 180
_PAIN_SETS = frozenset(("VS-NECKPAIN", "VS-RADIC"))


class Worse(msgspec.Struct, frozen=True, gc=False):
    """One documented worsening; `date` None is not documented."""

    date: Interval | None
    evidence: Evidence


class Worsening:
    """Looks each fact up among statements, relapses, falling strength and rising pain."""

    def __init__(self, facts: PatientFacts) -> None:
        self._facts = facts
        self._frame = facts.frame
        self._pain = self._rising_pain()

    def of(self, entry: Entry) -> Worse | None:
        """The latest worsening of `entry`, or None."""
        found = [w for w in self._all(entry) if w is not None]
        dated = [w for w in found if w.date is not None]
        if dated:
            return max(dated, key=lambda w: w.date.hi if w.date else self._frame.today)
        return found[0] if found else None

    def _all(self, entry: Entry) -> list[Worse | None]:
        return [
            self._stated(entry),
            self._relapse(entry),
            self._weaker(entry),
            self._pain if entry.code.sets & _PAIN_SETS else None,
        ]

    def _stated(self, entry: Entry) -> Worse | None:
        """`symptom-worsening` in the examination window; without focus it holds for everything."""
        days: int = self._facts.config["exam.lookbackDays"]
        said = [
            f.entry
            for f in self._facts.observed.worsening
            if (not f.names or entry.reference in f.names)
            and self._frame.within(f.entry.recorded, days)
        ]
        newest = max(
            said, key=lambda e: e.recorded.hi if e.recorded else self._frame.today, default=None
        )
        return Worse(newest.recorded, newest.evidence()) if newest else None

    def _relapse(self, entry: Entry) -> Worse | None:
        if not entry.relapse:
            return None
        return Worse(entry.date, entry.evidence(note="recurrence or relapse"))

    def _weaker(self, entry: Entry) -> Worse | None:
        """Strength at least one MRC grade below the best of the last earlier day, same site."""
        if entry.kind is Kind.CONDITION or entry.grade is None or entry.concept != "motor":
            return None
        if entry.recorded is None or not self._frame.within(entry.recorded, _LOWER_WITHIN):
            return None
        earlier = [
            (e.recorded, e.grade)
            for e in self._facts.observed.entries
            if e.concept == "motor"
            and e.grade is not None
            and e.site == entry.site
            and e.recorded is not None
            and e.recorded.hi < entry.recorded.lo
            and self._frame.within(e.recorded, _EARLIER_WITHIN)
        ]
        if not earlier:
            return None
        last = max(date.hi for date, _ in earlier)
        best = max(grade for date, grade in earlier if date.hi == last)
        if best - entry.grade < 1:
            return None
        return Worse(entry.recorded, entry.evidence(note=f"was {best:g}/5 on {last.isoformat()}"))

    def _rising_pain(self) -> Worse | None:
        """Newest score (14 days) at least 2 above the lowest of the last earlier day."""
        scores = results.pain_scores(self._facts.observed.results, _EARLIER_WITHIN, self._frame)
        newest = results.latest(scores)
        if not newest or not self._frame.within(newest[0].date, results.PAIN_DAYS):
            return None
        before = results.latest([s for s in scores if s.date.hi < newest[0].date.lo])
        if not before:
            return None
        top = max(newest, key=lambda s: s.value)
        low = min(s.value for s in before)
        return Worse(top.date, top.evidence(note=f"was {low}/10")) if top.value - low >= 2 else None
