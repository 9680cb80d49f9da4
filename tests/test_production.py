"""Production mode as it is configured: two clients, their keys, their thresholds."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from calls import FakeEvaluator, lines, post
from flask.testing import FlaskClient
from pages import Pages, serving
from tokens import Issuer, jwk, jwks, private_key
from werkzeug.test import Client

from cds_service.adapters.callers import key_cache
from cds_service.adapters.callers.tokens import Reason
from cds_service.adapters.metrics import PrometheusMeter
from cds_service.app import START, create_app
from cds_service.cdshooks.request import HOOKS
from cds_service.content.scenarios import load_scenarios
from cds_service.errors import ConfigurationError
from cds_service.settings import Settings, load_settings
from cds_service.web.call_log import make_logger
from cds_service.web.seams import REJECTIONS

FEVERISH = next(scenario for scenario in load_scenarios() if scenario.id == "V04")
BASE = "https://cds.example"
URL = f"{BASE}/cds-services/cervical-mri"
N, S = Issuer("north"), Issuer("south", "RS384")


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    """The key server of a client; keys are fetched at once instead of beside the call."""
    monkeypatch.setattr(key_cache, "_in_a_thread", lambda job: job())
    with serving() as found:
        found.pages["/jwks.json"] = jwks(N.jwk())
        yield found


@pytest.fixture
def config(pages: Pages, tmp_path: Path) -> Path:
    (tmp_path / "south.json").write_bytes(jwks(S.jwk()))
    file = tmp_path / "cds.toml"
    file.write_text(
        f"""
base_url = "{BASE}/"
replay_store = "sqlite:///{tmp_path / "seen.db"}"

[[clients]]
name = "north"
issuer = "{N.issuer}"
jwks_url = "{pages.url}/jwks.json"
origins = ["https://his.north.example"]

[[clients]]
name = "south"
issuer = "{S.issuer}"
keys_file = "south.json"
[clients.options]
fever.thresholdC = 37.5
"""
    )
    return file


@pytest.fixture
def settings(config: Path) -> Settings:
    return load_settings(config)


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def service(settings: Settings, log: io.StringIO) -> FlaskClient:
    return create_app(
        settings, lambda: FEVERISH.evaluated, FakeEvaluator(), logger=make_logger(log)
    ).test_client()


def token(issuer: Issuer, header: dict[str, Any] | None = None, **claims: Any) -> dict[str, str]:
    now = int(time.time())
    header = {"jku": None} | (header or {})
    return {"Authorization": f"Bearer {issuer.token(header, iat=now, exp=now + 300, **claims)}"}


def test_two_clients_read_one_chart_by_their_own_thresholds(settings):
    """37.9 °C is a fever for one house and none for the other."""
    service = create_app(settings, lambda: FEVERISH.evaluated).test_client()
    body = FEVERISH.request()
    outcomes = []
    for issuer in (N, S, N):
        answer = post(service, body, headers=token(issuer))
        assert answer.status_code == 200
        outcomes.append(answer.json["cards"][0]["source"]["topic"]["code"])
    assert outcomes == ["NOT_YET", "MRI_URGENT", "NOT_YET"]


def test_keys_are_fetched_from_the_configured_address_only(service, pages):
    evil = f"{pages.url}/evil.json"
    pages.pages["/evil.json"] = jwks(N.jwk())
    assert post(service, headers=token(N, {"jku": evil})).status_code == 401
    good = {"jku": f"{pages.url}/jwks.json"}
    assert post(service, headers=token(N, good)).status_code == 200
    assert pages.paths() == ["/jwks.json"]


def test_a_new_key_serves_the_call_that_brings_it(service, pages):
    assert post(service, headers=token(N)).status_code == 200
    new = Issuer("north", kid="2027")
    new.key = private_key("ES384", "2027")
    pages.pages["/jwks.json"] = jwks(N.jwk(), jwk(new.key, "2027"))
    assert post(service, headers=token(new)).status_code == 200
    assert post(service, headers=token(N)).status_code == 200
    assert pages.paths() == ["/jwks.json"] * 2


def test_without_keys_the_client_is_asked_to_come_back(service, pages, monkeypatch, log):
    del pages.pages["/jwks.json"]
    answer = post(service, headers=token(N))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert post(service, headers=token(S)).status_code == 200, "the other client is not touched"
    events = [(line["event"], line.get("reason")) for line in lines(log)]
    assert ("keys not renewed", "status") in events
    assert ("call", "keys-unavailable") in events
    pages.pages["/jwks.json"] = jwks(N.jwk())
    monkeypatch.setattr(key_cache, "RETRY_WITHOUT", 0)
    assert post(service, headers=token(N)).status_code == 200


def test_private_keys_at_the_address_let_nobody_in(service, pages, log):
    from jwt.algorithms import ECAlgorithm

    pages.pages["/jwks.json"] = jwks(ECAlgorithm.to_jwk(N.key, as_dict=True) | {"kid": "k1"})
    assert post(service, headers=token(N)).status_code == 503
    assert lines(log)[0] | {"client": "north", "reason": "keys-private"} == lines(log)[0]


def test_a_token_is_good_once_also_after_a_restart(settings, service):
    used = token(S)
    assert post(service, headers=used).status_code == 200
    assert post(service, headers=used).status_code == 401
    again = create_app(settings, evaluator=FakeEvaluator()).test_client()
    assert post(again, headers=used).status_code == 401
    assert post(again, headers=token(S)).status_code == 200


def test_workers_start_the_keeper_of_the_keys(settings, pages, log):
    app = create_app(settings, evaluator=FakeEvaluator(), logger=make_logger(log))
    assert pages.paths() == []
    app.extensions[START]()
    for _ in range(500):
        if log.getvalue():
            break
        time.sleep(0.01)
    assert lines(log)[-1]["event"] == "keys changed"
    assert pages.paths() == ["/jwks.json"]


def test_a_broken_store_is_put_aside_and_told(settings, tmp_path, log):
    (tmp_path / "seen.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 8000)
    create_app(settings, evaluator=FakeEvaluator(), logger=make_logger(log))
    assert lines(log)[0]["file"] == str(tmp_path / "seen.db.broken")


def test_no_token_and_no_claim_is_in_the_log(service, log):
    marks = ["Xylocanth-jti", "Xylocanth-sub", "Xylocanth-tenant"]
    for issuer in (N, S):
        sent = token(issuer, jti=marks[0], sub=marks[1], tenant=marks[2])
        for _ in range(2):
            post(service, headers=sent)
        assert sent["Authorization"][-40:] not in log.getvalue()
    assert "Xylocanth" not in log.getvalue()
    assert {line["reason"] for line in lines(log) if "reason" in line} == {"replayed"}


SECRET = {"kty": "EC", "d": "x", "kid": "k1"}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (None, "cannot be read; name a JWK Set"),
        (b"{}", "not a JWK Set"),
        (jwks(), "holds no key"),
        (jwks(SECRET), "private half"),
        (jwks(S.jwk(kid=None)), "key #1 has no kid; give it one"),
        (jwks(S.jwk(), S.jwk()), "key #1 shares its kid"),
        (jwks(S.jwk(alg="RS256")), "key #1 serves none of ES384, RS384"),
    ],
    ids=["none", "no set", "an empty set", "private", "no kid", "a kid twice", "another alg"],
)
def test_a_mistake_in_a_keys_file_stops_the_start(config, keys, words):
    file = config.with_name("south.json")
    if keys is None:
        file.unlink()
    else:
        file.write_bytes(keys)
    with pytest.raises(ConfigurationError) as caught:
        create_app(load_settings(config), evaluator=FakeEvaluator())
    text = str(caught.value)
    assert text.startswith(f"{config}: client south: keys_file: {file}: ")
    assert words in text


def test_a_store_that_cannot_be_stops_the_start(config):
    config.write_text(config.read_text().replace("sqlite:///", "oracle:///"))
    with pytest.raises(
        ConfigurationError, match=r"cds\.toml: replay_store: write an SQLAlchemy URL"
    ):
        create_app(load_settings(config), evaluator=FakeEvaluator())


SANDBOX = {
    "kty": "EC",
    "crv": "P-384",
    "kid": "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f",
    "x": "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "y": "Sm3mLE-n1zYNla_aiE3cb3nZsL51RbC7ysw3q8aJLxGm-hx79RPMYpITDjp7kgzy",
}


def test_a_public_sandbox_is_a_client_on_this_machine_only(config):
    config.with_name("south.json").write_bytes(json.dumps({"keys": [SANDBOX]}).encode())
    with pytest.raises(ConfigurationError, match="CDS Hooks Sandbox"):
        create_app(load_settings(config), evaluator=FakeEvaluator())
    config.write_text(config.read_text().replace(f"{BASE}/", "http://127.0.0.1:5005"))
    create_app(load_settings(config), evaluator=FakeEvaluator())


def test_it_is_ready_when_there_are_keys_and_a_store(service):
    answer = service.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["checks"] == ["content", "keys", "replay-store"]


def test_it_is_not_ready_without_the_store(service, tmp_path, log):
    (tmp_path / "seen.db").unlink()
    (tmp_path / "seen.db").mkdir()
    answer = service.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["issue"][0]["diagnostics"] == "failing: replay-store"
    assert str(tmp_path) not in answer.get_data(as_text=True) + log.getvalue()


def test_it_is_not_ready_while_no_client_has_keys(config):
    only_north = config.read_text().partition('[[clients]]\nname = "south"')[0]
    config.write_text(only_north)
    service = create_app(load_settings(config), evaluator=FakeEvaluator()).test_client()
    assert b"failing: keys" in service.get("/readyz").data
    assert post(service, headers=token(N)).status_code == 200
    assert service.get("/readyz").status_code == 200


def test_refused_tokens_are_counted_by_their_reason(settings):
    meter = PrometheusMeter(("cervical-mri",), HOOKS)
    service = create_app(settings, evaluator=FakeEvaluator(), meter=meter).test_client()
    once = token(N)
    assert [post(service, headers=once).status_code for _ in range(2)] == [200, 401]
    assert post(service).status_code == 401
    page = Client(meter.exposition()).get("/").get_data(as_text=True)
    for reason in ("replayed", "token-missing"):
        assert f'cds_token_rejections_total{{reason="{reason}"}} 1.0' in page


def test_every_reason_of_a_refusal_is_counted_by_name():
    assert set(Reason) == set(REJECTIONS)
