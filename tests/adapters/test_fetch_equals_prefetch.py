"""What is fetched means what the same data would have meant as prefetch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fetching import KEYS, TEMPLATES, answer, completed
from fhir_stub import TOKEN, FhirStub, allowed, without
from samples import SAMPLES, sample

from cds_service.adapters.fhir.reader import FhirReader

Json = dict[str, Any]


def at(server: FhirStub, name: str) -> Json:
    """A sample whose chart lies on the server."""
    text = json.dumps(sample(name)).replace("https://ehr.example.org/fhir/R4", server.base)
    body = allowed(json.loads(text), server.base)
    server.hold_chart(body, TEMPLATES)
    return body


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sample_patients_get_the_same_cards_by_prefetch_by_fetch_and_by_halves(
    server: FhirStub, reader: FhirReader, name: str
):
    body, client = at(server, name), server.client()
    by_prefetch = answer(body, client, reader)
    assert json.loads(by_prefetch)["cards"]
    assert server.asked == []
    assert answer(without(body, *KEYS), client, reader) == by_prefetch
    assert answer(without(body, *KEYS[::2]), client, reader) == by_prefetch
    assert answer(without(body, *KEYS[1::2]), client, reader) == by_prefetch
    assert len(server.asked) >= 2 * len(KEYS)
    assert set(server.tokens) == {f"Bearer {TOKEN}"}


def test_a_call_without_an_order_of_ours_reads_nothing(server: FhirStub, reader: FhirReader):
    body = without(at(server, "V01"), *KEYS)
    body["context"]["draftOrders"]["entry"][0]["resource"]["code"]["coding"] = [
        {"system": "http://www.ama-assn.org/go/cpt", "code": "70551"}
    ]
    completed(body, server.client(), reader)
    assert server.asked == []


def test_what_the_client_tried_and_failed_at_is_not_tried_again(
    server: FhirStub, reader: FhirReader
):
    body = at(server, "V01")
    body["prefetch"]["obs-labs"] = {"resourceType": "OperationOutcome", "issue": []}
    completed(body, server.client(), reader)
    assert server.asked == []
