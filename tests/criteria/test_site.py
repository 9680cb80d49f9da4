"""Where a finding lies: body sites by code, and the leg that the lumbar spine explains."""

import itertools

import pytest
from chart import MET, NECK_PAIN, concept, condition, procedure, recommend, status

LUMBAR = condition("icd|M54.16", 60)
PAIN = condition(NECK_PAIN, 60)
ARM, LEG, NECK, FACE = "sct|53120007", "sct|61685007", "sct|45048000", "sct|89545001"
NAMES = {ARM: "arm", LEG: "leg", NECK: "neck", FACE: "face"}


def either_way(*sites):
    return [
        pytest.param(found, id=", ".join(NAMES[site] for site in found))
        for found in itertools.permutations(sites)
    ]


def sited(resource, *sites):
    return resource | {"bodySite": [concept(site) for site in sites]}


@pytest.mark.parametrize("sites", either_way(ARM, LEG))
def test_weak_arms_and_legs_are_no_lumbar_picture_in_whatever_order_the_sites_come(sites):
    weak = sited(condition("sct|26544005", 20), *sites)
    found = recommend(PAIN, LUMBAR, weak)
    assert (found.outcome, found.possible) == ("MRI_URGENT", ())


@pytest.mark.parametrize("sites", either_way(FACE, ARM))
def test_a_numb_face_and_arm_is_a_numb_arm(sites):
    assert status("RF-NEURO-SENS", PAIN, sited(condition("sct|44077006", 20), *sites)) is MET


@pytest.mark.parametrize("sites", either_way(NECK, ARM))
def test_surgery_and_injury_of_the_neck_and_the_arm_are_of_the_neck(sites):
    fusion = sited(procedure("sct|55705006", on=100), *sites)
    assert status("RF-POSTOP", PAIN, fusion) is MET
    assert status("CTX-SYMPTOM", sited(condition("sct|282749008", 20), *sites)) is MET
