"""`cds-service check`: the clients' keys in files, and, online, their key addresses and servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import Pages, serving
from tokens import Issuer, jwks

from cds_service.cli import main

N = Issuer("north")


class Terminology:
    names = frozenset({"VS-ONE"})
    version = "abc"

    def conflicts(self) -> list[str]:
        return []


@pytest.fixture(autouse=True)
def content_read_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.assembly.content.build_evaluator", lambda *_: None)
    monkeypatch.setattr("cds_service.assembly.content.load_terminology", lambda _: Terminology())
    monkeypatch.setattr("cds_service.oracle.problems", lambda *_: iter(()))


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serving() as found:
        found.pages["/jwks.json"] = jwks(N.jwk())
        found.pages["/r4/metadata"] = fhir(statement())
        yield found


def fhir(body: bytes) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/fhir+json"}, body


def statement(**members: Any) -> bytes:
    good = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
    return json.dumps(good | members).encode()


@pytest.fixture
def check(pages: Pages, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def run(*options: str) -> tuple[int, list[str]]:
        config = tmp_path / "cds.toml"
        config.write_text(
            f"""
base_url = "https://cds.example"
replay_store = "sqlite:///{tmp_path / "seen.db"}"
[[clients]]
name = "north"
issuer = "{N.issuer}"
jwks_url = "{pages.url}/jwks.json"
[[clients.fhir_servers]]
url = "{pages.url}/r4"
[[clients]]
name = "south"
issuer = "https://south.example"
keys_file = "south.json"
"""
        )
        code = main(["check", "--config", str(config), *options])
        out, err = capsys.readouterr()
        return code, (out + err).splitlines()

    (tmp_path / "south.json").write_bytes(jwks(N.jwk(kid="s")))
    return run


def test_offline_asks_nobody_and_touches_nothing(check, pages, tmp_path):
    code, lines = check()
    assert code == 0
    assert lines == [
        "ok: settings, 2 clients, cards, statements and 1 value sets (their version abc)"
    ]
    assert pages.asked == []
    assert {file.name for file in tmp_path.iterdir()} == {"cds.toml", "south.json"}


def test_a_mistake_in_a_keys_file_is_found_offline(check, tmp_path):
    (tmp_path / "south.json").write_bytes(b"{}")
    code, (line,) = check()
    assert code == 2
    assert "cds.toml: client south: keys_file: " in line


def test_online_all_is_well(check, pages, tmp_path):
    code, (_, *lines) = check("--online")
    assert code == 0
    assert lines == [
        f"ok: client north: keys: {pages.url}/jwks.json: 1 usable",
        f"ok: client north: FHIR server {pages.url}/r4: FHIR 4.0.1",
        f"ok: client south: keys: {tmp_path / 'south.json'}: 1 usable",
    ]
    assert pages.paths() == ["/jwks.json", "/r4/metadata"]


REPORTS: dict[str, tuple[str, Any, str]] = {
    "no keys there": ("/jwks.json", None, "it answers 404"),
    "a page instead of keys": ("/jwks.json", b"<html>", "not JSON"),
    "keys elsewhere": ("/jwks.json", (302, {"Location": "/k"}, b""), "configure the final address"),
    "no usable key": (
        "/jwks.json", jwks(N.jwk(kid=None)), "0 usable; key #1 has no kid; give it one",
    ),
    "private keys": ("/jwks.json", jwks(N.jwk(d="x")), "private half and proves nothing"),
    "no FHIR server there": ("/r4/metadata", None, "it answers 404"),
    "a page instead of a statement": ("/r4/metadata", b"<html>", "no CapabilityStatement in JSON"),
    "a list instead of a statement": ("/r4/metadata", b"[]", "no CapabilityStatement in JSON"),
    "another resource": (
        "/r4/metadata", statement(resourceType="Patient"), "no CapabilityStatement in JSON",
    ),
    "R4B": ("/r4/metadata", statement(fhirVersion="4.3.0"), "FHIR 4.3.0; R4 (4.0.1) is read here"),
    "DSTU2": ("/r4/metadata", statement(fhirVersion="1.0.2"), "FHIR 1.0.2; R4"),
    "no version": ("/r4/metadata", statement(fhirVersion=None), "FHIR None; R4"),
}  # fmt: skip


@pytest.mark.parametrize("report", REPORTS)
def test_online_one_thing_is_not_well(check, pages, report):
    path, page, words = REPORTS[report]
    if page is None:
        del pages.pages[path]
    else:
        pages.pages[path] = fhir(page) if path.startswith("/r4") else page
    code, (_, *lines) = check("--online")
    assert code == 1
    failed = [line for line in lines if not line.startswith("ok: ")]
    assert len(failed) == 1
    assert len(lines) == 3, "the others are asked all the same"
    assert failed[0].startswith("failed: client north: ")
    assert words in failed[0]


def test_odd_keys_beside_good_ones_are_told(check, pages):
    pages.pages["/jwks.json"] = jwks(N.jwk(), N.jwk(kid="2", alg="RS256"))
    code, lines = check("--online")
    assert code == 0
    assert lines[1].endswith("1 usable; key #2 serves none of ES384, RS384")


def test_nobody_to_ask(capsys):
    assert main(["check", "--online"]) == 0
    assert "nobody to ask" in capsys.readouterr().out


def test_addresses_are_asked_as_calls_would_ask_them(tmp_path, capsys):
    """Not what a plain client would reach: a private address counts only in the network named."""
    config = tmp_path / "cds.toml"
    config.write_text(
        f"""
base_url = "https://cds.example"
replay_store = "sqlite:///{tmp_path / "seen.db"}"
[[clients]]
name = "north"
issuer = "{N.issuer}"
jwks_url = "https://10.1.2.3/jwks.json"
[[clients.fhir_servers]]
url = "https://169.254.1.2/r4"
"""
    )
    assert main(["check", "--config", str(config), "--online"]) == 1
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == [
        "it has an address that is not public; name its private network with `network`"
    ] * 2
