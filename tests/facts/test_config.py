"""Every key of the criteria: defaults, overrides, clear refusals."""

from decimal import Decimal

import pytest

from cds_service.errors import ConfigurationError
from cds_service.facts.config import KEYS, CriteriaConfig


def test_every_default_is_accepted_as_an_override():
    defaults = dict(CriteriaConfig().items())
    assert dict(CriteriaConfig({name: str(value) for name, value in defaults.items()}).items()) == (
        defaults
    )


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("ext.radicular", "false", False),
        ("fever.thresholdC", "38.3", Decimal("38.3")),
        ("dup.days", 60, 60),
        ("ivdu.lookback", "365", 365),
        ("ivdu.lookback", "lifetime", "lifetime"),
        ("eval.timezone", "America/New_York", "America/New_York"),
        ("emerg.text", "Call 1234", "Call 1234"),
        ("urgency.mode", "article", "article"),
    ],
)
def test_overrides(name, raw, value):
    assert CriteriaConfig({name: raw})[name] == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("ext.radicular", "maybe"),
        ("fever.thresholdC", "hot"),
        ("fever.thresholdC", True),
        ("fever.thresholdC", "NaN"),
        ("dup.days", "-1"),
        ("dup.days", "1.5"),
        ("ivdu.lookback", "forever"),
        ("eval.timezone", "Mars/Olympus"),
        ("urgency.mode", "calm"),
    ],
)
def test_a_wrong_value_names_the_key_and_what_it_takes(name, raw):
    with pytest.raises(ConfigurationError, match=rf"^{name}: takes "):
        CriteriaConfig({name: raw})


def test_an_unknown_key_names_its_neighbours():
    with pytest.raises(ConfigurationError, match=r"unknown key dup\.weeks; known here: dup\.days"):
        CriteriaConfig({"dup.weeks": 3})


def test_every_key_says_what_it_means():
    assert all(key.meaning for key in KEYS.values())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("fever.thresholdC", "100.4", id="Fahrenheit for Celsius"),
        pytest.param("fever.thresholdC", "0", id="everybody has fever"),
        pytest.param("crp.uln", "-3", id="a negative limit"),
        pytest.param("intractable.painScore", "70", id="a score of 100 for one of 10"),
        pytest.param("emerg.mrcMax", "9", id="a strength nobody has"),
        pytest.param("age.adultMin", "200", id="everybody is a child"),
        pytest.param("infect.minMarkers", "0", id="no marker needed"),
    ],
)
def test_a_threshold_that_must_be_a_slip_stops_the_start(key, value):
    with pytest.raises(ConfigurationError, match=f"{key}: takes "):
        CriteriaConfig({key: value})


def test_a_digest_tells_values_apart_and_not_their_spelling():
    assert CriteriaConfig({"fever.thresholdC": "38"}).digest == CriteriaConfig().digest
    assert CriteriaConfig({"dup.days": "90"}).digest == CriteriaConfig().digest
    others: list[dict[str, object]] = [
        {"fever.thresholdC": "38.3"}, {"dup.days": 61}, {}, {"ext.age": False},
    ]  # fmt: skip
    digests = {CriteriaConfig(each).digest for each in others}
    assert len(digests) == 4
    assert all(len(each) == 12 for each in digests)
