"""Conditions and order reasons as entries (criteria, 0.3 and 0.4)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cds_service.facts.record.entries import Code, Entry, Kind
from cds_service.facts.record.frame import Frame
from cds_service.facts.terminology.vocabulary import LOCAL, concept_of
from cds_service.fhir import resources as r
from cds_service.fhir.dates import Interval, birthday_interval, day, parse, until_today

_SUSPECTED = frozenset(("unconfirmed", "provisional", "differential"))
_CURRENT = frozenset(("active", "recurrence", "relapse"))
_PAST = frozenset(("inactive", "remission", "resolved"))
_WORDS_OF_VERIFICATION = _SUSPECTED | {"confirmed", "refuted", "entered-in-error"}
_STATUS_WORDS = {
    "recurrence": "recurrence",
    "relapse": "relapse",
    "inactive": "inactive",
    "remission": "in remission",
    "resolved": "resolved",
}
_LOCAL_ON_CONDITION = frozenset(f"local:{c}" for c, local in LOCAL.items() if local.on_condition)


class Conditions(msgspec.Struct, frozen=True):
    """Conditions of the record and reasons of the order, contradictions resolved."""

    entries: list[Entry]
    """Confirmed and suspected Conditions that no later refutation takes away; current or not."""
    reasons: list[Entry]
    refuted: list[Entry]


class Recorded(msgspec.Struct, frozen=True):
    """Conditions of the record, whatever the order, contradictions resolved."""

    entries: list[Entry]
    refuted: list[Entry]


def recorded(
    conditions: Iterable[r.Condition], frame: Frame, patient: r.Patient | None
) -> Recorded:
    """Conditions of this patient that stand, and those that are refuted."""
    born = parse(patient.birth_date, frame.zone) if patient else None
    positive: list[Entry] = []
    refuted: list[Entry] = []
    for condition in conditions:
        code = frame.code(condition.code)
        if code is None or not (code := _allowed(code)):
            continue
        verification = _word(condition.verification_status, _WORDS_OF_VERIFICATION)
        if verification == "entered-in-error":
            continue
        if verification == "refuted":
            refuted.append(_refutation(condition, code, frame))
            continue
        positive.append(_entry(condition, code, verification, frame, born))
    return Recorded([e for e in positive if not _taken_away(e, refuted)], refuted)


def read(
    found: Recorded,
    draft: r.ServiceRequest,
    draft_reference: str,
    frame: Frame,
    supporting: frozenset[str] = frozenset(),
) -> Conditions:
    """Conditions of this patient as they look from the draft, and the reasons it gives.

    `supporting` are the draft's supportingInfo: it makes a Condition a matter of today, no reason.
    """
    referenced = {frame.reference(x) for x in draft.reason_reference or []} - {None}
    today = referenced | supporting
    standing = [
        msgspec.structs.replace(e, symptom=True) if e.reference in today and not e.symptom else e
        for e in found.entries
    ]
    reasons = _coded_reasons(draft, draft_reference, frame)
    reasons += [_as_reason(e, frame) for e in standing if e.reference in referenced]
    return Conditions(standing, reasons, found.refuted)


def _allowed(code: Code) -> Code | None:
    """Local codes count on a Condition only where Appendix B lets them."""
    local = frozenset(s for s in code.sets if s.startswith("local:"))
    if local <= _LOCAL_ON_CONDITION:
        return code
    rest = code.sets - (local - _LOCAL_ON_CONDITION)
    return msgspec.structs.replace(code, sets=rest) if rest else None


def _word(concept: r.StatusConcept | None, known: frozenset[str]) -> str | None:
    """The first coding's code; None when there is none; an unknown word is kept as `?`."""
    codes = [c.code for c in (concept.coding or []) if c.code] if concept else []
    if not codes:
        return None
    return next((c for c in codes if c in known), "?")


def _entry(
    condition: r.Condition,
    code: Code,
    verification: str | None,
    frame: Frame,
    born: Interval | None,
) -> Entry:
    reference = condition.reference
    onset = frame.when(condition.onset_date_time)
    if onset is None and condition.onset_period is not None:
        onset = frame.when(condition.onset_period.start)
    if onset is None:
        onset = until_today(_at_age(condition.onset_age, born), frame.today)
    recorded = frame.when(condition.recorded_date)
    clinical = _word(condition.clinical_status, _CURRENT | _PAST)
    abated = _abatement(condition, born, frame)
    # An explicit status beats an abatement date; without one the abatement must be proven past.
    ended = abated is not None and abated.hi <= frame.today
    current = clinical in _CURRENT or (clinical not in _PAST and not ended)
    past = None if current else until_today(abated, frame.today)
    encounter = frame.reference(condition.encounter)
    lookback: int = frame.config["symptom.lookbackDays"]
    symptom = (
        _is_problem(condition)
        or frame.possibly_within(onset, lookback)
        or frame.possibly_within(recorded, lookback)
        or (encounter is not None and encounter == frame.encounter)
    )
    return Entry(
        kind=Kind.CONDITION,
        code=code,
        concept=concept_of(code.sets, code.system, code.code),
        present=True,
        reference=reference,
        key=reference if condition.id else f"{reference}#{id(condition)}",
        # An unknown verification word is the weaker reading: it asks, it does not fire.
        suspected=verification in _SUSPECTED or verification == "?",
        current=current,
        site=frame.site(r.concepts(condition.body_site), code),
        onset=onset,
        recorded=recorded,
        relapse=clinical in ("recurrence", "relapse"),
        encounter=encounter,
        remission=clinical == "remission",
        symptom=symptom,
        abated=past,
        status=_status_words(clinical, past),
    )


def _status_words(clinical: str | None, ended: Interval | None) -> str | None:
    """What a reader of the evidence must know: that it is over, or that it came back."""
    words = _STATUS_WORDS.get(clinical or "") or ("ended" if ended else None)
    return f"{words} {ended.text}" if words and ended else words


def _is_problem(condition: r.Condition) -> bool:
    return any(
        coding.code == "problem-list-item"
        for category in r.concepts(condition.category)
        for coding in category.coding or []
    )


def _at_age(age: r.Quantity | None, born: Interval | None) -> Interval | None:
    years = age.number if age else None
    if age is None or years is None or born is None or (age.code or age.unit) != "a":
        return None
    return birthday_interval(born, int(years)) if 0 <= years < 150 else None


def _abatement(condition: r.Condition, born: Interval | None, frame: Frame) -> Interval | None:
    """When it ended or will end."""
    text = condition.abatement_date_time
    if text is None and condition.abatement_period is not None:
        text = condition.abatement_period.end or condition.abatement_period.start
    return parse(text, frame.zone) or _at_age(condition.abatement_age, born)


def _refutation(condition: r.Condition, code: Code, frame: Frame) -> Entry:
    updated = condition.meta.last_updated if condition.meta else None
    return Entry(
        kind=Kind.CONDITION,
        code=code,
        concept=concept_of(code.sets, code.system, code.code),
        present=False,
        reference=condition.reference,
        key=condition.reference,
        recorded=frame.when(condition.recorded_date) or frame.when(updated),
        note="documented absent (refuted)",
    )


def _taken_away(entry: Entry, refuted: list[Entry]) -> bool:
    """CF-4: a later refutation of the same code; for fever, of any fever code."""
    date = entry.date
    return date is not None and any(
        no.recorded is not None and no.recorded.lo > date.hi and _same(entry, no) for no in refuted
    )


def _same(entry: Entry, no: Entry) -> bool:
    if "VS-FEVER" in entry.code.sets and "VS-FEVER" in no.code.sets:
        return True
    return not entry.code.codings.isdisjoint(no.code.codings)


def _coded_reasons(draft: r.ServiceRequest, reference: str, frame: Frame) -> list[Entry]:
    entries = []
    for index, concept in enumerate(r.concepts(draft.reason_code)):
        code = frame.code(concept)
        if code is None or not (code := _allowed(code)):
            continue
        entries.append(
            Entry(
                kind=Kind.REASON,
                code=code,
                concept=concept_of(code.sets, code.system, code.code),
                present=True,
                reference=reference,
                key=f"{reference}#reason-{index}",
                suspected=True,
                site=frame.site((), code),
                recorded=day(frame.today),
                note="reason of the order",
            )
        )
    return entries


def _as_reason(entry: Entry, frame: Frame) -> Entry:
    """The Condition behind a reasonReference: a reason whatever its clinicalStatus, asserted today.

    It keeps the key of the Condition, so that the two never count as two entries.
    """
    return msgspec.structs.replace(
        entry,
        kind=Kind.REASON,
        suspected=True,
        current=True,
        onset=None,
        recorded=day(frame.today),
        note="reason of the order",
    )
