"""The injury and the cervical CT after it (criteria, 1.5)."""

from __future__ import annotations

from functools import cached_property

from cds_service.facts.picture import Picture
from cds_service.facts.record.entries import Entry
from cds_service.facts.record.imaging import Study
from cds_service.fhir.dates import Interval

_FRACTURE_OR_LIGAMENT = frozenset(("VS-CFRACTURE", "VS-LIG"))
_NORMAL = "ANSWER-NORMAL"


class Trauma:
    """TRAUMA-ACUTE, TRAUMA-WINDOW, CT-DONE and CT-NEG."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._facts = picture.facts
        self.date: Interval | None = picture.injury_date

    def _within(self, key: str) -> bool:
        """Without a date no duration test on the injury is true."""
        return bool(self._picture.injuries) and self._picture.frame.within(
            self.date, self._picture.config[key]
        )

    @cached_property
    def acute(self) -> bool:
        return self._within("trauma.acuteDays")

    @cached_property
    def recent(self) -> bool:
        """TRAUMA-WINDOW."""
        return self._within("trauma.windowDays")

    @property
    def perhaps_recent(self) -> bool:
        """A date so vague that the window may or may not hold it."""
        days: int = self._picture.config["trauma.windowDays"]
        return not self.recent and self._picture.frame.possibly_within(self.date, days)

    def since(self, date: Interval | None, *, alarming: bool) -> bool:
        """On or after the day of the injury.

        With a vague date of the injury, what clears must be proven to be later; what alarms need
        only be possible.
        """
        if self.date is None or date is None:
            return False
        return date.lo >= (self.date.lo if alarming else self.date.hi)

    @cached_property
    def cts(self) -> list[Study]:
        """Cervical CTs on or after the day of the injury."""
        return [
            s
            for s in self._facts.imaging.ct
            if self.since(s.date, alarming=bool(s.conclusions & _FRACTURE_OR_LIGAMENT))
        ]

    @property
    def ct_done(self) -> bool:
        return bool(self.cts)

    @cached_property
    def ct_injuries(self) -> list[Study]:
        """CTs whose coded conclusion is a fracture or a ligament injury."""
        return [s for s in self.cts if s.conclusions & _FRACTURE_OR_LIGAMENT]

    @cached_property
    def _told(self) -> list[Entry]:
        return [
            e
            for e in self._facts.answers("ct-cspine-negative")
            if self.since(e.recorded, alarming=e.present is False)
        ]

    @cached_property
    def ct_negative(self) -> bool:
        """CT-NEG: a final report coded normal or a stated `negative`, and nothing against it."""
        normal = any(s.reported and _NORMAL in s.conclusions for s in self.cts)
        said = any(e.present is True for e in self._told)
        against = bool(self.ct_injuries) or any(e.present is False for e in self._told)
        return self.ct_done and (normal or said) and not against

    @property
    def ct_unclear(self) -> bool:
        """A CT was done, its result is free text or preliminary only."""
        known = self.ct_negative or self.ct_injuries or any(e.present is False for e in self._told)
        return self.ct_done and not known
