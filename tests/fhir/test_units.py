"""Quantities in canonical units, in exact decimals."""

from decimal import Decimal

import pytest

from cds_service.fhir import units
from cds_service.fhir.resources import Quantity


def quantity(value: str, unit: str | None = None) -> Quantity:
    return Quantity(Decimal(value), unit=unit)


@pytest.mark.parametrize(
    ("convert", "value", "unit", "expected"),
    [
        (units.celsius, "100.4", "[degF]", "38"),
        (units.celsius, "311.15", "K", "38"),
        (units.celsius, "38.0", "Cel", "38"),
        (units.celsius, "29.9", "Cel", None),
        (units.celsius, "45.1", "Cel", None),
        (units.celsius, "38.0", None, None),
        (units.celsius, "38.0", "furlong", None),
        (units.crp_mg_per_l, "1.0", "mg/dL", "10"),
        (units.crp_mg_per_l, "0.012", "g/L", "12"),
        (units.crp_mg_per_l, "95.24", "nmol/L", "10"),
        (units.crp_mg_per_l, "3", "ug/mL", "3"),
        (units.crp_mg_per_l, "12", "mg/l", "12"),
        (units.crp_mg_per_l, "1.2", "mg/dl", "12"),
        (units.crp_mg_per_l, "12", "ug/ml", "12"),
        (units.crp_mg_per_l, "95.24", "nmol/l", "10"),
        (units.crp_mg_per_l, "12", "MG/L", None),
        (units.crp_mg_per_l, "12", "mol/L", None),
        (units.esr_mm_per_h, "20", "mm/hr", "20"),
        (units.egfr, "29", "mL/min/1.73m2", "29"),
        (units.egfr, "29", "ml/min/{1.73_m2}", "29"),
        (units.egfr, "29", "mL/min", None),
        (units.white_cells, "12000", "/uL", "12"),
        (units.white_cells, "12", "10*9/l", "12"),
        (units.pain_score, "7", None, "7"),
        (units.pain_score, "70", "mm", "7"),
        (units.pain_score, "11", "{score}", None),
        (units.pain_score, "7", "stone", None),
        (units.days, "6", "wk", "42"),
        (units.days, "2", "mo", "60"),
    ],
)
def test_conversion(convert, value, unit, expected):
    found = convert(quantity(value, unit))
    assert found == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    "convert", [units.celsius, units.crp_mg_per_l, units.pain_score, units.days]
)
@pytest.mark.parametrize("nothing", [None, Quantity(), Quantity(Decimal("NaN"), unit="Cel")])
def test_no_number_is_no_value(convert, nothing):
    assert convert(nothing) is None


def test_the_ucum_code_goes_before_the_printed_unit():
    both = Quantity(Decimal("100.4"), unit="degrees", code="[degF]")
    assert units.celsius(both) == 38
