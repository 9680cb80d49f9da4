"""What a connection to the store is told before anything else."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa

from cds_service.adapters.databases import database_url, journal_mode, open_engine


@pytest.fixture
def url(tmp_path):
    return database_url(f"sqlite:///{tmp_path / 'store.db'}", "test")


@pytest.mark.parametrize("writes", [True, False])
def test_every_connection_is_durable_checked_and_patient(url, writes):
    engine = open_engine(url, writes=writes)
    # Three at one time, so that none is the one that was looked at before.
    connections = [engine.connect() for _ in range(3)]
    for connection in connections:

        def told(name, connection=connection):
            return connection.connection.execute(f"PRAGMA {name}").fetchone()[0]

        assert told("synchronous") == 2  # FULL: a commit is on the disk, whatever the mode
        assert told("foreign_keys") == 1
        assert told("busy_timeout") == 2000
        assert told("journal_mode") == journal_mode(sqlite3.sqlite_version_info).lower()
    for connection in connections:
        connection.close()
    engine.dispose()


def test_who_writes_holds_the_file_from_the_beginning_and_others_may_read_it(url):
    """BEGIN IMMEDIATE: no transaction does its work and then finds that it may not write."""
    engine, impatient, reader = (
        open_engine(url),
        open_engine(url, wait=0.0),
        open_engine(url, wait=0.0, writes=False),
    )
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE some (one INTEGER)"))
    with engine.begin():
        with reader.begin() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM some")) == 0
        with pytest.raises(sa.exc.OperationalError, match="locked"), impatient.begin():
            pass
    with impatient.begin():
        pass


def test_rows_refer_to_rows_that_are_there(url):
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE one (id INTEGER PRIMARY KEY)"))
        connection.execute(sa.text("CREATE TABLE other (one REFERENCES one(id))"))
    with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(sa.text("INSERT INTO other VALUES (1)"))
