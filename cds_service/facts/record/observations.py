"""Observations and questionnaire answers as entries (criteria, 0.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from cds_service.facts.record import values
from cds_service.facts.record.entries import NOWHERE, Code, Entry, Kind, Site
from cds_service.facts.record.frame import Frame
from cds_service.facts.terminology.vocabulary import LOCAL, concept_of
from cds_service.fhir import resources as r
from cds_service.fhir.dates import Interval

_FINAL = frozenset(("final", "amended", "corrected", "preliminary"))
_ANSWERED = frozenset(("completed", "amended"))

MEASURED = frozenset(
    (
        "VS-TEMPERATURE",
        "VS-CRP",
        "VS-HSCRP",
        "VS-ESR",
        "VS-WBC",
        "VS-EGFR",
        "VS-PAIN",
        "VS-GCS",
        "VS-PREGNANCY-STATUS",
        "VS-PREGNANCY-TEST",
    )
)
"""Sets whose results are numbers or states of their own, read in `results`."""


class Result(msgspec.Struct, frozen=True, gc=False):
    """A measured or coded result that is not a finding: temperature, laboratory, scores."""

    item: r.Valued
    code: Code
    reference: str
    date: Interval
    site: Site = NOWHERE


Results: TypeAlias = dict[str, list[Result]]
"""By set of `MEASURED`."""


class Focus(msgspec.Struct, frozen=True, gc=False):
    """A statement that something is getting worse; without `names`, every current symptom."""

    entry: Entry
    names: frozenset[str]


class Observed(msgspec.Struct, frozen=True):
    """Everything Observations and answers say, undated and future ones left out."""

    entries: list[Entry]
    results: Results
    worsening: list[Focus]
    weeks: list[tuple[r.Valued, Entry]]
    """Stated weeks of conservative treatment: value and entry."""


class _Item(msgspec.Struct, frozen=True, gc=False):
    """One thing that carries a code and a value, wherever it stood."""

    item: r.Valued
    code: Code
    kind: Kind
    reference: str
    key: str
    date: Interval
    site: Site
    focus: frozenset[str] = frozenset()


def read(
    observations: Iterable[r.Observation],
    answers: Iterable[r.QuestionnaireResponse],
    frame: Frame,
) -> Observed:
    """Entries, results and worsening of this patient's Observations and QuestionnaireResponses."""
    found = Observed([], {}, [], [])
    for item in _items(observations, answers, frame):
        _file(item, found, frame)
    return msgspec.structs.replace(found, entries=_judge_reflexes(found.entries))


def _items(
    observations: Iterable[r.Observation],
    answers: Iterable[r.QuestionnaireResponse],
    frame: Frame,
) -> Iterator[_Item]:
    for observation in observations:
        code = frame.code(observation.code)
        if (code or observation.component) and observation.status in _FINAL:
            yield from _of_observation(observation, code, frame)
    for response in answers:
        if response.status not in _ANSWERED:
            continue
        authored = frame.when(response.authored)
        if authored is not None:
            yield from _of_items(response.item or [], response.reference, authored, frame)


def _of_observation(observation: r.Observation, code: Code | None, frame: Frame) -> Iterator[_Item]:
    parts: list[tuple[str, r.Valued, Code]] = []
    parts += [("", observation, each) for each in _by_local_code(code)]
    for index, component in enumerate(observation.component or []):
        parts += [
            (f"#component-{index}", component, each)
            for each in _by_local_code(frame.code(component.code))
        ]
    if not parts:
        return
    period = observation.effective_period
    date = (
        frame.when(observation.effective_date_time)
        or frame.when(observation.effective_instant)
        or (frame.when(period.end or period.start) if period else None)
        or frame.when(observation.issued)
    )
    if date is None:
        return
    reference = observation.reference
    base = reference if observation.id else f"{reference}@{id(observation)}"
    places = [observation.body_site] if observation.body_site else []
    focus = frozenset(x for f in observation.focus or [] if (x := frame.reference(f)))
    for suffix, part, known in parts:
        site = frame.site(places, known)
        yield _Item(part, known, Kind.OBSERVATION, reference, base + suffix, date, site, focus)


def _by_local_code(code: Code | None) -> list[Code]:
    """The concept once for each local code: each asks something of its own, and reads its value so."""
    if code is None:
        return []
    local = sorted(name for name in code.sets if name.startswith("local:"))
    if len(local) < 2:
        return [code]
    rest = code.sets.difference(local)
    return [msgspec.structs.replace(code, sets=rest | {name}) for name in local]


def _of_items(
    items: Iterable[r.AnswerItem], reference: str, date: Interval, frame: Frame
) -> Iterator[_Item]:
    for item in items:
        yield from _of_items(item.item or [], reference, date, frame)
        for answer in item.answer or []:
            yield from _of_items(answer.item or [], reference, date, frame)
        coding = r.Coding(frame.terminology.local_system, item.link_id)
        code = frame.coded([coding]) if item.link_id in LOCAL else None
        if code is None:
            continue
        name = f"{reference}#{item.link_id}"
        for index, answer in enumerate(item.answer or []):
            concept = r.CodeableConcept([answer.value_coding]) if answer.value_coding else None
            quantity = answer.value_quantity
            if quantity is None and answer.value_decimal is not None:
                quantity = r.Quantity(answer.value_decimal)
            value = r.Valued(
                value_boolean=answer.value_boolean,
                value_integer=answer.value_integer,
                value_quantity=quantity,
                value_codeable_concept=concept,
                value_string=answer.value_string,
            )
            site = frame.site((), code)
            yield _Item(value, code, Kind.ANSWER, name, f"{name}-{index}", date, site)


def _file(item: _Item, found: Observed, frame: Frame) -> None:
    measured = item.code.sets & MEASURED
    if measured:
        result = Result(item.item, item.code, item.reference, item.date, item.site)
        for name in measured:
            found.results.setdefault(name, []).append(result)
    local = next((s.removeprefix("local:") for s in item.code.sets if s.startswith("local:")), None)
    if local == "symptom-worsening":
        entry = _entry(item, values.polarity(item.item, frame))
        if entry.present:
            found.worsening.append(Focus(entry, item.focus))
    elif local == "conservative-therapy-weeks":
        found.weeks.append((item.item, _entry(item, True)))
    elif local is not None:
        found.entries.append(_of_local(local, item, frame))
    elif not measured:
        found.entries.append(_entry(item, values.polarity(item.item, frame)))


def _of_local(local: str, item: _Item, frame: Frame) -> Entry:
    if local == "motor-strength":
        strength = values.strength(item.item, frame)
        return _entry(item, strength.reduced, strength.text, strength.grade)
    if local == "neuro-exam-normal":
        normal = values.global_exam_normal(item.item, frame)
        # `present` is the abnormal examination, so that False is the normal one as elsewhere.
        return _examined(item, None if normal is None else not normal)
    if local == "reflex-exam" and (grade := values.reflex_grade(item.item)) is not None:
        # No flag makes a lost or a clonic reflex normal (CF-7).
        present = True if grade in (0, 4) else values.by_flag(item.item)
        if present is None and grade == 2:
            present = False
        return _entry(item, present, f"{grade}+" if grade else "0", float(grade))
    if LOCAL[local].reading == "exam":
        return _examined(item, values.polarity(item.item, frame, exam=True))
    return _entry(item, values.polarity(item.item, frame))


def _examined(item: _Item, abnormal: bool | None) -> Entry:
    words = {True: "abnormal", False: "normal", None: None}
    return _entry(item, abnormal, words[abnormal])


def _entry(
    item: _Item, present: bool | None, value: str | None = None, grade: float | None = None
) -> Entry:
    code = item.code
    return Entry(
        kind=item.kind,
        code=code,
        concept=concept_of(code.sets, code.system, code.code),
        present=present,
        reference=item.reference,
        key=item.key,
        site=item.site,
        recorded=item.date,
        value=value,
        grade=grade,
        objective=any(s.startswith("local:") for s in code.sets),
        # What has a value says itself that it is normal; "reflex 2+, documented absent" would not.
        note="documented absent" if present is False and value is None else None,
    )


def _judge_reflexes(entries: list[Entry]) -> list[Entry]:
    """1+ and 3+ count where the same day shows another grade elsewhere: asymmetry.

    Alone, a symmetric 1+ or 3+ is within what healthy people have, and stays undecided.
    """
    graded = [e for e in entries if e.concept == "reflex" and e.grade is not None]
    if len(graded) < 2:
        return entries
    grades: dict[Interval | None, set[float | None]] = {}
    for entry in graded:
        grades.setdefault(entry.recorded, set()).add(entry.grade)
    judged = []
    for entry in entries:
        if entry.concept == "reflex" and entry.grade is not None and entry.present is None:
            asymmetric = len(grades[entry.recorded]) > 1
            judged.append(msgspec.structs.replace(entry, present=True) if asymmetric else entry)
        else:
            judged.append(entry)
    return judged
