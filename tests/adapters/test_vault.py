"""What is sealed can be read and changed by nobody else, and lives through a change of keys."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from cds_service.adapters.vault import Vault, new_vault, vault_from
from cds_service.cli import main
from cds_service.errors import ConfigurationError

OLD, NEW = Fernet.generate_key(), Fernet.generate_key()
VAULT = Vault([OLD])


@given(st.binary(max_size=2000))
def test_what_was_sealed_comes_back(content):
    sealed = VAULT.seal("a", content)
    assert VAULT.open("a", sealed) == content


@given(st.text())
def test_anything_else_is_nothing(text):
    assert VAULT.open("a", text) is None


def test_a_change_is_noticed():
    sealed = VAULT.seal("a", b"x" * 50)
    for place in range(0, len(sealed), 7):
        other = "A" if sealed[place] != "A" else "B"
        assert VAULT.open("a", sealed[:place] + other + sealed[place + 1 :]) is None


def test_one_use_does_not_pass_for_another():
    assert VAULT.open("b", VAULT.seal("a", b"x")) is None


def test_the_old_key_opens_what_it_sealed_and_the_new_one_seals():
    both = Vault([NEW, OLD])
    assert both.open("a", VAULT.seal("a", b"x")) == b"x"
    assert Vault([NEW]).open("a", both.seal("a", b"y")) == b"y"
    assert both.marks("p") == (*Vault([NEW]).marks("p"), *VAULT.marks("p"))


def test_marks_need_the_key_and_keep_parts_apart():
    assert VAULT.marks("ab", "c") != VAULT.marks("a", "bc")
    assert VAULT.marks("p") != new_vault().marks("p")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "holds no key"), (b"short", "one line is no key"), (OLD + b"\nx\n", "one line")],
)
def test_a_file_without_good_keys_stops_the_start(tmp_path, content, said):
    file = tmp_path / "keys"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=said) as stopped:
        vault_from(file)
    assert OLD.decode() not in str(stopped.value)


def test_a_file_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        vault_from(tmp_path / "none")


def test_check_looks_at_the_keys(tmp_path, capsys, monkeypatch):
    file = tmp_path / "keys"
    file.write_bytes(b"short")
    monkeypatch.setenv("CDS_SERVICE_SMART_KEYS_FILE", str(file))
    assert main(["check"]) == 2
    assert "one line is no key" in capsys.readouterr().err


def test_keys_are_shown_nowhere(tmp_path):
    file = tmp_path / "keys"
    file.write_bytes(OLD + b"\n" + NEW + b"\n")
    assert repr(vault_from(file)) == "Vault(hidden)"
