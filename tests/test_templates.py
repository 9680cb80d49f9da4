"""The prefetch templates against what the criteria read: nothing is read that is never asked for."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from cds_service.assembly.content import load_terminology
from cds_service.cdshooks.request import decode
from cds_service.cdshooks.services import prefetch_templates
from cds_service.cdshooks.wire import PREFETCH_KEYS
from cds_service.content.scenarios import load_scenarios
from cds_service.facts.record.observations import MEASURED
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.fhir import resources as r
from cds_service.settings import Settings

TYPES = {
    "Patient": ("patient",),
    "Condition": ("conditions",),
    "Observation": ("obs-vitals", "obs-labs", "obs-exam"),
    "Procedure": ("procedures",),
    "MedicationRequest": ("meds",),
    "MedicationStatement": ("med-statements",),
    "MedicationDispense": ("med-dispenses",),
    "DiagnosticReport": ("imaging",),
    "ImagingStudy": ("imaging-studies",),
    "ServiceRequest": ("orders",),
    "Device": ("devices",),
    "AllergyIntolerance": ("allergies",),
    "QuestionnaireResponse": ("answers",),
}
"""Resource types the criteria read, and the keys under which each is asked for."""

NEVER_ASKED_FOR = {"Medication", "MedicationAdministration", "OperationOutcome"}
"""Read when a client sends it: the target of a reference, doses given in hospital, a failure."""
NO_EVIDENCE = {"FamilyMemberHistory"}

MEASURED_UNDER = {
    "obs-vitals": {"VS-TEMPERATURE", "VS-GCS", "VS-PAIN"},
    "obs-labs": {
        "VS-CRP",
        "VS-HSCRP",
        "VS-ESR",
        "VS-EGFR",
        "VS-PREGNANCY-STATUS",
        "VS-PREGNANCY-TEST",
    },
}
ON_REQUEST = {"VS-WBC"}


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return load_terminology(Settings(dev=True))


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "white cells"])
def templates(request, terminology) -> dict[str, str]:
    return prefetch_templates(terminology.codes, white_cells=request.param)


def query(template: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in template.partition("?")[2].split("&"))


def test_every_type_that_is_read_is_asked_for(templates):
    read = {kind.__struct_config__.tag for kind in get_args(r.ClinicalResource)}
    assert read - NEVER_ASKED_FOR - NO_EVIDENCE == set(TYPES)
    for kind, keys in TYPES.items():
        for key in keys:
            assert re.match(rf"{kind}[?/]", templates[key])
    assert {key for keys in TYPES.values() for key in keys} == set(PREFETCH_KEYS) == set(templates)


def test_every_measured_set_is_asked_for(terminology, templates):
    asked = set().union(*MEASURED_UNDER.values())
    assert asked | ON_REQUEST == MEASURED
    for key, names in MEASURED_UNDER.items():
        codes = set(query(templates[key])["code"].split(","))
        for name in names:
            expected = {f"{system}|{code}" for system, code in terminology.codes(name)}
            assert expected, name
            assert expected <= codes, name


def test_no_code_is_asked_for_without_a_reader(terminology, templates):
    for key in MEASURED_UNDER:
        for pair in query(templates[key])["code"].split(","):
            system, _, code = pair.partition("|")
            assert terminology.sets_of(system, code) & MEASURED, pair


def test_examinations_come_by_category(templates):
    assert query(templates["obs-exam"])["category"].split(",") == [
        "exam",
        "survey",
        "social-history",
    ]


def test_conditions_and_procedures_are_asked_for_whole(templates):
    """History rows need inactive ones, and surgery counts at any date."""
    for key in ("conditions", "procedures", "devices", "allergies"):
        assert query(templates[key]).keys() <= {"patient", "_sort", "_count"}


@pytest.mark.parametrize(
    ("key", "needed"),
    [
        ("orders", {"active", "on-hold", "completed"}),
        ("meds", {"active", "completed", "stopped"}),
        ("med-statements", {"active", "completed", "stopped"}),
        ("answers", {"completed", "amended"}),
    ],
)
def test_states_that_are_read(templates, key, needed):
    assert set(query(templates[key])["status"].split(",")) == needed


def test_imaging_is_radiology(templates):
    assert query(templates["imaging"])["category"] == "RAD"


def test_portable_subset(templates):
    """One occurrence of each parameter; nothing that servers or clients are known to drop."""
    for key, template in templates.items():
        assert "_include" not in template, key
        assert "_revinclude" not in template, key
        assert template.count("{{") == 1, key
        names = [part.partition("=")[0] for part in template.partition("?")[2].split("&")]
        assert len(names) == len(set(names)), key
        assert not any(mark in name for name in names for mark in ".:"), key
        assert not re.search(r"[\s#]", template), key
        assert len(template) < 2000, key


SORTED_BY = {
    "Condition": "recorded-date",
    "Observation": "date",
    "Procedure": "date",
    "MedicationRequest": "authoredon",
    "MedicationStatement": "effective",
    "MedicationDispense": "whenhandedover",
    "DiagnosticReport": "date",
    "ImagingStudy": "started",
    "ServiceRequest": "authored",
    "QuestionnaireResponse": "authored",
}
"""The date by which FHIR R4 lets each type be searched; Device and AllergyIntolerance have none here."""


def test_the_newest_come_first(templates):
    """P-9: `_sort=-date` is R4 search syntax; `sort:desc=date`, which samples show, is not."""
    for key, template in templates.items():
        kind = template.partition("?")[0]
        assert "sort:" not in template, key
        if kind in SORTED_BY:
            assert query(template)["_sort"] == f"-{SORTED_BY[kind]}", key
        else:
            assert "_sort" not in template, key


@pytest.mark.parametrize("scenario", load_scenarios(), ids=lambda scenario: scenario.id)
def test_samples_hold_under_each_key_what_its_template_asks_for(scenario, templates):
    request = decode(scenario.path.read_bytes())
    for key, entry in request.prefetch.items():
        value = entry.value
        inside = [e.resource for e in value.entry or []] if isinstance(value, r.Bundle) else [value]
        kinds = {type(found).__name__ for found in inside if found is not None}
        assert kinds - NEVER_ASKED_FOR - NO_EVIDENCE <= {
            templates[key].split("?")[0].split("/")[0]
        }, key
