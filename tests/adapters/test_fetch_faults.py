"""What a faulty FHIR server leads to: named as not read, never taken for "nothing there"."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from calls import call
from faulty import MODES, FaultServer, faulty
from fetching import KEYS, answer, completed, connections_to, make_reader, states, threads
from fhir_stub import allowed

from cds_service.adapters.fhir.reader import FhirReader, Report
from cds_service.client import Client, FhirServer, make_client
from cds_service.errors import DataNotAvailable
from cds_service.facts.record.prefetch import State

Json = dict[str, Any]
PATIENT = "pt-204"
SHORT, LONG = 0.25, 50.0
"""Deadlines: of servers that never come to an end, and of those whose fault is there at once."""
NEVER_DONE = ("hang", "slow headers", "slow drip", "slow drip without length", "slow TLS")
HEALTHY = ("healthy", "stale keep-alive")
PARTLY = (
    "circular next", "foreign next", "later page fails", "endless pages",
)  # fmt: skip
NOTHING = tuple(
    mode
    for mode in (*MODES, "refuse", "slow TLS")
    if mode not in (*HEALTHY, *PARTLY, "later page of another patient")
)


@pytest.fixture(scope="module")
def faults() -> Iterator[FaultServer]:
    with faulty(PATIENT) as server:
        yield server


def close(reader: FhirReader, faults: FaultServer) -> None:
    """Fails if a thread that fetches is still held by a server that never comes to an end."""
    closing = threading.Thread(target=reader.close, daemon=True)
    closing.start()
    closing.join(30)
    held = closing.is_alive()
    if held:
        faults.stop()
    assert not held


@pytest.fixture
def reader(faults: FaultServer) -> Iterator[FhirReader]:
    """A reader that leaves nothing behind, whatever the server did."""
    made = make_reader()
    yield made
    close(made, faults)
    for thread in threading.enumerate():
        if thread.name.startswith("fhir-"):
            thread.join(10)
    assert threads() == []


def client(faults: FaultServer, mode: str) -> Client:
    return make_client(
        "ehr",
        {},
        dev=True,
        fhir_servers=(FhirServer(faults.base(mode)),),
        budget=60.0,
        fetch_budget=SHORT if mode in NEVER_DONE else LONG,
    )


def body(faults: FaultServer, mode: str, **prefetch: Any) -> Json:
    return allowed(call(prefetch=prefetch), faults.base(mode))


@pytest.mark.parametrize("mode", NOTHING)
def test_nothing_is_read_so_needed_data_is_named_as_unreadable(
    faults: FaultServer, reader: FhirReader, mode: str
):
    for _ in range(2):
        found = states(completed(body(faults, mode), client(faults, mode), reader))
        assert set(found.values()) == {State.FAILED}
    with pytest.raises(DataNotAvailable) as refused:
        answer(body(faults, mode), client(faults, mode), reader)
    assert refused.value.diagnostics == "prefetch key 'patient' could not be read"


@pytest.mark.parametrize("mode", HEALTHY)
def test_a_healthy_server_is_read_to_the_end_again_and_again(
    faults: FaultServer, reader: FhirReader, mode: str
):
    for _ in range(5):
        found = states(completed(body(faults, mode), client(faults, mode), reader))
        assert set(found.values()) == {State.READ}


@pytest.mark.parametrize("mode", PARTLY)
def test_pages_that_cannot_be_followed_leave_the_lists_incomplete(
    faults: FaultServer, reader: FhirReader, mode: str
):
    found = Counter(states(completed(body(faults, mode), client(faults, mode), reader)).values())
    assert found == {State.READ: 1, State.PARTIAL: len(KEYS) - 1}  # a Patient has no pages
    assert b"INSUFFICIENT" in answer(body(faults, mode), client(faults, mode), reader)


def test_another_patient_on_a_later_page_discards_the_whole_list(
    faults: FaultServer, reader: FhirReader
):
    mode = "later page of another patient"
    found = Counter(states(completed(body(faults, mode), client(faults, mode), reader)).values())
    assert found == {State.READ: 1, State.FAILED: len(KEYS) - 1}


def test_what_the_client_prefetched_is_used_when_its_server_fails(
    faults: FaultServer, reader: FhirReader
):
    supplied = call()["prefetch"]
    found = states(completed(body(faults, "500", **supplied), client(faults, "500"), reader))
    assert {key for key in KEYS if found[key] is State.READ} == set(supplied)
    assert b'"cards":[{' in answer(body(faults, "500", **supplied), client(faults, "500"), reader)


def test_nothing_is_repeated_but_a_request_on_a_stale_connection(
    faults: FaultServer, reader: FhirReader
):
    for mode in ("429", "500", "reset", "closed at once", "truncated"):
        before = faults.requests.get(mode, 0)
        completed(body(faults, mode), client(faults, mode), reader)
        assert faults.requests[mode] - before == len(KEYS), mode


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("hang", "timeout"),
        ("slow TLS", "timeout"),
        ("refuse", "connection"),
        ("reset", "connection"),
        ("500", "server-error"),
        ("429", "refused"),
        ("redirect", "redirect"),
        ("redirect with an endless body", "redirect"),
        ("HTML", "not-fhir"),
        ("OperationOutcome with 200", "not-fhir"),
        ("gzip bomb", "too-large"),
        ("endless body", "too-large"),
        ("wrong patient", "other-patient"),
    ],
)
def test_the_report_says_why_in_one_word(faults: FaultServer, mode: str, why: str):
    reports: list[Report] = []
    reader = make_reader(observe=reports.append)
    completed(body(faults, mode), client(faults, mode), reader)
    close(reader, faults)
    assert reports[0].course == "asked"
    assert set(reports[0].failed) == {why}
    assert faults.read_to_the_end == []


def test_a_server_that_answers_nothing_is_left_alone_for_a_while(faults: FaultServer):
    reports: list[Report] = []
    reader = make_reader(observe=reports.append)
    for mode, course in (("refuse", "left alone"), ("429", "asked"), ("healthy", "asked")):
        reports.clear()
        for _ in range(6):
            found = states(completed(body(faults, mode), client(faults, mode), reader))
        assert [report.course for report in reports[:5]] == ["asked"] * 5
        assert reports[5].course == course
        assert set(found.values()) == {State.READ if mode == "healthy" else State.FAILED}
    reader.close()


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    "mode", ["healthy", "stale keep-alive", "truncated", "HTML", "gzip bomb", "hang", "slow TLS"]
)
def test_no_socket_is_left(faults: FaultServer, mode: str):
    reader = make_reader()
    completed(body(faults, mode), client(faults, mode), reader)
    if mode == "healthy":
        assert connections_to(faults.port) > 0  # kept for the next call
    close(reader, faults)
    assert connections_to(faults.port) == 0
