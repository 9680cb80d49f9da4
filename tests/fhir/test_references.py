"""Whose resource it is."""

import pytest

from cds_service.fhir.references import relative

SERVER = "https://ehr.example.org/fhir"


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("Patient/1", id="relative"),
        pytest.param("Patient/1/_history/3", id="versioned"),
        pytest.param(f"{SERVER}/Patient/1", id="absolute"),
        pytest.param(f"{SERVER}/Patient/1/_history/3", id="absolute and versioned"),
    ],
)
def test_forms_of_the_same_reference(reference):
    assert relative(reference, SERVER) == "Patient/1"


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(None, id="identifier only"),
        pytest.param("", id="empty"),
        pytest.param("#p", id="contained"),
        pytest.param("urn:uuid:6d0c1c7e-9a0b-4d1f-8f0e-2f6a5b1f7c11", id="inside a transaction"),
        pytest.param("https://other.example.org/fhir/Patient/1", id="another server"),
        pytest.param("https://ehr.example.org/fhir-evil/Patient/1", id="look-alike path"),
        pytest.param("Patient", id="no id"),
        pytest.param("Patient/", id="empty id"),
        pytest.param("Patient/1/_history/", id="empty version"),
        pytest.param("Practitioner/9/Patient/1", id="longer path"),
    ],
)
def test_what_names_nobody_we_can_check(reference):
    assert relative(reference, SERVER) is None


def test_an_absolute_reference_needs_the_server_to_compare_with():
    assert relative(f"{SERVER}/Patient/1", None) is None
