"""Charts of an older FHIR version lead to questions, never to a refusal of the order."""

from __future__ import annotations

from typing import Any

import pytest
from samples import Json, sample
from screens import MRI, MYELOPATHY, NECK_PAIN, imaging_screen, notes, outcome

OLD_PATIENT = {
    "resourceType": "Patient",
    "active": "yes",
    "name": [{"family": ["Novak"], "given": ["Walter"]}],
    "birthDate": "1971-11-02",
    "careProvider": [{"reference": "Practitioner/1"}],
}
OLD_CONDITION = {
    "resourceType": "Condition",
    "id": "old-1",
    "patient": {"reference": "Patient/v01-patient"},
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "363346000"}]},
    "clinicalStatus": "active",
    "verificationStatus": "confirmed",
    "category": {"coding": [{"code": "diagnosis"}]},
    "dateRecorded": "2026-02-01",
}
"""DSTU2: `clinicalStatus` a code, `patient` for `subject`, `family` a list."""


class TestSomeOldResources:
    def chart(self, *conditions: Json) -> Json:
        body = sample("V01")
        body["prefetch"]["conditions"] = {
            "resourceType": "Bundle",
            "total": len(conditions),
            "entry": [{"resource": resource} for resource in conditions],
        }
        return body

    def test_every_condition_is_old(self, send):
        answer = send(self.chart(OLD_CONDITION, OLD_CONDITION | {"id": "old-2"}))
        assert outcome(answer) not in ("NOT_YET", "CT_FIRST")
        assert "unreadable" in str(notes(answer))

    def test_old_among_readable_ones(self, send):
        body = sample("V01")
        body["prefetch"]["conditions"]["entry"].append({"resource": OLD_CONDITION})
        answer = send(body)
        assert outcome(answer) == "INSUFFICIENT"
        assert "only partly read: conditions" in notes(answer)

    def test_old_conditions_do_not_take_red_flags_away(self, send):
        body = sample("V02")
        body["prefetch"]["conditions"]["entry"].append({"resource": OLD_CONDITION})
        assert outcome(send(body)) == "MRI_URGENT"

    def test_old_patient_and_old_chart(self, send):
        body = self.chart(OLD_CONDITION)
        body["prefetch"]["patient"] = OLD_PATIENT | {"id": "v01-patient"}
        for key in body["prefetch"]:
            if key not in ("patient", "conditions"):
                body["prefetch"][key] = {"resourceType": "Bundle", "entry": []}
        response = send(body)
        assert outcome(response) not in ("NOT_YET", "CT_FIRST")

    @pytest.mark.parametrize(
        "change",
        [
            {"category": {"coding": [{"code": "exam"}]}},
            {"status": 1},
            {"valueQuantity": {"value": "four"}},
            {"effectiveDateTime": ["2026-02-28"]},
            {"code": "weak"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_observations_of_another_shape(self, send, change):
        body = sample("V02")
        for entry in body["prefetch"]["obs-exam"]["entry"]:
            entry["resource"] |= change
        assert outcome(send(body)) not in ("NOT_YET", "CT_FIRST")


def old(kind: str, **members: Any) -> Json:
    """A DSTU2 resource of the imaging screen's patient."""
    about = {"subject": {"reference": "Patient/pt-204"}, "patient": {"reference": "Patient/pt-204"}}
    return {"resourceType": kind, "id": kind.lower()} | about | members


def old_chart() -> Json:
    """Every resource as DSTU2 has it: what one widely used client sends out of the box."""
    therapy = {"coding": [{"system": "http://snomed.info/sct", "code": "91251008"}]}
    radiology = {"coding": [{"code": "RAD"}]}
    found = {
        "conditions": [
            OLD_CONDITION,
            old("Condition", code={"text": "x"}, clinicalStatus="active"),
        ],
        "meds": [old("MedicationOrder", status="active")],
        "procedures": [old("Procedure", status="completed", notPerformed=False, code=therapy)],
        "imaging": [old("DiagnosticReport", status="final", category=radiology, result=[])],
        "orders": [old("DiagnosticOrder", status="requested")],
    }
    return {"patient": OLD_PATIENT | {"id": "pt-204"}} | {
        key: {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}
        for key, resources in found.items()
    }


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        pytest.param([], "INSUFFICIENT", id="no reason"),
        pytest.param([NECK_PAIN], "INSUFFICIENT", id="neck pain"),
        pytest.param([MYELOPATHY], "MRI_URGENT", id="myelopathy"),
    ],
)
def test_a_whole_chart_of_dstu2(send, reasons, expected):
    """What could not be read is said; the order itself is still read."""
    body = imaging_screen(MRI, reasons) | {"prefetch": old_chart()}
    answer = send(body)
    assert outcome(answer) == expected
    (note,) = (each for each in notes(answer) if each.startswith("only partly read: "))
    assert note.removeprefix("only partly read: ").split(", ") == [
        "conditions",
        "prescriptions",
        "earlier orders",
    ]
    assert "4 unreadable resource(s) left out" in notes(answer)
