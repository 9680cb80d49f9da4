"""Quantities in canonical units, in exact decimal arithmetic (criteria, section 0.5).

Each converter takes a Quantity and returns the canonical number, or None where the unit is missing
or unknown: without a unit a number says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from cds_service.fhir.resources import Quantity

Converter = Callable[[Decimal], Decimal]

# UCUM has two codes for one litre, `L` and `l`; the tables below write it `L`.
_LITRE = re.compile(r"(?<![A-Za-z])([mdu]?)l(?![A-Za-z])")

_SAME: Converter = lambda x: x  # noqa: E731

_TEMPERATURE: dict[str, Converter] = {
    "Cel": _SAME,
    "°C": _SAME,
    "[degF]": lambda x: (x - 32) * 5 / 9,
    "°F": lambda x: (x - 32) * 5 / 9,
    "K": lambda x: x - Decimal("273.15"),
}
_CRP: dict[str, Converter] = {
    "mg/L": _SAME,
    "ug/mL": _SAME,
    "mg/dL": lambda x: x * 10,
    "g/L": lambda x: x * 1000,
    "nmol/L": lambda x: x / Decimal("9.524"),
}
_ESR: dict[str, Converter] = dict.fromkeys(("mm/h", "mm/hr", "mm/(1.h)", "mm/(h)"), _SAME)
_EGFR: dict[str, Converter] = dict.fromkeys(
    (
        "mL/min/{1.73_m2}",
        "mL/min/1.73m2",
        "mL/min/1.73 m2",
        "mL/min/1.73 m²",
        "mL/min/{1.73m2}",
        "mL/min/(1.73.m2)",
        "mL/min/1.73.m2",
    ),
    _SAME,
)
_PAIN: dict[str, Converter] = {
    **dict.fromkeys(("{score}", "1", "{0-10}", "{Score}", "score"), _SAME),
    "cm": _SAME,
    "mm": lambda x: x / 10,
}
_DAYS: dict[str, Converter] = {
    **dict.fromkeys(("d", "day", "days"), _SAME),
    **dict.fromkeys(("wk", "week", "weeks"), lambda x: x * 7),
    **dict.fromkeys(("mo", "month", "months"), lambda x: x * 30),
}
_WBC: dict[str, Converter] = {
    **dict.fromkeys(("10*3/uL", "10*9/L", "10^3/uL", "10^9/L", "K/uL"), _SAME),
    "/uL": lambda x: x / 1000,
}


def _convert(quantity: Quantity | None, table: dict[str, Converter]) -> Decimal | None:
    number = quantity.number if quantity else None
    if quantity is None or number is None:
        return None
    for unit in (quantity.code, quantity.unit):
        if unit is not None and (converter := table.get(_LITRE.sub(r"\1L", unit.strip()))):
            return converter(number)
    return None


def celsius(quantity: Quantity | None) -> Decimal | None:
    """Body temperature in °C; None outside 30–45 °C, which no patient has."""
    value = _convert(quantity, _TEMPERATURE)
    return value if value is not None and 30 <= value <= 45 else None


def crp_mg_per_l(quantity: Quantity | None) -> Decimal | None:
    """C-reactive protein in mg/L."""
    return _convert(quantity, _CRP)


def esr_mm_per_h(quantity: Quantity | None) -> Decimal | None:
    """Erythrocyte sedimentation rate in mm/h."""
    return _convert(quantity, _ESR)


def egfr(quantity: Quantity | None) -> Decimal | None:
    """Estimated glomerular filtration rate in mL/min/1.73 m²."""
    return _convert(quantity, _EGFR)


def white_cells(quantity: Quantity | None) -> Decimal | None:
    """White cells in 10*9/L."""
    return _convert(quantity, _WBC)


def pain_score(quantity: Quantity | None) -> Decimal | None:
    """Pain on the 0–10 scale; a score without a unit is a score; millimetres are divided by ten."""
    if quantity is None or quantity.number is None:
        return None
    bare = not quantity.code and not quantity.unit
    value = quantity.number if bare else _convert(quantity, _PAIN)
    return value if value is not None and 0 <= value <= 10 else None


def days(quantity: Quantity | None) -> Decimal | None:
    """A duration in days (weeks × 7, months × 30)."""
    return _convert(quantity, _DAYS)
