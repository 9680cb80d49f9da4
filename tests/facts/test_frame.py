"""The frame of a call: today in the patient's zone, partial windows, codes and sites."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    SYSTEMS,
    UNKNOWN,
    ago,
    condition,
    observation,
    status,
)
from hypothesis import given
from hypothesis import strategies as st
from samples import terminology

from cds_service.facts.config import CriteriaConfig
from cds_service.facts.record.entries import NOWHERE
from cds_service.facts.record.frame import Frame, plain
from cds_service.fhir.resources import NamedCoding, NamedConcept, Reference

LATE = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)


def frame(zone="UTC", now=LATE, **more):
    return Frame(now, CriteriaConfig({"eval.timezone": zone}), terminology(), **more)


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        pytest.param("UTC", "2026-03-02", id="at Greenwich"),
        pytest.param("Pacific/Auckland", "2026-03-03", id="in Auckland it is tomorrow"),
        pytest.param("America/New_York", "2026-03-02", id="in New York it is still today"),
    ],
)
def test_today_is_the_day_of_the_patient(zone, today):
    """eval.timezone."""
    assert frame(zone).today.isoformat() == today


def test_the_zone_moves_a_duration_over_its_limit():
    """eval.timezone: three in the morning at Greenwich is the day before in New York."""
    pain = condition(NECK_PAIN, f"{ago(27)}T03:00:00Z")
    assert status("NOT-ACUTE", pain) is MET
    assert status("NOT-ACUTE", pain, options={"eval.timezone": "America/New_York"}) is NOT_MET


def test_dates_of_tomorrow_are_left_out_and_counted():
    here = frame()
    assert here.when("2026-03-03") is None
    assert here.when("2026-04") is None
    assert here.future == 2
    assert here.when("2026-03-02") is not None
    this_month = here.when("2026-03")
    assert this_month is not None
    assert this_month.hi == here.today
    assert here.when("soon") is here.when(None) is None
    assert here.future == 2


@pytest.mark.parametrize(
    ("when", "proven", "possible"),
    [
        pytest.param("2026-02-23", True, True, id="seven days ago"),
        pytest.param("2026-02-22", False, False, id="eight days ago"),
        pytest.param("2026-02", False, True, id="some day in February"),
        pytest.param("2026-01", False, False, id="some day in January"),
    ],
)
def test_a_window_of_seven_days(when, proven, possible):
    here = frame()
    found = here.when(when)
    assert here.within(found, 7) is proven
    assert here.possibly_within(found, 7) is possible
    assert not here.within(None, 7)
    assert not here.possibly_within(None, 7)


def coded(*codes, text=None):
    found = []
    for code in codes:
        system, _, value = code.partition("|")
        found.append(NamedCoding(SYSTEMS[system], value))
    return NamedConcept(found or None, text)


def test_a_concept_belongs_to_the_sets_of_all_its_codings():
    here = frame()
    found = here.code(coded("sct|1", "icd|M54.2", "sct|161882006"))
    assert found is not None
    assert "VS-NECKPAIN" in found.sets
    assert (found.code, found.display) == ("M54.2", "Cervicalgia")
    assert len(found.codings) == 3


@pytest.mark.parametrize(
    "concept",
    [
        pytest.param(None, id="none"),
        pytest.param(NamedConcept(), id="no coding"),
        pytest.param(NamedConcept(None, "neck pain"), id="words are not read"),
        pytest.param(coded("sct|1"), id="an unknown code"),
        pytest.param(NamedConcept([NamedCoding()]), id="an empty coding"),
        pytest.param(coded("local|no-such-code"), id="a local code that does not exist"),
        pytest.param(coded("local|no-such-code", "sct|1"), id="beside another unknown code"),
    ],
)
def test_a_concept_none_of_our_sets_knows(concept):
    assert frame().code(concept) is None


def test_an_empty_coding_beside_a_known_one_is_passed_over():
    found = frame().code(NamedConcept([NamedCoding(display="Neck"), *(coded("icd|M54.2").coding)]))
    assert found is not None
    assert len(found.codings) == 1


def test_a_local_code_is_named_by_us():
    found = frame().code(coded("local|clonus"))
    assert found is not None
    assert (found.sets, found.display) == (frozenset({"local:clonus"}), "Clonus")


WEAK, WEAK_ARM, WEAK_LEG, ALL_FOUR = "sct|26544005", "icd|G83.21", "icd|M21.371", "icd|G82.50"


@pytest.mark.parametrize(
    ("places", "finding", "region"),
    [
        pytest.param((), WEAK, None, id="nowhere"),
        pytest.param((), WEAK_ARM, "upper", id="an arm by the finding's own code"),
        pytest.param((), WEAK_LEG, "lower", id="a leg by the finding's own code"),
        pytest.param((), ALL_FOUR, "upper", id="all four limbs: an arm too"),
        pytest.param((coded("sct|61685007"),), WEAK, "lower", id="a leg by its site"),
        pytest.param((coded("sct|85562004"),), WEAK, "upper", id="a hand by its site"),
        pytest.param((coded("sct|45048000"),), WEAK, "neck", id="the neck by its site"),
        pytest.param((coded("sct|61685007"),), WEAK_ARM, "lower", id="a site beats the finding"),
        pytest.param((coded("sct|1"),), WEAK, None, id="a site nobody knows"),
        pytest.param((coded("sct|1"), coded("sct|61685007")), WEAK, "lower", id="the second site"),
        pytest.param((NamedConcept(None, "left leg"),), WEAK, None, id="words name no region"),
        pytest.param((NamedConcept([NamedCoding(None, "x")]),), WEAK, None, id="no system"),
    ],
)
def test_where_a_finding_is(places, finding, region):
    here = frame()
    code = here.code(coded(finding))
    assert code is not None
    assert here.site(places, code).region == region


def test_words_tell_two_sites_apart():
    here = frame()
    code = here.code(coded(WEAK))
    assert code is not None
    left, right = (here.site([NamedConcept(None, t)], code) for t in (" Left arm", "right arm"))
    assert left.named
    assert left != right
    assert left == here.site([NamedConcept(None, "LEFT ARM ")], code)
    assert here.site([NamedConcept()], code) is NOWHERE
    assert not NOWHERE.named


def test_references_are_compared_within_the_server():
    here = frame(fhir_server="https://ehr.example.org/fhir", encounter_id="e1")
    assert here.reference(Reference("https://ehr.example.org/fhir/Condition/1")) == "Condition/1"
    assert here.reference(None) is None
    assert here.encounter == "Encounter/e1"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_a_number_is_written_without_exponent_and_means_the_same(number):
    text = plain(number)
    assert Decimal(text) == number
    assert "E" not in text
    assert not ("." in text and text.endswith(("0", ".")))


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (Decimal(101 - 32) * 5 / 9, "≈38.33"),
        (Decimal("37.9999999999"), "≈37.99"),
        (Decimal("0.0123456789012"), "≈0.01234"),
        (Decimal("0.00999999999999"), "≈0.009999"),
        (Decimal("-0.00000123456789012"), "≈-0.000001234"),
        (Decimal("0.010374"), "0.010374"),
        (Decimal("37.99999"), "37.99999"),
        (Decimal("7" * 40 + ".000001"), "≈" + "7" * 40),
        (Decimal("36.1250"), "36.125"),
        (Decimal("5E+1"), "50"),
    ],
)
def test_a_number_that_goes_on_is_cut_and_never_rounded_up(number, written):
    assert plain(number) == written


def test_a_vague_examination_is_not_proven_recent():
    pain, weak = condition(NECK_PAIN, 100), observation("motor-exam", "abnormal", None)
    assert status("RF-NEURO-MOTOR", pain, weak | {"effectiveDateTime": "2026-02"}) is MET
    assert status("RF-NEURO-MOTOR", pain, weak | {"effectiveDateTime": "2026"}) is UNKNOWN
