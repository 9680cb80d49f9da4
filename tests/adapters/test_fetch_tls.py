"""Over TLS: only a server whose certificate is good for the configured name gets the token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from calls import call
from certificates import ELSEWHERE, HERE, certificate, tls
from cryptography import x509
from fetching import completed, make_reader, states
from fhir_stub import EMPTY, FhirStub, allowed, listening

from cds_service.adapters.fhir import connection
from cds_service.adapters.fhir.reader import FhirReader, Report
from cds_service.facts.record.prefetch import State


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[object]:
    """A FHIR server behind a certificate, which is trusted or not."""
    opened = []

    def served(
        trust: pytest.MonkeyPatch | None, *names: x509.GeneralName, days: int = 30
    ) -> FhirStub:
        file = certificate(tmp_path, *names, days=days)
        if trust is not None:
            trust.setattr(connection, "DEFAULT_CA_BUNDLE_PATH", str(file))
        server = FhirStub()
        server.otherwise = EMPTY
        running = listening(server.answer, tls(file))
        opened.append(running)
        server.base = f"https://127.0.0.1:{running.__enter__()}/fhir"
        return server

    yield served
    for running in opened:
        running.__exit__(None, None, None)


def read(server: FhirStub, reader: FhirReader, **members: Any) -> set[State]:
    client = server.client(fhir_servers=(server.server(**members),))
    found = states(completed(allowed(call(prefetch={}), server.base), client, reader))
    del found["patient"]
    return set(found.values())


def test_a_trusted_certificate_for_this_host_is_good(serve, reader, monkeypatch):
    server = serve(monkeypatch, HERE)
    assert read(server, reader) == {State.READ}
    assert read(server, reader) == {State.READ}  # on the connections of before


@pytest.mark.parametrize(
    ("trust", "name", "days"),
    [
        pytest.param(False, HERE, 30, id="nobody vouches for it"),
        pytest.param(True, ELSEWHERE, 30, id="for another host"),
        pytest.param(True, HERE, -1, id="expired"),
    ],
)
def test_any_other_certificate_is_not(serve, reader, monkeypatch, trust, name, days):
    server = serve(monkeypatch if trust else None, name, days=days)
    assert read(server, reader) == {State.FAILED}
    assert server.tokens == []


def test_a_private_authority_may_be_named_for_a_server(serve, reader, tmp_path):
    server = serve(None, HERE)
    assert read(server, reader) == {State.FAILED}
    assert read(server, reader, authorities=(tmp_path / "ca.pem").read_text()) == {State.READ}


def test_a_server_with_an_authority_of_its_own_is_vouched_for_by_no_other(
    serve, reader, monkeypatch, tmp_path
):
    (tmp_path / "other").mkdir()
    certificate(tmp_path / "other", HERE)
    server = serve(monkeypatch, HERE)
    other = (tmp_path / "other" / "ca.pem").read_text()
    assert read(server, reader, authorities=other) == {State.FAILED}
    assert server.tokens == []
    assert read(server, reader) == {State.READ}


def test_a_certificate_that_is_not_trusted_is_named_in_the_log(serve):
    reports: list[Report] = []
    reader = make_reader(observe=reports.append)
    read(serve(None, HERE), reader)
    reader.close()
    assert set(reports[0].failed) == {"tls"}
