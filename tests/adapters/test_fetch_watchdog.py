"""At the deadline the thread that fetches is free again, whatever the server goes on sending."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from calls import call
from faulty import FaultServer, faulty
from fetching import completed, make_reader, states
from fhir_stub import allowed

from cds_service.adapters.fhir.reader import FhirReader
from cds_service.client import FhirServer, make_client
from cds_service.facts.record.prefetch import State

PATIENT = "pt-204"
SHORT, LONG = 0.25, 10.0
"""Deadlines: beside a drip that ends with the test, and of a server that is well again."""


@pytest.fixture
def reader() -> Iterator[FhirReader]:
    made = make_reader()
    yield made
    made.close()


@pytest.fixture
def faults(reader: FhirReader) -> Iterator[FaultServer]:
    """Stops before the reader closes: a thread that is held goes then, after the test has failed."""
    with faulty(PATIENT) as server:
        yield server


def read(faults: FaultServer, reader: FhirReader, seconds: float) -> set[State]:
    """By the one thread and the one connection that this server may have."""
    base = faults.base("healthy")
    server = FhirServer(base, parallel=1)
    client = make_client(
        "ehr", {}, dev=True, fhir_servers=(server,), budget=60.0, fetch_budget=seconds
    )
    return set(states(completed(allowed(call(prefetch={}), base), client, reader)).values())


@pytest.mark.parametrize("mode", ["slow headers", "slow drip", "slow drip without length"])
def test_a_drip_on_a_new_connection_ends_at_the_deadline(
    faults: FaultServer, reader: FhirReader, mode: str
):
    faults.ill = mode
    assert read(faults, reader, SHORT) == {State.FAILED}
    assert faults.turns[mode] == [1]
    faults.ill = None
    assert read(faults, reader, LONG) == {State.READ}


@pytest.mark.parametrize("mode", ["slow headers", "slow drip", "slow drip without length"])
def test_a_drip_on_a_connection_that_was_used_before_ends_at_the_deadline(
    faults: FaultServer, reader: FhirReader, mode: str
):
    assert read(faults, reader, LONG) == {State.READ}
    faults.ill = mode
    assert read(faults, reader, SHORT) == {State.FAILED}
    (turn,) = faults.turns[mode]
    assert turn > 1
    faults.ill = None
    assert read(faults, reader, LONG) == {State.READ}


def test_a_handshake_that_never_ends_does_so_at_the_deadline(
    faults: FaultServer, reader: FhirReader
):
    base = faults.base("slow TLS")
    server = FhirServer(base, parallel=1)
    client = make_client(
        "ehr", {}, dev=True, fhir_servers=(server,), budget=60.0, fetch_budget=SHORT
    )
    for _ in range(2):
        found = completed(allowed(call(prefetch={}), base), client, reader)
        assert set(states(found).values()) == {State.FAILED}
    assert len(faults.handshakes) == 2, "the second call finds the one thread free"
