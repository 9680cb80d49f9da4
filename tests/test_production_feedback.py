"""Feedback in production mode: whose it is, is said by the token and by nothing else."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from calls import lines, post
from samples import NOW, evaluator, sample
from stored import FEEDBACK, accepted, overridden
from tokens import Issuer, jwks

from cds_service.adapters.databases import database_url, transaction
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.app import create_app
from cds_service.cli import main
from cds_service.settings import load_settings
from cds_service.web.call_log import make_logger

BASE = "https://cds.example"
URL = f"{BASE}/cds-services/cervical-mri"
N, S = Issuer("north"), Issuer("south", "RS384")


class House:
    """The service, its store, and its log."""

    def __init__(self, folder: Any) -> None:
        self.config = folder / "cds.toml"
        clients = ""
        for issuer in (N, S):
            (folder / f"{issuer.name}.json").write_bytes(jwks(issuer.jwk()))
            clients += f"""
[[clients]]
name = "{issuer.name}"
issuer = "{issuer.issuer}"
keys_file = "{issuer.name}.json"
"""
        place = f"sqlite:///{folder / 'store.db'}"
        self.config.write_text(
            f'base_url = "{BASE}"\nstore = "{place}"\n'
            f'replay_store = "sqlite:///{folder / "seen.db"}"\n{clients}'
        )
        self.store = Store(database_url(place, "test"), StoreOptions())
        self.store.prepare()
        self.log = io.StringIO()
        self.web = create_app(
            load_settings(self.config),
            lambda: NOW,
            evaluator(),
            store=self.store,
            logger=make_logger(self.log),
        ).test_client()

    def card(self, issuer: Issuer) -> dict[str, Any]:
        answer = post(self.web, sample("V01"), headers=bearer(issuer, aud=URL))
        assert answer.status_code == 200, answer.text
        card: dict[str, Any] = answer.json["cards"][0]
        return card

    def send(self, headers: dict[str, str], *items: Any) -> Any:
        return post(self.web, {"feedback": list(items)}, path=FEEDBACK, headers=headers)

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with transaction(self.store.url, writes=False) as connection:
            return [dict(row) for row in connection.execute(table.select()).mappings()]


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.store.close()


def bearer(issuer: Issuer, **claims: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {"iat": now, "exp": now + 300} | claims
    return {"Authorization": f"Bearer {issuer.token({'jku': None}, **claims)}"}


def good(issuer: Issuer, **claims: Any) -> dict[str, str]:
    return bearer(issuer, aud=f"{URL}/feedback", **claims)


def test_feedback_belongs_to_the_client_of_the_token(house):
    for issuer in (N, S):
        answer = house.send(good(issuer), accepted(house.card(issuer), at=NOW))
        assert (answer.status_code, answer.data) == (204, b"")
    assert sorted(row["client"] for row in house.rows(t.FEEDBACK)) == ["north", "south"]
    assert house.rows(t.FEEDBACK_QUARANTINE) == []
    assert [line["client"] for line in lines(house.log) if line.get("events")] == ["north", "south"]


REFUSED = {
    "no token": ({}, "token-missing"),
    "another scheme": ({"Authorization": "Basic bm9ydGg6eA=="}, "token-malformed"),
    "no token at all behind the word": ({"Authorization": "Bearer x"}, "token-malformed"),
    "signed by somebody else": (lambda: good(N, iss=S.issuer), "key-unknown"),
    "for another service": (
        lambda: bearer(N, aud=f"{BASE}/cds-services/other/feedback"),
        "audience",
    ),
    "for discovery": (lambda: bearer(N, aud=f"{BASE}/cds-services"), "audience"),
    "long expired": (lambda: good(N, iat=1, exp=301), "expired"),
}


@pytest.mark.parametrize(("headers", "reason"), REFUSED.values(), ids=REFUSED)
def test_without_a_good_token_no_feedback_is_taken(house, headers, reason):
    card = house.card(N)
    answer = house.send(headers() if callable(headers) else headers, overridden(card, at=NOW))
    assert (answer.status_code, answer.data) == (401, b"")
    assert lines(house.log)[-1]["reason"] == reason
    assert house.rows(t.FEEDBACK) == house.rows(t.FEEDBACK_QUARANTINE) == []


def test_a_token_brings_feedback_once(house):
    (first, second), used = (house.card(N), house.card(N)), good(N)
    assert house.send(used, overridden(first, at=NOW)).status_code == 204
    again = house.send(used, overridden(second, at=NOW))
    assert (again.status_code, again.data) == (401, b"")
    assert lines(house.log)[-1]["reason"] == "replayed"
    assert len(house.rows(t.FEEDBACK)) == 1


def test_a_token_of_a_call_brings_no_feedback_after_it(house):
    used = bearer(N, aud=URL)
    answer = post(house.web, sample("V01"), headers=used)
    assert answer.status_code == 200
    (card,) = answer.json["cards"]
    assert house.send(used, overridden(card, at=NOW)).status_code == 401


def test_nobody_gives_feedback_on_another_clients_card(house, capsys):
    """Answered as everything is answered; kept apart, and in no figure."""
    card = house.card(N)
    answers = [
        house.send(good(S), accepted(card, at=NOW)),
        house.send(good(S), overridden(card, at=NOW, code="other")),
        house.send(good(S), accepted(house.card(S), at=NOW)),
    ]
    assert {(answer.status_code, answer.data) for answer in answers} == {(204, b"")}
    (event,) = house.rows(t.FEEDBACK)
    assert event["client"] == "south"
    apart = {(row["client"], row["why"]) for row in house.rows(t.FEEDBACK_QUARANTINE)}
    assert apart == {("south", "card")}
    house.store.close()
    for client, events in (("north", 0), ("south", 1)):
        words = ["report", "--config", str(house.config), "--client", client, "--format", "json"]
        assert main(words) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["cards"]["issued"] == 1
        assert told["cards"]["accepted"] == told["feedback"]["events"] == events
        assert told["feedback"]["quarantined"] == (2 if client == "south" else 0)
