"""The `[[clients]]` tables: what they become, and what each mistake is told."""

from pathlib import Path

import pytest
from calls import FakeEvaluator, call
from certificates import HERE, certificate

from cds_service.cli import main
from cds_service.errors import ConfigurationError
from cds_service.settings import Settings, load_settings

NORTH = """
[[clients]]
name = "north"
issuer = "https://north.example"
jwks_url = "https://north.example/jwks.json"
"""
SOUTH = NORTH.replace("north", "south")
BASE = 'base_url = "https://cds.example"\n'


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith("CDS_SERVICE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def read(tmp_path: Path):
    def load(text: str, **arguments) -> Settings:
        file = tmp_path / "cds.toml"
        file.write_text(text)
        return load_settings(file, **arguments)

    return load


def test_a_small_table_has_safe_defaults(read):
    (client,) = read(BASE + NORTH).clients
    assert client.algorithms == ("ES384", "RS384")
    assert (client.token_lifetime, client.replay) == (3600, "strict")
    assert (client.audiences, client.tenants, client.origins) == ((), (), ())
    (runtime,) = read(BASE + NORTH).runtime_clients()
    assert (runtime.budget, runtime.fetch_budget, runtime.fhir_servers) == (0.5, 0.35, ())
    assert not runtime.system_actions


def test_a_full_table(read):
    (client,) = read(
        BASE
        + NORTH
        + """algorithms = ["PS384", "ES256"]
audiences = ["https://old.example/cds-services/cervical-mri", "cds"]
tenants = ["clinic-12"]
token_lifetime = 900
replay = "off"
origins = ["https://his.north.example", "http://localhost:8080", "https://[::1]:8443"]
budget_ms = 2000
fetch_ms = 1500
[[clients.fhir_servers]]
url = "https://fhir.north.example/r4/"
network = "10.20.0.0/16"
[clients.options]
dup.days = 30
pama.systemActions = true
pama.gCode = "G1004"
"""
    ).runtime_clients()
    assert client.fhir_servers[0].base == "https://fhir.north.example/r4"
    assert str(client.fhir_servers[0].network) == "10.20.0.0/16"
    assert (client.budget, client.fetch_budget) == (2.0, 1.5)
    assert client.origins[0] == "https://his.north.example"
    assert client.criteria["dup.days"] == 30
    assert client.g_code == "G1004"


def test_the_keys_file_lies_beside_the_configuration_file(read, tmp_path):
    pinned = NORTH.replace('jwks_url = "https://north.example/jwks.json"', 'keys_file = "k/n.json"')
    assert read(BASE + pinned).clients[0].keys_file == tmp_path / "k" / "n.json"
    absolute = pinned.replace("k/n.json", "/etc/keys.json")
    assert read(BASE + absolute).clients[0].keys_file == Path("/etc/keys.json")


def test_authorities_and_networks_of_a_client_are_those_of_its_servers_too(read, tmp_path):
    (tmp_path / "tls").mkdir()
    (tmp_path / "own").mkdir()
    certificate(tmp_path / "tls", HERE)
    certificate(tmp_path / "own", HERE)
    (client,) = read(
        BASE
        + NORTH
        + """ca = "tls/ca.pem"
network = "10.20.0.0/16"
[[clients.fhir_servers]]
url = "https://a.example"
[[clients.fhir_servers]]
url = "https://b.example"
network = "10.30.0.0/16"
ca = "own/ca.pem"
"""
    ).clients
    shared, own = ((tmp_path / name / "ca.pem").read_text() for name in ("tls", "own"))
    keys, (a, b) = client.peer(), client.client({}).fhir_servers
    assert (keys.authorities, a.authorities, b.authorities) == (shared, shared, own)
    networks = [str(each.network) for each in (keys, a, b)]
    assert networks == ["10.20.0.0/16", "10.20.0.0/16", "10.30.0.0/16"]


def test_own_options_before_shared_ones_and_the_command_line_before_both(read):
    text = BASE + "[options]\ndup.days = 10\nlab.lookbackDays = 20\n" + NORTH + SOUTH
    text += "[clients.options]\ndup.days = 30\n"
    north, south = read(text).runtime_clients()
    assert (north.criteria["dup.days"], south.criteria["dup.days"]) == (10, 30)
    assert south.criteria["lab.lookbackDays"] == 20
    north, south = read(text, options={"dup.days": "40"}).runtime_clients()
    assert (north.criteria["dup.days"], south.criteria["dup.days"]) == (40, 40)


def test_development_mode_needs_no_address(read):
    assert read("dev = true\n" + NORTH).clients


def test_loopback_may_be_plain(read):
    assert read('base_url = "http://127.0.0.1:5005"\n' + NORTH).clients


MISTAKES = {
    "an unknown key": (
        'jwks_ur = "x"',
        "client north: unknown key jwks_ur, did you mean jwks_url?; known: name, issuer",
    ),
    "an option beside its table": (
        "dup.days = 60",
        "client north: dup: options such as dup.days stand in [clients.options]",
    ),
    "authorities that are not there": (
        'ca = "no.pem"',
        "client north: ca: ",
        "no.pem is not there",
    ),
    "authorities that are none": ('ca = "cds.toml"', "client north: ca: ", "PEM is taken"),
    "keys twice": ('keys_file = "x.json"', "client north: keys: give either"),
    "a symmetric algorithm": ('algorithms = ["HS256"]', "client north: algorithms #1: ", "'ES384'"),
    "no algorithm": ("algorithms = []", "client north: algorithms: "),
    "the algorithm none": ('algorithms = ["ES384", "none"]', "client north: algorithms #2: "),
    "a lifetime of a year": (
        "token_lifetime = 31536000",
        "client north: token_lifetime: ",
        "86400",
    ),
    "a third kind of replay check": ('replay = "lax"', "client north: replay: ", "'strict'"),
    "a pattern for an origin": ('origins = ["https://*.example"]', "origins: ", "as browsers send"),
    "an origin with a path": ('origins = ["https://a.example/"]', "origins: ", "as browsers send"),
    "an origin in capitals": ('origins = ["https://A.example"]', "origins: ", "as browsers send"),
    "an origin with its usual port": ('origins = ["https://a.example:443"]', "as browsers send"),
    "an audience with a blank": ('audiences = ["a b"]', "audiences #1: ", "without blanks"),
    "an empty tenant": ('tenants = [""]', "tenants #1: ", "at least 1 character"),
    "a budget that holds no fetch": ("fetch_ms = 500", "fetch_ms: must be smaller"),
    "an unknown option": ("[clients.options]\next.foo = 1", "options: unknown key ext.foo", "ext."),
    "a wrong option": ('[clients.options]\ndup.days = "x"', "options: dup.days: takes days"),
    "ratings without a mechanism": (
        "[clients.options]\npama.systemActions = true",
        "options: pama.gCode: required",
    ),
    "a plain FHIR server": (
        '[[clients.fhir_servers]]\nurl = "http://fhir.example"',
        "client north: fhir_servers #1: url: write an https URL",
    ),
    "a FHIR server's unknown key": (
        '[[clients.fhir_servers]]\nurl = "https://fhir.example"\nopne = true',
        "client north: fhir_servers #1: unknown key opne, did you mean open?; known: url, network",
    ),
    "a FHIR server without address": (
        "[[clients.fhir_servers]]\nopen = true",
        "client north: fhir_servers #1: url: required",
    ),
    "a network that is none": (
        '[[clients.fhir_servers]]\nurl = "https://f.example"\nnetwork = "10.0.0.1/8"',
        "fhir_servers #1: network: ",
    ),
    "FHIR servers that are no tables": ('fhir_servers = ["x"]', "fhir_servers #1: write a table"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_file_client_key_and_mend(read, tmp_path, mistake):
    line, *words = MISTAKES[mistake]
    with pytest.raises(ConfigurationError) as caught:
        read(BASE + NORTH + line)
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / 'cds.toml'}: client north: ")
    for word in words:
        assert word in text


URLS = [
    "http://north.example/jwks.json",
    "ftp://north.example",
    "north.example",
    "https://",
    "https://user@north.example",
    "https://north.example/?a=1",
    "https://north.example/#a",
    "https://north.example:x/",
    "https://[north",
    "https://north.example/a b",
    "http://127.0.0.1.example/jwks.json",
    "https://north.example\\\\@evil.example",
]


@pytest.mark.parametrize("url", URLS)
def test_addresses_of_keys_are_https_and_plain_to_read(read, url):
    text = BASE + NORTH.replace("https://north.example/jwks.json", url)
    with pytest.raises(ConfigurationError, match="client north: jwks_url: write"):
        read(text)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("jwks_url", "#", "client north: keys: give either jwks_url or keys_file"),
        ("issuer", "#", "client north: issuer: required"),
        ("name =", "# ", "client #1: name: required"),
        ('"north"', '"North Hospital"', "client North Hospital: name: write 1 to 64"),
        ('"north"', "5", "client #1: name: "),
        (
            'issuer = "https://',
            'issuer = " https://',
            "client north: issuer: write it as it stands",
        ),
        ("[[clients]]", "[clients]", "clients: write each client as a table of its own"),
    ],
)
def test_a_table_that_lacks_something(read, old, new, words):
    with pytest.raises(ConfigurationError) as caught:
        read(BASE + NORTH.replace(old, new, 1))
    assert words in str(caught.value)


def test_names_and_issuers_belong_to_one_client(read):
    with pytest.raises(ConfigurationError, match="client north: name: used twice"):
        read(BASE + NORTH + SOUTH.replace('"south"', '"north"'))
    twice = SOUTH.replace('issuer = "https://south.example"', 'issuer = "https://north.example"')
    with pytest.raises(
        ConfigurationError, match="client south: issuer: client north has it already"
    ):
        read(BASE + NORTH + twice)


@pytest.mark.parametrize("base", ["", 'base_url = "http://cds.example"\n'], ids=["none", "plain"])
def test_tokens_need_a_public_https_address(read, tmp_path, base):
    with pytest.raises(ConfigurationError) as caught:
        read(base + NORTH)
    assert str(caught.value).startswith(f"{tmp_path / 'cds.toml'}: base_url: ")
    assert "https" in str(caught.value)


def test_clients_have_no_place_in_the_environment(monkeypatch):
    monkeypatch.setenv("CDS_SERVICE_CLIENTS", "[]")
    with pytest.raises(ConfigurationError, match="unknown variable CDS_SERVICE_CLIENTS"):
        load_settings()


class TestEvaluateAsAClient:
    @pytest.fixture
    def evaluator(self, monkeypatch: pytest.MonkeyPatch) -> FakeEvaluator:
        fake = FakeEvaluator()
        monkeypatch.setattr("cds_service.assembly.content.build_evaluator", lambda *_: fake)
        monkeypatch.setattr("cds_service.assembly.content.load_terminology", lambda _: None)
        return fake

    @pytest.fixture
    def files(self, tmp_path: Path) -> list[str]:
        import json

        (tmp_path / "cds.toml").write_text(BASE + NORTH + "[clients.options]\ndup.days = 30\n")
        (tmp_path / "request.json").write_text(json.dumps(call()))
        return [str(tmp_path / "request.json"), "--config", str(tmp_path / "cds.toml")]

    @pytest.mark.parametrize("command", ["evaluate", "explain"])
    def test_its_options_are_used(self, evaluator, files, capsys, command):
        assert main([command, *files, "--client", "north"]) == 0
        if command == "evaluate":
            client = evaluator.asked[0][2]
            assert client.name == "north"
            assert client.criteria["dup.days"] == 30
            assert not client.show_appropriate

    def test_an_unknown_name_lists_those_there_are(self, evaluator, files, capsys):
        assert main(["evaluate", *files, "--client", "east"]) == 2
        assert "cds.toml: no client east; configured: north" in capsys.readouterr().err

    def test_a_name_where_none_is_configured(self, evaluator, files, capsys):
        assert main(["evaluate", files[0], "--client", "east"]) == 2
        assert "configured: none; add a [[clients]] table" in capsys.readouterr().err


SMART = """
[[clients.fhir_servers]]
url = "https://fhir.north.example/r4"
[clients.smart]
client_id = "cspine"
origins = ["https://ehr.north.example"]
"""
KEYS = 'smart_keys_file = "/etc/keys"\n'


def test_a_client_has_the_companion_app_by_its_table(read):
    north, south = read(KEYS + BASE + NORTH + SMART + SOUTH).runtime_clients()
    assert (north.smart.client_id, north.smart.origins) == (
        "cspine",
        ("https://ehr.north.example",),
    )
    assert south.smart is None


@pytest.mark.parametrize(
    ("url", "shares"),
    [
        ("https://fhir.north.example/r4", True),
        ("https://FHIR.north.example:443/r4/", True),
        ("https://fhir.north.example/r5", False),
        ("https://fhir.north.example:8443/r4", False),
    ],
)
def test_apps_launched_from_one_server_know_that_they_share_it(read, url, shares):
    other = SMART.replace("https://fhir.north.example/r4", url)
    east = NORTH.replace("north", "east") + SMART.replace("fhir.north", "fhir.east")
    plain = NORTH.replace("north", "west") + SMART[: SMART.index("[clients.smart]")]
    text = KEYS + BASE + NORTH + SMART + SOUTH + other + east + plain
    north, south, east, west = read(text).runtime_clients()
    assert [north.smart.shares, south.smart.shares, east.smart.shares] == [shares, shares, False]
    assert west.smart is None
    assert read(text).client_named("north").smart == north.smart


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(BASE + NORTH + SMART, "smart_keys_file: required", id="no key"),
        pytest.param(
            KEYS + 'store = "none"\n' + BASE + NORTH + SMART, "so name a database", id="no store"
        ),
        pytest.param(
            KEYS + BASE + NORTH + '[clients.smart]\nclient_id = "x"\n', "add the FHIR server",
            id="nothing to launch it from",
        ),
        pytest.param(
            KEYS + BASE + NORTH + SMART.replace("https://ehr.north.example", "https://*.example"),
            "smart: origins: write origins", id="a pattern as origin",
        ),
        pytest.param(
            KEYS + BASE + NORTH + SMART + 'secret = "x"\n', "unknown key secret; known: client_id",
            id="a key nobody knows",
        ),
    ],
)  # fmt: skip
def test_a_companion_app_that_cannot_be_stops_the_start(read, text, said):
    with pytest.raises(ConfigurationError) as stopped:
        read(text)
    assert said in str(stopped.value)
