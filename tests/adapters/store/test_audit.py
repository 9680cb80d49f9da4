"""The audit record: the reasoning behind a card as it was, whatever the rules say today."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy

import orjson
import pytest
from calls import NOW
from samples import SAMPLES, sample
from stored import Service

from cds_service.adapters.databases import database_url
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.cli import main
from cds_service.content import folders

EXPLANATION = "cervical-mri-cds.explanation"


@pytest.fixture
def service(tmp_path, monkeypatch):
    url = database_url(f"sqlite:///{tmp_path / 'store.db'}", "test")
    kept = Store(url, StoreOptions(audit=True))
    kept.prepare()
    monkeypatch.setenv("CDS_SERVICE_STORE", url.render_as_string())
    yield Service(kept)
    kept.close()


@pytest.fixture
def explain(capsys):
    """What the command prints."""

    def run(*words):
        assert main(["explain", *map(str, words)]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def other_rules(tmp_path, monkeypatch):
    """Other words for a statement and for a card, and another value set."""

    def change():
        cards = shutil.copytree(folders.cards_dir(), tmp_path / "cards")
        knowledge = shutil.copytree(folders.knowledge_dir(), tmp_path / "knowledge")
        card = cards / "not-yet.toml"
        card.write_text(card.read_text().replace("MRI", "Imaging"))
        statements = knowledge / "statements.toml"
        statements.write_text(statements.read_text().replace('title = "', 'title = "New: '))
        pain = knowledge / "value_sets" / "neck_pain.json"
        value_set = json.loads(pain.read_text())
        value_set["compose"]["include"][0]["concept"].pop()
        pain.write_text(json.dumps(value_set))
        monkeypatch.setattr(folders, "cards_dir", lambda: cards)
        monkeypatch.setattr(folders, "knowledge_dir", lambda: knowledge)

    return change


def without_head(text):
    """Of `explain --card`, what `explain` would have printed."""
    return text.partition("\n")[2]


def test_the_reasoning_stays_when_the_rules_change(service, explain, other_rules):
    """Neither the words nor the version of today's rules get into the record of a card."""
    then = explain(SAMPLES["V01"].path, "--at", NOW.isoformat())
    (card,) = service.cards("V01")
    service.written()
    printed = explain("--card", card["uuid"])
    assert without_head(printed) == then
    version = card["extension"][EXPLANATION]["version"]
    assert printed.splitlines()[0].endswith(f"to development; rules {version}")
    other_rules()
    today = explain(SAMPLES["V01"].path, "--at", NOW.isoformat())
    assert "New: " in today
    assert today != then
    assert explain("--card", card["uuid"]) == printed


@pytest.mark.parametrize("name", ["V01", "V03", "V10", "V17"])
def test_what_is_reprinted_is_what_was_reasoned(service, explain, name):
    cards = service.cards(name)
    service.written()
    then = explain(SAMPLES[name].path, "--at", NOW.isoformat())
    assert cards
    for card in cards:  # overlays belong to the same order
        assert without_head(explain("--card", card["uuid"])) == then
    (record,) = service.rows(t.AUDIT)
    assert orjson.loads(record["explanation"]) == cards[0]["extension"][EXPLANATION]


def test_each_order_of_a_call_has_a_record_of_its_own(service, explain, tmp_path):
    body = sample("V01")
    entries = body["context"]["draftOrders"]["entry"]
    entries.append(deepcopy(entries[0]))
    entries[1]["resource"]["id"] = "second"
    body["context"]["selections"].append("ServiceRequest/second")
    cards = service.cards(body)
    service.written()
    file = tmp_path / "two.json"
    file.write_text(json.dumps(body))
    then = explain(file, "--at", NOW.isoformat()).split("\n\nOrder: ")
    now = [without_head(explain("--card", card["uuid"])) for card in cards]
    assert now == [f"{then[0]}\n", f"Order: {then[1]}"]
