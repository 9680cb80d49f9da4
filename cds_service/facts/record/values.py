"""What a value says: present, absent, or nothing usable (criteria, 0.3 negation forms).

No natural language is read: a string counts only when it is, case-folded, exactly one word of the
closed lists.
"""

from __future__ import annotations

import re
from decimal import Decimal

from cds_service.facts.record.frame import Frame, plain
from cds_service.fhir import resources as r

_POSITIVE_WORDS = frozenset(("present", "positive", "yes", "abnormal"))
_NEGATIVE_WORDS = frozenset(("absent", "negative", "none", "no", "normal", "not present"))
_POSITIVE_FLAGS = frozenset(("A", "AA", "H", "HH", "POS", "DET"))
_RAISING_FLAGS = _POSITIVE_FLAGS | {"HU"}
_NEGATIVE_FLAGS = frozenset(("N", "NEG", "ND"))
_MRC = re.compile(r"([0-5])([+-])?\s*/\s*5", re.ASCII)
_REFLEX = re.compile(r"([0-4])\+?", re.ASCII)


def flag(item: r.Valued) -> str | None:
    """The interpretation's code, upper-cased; None when there is none we know.

    Of several that contradict each other the positive one (CF-3).
    """
    codes = [
        (coding.code or "").upper()
        for concept in r.concepts(item.interpretation)
        for coding in concept.coding or []
    ]
    known = _RAISING_FLAGS | _NEGATIVE_FLAGS | {"L", "LL"}
    found = [code for code in codes if code in known]
    return next((code for code in found if code in _RAISING_FLAGS), found[0] if found else None)


def _coded(item: r.Valued, frame: Frame) -> frozenset[str]:
    concept = item.value_codeable_concept
    if concept is None:
        return frozenset()
    names: set[str] = set()
    for coding in concept.coding or []:
        names |= frame.terminology.sets_of(coding.system, coding.code)
    return frozenset(n for n in names if n.startswith("ANSWER-"))


def _word(item: r.Valued) -> str | None:
    return item.value_string.strip().casefold() if item.value_string else None


def polarity(item: r.Valued, frame: Frame, *, exam: bool = False) -> bool | None:
    """True: the finding is present; False: denied or normal; None: not said.

    With `exam` (an examination that is Normal or Abnormal) a bare boolean says nothing: `true`
    could mean either.
    """
    if item.value_boolean is not None and not exam:
        return item.value_boolean
    coded = _coded(item, frame)
    if coded:
        positive, negative = "ANSWER-POSITIVE" in coded, "ANSWER-NEGATIVE" in coded
        return None if positive == negative else positive
    word = _word(item)
    if word in _POSITIVE_WORDS:
        return True
    if word in _NEGATIVE_WORDS:
        return False
    return by_flag(item)


def by_flag(item: r.Valued) -> bool | None:
    code = flag(item)
    if code in _POSITIVE_FLAGS:
        return True
    return False if code in _NEGATIVE_FLAGS else None


def global_exam_normal(item: r.Valued, frame: Frame) -> bool | None:
    """`neuro-exam-normal`: true, yes or Normal is a normal examination; false, no or Abnormal not."""
    if item.value_boolean is not None:
        return item.value_boolean
    coded = _coded(item, frame)
    if coded & {"ANSWER-NORMAL", "ANSWER-YES"}:
        return True
    if coded & {"ANSWER-ABNORMAL", "ANSWER-NO"}:
        return False
    word = _word(item)
    if word in ("normal", "yes"):
        return True
    if word in ("abnormal", "no"):
        return False
    code = flag(item)
    return {"N": True, "A": False, "AA": False}.get(code or "")


class Strength:
    """Muscle strength: whether it is reduced, its MRC grade, and how to show it."""

    __slots__ = ("grade", "reduced", "text")

    def __init__(self, reduced: bool | None, grade: float | None = None, text: str | None = None):
        self.reduced = reduced
        self.grade = grade
        self.text = text


def strength(item: r.Valued, frame: Frame) -> Strength:
    """MRC grade from an integer, a quantity, a ratio n:5 or exactly `n/5`; < 5 is reduced."""
    number: Decimal | None = None
    quantity = item.value_quantity
    if item.value_integer is not None:
        number = Decimal(item.value_integer)
    elif quantity is not None and quantity.value is not None:
        number = quantity.number
        if number is None:
            return Strength(None)
        if quantity.comparator:
            sign, value = quantity.comparator, number
            below_five = (sign == "<" and value <= 5) or (sign == "<=" and value < 5)
            return Strength(True if below_five else None)
    elif item.value_ratio is not None:
        top, bottom = item.value_ratio.numerator, item.value_ratio.denominator
        if top and bottom and bottom.number == 5:
            number = top.number
    elif item.value_string and (match := _MRC.fullmatch(item.value_string.strip())):
        # 4+ and 4- lie a quarter grade above and below 4.
        quarter = {"+": Decimal("0.25"), "-": Decimal("-0.25")}.get(match[2] or "", Decimal(0))
        number = Decimal(match[1]) + quarter
        if 0 <= number <= 5:
            return Strength(number < 5, float(number), f"{match[1]}{match[2] or ''}/5")
    if number is not None:
        if not 0 <= number <= 5:
            return Strength(None)
        return Strength(number < 5, float(number), f"{plain(number)}/5")
    return Strength(polarity(item, frame, exam=True))


def reflex_grade(item: r.Valued) -> int | None:
    """Tendon reflex 0–4 (2 is normal), from an integer, a quantity or `n+`."""
    if item.value_integer is not None:
        number: int | None = item.value_integer
    elif item.value_quantity is not None and item.value_quantity.value is not None:
        value = item.value_quantity.number
        number = int(value) if value is not None and value == int(value) else None
    elif item.value_string and (match := _REFLEX.fullmatch(item.value_string.strip())):
        number = int(match[1])
    else:
        return None
    return number if number is not None and 0 <= number <= 4 else None
