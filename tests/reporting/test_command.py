"""`cds-service report`, as it is typed."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from importlib.resources import files
from typing import Any
from unittest import mock

import jsonschema
import pytest
from calls import NOW
from sample_report import sample_report
from stored import DEVELOPMENT, Service, accepted, overridden

from cds_service.adapters.databases import database_url, transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.adapters.store.writer import Writer
from cds_service.cli import main
from cds_service.commands.report import FORMATS
from cds_service.reporting.text import WIDTH
from cds_service.reporting.text import render as text_of

SCHEMA = json.loads(
    files("cds_service.reporting").joinpath("report.schema.json").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Six calls on two days, an hour before midnight, and what became of their cards; during the last
    one the store is busy.
    """
    url = database_url(f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.db'}", "test")
    with transaction(url) as connection:
        schema.upgrade(connection)
    kept = Store(url, StoreOptions())
    kept.prepare()
    service = Service(kept, settings=DEVELOPMENT, now=NOW.replace(hour=23))
    answers: tuple[Any, ...] = (
        lambda card: [accepted(card, at=service.now)],
        lambda card: [overridden(card, at=service.now)],
        lambda card: [overridden(card, at=service.now, code="other"), overridden("nobody's")],
        lambda card: [overridden(card, at=service.now, code="=cmd|' /C calc'!A0")],
        lambda card: [overridden(card, at=service.now, code="+1", system="urn:x")],
        lambda card: [],
    )
    for name, answer in zip(("V01", "V01", "V01", "V12", "V17", "V19"), answers, strict=True):
        if name == "V12":
            service.now += timedelta(days=1)
        with mock.patch.object(Writer, "sure", name != "V19"):
            cards = service.cards(name)
        for card in cards:
            if items := answer(card):
                service.feedback(*items)
    service.written()
    return url.render_as_string()


@pytest.fixture
def report(store, monkeypatch, capsys):
    monkeypatch.setenv("CDS_SERVICE_STORE", store)

    def run(*words, code=0):
        try:
            ended: int | str | None = main(["report", *words])
        except SystemExit as why:  # argparse
            ended = why.code
        assert ended == code
        shown = capsys.readouterr()
        return shown.err if code else shown.out

    return run


def test_the_json_form_begins_with_cards_and_feedback(report):
    found = json.loads(report("--format", "json"))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(found, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert list(found)[:2] == ["cards", "feedback"]
    assert list(found["cards"])[:3] == ["issued", "byOutcome", "byStatement"]
    assert list(found["feedback"])[:5] == [
        "events", "accepted", "overridden", "byReason", "quarantined",
    ]  # fmt: skip
    assert found["cards"]["byOutcome"]["NOT_YET"] == 3
    assert found["cards"]["byStatement"]["NOT-ACUTE"] == 3
    assert found["cards"]["withoutUuid"] == 2
    assert found["feedback"] == {
        "events": 5,
        "accepted": 1,
        "overridden": 4,
        "byReason": {"other": 1, "not-a-code": 2},
        "quarantined": 1,
        "withoutReason": 1,
        "withoutCard": 0,
        "quarantinedByCause": {"card": 1},
    }


def test_a_reason_is_named_by_all_that_its_code_means_on_cards(tmp_path, monkeypatch, capsys):
    url = database_url(f"sqlite:///{tmp_path / 'store.db'}", "test")
    with transaction(url) as connection:
        schema.upgrade(connection)
    service = Service(Store(url, StoreOptions()), settings=DEVELOPMENT)
    service.store.prepare()
    [card] = service.cards("V01")
    standard = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
    service.feedback(overridden(card, code="action-completed", system=standard))
    service.written()
    monkeypatch.setenv("CDS_SERVICE_STORE", url.render_as_string())
    assert main(["report", "--format", "json"]) == 0
    [reason] = json.loads(capsys.readouterr().out)["reasons"]
    assert reason["display"].split(" / ") == [
        "Conservative treatment was done elsewhere",
        "CT was done elsewhere",
    ]


def test_a_comment_alone_is_a_reason_and_its_words_are_in_no_report(tmp_path, monkeypatch, capsys):
    url = database_url(f"sqlite:///{tmp_path / 'store.db'}", "test")
    with transaction(url) as connection:
        schema.upgrade(connection)
    service = Service(Store(url, StoreOptions(comments=True)), settings=DEVELOPMENT)
    service.store.prepare()
    [card] = service.cards("V01")
    service.feedback(overridden(card, comment="Mrs Doe had her films elsewhere"))
    service.written()
    monkeypatch.setenv("CDS_SERVICE_STORE", url.render_as_string())
    texts = {}
    for name in FORMATS:
        assert main(["report", "--format", name]) == 0
        texts[name] = capsys.readouterr().out
        assert "Doe" not in texts[name]
        assert "Comment only" in texts[name]
    found = json.loads(texts["json"])
    assert (found["cards"]["overridden"], found["cards"]["dismissed"]) == (1, 0)
    assert found["feedback"]["byReason"] == {"comment-only": 1}


def test_a_report_of_nothing_is_sound_too(report):
    found = json.loads(report("--format", "json", "--to", "2020-01-01"))
    jsonschema.validate(found, SCHEMA)
    assert found["cards"]["issued"] == found["feedback"]["events"] == 0
    assert found["weeks"] == []
    assert "none" in report("--to", "2020-01-01")


@pytest.mark.parametrize(
    ("words", "orders"),
    [
        pytest.param(["--to", "2026-03-02"], 3, id="the last day is in it, to its end"),
        pytest.param(["--to", "2026-03-01"], 0, id="before the first card"),
        pytest.param(["--from", "2026-03-03"], 3, id="from the second day"),
        pytest.param(["--from", "2026-03-02", "--to", "2026-03-03"], 6, id="both days"),
        pytest.param(["--from", "0001-01-01", "--to", "9999-12-31"], 6, id="all of history"),
        pytest.param(["--from", "2200-01-01"], 0, id="after ids have run out"),
        pytest.param(["--client", "development"], 6, id="of its client"),
    ],
)
def test_days_and_client_choose_cards(report, words, orders):
    assert json.loads(report("--format", "json", *words))["orders"]["evaluated"] == orders


def test_the_text_fits_a_terminal_and_says_it_in_words(report):
    text = report()
    assert max(map(len, text.splitlines())) <= 100
    assert "Cards issued from the first to the last, all clients" in text
    assert "Candidates for review: none" in text
    assert "neurological examination" in text
    assert "Other reason" in text
    assert "sent without a uuid, in no other figure                2" in text


def test_the_text_of_many_orders_and_long_versions_fits_too():
    lines = text_of(sample_report()).splitlines()
    assert max(map(len, lines)) <= WIDTH
    (at,) = (
        at for at, line in enumerate(lines) if line.split()[:1] == ["0.2.0+b07731ce48aa.opt-4f2ac1"]
    )
    assert lines[at + 1].strip() == "in use 2026-07-08 to 2026-09-27 (UTC)"


def test_csv_is_one_figure_a_line_and_no_formula(report):
    rows = list(csv.reader(io.StringIO(report("--format", "csv"))))
    assert rows[0] == ["section", "key", "measure", "value"]
    assert all(len(row) == 4 for row in rows)
    assert ["cards", "NOT_YET", "byOutcome", "3"] in rows
    assert ["feedback", "", "accepted", "1"] in rows
    assert ["cards", "", "withoutUuid", "2"] in rows
    assert ["statements", "NOT-ACUTE", "overriddenByReason: other", "1"] in rows
    assert len({tuple(row[:3]) for row in rows}) == len(rows)
    assert not any(cell[:1] in ("=", "+", "-", "@") for row in rows for cell in row)


def test_every_format_can_go_to_a_file(report, tmp_path):
    for name in FORMATS:
        file = tmp_path / f"report.{name}"
        assert report("--format", name, "--out", str(file)) == ""
        assert "NOT_YET" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        pytest.param(["--from", "yesterday"], "write a date, 2026-03-02", id="no date"),
        pytest.param(
            ["--from", "2026-03-03", "--to", "2026-03-02"], "exchange them", id="turned round"
        ),
        pytest.param(["--client", "nobody"], "there are: development", id="an unknown client"),
        pytest.param(
            ["--out", "/nowhere/x"], "name a file that can be written", id="no such folder"
        ),
        pytest.param(["--format", "pdf"], "invalid choice", id="an unknown format"),
    ],
)
def test_mistakes_are_told_with_their_mend(report, words, mend):
    assert mend in report(*words, code=2)


def test_a_store_that_is_not_there_is_told_and_not_made(report, monkeypatch, tmp_path):
    monkeypatch.setenv("CDS_SERVICE_STORE", f"sqlite:///{tmp_path / 'none.db'}")
    assert "start the service" in report(code=2)
    assert list(tmp_path.iterdir()) == []


def test_a_schema_that_is_behind_is_told(report, monkeypatch, tmp_path):
    url = database_url(f"sqlite:///{tmp_path / 'old.db'}", "test")
    with transaction(url) as connection:
        schema.upgrade(connection, "0001")
    monkeypatch.setenv("CDS_SERVICE_STORE", url.render_as_string())
    assert "cds-service db upgrade" in report(code=2)


def test_without_a_store_there_is_nothing_to_report(report, monkeypatch):
    monkeypatch.setenv("CDS_SERVICE_STORE", "none")
    assert "name a database" in report(code=2)
