"""Quantities in canonical units, in exact decimals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


numbers = st.decimals(-1000, 1000, places=3)


@given(numbers)
def test_one_amount_is_the_same_in_every_unit(value):
    assert units.crp_mg_per_l(quantity(str(value), "mg/dL")) == value * 10
    assert units.crp_mg_per_l(quantity(str(value * 10), "mg/L")) == value * 10
    assert units.crp_mg_per_l(quantity(str(value / 100), "g/L")) == value * 10
    assert units.days(quantity(str(value), "wk")) == value * 7
    assert units.white_cells(quantity(str(value * 1000), "/uL")) == value


@given(st.decimals(30, 45, places=2))
def test_a_temperature_is_the_same_on_every_scale(value):
    assert units.celsius(quantity(str(value), "Cel")) == value
    assert units.celsius(quantity(str(value * 9 / 5 + 32), "[degF]")) == value
    assert units.celsius(quantity(str(value + Decimal("273.15")), "K")) == value


@given(numbers)
def test_pain_stays_on_its_scale(value):
    found = units.pain_score(quantity(str(value), "{score}"))
    assert found == (value if 0 <= value <= 10 else None)
    assert units.pain_score(quantity(str(value * 10), "mm")) == found


@given(st.decimals(), st.one_of(st.none(), st.text(max_size=8)))
def test_no_number_and_no_unit_raises(value, unit):
    odd = Quantity(value, unit=unit, code=unit)
    for convert in (units.celsius, units.crp_mg_per_l, units.egfr, units.pain_score, units.days):
        found = convert(odd)
        assert found is None or found.is_finite()
