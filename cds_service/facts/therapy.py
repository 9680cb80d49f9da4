"""How long conservative treatment has been tried: `D_cons` (criteria, 0.7).

Every treatment has a proven and a possible length. The proven ones, chained over small gaps, give
the minimum; the possible ones the maximum. `at least 28 days` asks the minimum.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from cds_service.facts.finding import Evidence
from cds_service.facts.record import medicines, treatments
from cds_service.facts.record.entries import Entry
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.prefetch import Received, State
from cds_service.fhir import units
from cds_service.fhir.dates import Days, Interval
from cds_service.fhir.resources import Valued

# Other places of treatment, which many servers do not have. Not supplied, they leave a note; asked
# for and failed, they may hold more treatment (criteria, 0.8).
_OFTEN_ABSENT = ("med-statements", "med-dispenses", "orders", "obs-exam", "answers")


class Duration(msgspec.Struct, frozen=True):
    """Days of conservative treatment; `days` None is not known."""

    days: Days | None
    none_stated: bool
    """The record says outright that there was none."""
    evidence: tuple[Evidence, ...]

    def at_least(self, days: int) -> bool:
        return self.days is not None and self.days.at_least(days) is True

    def below(self, days: int) -> bool:
        """Proven to be shorter; no treatment at all is shorter, not known is not."""
        if self.days is None:
            return self.none_stated
        return self.days.below(days) is True


def duration(
    received: Received,
    stated: Iterable[tuple[Valued, Entry]],
    denied: Iterable[Entry],
    onset: Interval | None,
    symptom_days: Days | None,
    frame: Frame,
) -> Duration:
    """D_cons of this patient.

    `onset` is the documented onset of the symptoms, `symptom_days` D_sym (its maximum caps the
    result), `stated` the answers in weeks, `denied` those that say there was no treatment.
    """
    lookback = frame.today - timedelta(days=frame.config["cons.lookbackDays"])
    earliest = surely = lookback
    # D_sym without a maximum: a symptom was on record before the documented onset.
    if onset is not None and symptom_days is not None and symptom_days.hi is not None:
        week = timedelta(days=7)
        earliest, surely = max(lookback, onset.lo - week), max(lookback, onset.hi - week)
    found = [
        t
        for t in (*treatments.read(received, frame), *medicines.read(received, frame))
        if t.possible[1] >= earliest
    ]
    possible = _chain([t.possible for t in found], earliest, frame)
    # One chain, the one that ends latest: what lies before it proves nothing about it.
    first = max(surely, possible[0]) if possible else surely
    proven = _chain([t.proven for t in found if t.proven], first, frame)
    complete = received.read("procedures", "meds") and all(
        received.states[key] in (State.READ, State.ABSENT) for key in _OFTEN_ABSENT
    )
    low, high, words = _stated(stated, proven, frame)
    evidence = (*(t.evidence for t in found), *words)
    minimum = max(_length(proven), low)
    maximum: int | None = max(_length(possible), high)
    if possible is None and not words:
        if denied := list(denied):
            return Duration(None, True, tuple(e.evidence() for e in denied))
        return Duration(None, False, ())
    if not complete:
        # Treatment we could not read may have been longer: the maximum is open.
        maximum = None
    return Duration(_cap(minimum, maximum, symptom_days), False, evidence)


def _cap(minimum: int, maximum: int | None, symptom: Days | None) -> Days:
    """Nobody is treated for longer than the symptoms can have lasted."""
    if symptom is not None and symptom.hi is not None:
        maximum = symptom.hi if maximum is None else min(maximum, symptom.hi)
        minimum = min(minimum, symptom.hi)
    return Days(minimum, maximum)


def _stated(
    stated: Iterable[tuple[Valued, Entry]], proven: tuple[date, date] | None, frame: Frame
) -> tuple[int, int, list[Evidence]]:
    """Weeks told by the patient: they keep growing only where a treatment is proven to go on."""
    low = high = 0
    evidence = []
    for item, entry in stated:
        told = _told_days(item)
        if told is None or entry.recorded is None:
            continue
        if not frame.within(entry.recorded, frame.config["exam.lookbackDays"]):
            continue
        since = frame.days(entry.recorded)
        going_on = proven is not None and proven[1] == frame.today
        low = max(low, told + (since.lo if going_on else 0))
        high = max(high, told + (since.hi or 0))
        evidence.append(
            Evidence(entry.reference, entry.code.display, entry.recorded.text, f"{told} days")
        )
    return low, high, evidence


def _told_days(item: Valued) -> int | None:
    if item.value_integer is not None:
        return 7 * item.value_integer if 0 <= item.value_integer <= 5000 else None
    quantity = item.value_quantity
    if quantity is None or quantity.number is None or quantity.comparator:
        return None
    bare = not (quantity.code or quantity.unit)
    value = quantity.number * 7 if bare else units.days(quantity)
    return int(value) if value is not None and 0 <= value <= 35000 else None


def _chain(
    intervals: list[tuple[date, date]], earliest: date, frame: Frame
) -> tuple[date, date] | None:
    """The merged treatment that ends latest, if it ended recently enough."""
    gap: int = frame.config["cons.maxGapDays"]
    clipped = sorted((max(lo, earliest), hi) for lo, hi in intervals if hi >= earliest)
    chain: tuple[date, date] | None = None
    for lo, hi in clipped:
        if chain is not None and (lo - chain[1]).days <= gap:
            chain = (chain[0], max(chain[1], hi))
        else:
            chain = (lo, hi)
    if chain is None or (frame.today - chain[1]).days > frame.config["cons.recencyDays"]:
        return None
    return chain


def _length(chain: tuple[date, date] | None) -> int:
    return (chain[1] - chain[0]).days if chain else 0
