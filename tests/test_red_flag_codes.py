"""Every code of every red-flag value set, put into a chart that has no red flag."""

from __future__ import annotations

import pytest
from samples import NOW, VERIFICATION, add, advise, of_patient, sample, terminology, usual

from cds_service.criteria.model import Outcome

FIRES = {
    "VS-MOTOR": "RF-NEURO-MOTOR",
    "VS-SENS": "RF-NEURO-SENS",
    "VS-REFLEX": "RF-NEURO-REFLEX",
    "VS-UMN": "RF-NEURO-REFLEX",
    "VS-GAIT": "RF-MYELO-GAIT",
    "VS-HANDCLUMSY": "RF-MYELO-HAND",
    "VS-BB": "RF-MYELO-BB",
    "VS-MYELO": "RF-MYELO-DX",
    "VS-FEVER": "RF-INFECT-FEVER",
    "VS-IVDU": "RF-INFECT-IVDU",
    "VS-SPINEINFECT": "RF-INFECT-DX",
    "VS-SYSTEMIC-INFECTION": "RF-INFECT-DX",
    "VS-MALIG": "RF-SYS-MALIG",
    "VS-AS": "RF-SYS-AS",
    "VS-INFLAM": "RF-SYS-INFLAM",
}
LEFT_OUT = {"VS-NMSC", "VS-STRESS-INCONTINENCE"}
"""Skin cancer other than melanoma, and stress incontinence, are no red flags."""
SPASTIC_GAIT = ("http://snomed.info/sct", "9447003")
"""A sign of the cord that shows as gait, and is listed there."""


def cases() -> list[tuple[str, str, str]]:
    return [
        (name, system, code)
        for name in FIRES
        for system, code in sorted(terminology().codes(name))
        if not terminology().sets_of(system, code) & LEFT_OUT
    ]


def test_the_chart_has_none():
    assert usual("V01").outcome is Outcome.NOT_YET


@pytest.mark.parametrize(("name", "system", "code"), cases())
def test_code_fires_its_red_flag(name, system, code):
    today = NOW.date().isoformat()
    body = sample("V01")
    problem = {
        "resourceType": "Condition",
        "id": "added-flag",
        "verificationStatus": {"coding": [{"system": VERIFICATION, "code": "confirmed"}]},
        "code": {"coding": [{"system": system, "code": code}]},
        "onsetDateTime": today,
        "recordedDate": today,
    }
    add(body, "conditions", of_patient(body, problem))
    found = advise(body)
    expected = "RF-MYELO-GAIT" if (system, code) == SPASTIC_GAIT else FIRES[name]
    assert expected in {fired.partition(":")[0] for fired in found.fired}
    sets = terminology().sets_of(system, code)
    if "VS-SCI" in sets:
        assert (found.outcome, found.step) == (Outcome.MRI_EMERGENT, "P2")
    elif "VS-NECKTRAUMA" in sets:
        # Step P3: an acute injury without CT asks for the CT, and the deficit keeps the MRI.
        assert (found.outcome, found.keep_mri) == (Outcome.CT_FIRST, True)
    else:
        assert found.outcome in (Outcome.MRI_URGENT, Outcome.MRI_EMERGENT)
    assert found.rating == "appropriate"
