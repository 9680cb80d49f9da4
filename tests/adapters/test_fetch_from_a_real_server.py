"""Fetching from a FHIR R4 server that is not ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fetching import KEYS, TEMPLATES, answer, completed, make_reader, states
from fhir_stub import allowed
from samples import SAMPLES, sample

from cds_service.adapters.fhir.reader import FhirReader
from cds_service.client import Client, FhirServer, make_client
from cds_service.errors import DataNotAvailable
from cds_service.facts.record.prefetch import State
from cds_service.fhir import resources as r

rig_fhir = pytest.importorskip("rig_fhir")

pytestmark = pytest.mark.integration

Json = dict[str, Any]
TOKEN = "open-sesame"
BUSY = 45
"""Observations of one patient: more than the server gives on a page by itself."""


def busy() -> Json:
    patient: Json = {"resourceType": "Patient", "id": "busy", "birthDate": "1960-05-05"}
    observations = [
        {
            "resourceType": "Observation",
            "id": f"busy-{number}",
            "status": "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "exam",
                        }
                    ]
                }
            ],
            "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
            "subject": {"reference": "Patient/busy"},
            "effectiveDateTime": f"2026-01-{number % 28 + 1:02}",
        }
        for number in range(BUSY)
    ]
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "resource": one,
                "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
            }
            for one in (patient, *observations)
        ],
    }


@pytest.fixture(scope="module")
def rig() -> Iterator[Any]:
    charts = [rig_fhir.chart_of(sample(name)) for name in SAMPLES]
    with rig_fhir.serving(busy(), *charts, bearer=TOKEN) as server:
        yield server


def client(rig: Any, **members: Any) -> Client:
    # Its search looks at every resource of a type, in one thread: no server to measure time with.
    servers = (FhirServer(rig.base, parallel=4, **members),)
    return make_client("ehr", {}, dev=True, fhir_servers=servers, budget=60.0, fetch_budget=50.0)


def here(name: str, rig: Any) -> Json:
    """A sample whose absolute references, if any, lead to this server."""
    text = json.dumps(sample(name)).replace("https://ehr.example.org/fhir/R4", rig.base)
    body: Json = json.loads(text)
    return body


def paged(count: int | None) -> dict[str, str]:
    """Discovery's templates with another page size; None: the server's own."""
    size = "" if count is None else f"&_count={count}"
    return {key: re.sub(r"&_count=\d+", size, text) for key, text in TEMPLATES.items()}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sample_patients_get_the_same_cards_as_by_prefetch(rig, reader: FhirReader, name: str):
    body = here(name, rig)
    by_prefetch = answer(body | {"fhirServer": rig.base}, client(rig), reader)
    assert answer(rig_fhir.to_be_fetched(body, rig), client(rig), reader) == by_prefetch
    half = rig_fhir.to_be_fetched(body, rig, keep=KEYS[::2])
    assert answer(half, client(rig), reader) == by_prefetch


@pytest.mark.parametrize("name", ["V03", "V08", "V19"])
def test_small_pages_give_the_same_cards(rig, name: str):
    body = here(name, rig)
    reader = make_reader(templates=paged(2))
    by_prefetch = answer(body | {"fhirServer": rig.base}, client(rig), reader)
    assert answer(rig_fhir.to_be_fetched(body, rig), client(rig), reader) == by_prefetch
    reader.close()


@pytest.mark.parametrize(
    ("count", "state", "number"),
    [
        pytest.param(200, State.READ, BUSY, id="one page"),
        pytest.param(None, State.READ, BUSY, id="the server's own pages of twenty"),
        pytest.param(9, State.READ, BUSY, id="five pages"),
        pytest.param(5, State.PARTIAL, 25, id="nine pages are more than are read"),
    ],
)
def test_more_observations_than_a_page_holds(rig, count: int | None, state: State, number: int):
    body = here("V01", rig)
    body["context"]["patientId"] = "busy"
    body["context"]["draftOrders"]["entry"][0]["resource"]["subject"] = {
        "reference": "Patient/busy"
    }
    reader = make_reader(templates=paged(count))
    found = completed(rig_fhir.to_be_fetched(body, rig), client(rig), reader)
    reader.close()
    bundle = found.prefetch["obs-exam"].value
    assert isinstance(bundle, r.Bundle)
    assert len(bundle.entry or []) == number
    assert states(found)["obs-exam"] is state


def test_the_right_token_reads_and_any_other_does_not(rig, reader: FhirReader):
    body = here("V03", rig) | {"prefetch": {}}
    good = states(completed(allowed(body, rig.base, access_token=TOKEN), client(rig), reader))
    assert set(good.values()) == {State.READ}
    wrong = allowed(body, rig.base, access_token="wrong")
    assert set(states(completed(wrong, client(rig), reader)).values()) == {State.FAILED}
    none = body | {"fhirServer": rig.base}
    assert set(states(completed(none, client(rig), reader)).values()) == {State.ABSENT}
    opened = client(rig, open=True)
    assert set(states(completed(none, opened, reader)).values()) == {State.FAILED}
    for refused in (wrong, none):
        with pytest.raises(DataNotAvailable):
            answer(refused, opened, reader)
