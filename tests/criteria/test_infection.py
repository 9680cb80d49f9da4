"""RF-INFECT-DX: infection of the spine or the blood stream, now or within a year."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    condition,
    finding,
    observation,
    order,
    procedure,
    recommend,
    status,
)

PAIN = condition(NECK_PAIN, 10)
DISCITIS, SEPSIS, IN_NECK = "sct|302935008", "sct|91302008", "icd|M46.22"


def over(code, ended=None, **members):
    abated = {"abatementDateTime": ended} if ended else {}
    return condition(code, clinical="resolved", **abated, **members)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((), UNKNOWN, id="nothing recorded"),
        pytest.param((condition(DISCITIS, 4000),), MET, id="discitis, current for years"),
        pytest.param((condition(DISCITIS, problem=False),), MET, id="discitis, no date"),
        pytest.param((condition(DISCITIS, 9, verification="provisional"),), MET, id="suspected"),
        pytest.param((condition("icd|G06.1", 9),), MET, id="epidural abscess"),
        pytest.param((condition("icd|T84.63XA", 9),), MET, id="infected hardware of the spine"),
        pytest.param((condition("icd|M46.46", 9),), UNKNOWN, id="lumbar discitis"),
        pytest.param((over(DISCITIS, "2025-03-02"),), MET, id="over for 365 days"),
        pytest.param((over(DISCITIS, "2025-03-01"),), UNKNOWN, id="over for 366 days"),
        pytest.param((over(DISCITIS, "2026", onset=700),), MET, id="over some day of this year"),
        pytest.param((over(DISCITIS, "2025"),), MET, id="over some day of last year"),
        pytest.param((over(DISCITIS, recorded=365),), MET, id="over, recorded within the year"),
        pytest.param((over(DISCITIS, recorded=366),), UNKNOWN, id="over, recorded before"),
        pytest.param((over(DISCITIS),), UNKNOWN, id="over, no date"),
        pytest.param((condition(SEPSIS, 90, problem=False),), MET, id="sepsis 90 days ago"),
        pytest.param((condition(SEPSIS, 91, problem=False),), UNKNOWN, id="sepsis 91 days ago"),
        pytest.param((over(SEPSIS, "2026-02-20"),), UNKNOWN, id="sepsis that is over"),
        pytest.param((condition("sct|56819008", 9),), MET, id="endocarditis"),
        pytest.param((condition("icd|R78.81", 9),), MET, id="bacteraemia"),
        pytest.param(
            (condition(DISCITIS, 9), condition(DISCITIS, verification="refuted", recorded=2)),
            NOT_MET,
            id="refuted since",
        ),
        pytest.param(
            (condition(DISCITIS, 9), observation(DISCITIS, False, 2)), NOT_MET, id="denied since"
        ),
        pytest.param(
            (condition(DISCITIS, verification="refuted", recorded=2),), NOT_MET, id="refuted"
        ),
    ],
)
def test_infection(chart, expected):
    """RF-INFECT-DX."""
    assert status("RF-INFECT-DX", PAIN, *chart) is expected


def test_a_past_infection_says_so():
    found = finding("RF-INFECT-DX", PAIN, over(DISCITIS, "2025-12-01"))
    assert found.evidence[0].note == "resolved 2025-12-01"


def test_infection_as_a_reason_of_the_order():
    assert status("RF-INFECT-DX", PAIN, draft=order("cpt|72141", DISCITIS)) is MET


def test_infection_of_the_neck_is_a_cervical_problem_another_is_not():
    """CTX-SYMPTOM."""
    assert status("RF-INFECT-DX", condition(IN_NECK, 9)) is MET
    assert status("RF-INFECT-DX", condition(DISCITIS, 9)) is NOT_MET


def test_infected_hardware_leads_to_mri_not_to_ct():
    """RF-INFECT-DX, POSTOP-HARDWARE-CT."""
    fusion = procedure("sct|81099000", on=60)
    found = recommend(PAIN, fusion, draft=order("cpt|72141", "icd|T84.63XA"))
    assert found.outcome == "MRI_URGENT"


def test_a_cord_sign_with_infection_is_an_emergency():
    """EXT-EMERG E2."""
    found = finding("EXT-EMERG", PAIN, condition(DISCITIS, 9), observation("hand-clumsiness"))
    assert "E2" in found.tags
