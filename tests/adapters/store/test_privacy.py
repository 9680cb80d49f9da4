"""Nothing of a patient, no comment and no secret where it does not belong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from calls import MARK, NOW
from samples import SAMPLES
from sqlalchemy.exc import SQLAlchemyError
from stored import FEEDBACK, accepted, overridden

from cds_service.adapters.databases import transaction
from cds_service.adapters.store import tables as t

HELD_BACK = {"audit"}
"""Where evidence references are kept, once that is switched on."""


def marked(name="V02"):
    """A sample in which every id and every text of the patient is recognisable."""
    text = json.dumps(SAMPLES[name].request())
    request = json.loads(text)
    patient = request["context"]["patientId"]
    request = json.loads(text.replace(patient, f"{MARK}-1"))
    request["context"]["userId"] = f"Practitioner/{MARK}"
    request["context"]["encounterId"] = MARK
    request["prefetch"]["patient"]["name"] = [{"family": MARK}]
    for entry in request["prefetch"]["conditions"]["entry"]:
        entry["resource"]["id"] = f"{MARK}-{entry['resource']['id']}"
        entry["resource"]["note"] = [{"text": MARK}]
        entry["resource"]["code"]["text"] = MARK
    for entry in request["context"]["draftOrders"]["entry"]:
        entry["resource"]["note"] = [{"text": MARK}]
    return request


def everything(service, but=frozenset()):
    return {
        table.name: str(service.rows(table))
        for table in t.METADATA.sorted_tables
        if table.name not in but
    }


def odd_feedback(card):
    return [
        overridden(card, comment=f"{MARK} was here"),
        overridden(card, code=f"{MARK} was here", system=f"{MARK} x", display=MARK),
        overridden(f"{MARK}-card"),
        accepted(card | {"suggestions": [{"uuid": f"{MARK}"}]}),
    ]


@pytest.mark.parametrize(
    ("options", "held_back"),
    [
        pytest.param({}, set(), id="as it is"),
        pytest.param({"hash_key": b"k" * 32}, set(), id="with hashes"),
        pytest.param({"audit": True}, HELD_BACK, id="with audit records"),
        pytest.param({"comments": True}, {"feedback_comments"}, id="with comments"),
    ],
)
def test_the_store_holds_nothing_of_the_patient(serve, options, held_back):
    service = serve(**options)
    (card, *_) = service.cards(marked())
    service.feedback(*odd_feedback(card))
    service.written()
    for name, rows in everything(service, held_back).items():
        assert MARK not in rows, name
    for name in held_back:
        assert MARK in everything(service)[name]
    assert MARK not in service.log.getvalue()


def test_a_comment_is_in_no_log_and_in_no_error(serve, monkeypatch):
    service = serve(comments=True)
    (card, *_) = service.cards(marked())
    said = []
    service.store._say = lambda text, why: said.append(f"{text} {why!r} {why}")

    def fails(connection, *_):
        connection.execute(
            t.FEEDBACK_COMMENTS.insert(), {"feedback": MARK, "received_at": MARK, "comment": MARK}
        )

    monkeypatch.setattr("cds_service.adapters.store.feedback.write", fails)
    response = service.web.post(FEEDBACK, json={"feedback": odd_feedback(card)})
    assert response.status_code in (500, 503)
    assert MARK not in response.text + service.log.getvalue()


def test_errors_of_the_database_hold_no_values(service):
    with pytest.raises(SQLAlchemyError) as failed, service.store._process().engine.begin() as c:
        c.execute(sa.text("INSERT INTO nowhere VALUES (:comment)"), {"comment": MARK})
    assert MARK not in str(failed.value)


def test_the_key_of_the_uuids_is_shown_nowhere(service):
    (secret,) = (row["secret"] for row in service.rows(t.ORIGIN_KEYS))
    key = bytes.fromhex(secret)
    shown = repr(service.store) + str(service.store) + repr(service.store._process().origin)
    assert secret not in shown
    assert repr(key) not in shown


def test_a_malformed_call_quotes_nothing(service):
    body = json.dumps({"feedback": [{"card": MARK, "outcome": MARK}]})
    response = service.web.post(FEEDBACK, data=body, content_type="application/json")
    assert response.status_code == 400
    assert MARK not in response.text + service.log.getvalue()


def test_times_are_utc(service):
    (card,) = service.cards()
    service.feedback(overridden(card))
    with transaction(service.store.url, writes=False) as connection:
        at = connection.scalar(sa.select(t.FEEDBACK.c.received_at))
    assert at == NOW.timestamp() * 1000


def told_columns():
    """(table, column) of the privacy statement in docs/operating.md."""
    page = (Path(__file__).parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("### What is stored, column by column\n")
    statement, _, _ = rest.partition("\n## ")
    told, table = [], ""
    for line in statement.splitlines():
        cells = line.split("|")
        if len(cells) < 5 or cells[1].strip() in ("Table", "---"):
            continue
        table = "".join(re.findall(r"`(\w+)`", cells[1])) or table
        told += [(table, column) for column in re.findall(r"`(\w+)`", cells[2])]
    return told


def test_the_page_for_operators_says_of_every_column_what_it_holds():
    told = told_columns()
    assert len(told) == len(set(told))
    assert set(told) == {
        (table.name, column.name) for table in t.METADATA.sorted_tables for column in table.columns
    }


def test_what_is_off_unless_switched_on_is_marked_there():
    page = (Path(__file__).parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\w+)` \(\*\*off\*\*\)", page)) == HELD_BACK | {"feedback_comments"}
