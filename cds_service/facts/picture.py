"""The clinical picture: the helper facts of the criteria, section 0.6.

Each is a list of the entries it rests on, so that an empty list is `no` and a card can show why.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property

from cds_service.facts import therapy
from cds_service.facts.conflicts import speaks_of
from cds_service.facts.patient_facts import DEGENERATIVE, PatientFacts
from cds_service.facts.record.entries import Entry, Kind
from cds_service.facts.worsening import Worse, Worsening
from cds_service.fhir.dates import Days, Interval

_YEAR = 365


class Picture:
    """Helper facts of one patient; derived on demand, each at most once."""

    def __init__(self, facts: PatientFacts) -> None:
        self.facts = facts
        self.frame = facts.frame
        self.config = facts.config

    # --- symptoms and findings ---------------------------------------------------------------

    @cached_property
    def neck_pain(self) -> list[Entry]:
        return self.facts.stands("VS-NECKPAIN")

    @cached_property
    def radicular(self) -> list[Entry]:
        return self.facts.stands("VS-RADIC")

    @cached_property
    def lumbar(self) -> list[Entry]:
        """H-LUMBAR: current Condition or order reason."""
        return [
            e for e in self.facts.stands("VS-LUMBAR") if e.kind in (Kind.CONDITION, Kind.REASON)
        ]

    @cached_property
    def all_motor(self) -> list[Entry]:
        found = self.facts.stands("VS-MOTOR", concepts=("motor",))
        return [e for e in found if e.region != "face"]

    @cached_property
    def all_sensory(self) -> list[Entry]:
        """Limb sensory change wherever it is sited; the face is never a limb."""
        found = self.facts.stands("VS-SENS", concepts=("sensory",))
        return [e for e in found if e.region != "face"]

    @cached_property
    def upper_motor_neuron(self) -> list[Entry]:
        """UMN signs; a suspected one counts here as it does in every helper."""
        return [
            e
            for e in self.facts.judged.present
            if (e.concept.startswith("umn:") or "VS-UMN" in e.code.sets) and e.symptom
        ]

    @cached_property
    def all_reflex(self) -> list[Entry]:
        """Reflex change; spastic gait is a gait and a UMN sign, not a reflex (criteria, 0.3)."""
        found = self.facts.stands("VS-REFLEX", concepts=("reflex",))
        keys = {e.key for e in found}
        return found + [
            e for e in self.upper_motor_neuron if e.concept != "gait" and e.key not in keys
        ]

    @cached_property
    def gait(self) -> list[Entry]:
        return self.facts.stands("VS-GAIT", concepts=("gait",))

    @cached_property
    def hand(self) -> list[Entry]:
        return self.facts.stands("VS-HANDCLUMSY", concepts=("hand",))

    @cached_property
    def myelopathy(self) -> list[Entry]:
        return self.facts.stands("VS-MYELO")

    @cached_property
    def tenderness(self) -> list[Entry]:
        """Midline tenderness; a NEXUS answer `yes` says the same in the same words."""
        found = self.facts.stands(concepts=("tenderness",))
        asked = self.facts.answers("nexus-midline-tenderness")
        days: int = self.config["exam.lookbackDays"]
        # CF-1: a later `no` to the question, or a later examination, takes an earlier `yes` away.
        denials = (*asked, *self.facts.denied(concepts=("tenderness",)))
        return found + [
            e
            for e in asked
            if e.present
            and e.recorded is not None
            and self.frame.within(e.recorded, days)
            and not any(_denies_later(no, e) for no in denials)
        ]

    @cached_property
    def bladder_bowel(self) -> list[Entry]:
        """New bladder or bowel dysfunction (RF-MYELO-BB without its gate)."""
        return [
            e
            for e in self.facts.stands("VS-BB")
            if "VS-STRESS-INCONTINENCE" not in e.code.sets and self._is_new(e)
        ]

    def _is_new(self, entry: Entry) -> bool:
        if entry.kind is not Kind.CONDITION or self.worse(entry):
            return True
        days: int = self.config["symptom.lookbackDays"]
        long_known = not entry.code.codings.isdisjoint(self._long_known)
        recent = self.frame.possibly_within(entry.onset, days) or self.frame.possibly_within(
            entry.recorded, days
        )
        return recent and not long_known

    @cached_property
    def _long_known(self) -> frozenset[tuple[str, str]]:
        """Codes of what began more than a year ago; what has ended explains nothing new."""
        return frozenset(
            coding
            for other in self.facts.conditions.entries
            if other.current and other.onset is not None
            if self.frame.days(other.onset).lo > _YEAR
            for coding in other.code.codings
        )

    @cached_property
    def saddle(self) -> list[Entry]:
        return self.facts.stands("VS-SADDLE", concepts=("saddle",))

    @cached_property
    def ligament(self) -> list[Entry]:
        """Suspected ligament disruption, by diagnosis, reason or answer."""
        return self.facts.stands("VS-LIG", concepts=("ligament",))

    @cached_property
    def injuries(self) -> list[Entry]:
        """H-NECKINJURY: current Conditions and order reasons, sequelae excluded by the sets."""
        found = self.facts.stands("VS-NECKTRAUMA", "VS-SCI", "VS-NECKTRAUMA-NEEDS-SITE")
        return [
            e
            for e in found
            if e.kind in (Kind.CONDITION, Kind.REASON)
            and (e.code.sets & {"VS-NECKTRAUMA", "VS-SCI"} or "neck" in e.site.regions)
        ]

    @cached_property
    def injury_date(self) -> Interval | None:
        """Onset, else recordedDate; of several injuries the latest."""
        dates = [
            d
            for e in self.injuries
            if e.kind is Kind.CONDITION and (d := e.onset or e.recorded) is not None
        ]
        return max(dates, key=lambda d: (d.lo, d.hi), default=None)

    # --- where the problem lies ----------------------------------------------------------------

    @cached_property
    def upper_neuro(self) -> list[Entry]:
        found = [*self.all_motor, *self.all_sensory, *self.all_reflex]
        return [e for e in found if e.region == "upper" or e.concept == "umn:hoffmann"] + self.hand

    @cached_property
    def core(self) -> list[Entry]:
        """SYM-CORE."""
        cervical = self.facts.stands("VS-SPINEINFECT-CERVICAL", "VS-MALIG-CERVICAL", "VS-LIG")
        return [
            *self.neck_pain,
            *self.radicular,
            *self.upper_neuro,
            *self.myelopathy,
            *self.injuries,
            *self.tenderness,
            *(e for e in cervical if e.kind in (Kind.CONDITION, Kind.REASON)),
            *(e for e in self.ligament if e.concept == "ligament"),
        ]

    @cached_property
    def cord_members(self) -> dict[str, list[Entry]]:
        spastic = [e for e in self.upper_motor_neuron if "VS-SPASTICITY" in e.code.sets]
        lower = [e for e in (*self.all_motor, *spastic) if "lower" in e.site.regions]
        return {
            "gait": self.gait,
            "lower limb": lower,
            "upper motor neuron": self.upper_motor_neuron,
            "bladder or bowel": self.bladder_bowel,
        }

    @cached_property
    def cord_pattern(self) -> list[Entry]:
        """CORD-PATTERN: two different members resting on two different entries."""
        members = self.cord_members
        if not rest_on_two(members.values()):
            return []
        if self.lumbar and not self.upper_motor_neuron:
            return []
        return [e for entries in members.values() for e in entries]

    @cached_property
    def cervical(self) -> list[Entry]:
        """SYM-CERV, the gate of every indication."""
        return self.core or self.cord_pattern

    @cached_property
    def set_aside(self) -> list[Entry]:
        """Leg findings with a lumbar explanation: they fire nothing, date nothing, are asked."""
        if not self.lumbar or self.cord_pattern or self.upper_neuro:
            return []
        umn = {e.key for e in self.upper_motor_neuron}
        found = (*self.all_motor, *self.all_sensory, *self.all_reflex)
        return [e for e in found if e.region == "lower" and e.key not in umn]

    def aside(self, entries: list[Entry]) -> list[Entry]:
        """Those of the entries that were set aside."""
        keys = {e.key for e in self.set_aside}
        return [e for e in entries if e.key in keys]

    def _kept(self, entries: list[Entry]) -> list[Entry]:
        aside = {e.key for e in self.set_aside}
        return [e for e in entries if e.key not in aside]

    @cached_property
    def motor(self) -> list[Entry]:
        return self._kept(self.all_motor)

    @cached_property
    def sensory(self) -> list[Entry]:
        """In a limb, or without a site where another fact points to the neck."""
        return [
            e for e in self._kept(self.all_sensory) if e.region in ("upper", "lower") or self.core
        ]

    @cached_property
    def reflex(self) -> list[Entry]:
        return self._kept(self.all_reflex)

    # --- time ------------------------------------------------------------------------------------

    @cached_property
    def symptoms(self) -> list[Entry]:
        """The current facts that date the symptoms (D_sym); order reasons date nothing."""
        found = (
            *self.neck_pain,
            *self.radicular,
            *self.motor,
            *self.sensory,
            *self.reflex,
            *self.gait,
            *self.hand,
            *self.bladder_bowel,
            *self.myelopathy,
        )
        unique = {e.key: e for e in found if e.kind is not Kind.REASON}
        return [e for e in unique.values() if DEGENERATIVE not in e.code.sets]

    @cached_property
    def onset(self) -> Interval | None:
        """Earliest documented onset of a current symptom."""
        known = [e.onset for e in self.symptoms if e.onset is not None]
        if not known:
            return None
        lo, hi = min(i.lo for i in known), min(i.hi for i in known)
        return Interval(lo, hi, min(known, key=lambda i: (i.lo, i.hi)).text)

    @cached_property
    def symptom_days(self) -> Days | None:
        """D_sym; None when nothing dates the symptoms."""
        dated = [e.recorded for e in self.symptoms if e.onset is None and e.recorded is not None]
        first = min(dated, key=lambda i: i.hi, default=None)
        if self.onset is not None and (first is None or first.hi >= self.onset.lo):
            return self.frame.days(self.onset)
        if first is None:
            return None
        # Known to exist since then at least; how long before, nobody wrote down.
        return Days(self.frame.days(first).lo, None)

    @cached_property
    def _worsening(self) -> Worsening:
        return Worsening(self.facts)

    def worse(self, entry: Entry) -> Worse | None:
        """WORSE(entry), with its date where one is documented."""
        return self._worsening.of(entry)

    def proven_onset(self, entry: Entry) -> Interval | None:
        """Documented onset; for an Observation or answer the acute one of criteria 0.6."""
        if entry.onset is not None:
            return entry.onset
        if entry.kind not in (Kind.OBSERVATION, Kind.ANSWER) or entry.recorded is None:
            return None
        acute: int = self.config["emerg.acuteDays"]
        onsets = [e.onset for e in self.symptoms if e.onset is not None]
        if any(self.frame.within(o, acute) for o in onsets) or self._denied_lately(entry, acute):
            earliest = self.frame.today - timedelta(days=acute)
            return Interval(
                min(earliest, entry.recorded.hi), entry.recorded.hi, entry.recorded.text
            )
        return None

    def _denied_lately(self, entry: Entry, acute: int) -> bool:
        return any(
            speaks_of(no, entry)
            and _same_place(no, entry)
            and no.recorded is not None
            and entry.recorded is not None
            and no.recorded.hi < entry.recorded.lo
            and self.frame.within(no.recorded, acute)
            for no in self.facts.judged.absent
        )

    @cached_property
    def treatment(self) -> therapy.Duration:
        """D_cons."""
        denied = self.facts.stands(concepts=("cons-none",))
        return therapy.duration(
            self.facts.received,
            self.facts.observed.weeks,
            denied,
            self.onset,
            self.symptom_days,
            self.frame,
        )

    @cached_property
    def current_symptom(self) -> list[Entry]:
        """A neck, radicular or limb symptom that is there now (0.7, step 4)."""
        return [
            *self.neck_pain,
            *self.radicular,
            *self.motor,
            *self.sensory,
            *self.reflex,
            *self.gait,
            *self.hand,
            *self.myelopathy,
        ]


def _same_place(no: Entry, entry: Entry) -> bool:
    """The denial names the site of the finding, the limb it means, or none at all."""
    if no.site.named:
        return no.site == entry.site
    return no.region is None or no.region == entry.region


def _denies_later(no: Entry, yes: Entry) -> bool:
    if no.present is not False or no.recorded is None or yes.recorded is None:
        return False
    examined = no.kind is not Kind.ANSWER or yes.kind is Kind.ANSWER
    return examined and no.recorded.lo > yes.recorded.hi


def rest_on_two(members: Iterable[list[Entry]]) -> bool:
    """Whether two different members hold, each on an entry of its own."""
    keys = [frozenset(e.key for e in entries) for entries in members if entries]
    return any(len(a | b) > 1 for index, a in enumerate(keys) for b in keys[index + 1 :])
