"""A FHIR server of our own, and the reader that reads from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fetching import make_reader
from fhir_stub import TOKEN, FhirStub, stub
from sink import Sink

from cds_service.adapters.fhir.reader import FhirReader


@pytest.fixture
def server() -> Iterator[FhirStub]:
    with stub() as made:
        yield made


@pytest.fixture
def reader() -> Iterator[FhirReader]:
    made = make_reader()
    yield made
    made.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.stop()
    assert made.connections == 0
    assert TOKEN.encode() not in made.received
