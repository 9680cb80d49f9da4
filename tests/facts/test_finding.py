"""Three truth values: the tables, complete."""

import pytest

from cds_service.facts.finding import Finding, Status, status

MET, NOT_MET, UNKNOWN = Status.MET, Status.NOT_MET, Status.UNKNOWN


@pytest.mark.parametrize(
    ("a", "b", "both", "either"),
    [
        (MET, MET, MET, MET),
        (MET, NOT_MET, NOT_MET, MET),
        (MET, UNKNOWN, UNKNOWN, MET),
        (NOT_MET, MET, NOT_MET, MET),
        (NOT_MET, NOT_MET, NOT_MET, NOT_MET),
        (NOT_MET, UNKNOWN, NOT_MET, UNKNOWN),
        (UNKNOWN, MET, UNKNOWN, MET),
        (UNKNOWN, NOT_MET, NOT_MET, UNKNOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_and_and_or(a, b, both, either):
    assert (a & b, a | b) == (both, either)


def test_not():
    assert [~MET, ~NOT_MET, ~UNKNOWN] == [NOT_MET, MET, UNKNOWN]


def test_a_status_is_no_bool_and_says_what_to_write_instead():
    with pytest.raises(TypeError, match="combine with &"):
        bool(MET)


def test_plain_truth_values():
    assert [status(True), status(False), status(None)] == [MET, NOT_MET, UNKNOWN]
    assert Finding("RF-ANY", MET).met
    assert not Finding("RF-ANY", UNKNOWN).met
