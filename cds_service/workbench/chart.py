"""The chart as a person reads it, made from the request itself: sections, rows, dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

import msgspec

from cds_service.facts.terminology.value_sets import Terminology
from cds_service.workbench import elements
from cds_service.workbench.document import Json, drafts, numbered, reference
from cds_service.workbench.values import Editor, answers, editor, shown
from cds_service.workbench.words import (
    KEY_WORDS,
    ago,
    codes_of,
    condition_state,
    name_of,
    person,
    rating_of,
    status_of,
    written_on,
)

SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Problems": ("conditions",),
    "Examination and vital signs": ("obs-exam", "obs-vitals", "answers"),
    "Laboratory": ("obs-labs",),
    "Treatment and procedures": ("procedures", "meds", "med-statements", "med-dispenses"),
    "Imaging and earlier orders": ("imaging", "imaging-studies", "orders"),
    "Implants and allergies": ("devices", "allergies"),
}
"""Prefetch keys by heading."""

MOST: Final = 60
"""Rows of a section of each kind, those that matter and those that do not: what a person looks through,
and what one page can hold of a record of thousands of entries.
"""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One entry of the record."""

    key: str
    place: int
    """Place among the entries of the prefetch key."""
    reference: str
    title: str
    kind: str
    """Resource type."""
    codes: tuple[str, ...]
    when: str
    until: str
    ago: str
    status: str
    value: str
    matters: bool
    """One of its codes is in a set the criteria ask for."""
    date: str
    """The full date to start from when it is moved; empty if the record has none."""
    movable: bool
    state: str
    """Key of `elements.STATUSES`; empty for all but Conditions."""
    editor: Editor | None

    @property
    def anchor(self) -> str:
        """HTML id."""
        return f"row-{self.key}-{self.place}"


class Section(msgspec.Struct, frozen=True, gc=False):
    """Rows under one heading, newest first."""

    heading: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    """What was not sent or could not be read."""
    left_out: int = 0
    """Older entries that are part of the request and have no row."""

    @property
    def matter(self) -> list[Row]:
        return [row for row in self.rows if row.matters]

    @property
    def rest(self) -> list[Row]:
        return [row for row in self.rows if not row.matters]


class Order(msgspec.Struct, frozen=True, gc=False):
    """One draft."""

    reference: str
    title: str
    codes: tuple[str, ...]
    code: str
    """First code, to show the study as chosen."""
    priority: str
    reasons: tuple[str, ...]
    selected: bool
    rating: str
    """Appropriateness written on it, if any."""
    written: tuple[tuple[str, str], ...]
    """All of the rating's extensions: what each is, and its value."""


class Supply(msgspec.Struct, frozen=True, gc=False):
    """How one prefetch key is sent."""

    key: str
    label: str
    state: str
    """Words: `3 entries`, `none`, `not sent`, …"""


class Chart(msgspec.Struct, frozen=True, gc=False):
    """One request, readable."""

    person: str
    born: str
    sections: tuple[Section, ...]
    orders: tuple[Order, ...]
    supplies: tuple[Supply, ...]
    server: str
    """`fhirServer` of the request; empty if it names none."""

    @property
    def newest(self) -> str:
        """Newest full date of an entry; empty if there is none."""
        return max((row.date for section in self.sections for row in section.rows), default="")


def chart(request: Json, terminology: Terminology, today: date) -> Chart:
    """Everything to be shown of a request that `document.read` took; times are held to `today`."""
    who, born = person(request, today)
    return Chart(
        person=who,
        born=born,
        sections=tuple(
            _section(heading, keys, request, terminology, today)
            for heading, keys in SECTIONS.items()
        ),
        orders=tuple(_order(draft, request, terminology) for draft in drafts(request)),
        supplies=tuple(Supply(key, KEY_WORDS[key], _state(request, key)) for key in KEY_WORDS),
        server=server if isinstance(server := request.get("fhirServer"), str) else "",
    )


def anchors(found: Chart) -> dict[str, str]:
    """HTML id of the row behind each reference; the first where one occurs twice."""
    rows: dict[str, str] = {}
    for section in found.sections:
        for row in section.rows:
            rows.setdefault(row.reference, row.anchor)
    return rows


def _section(
    heading: str, keys: tuple[str, ...], request: Json, terminology: Terminology, today: date
) -> Section:
    found = [
        (key, place, resource)
        for key in keys
        for place, resource in numbered(request, key)
        if resource.get("resourceType") != "OperationOutcome"
    ]
    found.sort(key=lambda each: _when(each[2]), reverse=True)
    # Of a long record the newest; only these are worked out further.
    room = {True: MOST, False: MOST}
    rows = []
    for key, place, resource in found:
        matters = _matters(resource, terminology)
        room[matters] -= 1
        if room[matters] >= 0:
            rows.append(_row(key, place, resource, terminology, today, matters=matters))
    notes = [
        f"{KEY_WORDS[key]}: {state}"
        for key in keys
        if (state := _state(request, key)).startswith(("not sent", "could not", "only"))
    ]
    return Section(heading, tuple(rows), tuple(notes), len(found) - len(rows))


def _when(resource: Json) -> str:
    start, end = elements.date_text(resource)
    return elements.day(start or end)


def _row(
    key: str, place: int, resource: Json, terminology: Terminology, today: date, *, matters: bool
) -> Row:
    start, end = elements.date_text(resource)
    concept = elements.concept(resource)
    when = _when(resource)
    return Row(
        key=key,
        place=place,
        reference=reference(resource),
        title=name_of(concept, resource, terminology),
        kind=str(resource.get("resourceType")),
        codes=codes_of(concept),
        when=when,
        until=elements.day(end) if end and end != start else "",
        ago=ago(when, today),
        status=status_of(resource),
        value=shown(resource, terminology),
        matters=matters,
        date=when if len(when) == 10 else "",
        movable=str(resource.get("resourceType")) in elements.DATES,
        state=condition_state(resource),
        editor=editor(resource),
    )


def _matters(resource: Json, terminology: Terminology) -> bool:
    return any(
        terminology.sets_of(system, code) or system == terminology.local_system
        for system, code in _all_codings(resource)
    ) or any(link in terminology.local_codes for link, _ in answers(resource))


def _all_codings(resource: Json) -> Iterator[tuple[str, str]]:
    yield from elements.codings(elements.concept(resource))
    parts = resource.get("component")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict):
            yield from elements.codings(part.get("code"))


def _order(draft: Json, request: Json, terminology: Terminology) -> Order:
    name = reference(draft)
    picked = request["context"].get("selections")
    concept = elements.concept(draft)
    codes = [code for _, code in elements.codings(concept)]
    reasons = draft.get("reasonCode")
    return Order(
        reference=name,
        title=name_of(concept, draft, terminology),
        codes=codes_of(concept),
        code=codes[0] if codes else "",
        priority=str(draft.get("priority") or ""),
        reasons=tuple(
            name_of(each, {}, terminology)
            for each in (reasons if isinstance(reasons, list) else ())
            if isinstance(each, dict)
        ),
        selected=picked is None or name in picked,
        rating=rating_of(draft),
        written=tuple(written_on(draft)),
    )


def _state(request: Json, key: str) -> str:
    prefetch = request.get("prefetch") or {}
    if key not in prefetch:
        return "not sent"
    value = prefetch[key]
    if value is None:
        return "none"
    if not isinstance(value, dict):
        return "could not be read"
    resources = list(numbered(request, key))
    if any(resource.get("resourceType") == "OperationOutcome" for _, resource in resources):
        return "could not be read"
    if value.get("resourceType") != "Bundle":
        return "sent"
    links = value.get("link")
    more = any(
        isinstance(link, dict) and link.get("relation") == "next"
        for link in (links if isinstance(links, list) else ())
    )
    count = len(resources)
    words = f"{count} {'entry' if count == 1 else 'entries'}" if count else "none"
    return f"only the first page, {words}" if more else words
