"""The questions the criteria may ask of one patient's record.

Everything here is derived once per draft, and what does not depend on it once per call, from the
received resources; nothing changes afterwards.
The names H-NECKPAIN, SYM-CORE, CORD-PATTERN, WORSE and so on are those of the criteria, section 0.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from cds_service.facts import conflicts
from cds_service.facts.conflicts import Judged
from cds_service.facts.record import conditions, imaging, implants, observations, results, surgery
from cds_service.facts.record.entries import Entry, Kind
from cds_service.facts.record.frame import Frame
from cds_service.facts.record.orders import Draft
from cds_service.facts.record.prefetch import Received, State
from cds_service.facts.record.results import Person
from cds_service.facts.terminology.vocabulary import SYMPTOM_SETS
from cds_service.fhir import resources as r
from cds_service.fhir import units
from cds_service.fhir.dates import age_in_years, parse

DEGENERATIVE = "VS-NECKPAIN-DEGENERATIVE"


class Reading:
    """What the record says whatever is ordered: read once, it serves all drafts of a call."""

    def __init__(self, received: Received, frame: Frame) -> None:
        before = frame.future
        self.received = received
        self.conditions = conditions.recorded(received.of(r.Condition), frame, received.patient)
        self.observed = observations.read(
            received.of(r.Observation), received.of(r.QuestionnaireResponse), frame
        )
        self.studies = imaging.done(received, frame)
        self.implants = list(implants.devices(received, frame))
        self.gadolinium_allergies = implants.gadolinium_allergies(received, frame)
        self.future = frame.future - before
        """Dates after today that were left out; every draft tells them on its own card."""


class PatientFacts:
    """One patient, one draft order, one day."""

    def __init__(self, reading: Reading, draft: Draft, frame: Frame) -> None:
        """`frame` is the draft's own, and learns here what the reading left out."""
        received = self.received = reading.received
        self.draft = draft
        self.frame = frame
        self.config = frame.config
        frame.future += reading.future
        self.conditions = conditions.read(
            reading.conditions, draft.order, draft.reference, frame, draft.supporting
        )
        self.observed = reading.observed
        self.judged: Judged = conflicts.judge(
            [e for e in self.conditions.entries if e.current],
            self.conditions.reasons,
            conflicts.recent(self.observed.entries, frame),
        )
        self.imaging = imaging.read(reading.studies, received, draft.order.id, frame)
        behind = {e.key for e in self.conditions.entries}
        asserted = [e for e in self.conditions.reasons if e.key not in behind]
        self.surgery = surgery.read(received, [*self.conditions.entries, *asserted], frame)
        self.implants = reading.implants
        self.gadolinium_allergies = reading.gadolinium_allergies

    @cached_property
    def person(self) -> Person:
        patient = self.received.patient
        born = parse(patient.birth_date, self.frame.zone) if patient else None
        age = None if born is None else age_in_years(born, self.frame.today)
        return Person(age, patient.gender if patient else None)

    @cached_property
    def unusable_results(self) -> int:
        """Temperatures, pain scores, CRP and ESR without a usable unit or with an impossible value."""
        fever: int = self.config["fever.lookbackDays"]
        lab: int = self.config["lab.lookbackDays"]
        return sum(
            results.unusable(self.observed.results, name, days, convert, self.frame)
            for name, days, convert in (
                ("VS-TEMPERATURE", fever, units.celsius),
                ("VS-PAIN", results.PAIN_DAYS, units.pain_score),
                ("VS-CRP", lab, units.crp_mg_per_l),
                ("VS-HSCRP", lab, units.crp_mg_per_l),
                ("VS-ESR", lab, units.esr_mm_per_h),
            )
        )

    @cached_property
    def imaging_read(self) -> bool:
        """Whether earlier imaging could be read.

        The reports are the record of what was done. Studies are a second view that many servers do
        not have: not supplied, they leave a note; asked for and failed, imaging counts as unread.
        """
        studies = self.received.states["imaging-studies"]
        return self.received.read("imaging") and studies in (State.READ, State.ABSENT)

    # --- asking the record -------------------------------------------------------------------

    def stands(
        self,
        *names: str,
        suspected: bool = True,
        reasons: bool = True,
        concepts: Iterable[str] = (),
    ) -> list[Entry]:
        """Positive entries in any of the sets (or finding concepts), contradictions resolved.

        A Condition in a set of symptoms must be recent or on the problem list; in a set of
        diagnoses it need only be current (criteria, 0.3).
        """
        index = self._index
        at: set[int] = set()
        for name in names:
            at.update(index.get(name, ()))
        for concept in concepts:
            at.update(index.get(f"={concept}", ()))
        if not at:
            return []
        wanted, by_concept = frozenset(names), frozenset(concepts)
        present = self.judged.present
        found = []
        for entry in (present[i] for i in sorted(at)):
            if entry.kind is Kind.REASON and not reasons:
                continue
            if entry.suspected and entry.kind is not Kind.REASON and not suspected:
                continue
            hits = entry.code.sets & wanted
            if entry.concept in by_concept:
                hits = hits or entry.code.sets
            if hits and (entry.symptom or not hits & SYMPTOM_SETS or hits - SYMPTOM_SETS & wanted):
                found.append(entry)
        return found

    @cached_property
    def _index(self) -> dict[str, list[int]]:
        """Places in `judged.present` by set, and by `=concept`."""
        index: dict[str, list[int]] = {}
        for place, entry in enumerate(self.judged.present):
            for name in (*entry.code.sets, f"={entry.concept}"):
                index.setdefault(name, []).append(place)
        return index

    def denied(self, *names: str, concepts: Iterable[str] = ()) -> list[Entry]:
        """Explicit denials of the same findings: negative Observations, answers, refuted Conditions."""
        wanted = frozenset(names)
        by_concept = frozenset(concepts)
        return [
            e
            for e in (*self.judged.absent, *self.conditions.refuted)
            if e.code.sets & wanted or e.concept in by_concept
        ]

    def history(self, *names: str) -> list[Entry]:
        """Conditions in any of the sets, current or not, confirmed or suspected."""
        wanted = frozenset(names)
        return [e for e in self.conditions.entries if e.code.sets & wanted]

    def reasons(self, *names: str) -> list[Entry]:
        wanted = frozenset(names)
        return [e for e in self.conditions.reasons if e.code.sets & wanted]

    def answers(self, local: str) -> list[Entry]:
        """Observations and answers with a local code, any date, newest day first."""
        name = f"local:{local}"
        found = [e for e in self.observed.entries if name in e.code.sets and e.recorded]
        return sorted(
            found, key=lambda e: e.recorded.hi if e.recorded else self.frame.today, reverse=True
        )

    def latest_answer(self, local: str) -> bool | None:
        """The newest decided answer to a local code; on one day a yes wins."""
        decided = [e for e in self.answers(local) if e.present is not None]
        newest = [e for e in decided if e.recorded == decided[0].recorded]
        return any(e.present for e in newest) if newest else None
