"""What was looked at and does not count, and what need not be asked any more."""

import pytest
from chart import NECK_PAIN, condition, finding, observation, order, procedure, quantity, recommend
from chart import report as imaging_report

PAIN = condition(NECK_PAIN, 60)
THERAPY = procedure("sct|91251008", 45, status="in-progress")
SCORE = observation("loinc|72514-3", quantity(5, "{score}"), 3)


@pytest.mark.parametrize(
    ("near", "statement"),
    [
        pytest.param(
            observation("loinc|8310-5", quantity("37.9", "Cel"), 1), "RF-INFECT-FEVER", id="37.9 °C"
        ),
        pytest.param(
            observation("loinc|1988-5", quantity(10, "mg/L"), 4), "RF-INFECT-LAB", id="normal CRP"
        ),
        pytest.param(SCORE, "RF-PAIN-INTRACTABLE", id="moderate pain"),
        pytest.param(
            observation("loinc|72514-3", quantity(9, "{score}"), 3),
            "RF-PAIN-INTRACTABLE",
            id="severe pain, treatment not known",
        ),
    ],
)
def test_a_near_miss_is_listed_with_its_evidence(near, statement):
    found = recommend(PAIN, near)
    assert statement in found.looked_at
    assert [e.reference for e in found.findings[statement].evidence] == [
        f"Observation/{near['id']}"
    ]


@pytest.mark.parametrize(
    "chart",
    [
        pytest.param((), id="nothing there"),
        pytest.param((observation("neuro-exam-normal"),), id="documented absent"),
        pytest.param((observation("loinc|8310-5", quantity(39, "Cel"), 1),), id="fires"),
    ],
)
def test_what_fires_or_is_denied_or_not_there_is_no_near_miss(chart):
    assert recommend(PAIN, *chart).looked_at == ()


def test_what_does_not_count_outside_the_neck_is_asked_and_is_no_near_miss():
    found = recommend(observation("loinc|8310-5", quantity(39, "Cel"), 1))
    assert (found.looked_at, len(found.possible)) == ((), 1)


@pytest.mark.parametrize("statement", ["CONS-6WK", "RF-PAIN-INTRACTABLE"])
def test_the_pain_score_stands_beside_the_treatment(statement):
    shown = [(e.display, e.value) for e in finding(statement, PAIN, THERAPY, SCORE).evidence]
    assert ("Pain score", "5/10") in shown


FALL = condition("icd|S19.9XXA", 3)
CT = "loinc|24932-6"


@pytest.mark.parametrize(
    ("conclusions", "asked"),
    [
        pytest.param((), True, id="free text only"),
        pytest.param(("icd|S12.100A",), False, id="a fracture"),
        pytest.param(("icd|S13.101A",), False, id="a dislocation"),
    ],
)
def test_the_result_of_a_ct_is_asked_only_while_it_is_not_known(conclusions, asked):
    numb = condition("sct|309086004", 3)
    found = recommend(FALL, numb, imaging_report(CT, 2, *conclusions))
    assert found.outcome == "MRI_URGENT"
    assert ("result of CT" in found.possible) is asked


@pytest.mark.parametrize(
    ("statement", "against"),
    [
        ("EXT-GAD-EGFR", observation("loinc|62238-1", quantity(20, "mL/min/{1.73_m2}"), 5)),
        ("EXT-GAD-PREG", condition("icd|Z33.1", 20)),
    ],
)
def test_what_speaks_against_contrast_is_kept_where_none_is_ordered(statement, against):
    found = finding(statement, PAIN, against, draft=order("cpt|72141"))
    assert not found.met
    assert [e.reference.split("/")[1] for e in found.evidence] == [against["id"]]
