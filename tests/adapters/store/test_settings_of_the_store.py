"""Settings of the store, and what `serve` makes of them."""

from __future__ import annotations

import io
import json

import pytest
from calls import NOW

from cds_service.assembly.adapters import build_store
from cds_service.cli import main
from cds_service.errors import ConfigurationError
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger


def build(log=None, **settings):
    return build_store(Settings(dev=True, **settings), make_logger(log or io.StringIO()))


def test_nothing_is_stored_where_nothing_is_wanted_or_nobody_is_answered():
    assert build(store="none") is None
    assert build_store(Settings(), make_logger(io.StringIO())) is None


def test_a_temporary_store_goes_with_the_service():
    store = build()
    assert "cds-service-store-" in str(store)
    store.check()
    store.close()
    store.remove()
    with pytest.raises(Exception):  # noqa: B017, PT011  # however the driver says it
        store.check()
    store.close()


@pytest.mark.parametrize(
    ("content", "mend"),
    [
        pytest.param(None, "cannot be read", id="no such file"),
        pytest.param(b"short", "too short", id="a key that can be guessed"),
    ],
)
def test_a_key_file_that_cannot_be_used_stops_the_start(tmp_path, content, mend):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=mend):
        build(hash_key_file=file, store=f"sqlite:///{tmp_path}/store.db")


def test_patients_are_hashed_with_the_key_of_the_file(tmp_path):
    file = tmp_path / "key"
    file.write_bytes(b"0123456789abcdef0123456789abcdef\n")
    store = build(hash_key_file=file, store=f"sqlite:///{tmp_path}/store.db")
    slip = store.slip(
        Settings(dev=True).development_client(),
        NOW,
        hook="order-sign",
        hook_instance=None,
        patient="pt-204",
        practitioner="Practitioner/1",
    )
    assert len(slip.patient) == 32
    assert slip.patient != slip.practitioner
    store.close()


def test_a_fault_of_the_store_is_logged_by_its_type(tmp_path):
    log = io.StringIO()
    store = build(log, store="postgresql://cds:hidden@127.0.0.1:1/none")
    store.close()
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert (line["event"], line["error"]) == ("store is down", "OperationalError")
    assert "hidden" not in log.getvalue()


def test_retention_is_read_from_the_file_and_checked(tmp_path, capsys):
    file = tmp_path / "cds.toml"
    file.write_text(f'store = "sqlite:///{tmp_path}/store.db"\n[retention]\naudit = 30\n')
    assert main(["db", "upgrade", "--config", str(file)]) == 0
    assert main(["db", "purge", "--config", str(file)]) == 0
    assert "audit: kept 30 days" in capsys.readouterr().out
    file.write_text("[retention]\naudits = 30\n")
    assert main(["db", "purge", "--config", str(file)]) == 2
    assert "retention" in capsys.readouterr().err
