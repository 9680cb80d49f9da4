"""What a value says: the accepted negation forms, and nothing beyond them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cds_service.content.terminology_files import load_terminology
from cds_service.facts.config import CriteriaConfig
from cds_service.facts.record import values
from cds_service.facts.record.frame import Frame
from cds_service.fhir import resources as r

SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"


@pytest.fixture(scope="module")
def frame() -> Frame:
    return Frame(datetime(2026, 3, 2, 12, tzinfo=UTC), CriteriaConfig(), load_terminology())


def coded(system: str, *codes: str) -> r.Observation:
    return r.Observation(
        value_codeable_concept=r.CodeableConcept([r.Coding(system, code) for code in codes])
    )


def flagged(code: str, **value) -> r.Observation:
    return r.Observation(interpretation=[r.StatusConcept([r.StatusCoding(code)])], **value)


@pytest.mark.parametrize("code", ["2667000", "260385009", "260415000", "17621005", "373067005"])
def test_snomed_denials(frame, code):
    assert values.polarity(coded(SNOMED, code), frame) is False


@pytest.mark.parametrize("code", ["373066001", "52101004", "10828004", "263654008"])
def test_snomed_affirmations(frame, code):
    assert values.polarity(coded(SNOMED, code), frame) is True


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(coded(LOINC, "LA32-8"), False, id="LOINC answer no"),
        pytest.param(coded(LOINC, "LA33-6"), True, id="LOINC answer yes"),
        pytest.param(coded(SNOMED, "373066001", "373067005"), None, id="yes and no at once"),
        pytest.param(coded(SNOMED, "404684003"), None, id="a code that says neither"),
        pytest.param(r.Observation(value_boolean=True), True, id="true"),
        pytest.param(r.Observation(value_boolean=False), False, id="false"),
        pytest.param(
            r.Observation(value_string=" Not Present "), False, id="closed list, case-folded"
        ),
        pytest.param(r.Observation(value_string="ABNORMAL"), True, id="abnormal"),
        pytest.param(
            r.Observation(value_string="no weakness seen"), None, id="free text is not read"
        ),
        pytest.param(flagged("POS"), True, id="flag positive"),
        pytest.param(flagged("ND"), False, id="flag not detected"),
        pytest.param(
            r.Observation(interpretation=[r.StatusConcept([r.StatusCoding(x) for x in "NA"])]),
            True,
            id="flagged normal and abnormal at once: the positive wins",
        ),
        pytest.param(flagged("L"), None, id="low says nothing of presence"),
        pytest.param(r.Observation(), None, id="nothing at all"),
    ],
)
def test_polarity(frame, item, expected):
    assert values.polarity(item, frame) is expected


def test_true_on_an_examination_could_mean_either(frame):
    assert values.polarity(r.Observation(value_boolean=True), frame, exam=True) is None


@pytest.mark.parametrize(
    ("item", "normal"),
    [
        (r.Observation(value_boolean=True), True),
        (r.Observation(value_boolean=False), False),
        (coded(SNOMED, "17621005"), True),
        (coded(SNOMED, "263654008"), False),
        (coded(LOINC, "LA33-6"), True),
        (coded(SNOMED, "52101004"), None),
        (r.Observation(value_string="normal"), True),
        (r.Observation(value_string="abnormal"), False),
        (r.Observation(value_string="unremarkable"), None),
        (flagged("N"), True),
        (flagged("A"), False),
        (flagged("H"), None),
    ],
)
def test_the_global_examination(frame, item, normal):
    assert values.global_exam_normal(item, frame) is normal


def ratio(top: str, bottom: str) -> r.Observation:
    return r.Observation(value_ratio=r.Ratio(r.Quantity(Decimal(top)), r.Quantity(Decimal(bottom))))


@pytest.mark.parametrize(
    ("item", "reduced", "grade", "text"),
    [
        pytest.param(r.Observation(value_integer=5), False, 5, "5/5", id="full strength"),
        pytest.param(r.Observation(value_integer=4), True, 4, "4/5", id="reduced"),
        pytest.param(r.Observation(value_integer=6), None, None, None, id="no such grade"),
        pytest.param(r.Observation(value_string="4+/5"), True, 4.25, "4+/5", id="4+"),
        pytest.param(r.Observation(value_string="5-/5"), True, 4.75, "5-/5", id="5- is below 5"),
        pytest.param(r.Observation(value_string="0-/5"), None, None, None, id="below the scale"),
        pytest.param(r.Observation(value_string="strong"), None, None, None, id="free text"),
        pytest.param(ratio("3", "5"), True, 3, "3/5", id="ratio of five"),
        pytest.param(ratio("3", "10"), None, None, None, id="another scale"),
        pytest.param(
            r.Observation(value_quantity=r.Quantity(Decimal(4))), True, 4, "4/5", id="quantity"
        ),
        pytest.param(
            r.Observation(value_quantity=r.Quantity(Decimal(5), "<")),
            True,
            None,
            None,
            id="below 5",
        ),
        pytest.param(
            r.Observation(value_quantity=r.Quantity(Decimal(3), "<=")),
            True,
            None,
            None,
            id="3 at most",
        ),
        pytest.param(
            r.Observation(value_quantity=r.Quantity(Decimal(5), "<=")),
            None,
            None,
            None,
            id="5 at most may be full strength",
        ),
        pytest.param(
            r.Observation(value_quantity=r.Quantity(Decimal(3), ">")),
            None,
            None,
            None,
            id="above 3",
        ),
        pytest.param(coded(SNOMED, "263654008"), True, None, None, id="abnormal without a grade"),
    ],
)
def test_strength(frame, item, reduced, grade, text):
    found = values.strength(item, frame)
    assert (found.reduced, found.grade, found.text) == (reduced, grade, text)


@pytest.mark.parametrize(
    ("item", "grade"),
    [
        (r.Observation(value_string="2+"), 2),
        (r.Observation(value_string="0"), 0),
        (r.Observation(value_string="brisk"), None),
        (r.Observation(value_integer=4), 4),
        (r.Observation(value_integer=5), None),
        (r.Observation(value_quantity=r.Quantity(Decimal("1.0"))), 1),
        (r.Observation(value_quantity=r.Quantity(Decimal("1.5"))), None),
        (r.Observation(), None),
    ],
)
def test_reflex_grade(item, grade):
    assert values.reflex_grade(item) == grade
