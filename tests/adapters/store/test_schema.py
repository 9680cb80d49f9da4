"""The schema goes up and down on both databases, by command only."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from cds_service.adapters.databases import transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.tables import METADATA
from cds_service.cli import main
from cds_service.errors import ConfigurationError


def tables(connection):
    return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def test_up_makes_what_the_code_works_with(empty):
    with transaction(empty) as connection:
        schema.upgrade(connection)
    with transaction(empty) as connection:
        assert schema.state(connection).ready
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_the_newest_revision_is_the_one_alembic_knows():
    config = Config()
    config.set_main_option("script_location", "cds_service:adapters/store/migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == schema.newest()


def test_made_at_once_is_the_same_as_made_by_steps(empty):
    with transaction(empty) as connection:
        schema.create(connection)
    with transaction(empty) as connection:
        assert schema.state(connection).ready
        assert schema.keys(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert context.get_current_revision() == schema.newest()
        assert compare_metadata(context, METADATA) == []


def test_down_takes_everything_away_and_up_brings_it_back(empty):
    with transaction(empty) as connection:
        schema.upgrade(connection)
        schema.downgrade(connection, "base")
        assert tables(connection) == set()
        schema.upgrade(connection)
        assert tables(connection) == set(METADATA.tables)


def test_a_call_of_older_versions_gets_the_id_of_its_first_order(empty):
    with transaction(empty) as connection:
        schema.upgrade(connection, "0001")
        profile = {"id": 1, "outcome": "x", "step": "x", "version": "x", "order_code": "x"}
        connection.execute(t.PROFILES.insert(), profile)
        for id_, call in ((1, 7), (2, 7), (4, 8)):
            connection.execute(t.RATINGS.insert(), rating(UUID(int=id_), UUID(int=call)))
        schema.upgrade(connection)
        found = connection.execute(sa.select(t.RATINGS.c.id, t.RATINGS.c.call))
        assert {(id_.int, call.int) for id_, call in found} == {(1, 1), (2, 1), (4, 4)}
        schema.downgrade(connection, "0001")
        assert schema.state(connection).current == "0001"
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.RATINGS)) == 3


def test_older_ratings_learn_whether_their_primary_card_has_a_row(empty):
    with transaction(empty) as connection:
        schema.upgrade(connection, "0003")
        profile = {"id": 1, "outcome": "x", "step": "x", "version": "x", "order_code": "x"}
        connection.execute(t.PROFILES.insert(), profile)
        for number in (1, 2, 3):  # with both cards, with an overlay only, with none
            connection.execute(t.RATINGS.insert(), rating(UUID(int=number), UUID(int=number)))
        for of, uuid, primary in ((1, 11, True), (1, 12, False), (2, 13, False)):
            connection.execute(t.CARDS.insert(), card(UUID(int=uuid), UUID(int=of), primary))
        schema.upgrade(connection)
        found = connection.execute(sa.select(t.RATINGS.c.id, t.RATINGS.c.primary_card))
        assert {id_.int: has for id_, has in found} == {1: True, 2: False, 3: False}
        schema.downgrade(connection, "0003")
        columns = sa.inspect(connection).get_columns("ratings")
        assert "primary_card" not in {column["name"] for column in columns}


def card(uuid, of, primary):
    return {
        "uuid": uuid,
        "rating": of,
        "at": 0,
        "client": "x",
        "profile": 1,
        "code": "x",
        "indicator": "info",
        "is_primary": primary,
    }


def rating(id_, call):
    return {
        "id": id_,
        "call": call,
        "at": 0,
        "client": "x",
        "hook": "order-sign",
        "profile": 1,
        "cards": 0,
        "evaluate_us": 1,
        "total_us": 1,
    }


def test_a_step_back_takes_its_tables_away_and_nothing_else(empty):
    with transaction(empty) as connection:
        schema.upgrade(connection)
        schema.downgrade(connection, "0004")
        assert set(METADATA.tables) - tables(connection) == {"week_counts"}
        schema.downgrade(connection, "0002")
        companions = {"companion_handles", "companion_answers"}
        assert set(METADATA.tables) - tables(connection) == {"week_counts"} | companions
        schema.upgrade(connection)
        assert tables(connection) == set(METADATA.tables)


def test_a_step_that_fails_leaves_nothing_behind(empty):
    def stopped_half_way():
        with transaction(empty) as connection:
            schema.upgrade(connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stopped_half_way()
    with transaction(empty) as connection:
        assert schema.state(connection).current == ""
        assert tables(connection) == set()


def test_a_database_of_a_newer_version_is_used_but_not_moved(empty):
    with transaction(empty) as connection:
        schema.upgrade(connection)
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with transaction(empty) as connection:
        found = schema.state(connection)
        assert (found.known, found.ready) == (False, True)
        with pytest.raises(ConfigurationError, match="newer version"):
            schema.downgrade(connection, "base")


@pytest.fixture
def command(tmp_path, capsys):
    store = tmp_path / "store.db"
    config = tmp_path / "cds.toml"
    config.write_text(f'store = "sqlite:///{store}"\n')

    def run(*words):
        code = main(["db", *words, "--config", str(config)])
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return run


def test_commands_say_where_the_schema_is(command, tmp_path):
    code, text = command("status")
    assert (code, "run: cds-service db upgrade" in text) == (1, True)
    assert command("upgrade") == (0, "revision none -> 0005\n")
    assert (tmp_path / "store.db").stat().st_mode & 0o077 == 0
    code, text = command("status")
    assert (code, f"{tmp_path}/store.db" in text) == (0, True)
    assert command("downgrade", "base") == (0, "revision 0005 -> none\n")


def test_a_revision_that_is_not_there_is_told_with_those_that_are(command):
    code, text = command("upgrade", "nix")
    assert code == 2
    assert "there are: 0005, 0004, 0003, 0002, 0001, and base" in text


@pytest.mark.parametrize(
    ("store", "mend"),
    [
        pytest.param("none", "name a database", id="nothing is stored"),
        pytest.param("mysql://x", "sqlite:////var", id="another kind of database"),
        pytest.param("no url", "sqlite:////var", id="no URL"),
        pytest.param("sqlite://", "name a file", id="SQLite in memory, which nobody could share"),
        pytest.param("sqlite:////nowhere/x/store.db", "make it", id="a folder that is not there"),
        pytest.param("postgresql://u:hidden@127.0.0.1:1/x", "is it there", id="no server"),
    ],
)
def test_a_store_that_cannot_be_is_told_without_its_password(store, mend, monkeypatch, capsys):
    monkeypatch.setenv("CDS_SERVICE_STORE", store)
    assert main(["db", "status"]) == 2
    text = capsys.readouterr().err
    assert mend in text
    assert "hidden" not in text


def test_without_a_setting_the_store_lies_in_the_state_folder(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["db", "upgrade"]) == 0
    assert (tmp_path / "cds-service" / "store.db").exists()
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "given"))
    assert main(["db", "upgrade"]) == 0
    assert (tmp_path / "given" / "store.db").exists()
