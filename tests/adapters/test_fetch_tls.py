"""Over TLS: only a server whose certificate is good for the configured name gets the token."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from calls import call
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fetching import completed, states
from fhir_stub import EMPTY, FhirStub, allowed, listening

from cds_service.adapters.fhir import connection
from cds_service.adapters.fhir.reader import FhirReader
from cds_service.facts.record.prefetch import State


def certificate(folder: Path, *names: x509.GeneralName, days: int = 30) -> Path:
    """A key with a certificate it signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=60))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


HERE = x509.IPAddress(ip_address("127.0.0.1"))
ELSEWHERE = x509.DNSName("somebody-else.example")


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
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server = FhirStub()
        server.otherwise = EMPTY
        running = listening(server.answer, context)
        opened.append(running)
        server.base = f"https://127.0.0.1:{running.__enter__()}/fhir"
        return server

    yield served
    for running in opened:
        running.__exit__(None, None, None)


def read(server: FhirStub, reader: FhirReader) -> set[State]:
    found = states(completed(allowed(call(prefetch={}), server.base), server.client(), reader))
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
