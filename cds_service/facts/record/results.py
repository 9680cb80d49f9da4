"""Measured results: temperature, CRP and ESR, pain, eGFR, white cells, coma score (criteria, 0.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from cds_service.facts.finding import Evidence
from cds_service.facts.record.frame import Frame, plain
from cds_service.facts.record.observations import Result, Results
from cds_service.facts.record.values import flag, polarity
from cds_service.fhir import resources as r
from cds_service.fhir import units
from cds_service.fhir.dates import Interval

_RAISED = frozenset(("H", "HH", "HU", "A", "AA", "POS"))
_NOT_RAISED = frozenset(("N", "L", "LL", "NEG"))
_SMALLEST_INFLAMMATION_LIMIT = Decimal(5)
"""Below this a range of high-sensitivity CRP is a cardiac-risk range, mg/L (0.5)."""
PAIN_DAYS = 14
"""Age of a pain score that still counts (criteria, RF-PAIN-INTRACTABLE and WORSE)."""


class Number(msgspec.Struct, frozen=True, gc=False):
    """One usable number in its canonical unit."""

    value: Decimal
    date: Interval
    reference: str
    display: str
    unit: str
    comparator: str = ""
    """`<`, `<=`, `>` or `>=` where the number is only a bound."""

    @property
    def text(self) -> str:
        space = "" if self.unit.startswith("/") else " "  # 5/10, but 38 °C
        return f"{self.comparator}{plain(self.value)}{space}{self.unit}".strip()

    def below(self, limit: Decimal) -> bool | None:
        """Whether it is < `limit`; None where a comparator leaves that open."""
        if not self.comparator:
            return self.value < limit
        if self.comparator in (">", ">="):
            return False if self.value >= limit else None
        lower = self.value <= limit if self.comparator == "<" else self.value < limit
        return True if lower and self.comparator in ("<", "<=") else None

    def evidence(self, threshold: str | None = None, note: str | None = None) -> Evidence:
        return Evidence(self.reference, self.display, self.date.text, self.text, threshold, note)


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """Whether one laboratory result is raised, and what it was held against."""

    raised: bool | None
    result: Result
    shown: str | None
    limit: str

    def evidence(self) -> Evidence:
        result = self.result
        return Evidence(
            result.reference, result.code.display, result.date.text, self.shown, self.limit
        )


def in_window(found: Results, name: str, days: int, frame: Frame) -> list[Result]:
    """Results of one set no older than `days`."""
    return [x for x in found.get(name, ()) if frame.within(x.date, days)]


def numbers(
    found: Results,
    name: str,
    days: int,
    convert: Callable[[r.Quantity | None], Decimal | None],
    unit: str,
    frame: Frame,
    *,
    inexact: bool = False,
) -> list[Number]:
    """Usable numbers of one set in the window; those with a comparator only where asked for."""
    usable = []
    for x in in_window(found, name, days, frame):
        quantity = x.item.value_quantity
        if quantity is None and x.item.value_integer is not None:
            quantity = r.Quantity(Decimal(x.item.value_integer))
        comparator = (quantity.comparator if quantity else None) or ""
        value = convert(quantity)
        if value is not None and (inexact or not comparator):
            usable.append(Number(value, x.date, x.reference, x.code.display, unit, comparator))
    return usable


def pain_scores(found: Results, days: int, frame: Frame) -> list[Number]:
    """Pain scores, 0–10, no older than `days`."""
    return numbers(found, "VS-PAIN", days, units.pain_score, "/10", frame)


def unusable(
    found: Results,
    name: str,
    days: int,
    convert: Callable[[r.Quantity | None], Decimal | None],
    frame: Frame,
) -> int:
    """How many results of a set in the window carry no unit we know or an impossible value."""
    return sum(
        x.item.value_quantity is not None and convert(x.item.value_quantity) is None
        for x in in_window(found, name, days, frame)
    )


def latest(found: Sequence[Number]) -> list[Number]:
    """All numbers of the newest day."""
    newest = max((n.date.hi for n in found), default=None)
    return [n for n in found if n.date.hi == newest]


def score(quantity: r.Quantity | None) -> Decimal | None:
    """A bare score (Glasgow coma scale): any unit, 3–15."""
    value = quantity.number if quantity else None
    return value if value is not None and 3 <= value <= 15 else None


class Person(msgspec.Struct, frozen=True):
    """What reference limits depend on; None is not known."""

    age: int | None
    sex: str | None


def raised_crp(found: Results, person: Person, frame: Frame) -> list[Verdict]:
    """CRP and hs-CRP of the newest day with a usable result; they are one test for `latest`."""
    days: int = frame.config["lab.lookbackDays"]
    default: Decimal = frame.config["crp.uln"]
    verdicts = [
        _elevated(x, units.crp_mg_per_l, default, "mg/L", person, sensitive=False)
        for x in in_window(found, "VS-CRP", days, frame)
    ]
    verdicts += [
        _elevated(x, units.crp_mg_per_l, default, "mg/L", person, sensitive=True)
        for x in in_window(found, "VS-HSCRP", days, frame)
    ]
    return _newest(verdicts)


def raised_esr(found: Results, person: Person, frame: Frame) -> list[Verdict]:
    """ESR of the newest day with a usable result."""
    days: int = frame.config["lab.lookbackDays"]
    limit = esr_limit(person, frame.config["esr.method"])
    return _newest(
        [
            _elevated(x, units.esr_mm_per_h, limit, "mm/h", person)
            for x in in_window(found, "VS-ESR", days, frame)
        ]
    )


def raised_wbc(found: Results, person: Person, frame: Frame) -> list[Verdict]:
    """White cells against the laboratory's own range or flag; we hold no default limit."""
    days: int = frame.config["lab.lookbackDays"]
    return _newest(
        [
            _elevated(x, units.white_cells, None, "10*9/L", person)
            for x in in_window(found, "VS-WBC", days, frame)
        ]
    )


def _newest(verdicts: list[Verdict]) -> list[Verdict]:
    usable = [v for v in verdicts if v.raised is not None]
    newest = max((v.result.date.hi for v in usable), default=None)
    return [v for v in usable if v.result.date.hi == newest]


def esr_limit(person: Person, method: str) -> Decimal:
    """Upper limit of ESR in mm/h without a laboratory range (0.5, `esr.uln`)."""
    male, female = person.sex == "male", person.sex == "female"
    if method == "miller" and person.age is not None and (male or female):
        return Decimal(person.age if male else person.age + 10) / 2
    if not (male or female):
        return Decimal(30)
    over_50 = person.age is None or person.age > 50
    if male:
        return Decimal(20 if over_50 else 15)
    return Decimal(30 if over_50 else 20)


def _elevated(
    result: Result,
    convert: Callable[[r.Quantity | None], Decimal | None],
    default: Decimal | None,
    unit: str,
    person: Person,
    *,
    sensitive: bool = False,
) -> Verdict:
    """The elevated-laboratory rule: own range, then the flag, then the default limit."""
    item = result.item
    quantity = item.value_quantity
    value = convert(quantity)
    shown = _shown(quantity)
    limits = _limits(item, convert, person)
    if sensitive:
        limits = [x for x in limits if x >= _SMALLEST_INFLAMMATION_LIMIT]
    marked = None if sensitive else flag(item)
    by_flag = True if marked in _RAISED else False if marked in _NOT_RAISED else None
    flagged = Verdict(by_flag, result, shown or f"flag {marked}", f"laboratory flag {marked}")
    if value is not None and limits:
        limit = min(limits)
        verdict = _compare(value, quantity, limit)
        if verdict is not None:
            return Verdict(
                verdict, result, shown, f"limit {plain(limit)} {unit} (laboratory range)"
            )
    if by_flag is not None:
        return flagged
    if value is not None and default is not None and not limits:
        verdict = _compare(value, quantity, default)
        return Verdict(verdict, result, shown, f"limit {plain(default)} {unit} (default)")
    return Verdict(None, result, shown, "no usable limit")


def _compare(value: Decimal, quantity: r.Quantity | None, limit: Decimal) -> bool | None:
    """Raised iff value > limit; a comparator decides only where it can (0.5, rule 4)."""
    comparator = quantity.comparator if quantity else None
    if not comparator:
        return value > limit
    if comparator in ("<", "<="):
        return False if value <= limit else None
    return True if comparator in (">", ">=") and value >= limit else None


def _limits(
    item: r.Valued, convert: Callable[[r.Quantity | None], Decimal | None], person: Person
) -> list[Decimal]:
    return [
        high
        for x in item.reference_range or []
        if _is_normal(x) and _fits(x, person) and (high := convert(x.high)) is not None
    ]


def _is_normal(x: r.ReferenceRange) -> bool:
    codes = [c.code for c in (x.type.coding or [])] if x.type else []
    return not codes or "normal" in codes


def _fits(x: r.ReferenceRange, person: Person) -> bool:
    sexes = {
        word
        for concept in r.concepts(x.applies_to)
        for coding in concept.coding or []
        if (word := _SEX_CODES.get((coding.code or "").lower()))
    }
    if sexes and person.sex is not None and person.sex not in sexes:
        return False
    if x.age is None or person.age is None:
        return True
    low, high = _years(x.age.low), _years(x.age.high)
    return (low is None or person.age >= low) and (high is None or person.age <= high)


_SEX_CODES = {"male": "male", "m": "male", "female": "female", "f": "female"}


def _years(quantity: r.Quantity | None) -> Decimal | None:
    if quantity is None or (quantity.code or quantity.unit) not in ("a", "years", "year", None):
        return None
    return quantity.number


def _shown(quantity: r.Quantity | None) -> str | None:
    value = quantity.number if quantity else None
    if quantity is None or value is None:
        return None
    unit = quantity.code if quantity.code in _PRINTABLE else quantity.unit
    unit = unit if unit in _PRINTABLE else ""
    sign = quantity.comparator if quantity.comparator in ("<", "<=", ">", ">=") else ""
    return f"{sign}{plain(value)} {unit}".strip()


# Only units from a closed list are repeated on a card: a unit is free text of the record.
_PRINTABLE = frozenset(
    (
        *("mg/L", "mg/dL", "ug/mL", "nmol/L", "g/L", "mm/h", "mm/hr", "10*9/L", "10*3/uL"),
        *("mg/l", "mg/dl", "ug/ml", "nmol/l", "g/l", "10*9/l", "10*3/ul"),
    )
)


def positive(result: Result, frame: Frame) -> bool:
    """A coded, boolean or flagged positive test."""
    return polarity(result.item, frame) is True
