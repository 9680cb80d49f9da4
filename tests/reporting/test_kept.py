"""A week that was counted is counted again when anything in it is another, and only then."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import cast
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from past import BEGIN, CALLS, CLIENTS, DAYS, Call, Card, Order, Told, add, write

from cds_service.adapters import databases
from cds_service.adapters.databases import transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.ids import monday
from cds_service.adapters.store.purge import purge
from cds_service.cli import main
from cds_service.reporting import kept, query, selects
from cds_service.reporting.span import Span

NOW = BEGIN + timedelta(days=DAYS - 4)
"""A Thursday; all that is told later lies in the weeks to come."""
FOR_EVER = {"ratings": 0, "feedback": 0, "comments": 0, "quarantine": 0, "audit": 0}
WEEK = monday(BEGIN)
ALL = Span()


@pytest.fixture
def url(empty):
    with transaction(empty) as connection:
        schema.upgrade(connection)
    return empty


def report(url, span=ALL, now=NOW):
    return msgspec.to_builtins(query.report(url, span, {}, now))


def rows(url):
    asked = sa.select(t.WEEK_COUNTS).order_by(t.WEEK_COUNTS.c.start)
    with transaction(url, writes=False) as connection:
        return connection.execute(asked).mappings().all()


def execute(url, statement, *values):
    with transaction(url) as connection:
        connection.execute(statement, *values)


def once(client="north", at=BEGIN):
    """A call with all that can be counted."""
    told = [Told("accepted", None, (), 1), Told("overridden", None, (), 2)]
    card = Card("MRI_MAY", True, ("add-ct", "remove-order"), told=told)
    order = Order("MRI_MAY", "1", ("SUP-GENERAL",), (), [card])
    return Call(client, at, [order], lost=False, unsure=False, evaluate=1, total=2)


NOTHING = '{"orders": [], "overlays": [], "answered": [], "events": [], "suggestions": []}'
"""No report says that of a week that has a call."""
STEPS = st.lists(
    st.tuples(st.just("add"), CALLS)
    | st.tuples(st.just("report"), st.none() | st.sampled_from(sorted(CLIENTS)))
    | st.tuples(
        st.just("purge"),
        st.fixed_dictionaries({"ratings": st.integers(0, DAYS), "feedback": st.integers(0, DAYS)}),
    ),
    max_size=6,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, client=st.none() | st.sampled_from(sorted(CLIENTS)))
def test_what_was_kept_says_what_counting_says(url: sa.URL, steps, client):
    write(url, [once()])
    for what, detail in steps:
        if what == "add":
            add(url, detail)
        elif what == "report":
            report(url, Span(client=detail))
        else:
            list(purge(url, FOR_EVER | detail, NOW, sleep=lambda _: None))
    found = report(url, Span(client=client))
    assert report(url, Span(client=client)) == found
    execute(url, sa.delete(t.WEEK_COUNTS))
    assert report(url, Span(client=client)) == found


def test_a_week_is_not_counted_twice(url):
    write(url, [once()])
    asked = report(url)
    assert [row["start"] for row in rows(url)] == [int(WEEK.timestamp()) * 1000]
    # Nobody does that; it shows where the figures come from.
    (row,) = rows(url)
    changed = row["answers"].replace("MRI_MAY", "CT_FIRST")
    execute(url, sa.update(t.WEEK_COUNTS).values(answers=changed))
    again = report(url)
    assert again != asked
    assert str(again).replace("CT_FIRST", "MRI_MAY") == str(asked)


@pytest.mark.parametrize("client", ["north", "nobody", ""])
def test_what_one_client_did_is_counted_each_time(url, client):
    """And leaves nothing behind, whatever the name."""
    write(url, [once()])
    found = report(url, Span(client=client))
    assert rows(url) == []
    report(url)
    execute(url, sa.update(t.WEEK_COUNTS).values(answers=NOTHING))
    assert report(url, Span(client=client)) == found
    assert [row["answers"] for row in rows(url)] == [NOTHING]


def test_a_report_that_keeps_its_counts_after_a_purge_misleads_no_other(url):
    write(url, [once()])
    report(url)
    with transaction(url) as connection:
        event = new(connection, t.FEEDBACK)
        kept_late = connection.execute(sa.select(t.WEEK_COUNTS)).mappings().one()
    list(purge(url, FOR_EVER | {"feedback": 1}, NOW, sleep=lambda _: None))
    for number in range(2):
        id_ = UUID(int=event["id"].int + number)
        late = event | {"id": id_, "outcome": "overridden", "reason_code": f"late-{number}"}
        late["received_at"] += 86_400_000
        execute(url, t.FEEDBACK.insert(), late)
    with transaction(url) as connection:
        suggestion = connection.scalar(sa.select(t.SUGGESTIONS.c.uuid).limit(1))
    execute(url, t.FEEDBACK_SUGGESTIONS.insert(), {"feedback": id_, "suggestion": suggestion})
    execute(url, t.WEEK_COUNTS.insert(), kept_late)
    found = report(url)
    assert {each["code"] for each in found["feedback"]["reasons"]} == {"late-0", "late-1"}


@pytest.mark.parametrize("text", ["", "{", "null", '{"orders": 1}'])
def test_counts_that_cannot_be_read_are_made_again(url, text):
    write(url, [once()])
    found = report(url)
    execute(url, sa.update(t.WEEK_COUNTS).values(answers=text))
    assert report(url) == found


def test_without_a_right_to_the_counts_a_report_counts(url, monkeypatch, capsys):
    write(url, [once()])
    found = report(url)
    monkeypatch.setenv("CDS_SERVICE_STORE", url.render_as_string(hide_password=False))
    execute(url, sa.schema.DropTable(t.WEEK_COUNTS))
    assert report(url) == found
    assert main(["db", "purge"]) == 0
    assert "weeks: not counted, so the next report has to: " in capsys.readouterr().out


def new(connection, table):
    """One more row of the table, in the week of the others; a copy but for its ids."""
    row = dict(connection.execute(sa.select(table)).mappings().first())
    for name, value in row.items():
        if isinstance(value, UUID) and (table.c[name].primary_key or name == "card"):
            row[name] = UUID(int=value.int ^ 1)
    return row


@pytest.mark.parametrize("name", [each.table.name for each in kept.COUNTED])
@pytest.mark.parametrize("more", [True, False], ids=["one more", "one less"])
def test_every_row_counts(url, name, more):
    write(url, [once()])
    report(url)
    table = t.METADATA.tables[name]
    with transaction(url) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        if more:
            row = new(connection, table)
            if name == "feedback_suggestions":
                row["feedback"] = connection.scalar(
                    sa.select(t.FEEDBACK.c.id).where(t.FEEDBACK.c.outcome == "overridden")
                )
            connection.execute(table.insert(), row)
        else:
            key = next(iter(table.primary_key))
            one = connection.scalar(sa.select(key).limit(1))
            connection.execute(sa.delete(table).where(key == one))
    execute(url, sa.update(t.WEEK_COUNTS).values(answers="{}"))
    found = report(url)
    assert {row["answers"] for row in rows(url)} != {"{}"}
    execute(url, sa.delete(t.WEEK_COUNTS))
    assert report(url) == found


def test_what_is_told_of_one_week_leaves_the_others(url):
    later = once(at=BEGIN + timedelta(days=7))
    write(url, [once(), later])
    report(url)
    execute(url, sa.update(t.WEEK_COUNTS).values(answers=NOTHING))
    with transaction(url) as connection:
        row = new(connection, t.FEEDBACK)
        connection.execute(t.FEEDBACK.insert(), row | {"card": later.orders[0].cards[0].uuid})
    report(url)
    assert [row["answers"] == NOTHING for row in rows(url)] == [True, False]


def test_the_digest_is_that_of_the_sources(tmp_path):
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("1")
    other.write_text("2")
    found = {kept.digest(str(one)), kept.digest(str(other)), kept.digest(str(one), str(other))}
    assert len(found) == 3
    assert kept.digest(selects.__file__, kept.__file__) == kept.QUESTIONS


def test_only_whole_weeks_that_are_over_are_kept(url):
    end = WEEK + timedelta(days=7)
    write(url, [once()])
    report(url, now=end - timedelta(microseconds=1))
    report(url, Span(start=WEEK + timedelta(days=1)))
    report(url, Span(end=end - timedelta(days=1)))
    assert rows(url) == []
    report(url, Span(start=WEEK, end=end), now=end)
    assert len(rows(url)) == 1


def test_other_questions_are_asked_anew(url):
    write(url, [once()])
    found = report(url)
    execute(url, sa.update(t.WEEK_COUNTS).values(answers="{}", questions="older ones"))
    assert report(url) == found
    assert [row["questions"] for row in rows(url)] == [kept.QUESTIONS]


def test_the_nightly_job_counts_what_no_report_has_counted(url, monkeypatch, capsys):
    write(url, [once(), once(at=BEGIN + timedelta(days=7))])
    monkeypatch.setenv("CDS_SERVICE_STORE", url.render_as_string(hide_password=False))
    said = []
    for _ in range(2):
        assert main(["db", "purge"]) == 0
        said.append(capsys.readouterr().out.splitlines()[-1])
    assert said == ["weeks: 2 counted anew", "weeks: 0 counted anew"]
    assert len(rows(url)) == 2


@pytest.mark.parametrize("kind", ["ratings", "feedback"])
def test_counts_go_with_the_rows_that_were_counted(url, kind):
    """And no others: not those of a week of which nothing was removed."""
    weeks = [BEGIN + timedelta(days=7 * number) for number in range(3)]
    write(url, [once(at=at) for at in weeks])
    execute(url, sa.update(t.FEEDBACK).values(received_at=t.FEEDBACK.c.outcome_at))
    now = weeks[2] + timedelta(days=7)
    report(url, now=now)
    for left in (2, 2, 1):
        list(
            purge(
                url, FOR_EVER | {kind: 1}, weeks[2 - left] + timedelta(days=3), sleep=lambda _: None
            )
        )
        assert [row["start"] for row in rows(url)] == [
            int(monday(at).timestamp()) * 1000 for at in weeks[3 - left :]
        ]
    report(url, now=now)
    list(purge(url, FOR_EVER | {kind: 1}, weeks[1] + timedelta(days=3), sleep=lambda _: None))
    assert len(rows(url)) == 3  # what is left is told of them


def test_who_may_only_read_gets_the_same_report(url, monkeypatch):
    write(url, [once()])
    monkeypatch.setattr(databases, "WAIT", 0.05)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as other:
            other.execute("BEGIN IMMEDIATE")
            found = report(url)
    else:
        engine = databases.open_engine(url, autocommit=True)
        with engine.connect() as connection:
            name = sa.sql.quoted_name(str(url.database), quote=True)
            set_ = f'ALTER DATABASE "{name}" SET default_transaction_read_only = '
            connection.exec_driver_sql(f"{set_} on")
        found = report(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("SET TRANSACTION READ WRITE")
            connection.exec_driver_sql(f"{set_} off")
        engine.dispose()
    assert rows(url) == []
    assert report(url) == found
    assert len(rows(url)) == 1


def test_all_tables_that_are_read_are_counted():
    """Those without a time are fixed by the ratings that name them."""
    way = selects.Way("postgresql", one_client=True)
    read = {
        each.name
        for build in selects.QUESTIONS.values()
        for each in sa.sql.visitors.iterate(cast("sa.ClauseElement", build(way)))
        if isinstance(each, sa.Table)
    }
    fixed = {"profiles", "profile_statements", "profile_questions"}
    assert read - fixed == {each.table.name for each in kept.COUNTED}
