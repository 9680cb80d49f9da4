"""Discovery: both hooks under one id, templates every client can run."""

import re

import pytest
from wire import assert_valid_discovery

from cds_service.assembly.content import load_terminology
from cds_service.cdshooks.services import discovery_document, prefetch_templates
from cds_service.cdshooks.wire import PREFETCH_KEYS
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.settings import Settings


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return load_terminology(Settings(dev=True))


@pytest.fixture(scope="module")
def templates(terminology) -> dict[str, str]:
    return prefetch_templates(terminology.codes, white_cells=False)


def test_document(templates):
    document = discovery_document(templates, True)
    assert_valid_discovery(document)
    sign, select = document["services"]
    assert (sign["hook"], select["hook"]) == ("order-sign", "order-select")
    assert sign | {"hook": ""} == select | {"hook": ""}
    assert {"title", "usageRequirements", "prefetch"} <= select.keys()
    assert (select["id"], select["version"], select["hookVersion"]) == (
        "cervical-mri",
        "3.0.0",
        "1.0",
    )


def test_texts_read_well_without_markdown(templates):
    """CDS Hooks 3.0 takes the description for Markdown, a client of 2.0 for plain text."""
    document = discovery_document(templates, True)
    for service in document["services"]:
        for name in ("title", "description", "usageRequirements"):
            assert not re.search(r"[*_`#<>\[\]\\\n]", service[name]), name


def test_a_client_of_2_0_gets_no_ballot_fields(templates):
    document = discovery_document(templates, False)
    assert_valid_discovery(document)
    assert all({"version", "hookVersion"}.isdisjoint(each) for each in document["services"])


def test_every_key_has_a_template(templates):
    assert tuple(templates) == PREFETCH_KEYS


@pytest.mark.parametrize("key", PREFETCH_KEYS)
def test_portable_subset(templates, key):
    """P-6, P-8, P-9, P-10: one token, no chaining, no _include, each parameter once."""
    template = templates[key]
    assert re.findall(r"\{\{(.+?)\}\}", template) == ["context.patientId"]
    if key == "patient":
        assert template == "Patient/{{context.patientId}}"
        return
    path, _, query = template.partition("?")
    assert path.isalpha()
    parameters = [part.split("=", 1) for part in query.split("&")]
    names = [name for name, _ in parameters]
    assert len(names) == len(set(names))
    assert set(names) <= {"patient", "code", "category", "status", "_sort", "_count"}
    assert all(value for _, value in parameters)


def test_observations_are_asked_for_by_code(templates):
    assert "http://loinc.org|8310-5" in templates["obs-vitals"]
    assert "http://loinc.org|9269-2" in templates["obs-vitals"]
    assert "http://loinc.org|1988-5" in templates["obs-labs"]
    assert "http://loinc.org|4537-7" in templates["obs-labs"]


def test_white_cells_only_when_a_criterion_reads_them(terminology, templates):
    codes = [f"{system}|{code}" for system, code in terminology.codes("VS-WBC")]
    assert codes
    assert not any(code in templates["obs-labs"] for code in codes)
    with_cells = prefetch_templates(terminology.codes, white_cells=True)
    assert all(code in with_cells["obs-labs"] for code in codes)
