"""Settings: where they come from, which source wins, and what a mistake is told."""

from pathlib import Path

import pytest

from cds_service.client import OPTIONS, flatten, make_client
from cds_service.errors import ConfigurationError
from cds_service.facts.config import KEYS
from cds_service.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith("CDS_SERVICE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def wrong(file: Path | None, *parts: str, **arguments) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(file, **arguments)
    for part in parts:
        assert part in str(caught.value)


def test_defaults_are_production_on_this_machine():
    settings = load_settings()
    assert not settings.dev
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 5005, 1)
    assert settings.max_body == 16 * 1024 * 1024
    assert settings.canonical == "http://example.org/cervical-mri"
    assert settings.local_code_system == "http://example.org/fhir/CodeSystem/cspine-cds"


def test_command_line_before_environment_before_file(file, monkeypatch):
    file.write_text('port = 1\nworkers = 2\nhost = "localhost"\n')
    monkeypatch.setenv("CDS_SERVICE_PORT", "3")
    monkeypatch.setenv("CDS_SERVICE_WORKERS", "4")
    settings = load_settings(file, {"workers": 5, "port": None})
    assert (settings.host, settings.port, settings.workers) == ("localhost", 3, 5)


def test_options_from_all_three(file, monkeypatch):
    file.write_text(
        '[options]\n"dup.days" = 1\nfever.thresholdC = 38.3\n"cards.explanation" = false\n'
    )
    monkeypatch.setenv("CDS_SERVICE_OPTIONS", '{"dup.days": 2, "lab.lookbackDays": 20}')
    settings = load_settings(file, {"dev": True}, {"lab.lookbackDays": "21"})
    client = settings.development_client()
    assert str(client.criteria["fever.thresholdC"]) == "38.3"
    assert client.criteria["dup.days"] == 2
    assert client.criteria["lab.lookbackDays"] == 21
    assert not client.explanation


def test_the_file_may_be_named_by_the_environment(file, monkeypatch):
    file.write_text("port = 6000\n")
    monkeypatch.setenv("CDS_SERVICE_CONFIG", str(file))
    assert load_settings().port == 6000


class TestMistakes:
    def test_no_file(self, file):
        wrong(file, str(file), "existing file")

    def test_no_toml(self, file):
        file.write_text("port: 5")
        wrong(file, str(file), "not TOML")

    def test_no_text(self, file):
        file.write_bytes(b"\xff\xfe")
        wrong(file, str(file), "UTF-8")

    def test_unknown_key(self, file):
        file.write_text("prot = 5\n")
        wrong(file, str(file), "unknown key prot", "port")

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("prot = 5", "unknown key prot, did you mean port?; known: dev, host"),
            ("dup.days = 60", "dup: options such as dup.days stand in a table of their own"),
            ("budget_ms = 60", "budget_ms: a key of a client; write it below [[clients]]"),
        ],
    )
    def test_unknown_key_that_was_meant_to_be_another(self, file, line, words):
        file.write_text(f"{line}\n")
        wrong(file, f"{file}: {words}")

    def test_settings_that_are_given_as_options(self, file, monkeypatch):
        wrong(
            None,
            "--set: port is a setting and no option: use --port (of serve), port = … in the file, "
            "or CDS_SERVICE_PORT in the environment",
            options={"port": "7"},
        )
        wrong(
            None, "--set: audit is a setting and no option: use audit = …", options={"audit": "1"}
        )
        wrong(None, "--set: issuer is a key of a client", options={"issuer": "x"})
        file.write_text("[options]\nworkers = 3\n")
        wrong(file, f"{file}: [options]: workers is a setting")

    @pytest.mark.parametrize(
        ("key", "near"),
        [
            ("fever.tresholdc", "fever.thresholdC"),
            ("cards.showapropriate", "cards.showAppropriate"),
        ],
    )
    def test_the_nearest_option_is_named(self, key, near):
        wrong(None, f"--set: unknown key {key}, did you mean {near}?", options={key: "1"})

    def test_nothing_is_guessed_that_is_not_near(self):
        wrong(None, "--set: unknown key zzz; known here: cards.showAppr", options={"zzz": "1"})

    def test_unknown_variable(self, monkeypatch):
        monkeypatch.setenv("CDS_SERVICE_PROT", "5")
        wrong(None, "unknown variable CDS_SERVICE_PROT", "CDS_SERVICE_PORT")

    def test_wrong_value_in_each_source(self, file, monkeypatch):
        file.write_text('port = "x"\n')
        wrong(file, f"{file}: port: ", "integer")
        wrong(None, "--port: ", "65535", given={"port": 70_000})
        monkeypatch.setenv("CDS_SERVICE_WORKERS", "0")
        wrong(None, "CDS_SERVICE_WORKERS: ", "greater")

    def test_unknown_option_in_each_source(self, file, monkeypatch):
        file.write_text("[options]\nfever.treshold = 1\n")
        wrong(file, f"{file}: [options]: unknown key fever.treshold", "fever.thresholdC")
        wrong(None, "--set: unknown key ext.foo", options={"ext.foo": "true"})
        monkeypatch.setenv("CDS_SERVICE_OPTIONS", '{"cards.foo": true}')
        wrong(None, "CDS_SERVICE_OPTIONS: unknown key cards.foo", "cards.showAppropriate")

    def test_options_variable_that_is_no_json(self, monkeypatch):
        monkeypatch.setenv("CDS_SERVICE_OPTIONS", "dup.days=3")
        wrong(None, "CDS_SERVICE_OPTIONS: ", "JSON object")

    def test_options_that_are_no_table(self, file):
        file.write_text("options = 5\n")
        wrong(file, "options: write a table")

    def test_wrong_option_value(self):
        wrong(
            None,
            "--set: cards.explanation: takes true or false",
            options={"cards.explanation": "x"},
        )
        wrong(None, "--set: dup.days: takes days", options={"dup.days": "-1"})

    def test_development_mode_stays_on_this_machine(self):
        wrong(None, "this machine only", given={"dev": True, "host": "0.0.0.0"})
        assert load_settings(given={"dev": True, "host": "::1"}).public_url == "http://[::1]:5005"

    def test_folder_and_urls(self, tmp_path):
        wrong(None, "existing folder", given={"value_set_folder": tmp_path / "none"})
        wrong(None, "https://", given={"base_url": "cds.example"})
        for address in ("https://cds.example/cds-services", "https://cds.example/x/cds-services/"):
            wrong(None, "leave /cds-services out", given={"base_url": address})


def test_public_url():
    assert Settings(base_url="https://cds.example/").public_url == "https://cds.example"
    assert Settings(port=81).public_url == "http://127.0.0.1:81"


def test_flatten():
    assert flatten({"a": {"b": {"c": 1}, "d.e": 2}, "f": 3}) == {"a.b.c": 1, "a.d.e": 2, "f": 3}


class TestClient:
    def test_every_option_by_mode(self):
        dev, prod = (make_client("x", {"pama.gCode": "G"}, dev=mode) for mode in (True, False))
        for option in OPTIONS.values():
            if option.field != "g_code":
                assert getattr(dev, option.field) is option.development
                assert getattr(prod, option.field) is option.production
        assert dev.show_appropriate
        assert not prod.show_appropriate
        assert dev.system_actions
        assert not prod.system_actions

    def test_no_key_has_two_meanings(self):
        assert not OPTIONS.keys() & KEYS.keys()

    def test_ratings_need_the_code_of_the_mechanism(self):
        with pytest.raises(ConfigurationError, match=r"pama\.gCode"):
            make_client("x", {"pama.systemActions": True}, dev=False)
        client = make_client("x", {"pama.systemActions": True, "pama.gCode": "G9999"}, dev=False)
        assert client.g_code == "G9999"

    def test_booleans_are_read_from_words(self):
        assert not make_client("x", {"cards.showAppropriate": "False"}, dev=True).show_appropriate
