"""How much one server and one call may take, so that no other is slowed down by them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from calls import call
from faulty import faulty
from fetching import KEYS, completed, make_reader, states, threads
from fhir_stub import EMPTY, FhirStub, allowed

from cds_service.adapters.fhir.reader import FhirReader, Report
from cds_service.client import FhirServer
from cds_service.facts.record.prefetch import State

Json = dict[str, Any]
MIB = 1024 * 1024
FHIR = "application/fhir+json"
PROCEDURES = "Procedure?patient=pt-204&_sort=-date&_count=500"


def of_size(size: int) -> tuple[int, str, bytes]:
    body = json.dumps(EMPTY).encode()
    return 200, FHIR, body[:-1] + b" " * (size - len(body)) + body[-1:]


def healthy(server: FhirStub) -> FhirStub:
    """Every key is there, and empty."""
    server.hold("Patient/pt-204", {"resourceType": "Patient", "id": "pt-204"})
    server.otherwise = EMPTY
    return server


@pytest.mark.parametrize(
    ("size", "state"), [(2 * MIB, State.READ), (2 * MIB + 1, State.FAILED)], ids=["2 MiB", "more"]
)
def test_one_answer_has_two_mebibytes_at_the_most(
    server: FhirStub, reader: FhirReader, size: int, state: State
):
    server.hold(PROCEDURES, of_size(size))
    found = completed(allowed(call(prefetch={}), server.base), server.client(), reader)
    assert states(found)["procedures"] is state


def test_the_answers_of_one_call_have_sixteen_mebibytes_at_the_most(
    server: FhirStub, reader: FhirReader
):
    server.otherwise = of_size(2 * MIB)
    found = states(completed(allowed(call(prefetch={}), server.base), server.client(), reader))
    assert 1 <= list(found.values()).count(State.READ) <= 8


class Counting:
    """A gate that knows how many were within at one time."""

    def __init__(self) -> None:
        self.within = 0
        self.most = 0
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self, _: str) -> Iterator[None]:
        with self._lock:
            self.within += 1
            self.most = max(self.most, self.within)
        yield
        with self._lock:
            self.within -= 1


def test_no_more_requests_run_side_by_side_than_the_server_may_get(
    server: FhirStub, reader: FhirReader
):
    server.gate = counting = Counting()
    client = healthy(server).client(fhir_servers=(server.server(parallel=3),))
    for _ in range(3):
        found = completed(allowed(call(prefetch={}), server.base), client, reader)
        assert set(states(found).values()) == {State.READ}
    assert 1 <= counting.most <= 3


def test_a_call_over_the_cap_goes_on_with_its_prefetch_at_once(server: FhirStub):
    reports: list[Report] = []
    reader = make_reader(observe=reports.append)
    come, go = threading.Event(), threading.Event()

    @contextmanager
    def gate(_: str) -> Iterator[None]:
        come.set()
        go.wait(20)
        yield

    server.gate = gate
    client = server.client(fhir_servers=(server.server(parallel=1),))
    body = allowed(call(prefetch={}), server.base)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(completed, body, client, reader)
        assert come.wait(20)
        found = states(completed(body, client, reader))
        assert reports[0].course == "busy"
        assert set(found.values()) == {State.FAILED}
        go.set()
        first.result(20)
    reader.close()
    assert [name for name in threads() if name.startswith("fhir-fetch")] == []


def test_a_server_that_hangs_does_not_slow_down_another(server: FhirStub, reader: FhirReader):
    with faulty("pt-204") as faults, ThreadPoolExecutor(16) as others:
        hung = server.client(fhir_servers=(FhirServer(faults.base("hang")),))
        body = allowed(call(prefetch={}), faults.base("hang"))
        waiting = [others.submit(completed, body, hung, reader) for _ in range(16)]
        client = healthy(server).client()
        for _ in range(5):
            found = completed(allowed(call(prefetch={}), server.base), client, reader)
            assert set(states(found).values()) == {State.READ}
        assert not any(one.done() for one in waiting)
        faults.stop()  # lets them go
        for one in waiting:
            assert set(states(one.result(20)).values()) == {State.FAILED}


def test_a_name_server_that_hangs_holds_one_thread_and_no_call(
    reader: FhirReader, monkeypatch: pytest.MonkeyPatch
):
    go = threading.Event()
    asked: list[Any] = []

    def getaddrinfo(host: Any, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        go.wait(20)
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    server = FhirServer("https://ehr.example/fhir")
    client = FhirStub().client(fhir_servers=(server,), fetch_budget=0.2)
    for _ in range(3):
        found = states(completed(allowed(call(prefetch={}), server.base), client, reader))
        assert set(found.values()) == {State.FAILED}
    assert asked == ["ehr.example"]
    assert threads().count("fhir-resolver") == 1
    go.set()


def test_the_token_goes_to_the_server_with_every_query_and_nowhere_else(
    server: FhirStub, reader: FhirReader
):
    completed(allowed(call(prefetch={}), server.base), server.client(), reader)
    assert len(server.asked) == len(KEYS)
    assert not any("stub-token" in path for path in server.asked)
    assert {headers["Accept"] for headers in server.headers} == {FHIR}
