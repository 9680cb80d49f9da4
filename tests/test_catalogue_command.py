"""`cds-service catalogue`: one file that a committee can read, print and keep."""

import re
from html.parser import HTMLParser

import pytest
from samples import SAMPLES

from cds_service.cli import WRONG, main
from cds_service.content.folders import knowledge_dir
from cds_service.criteria.decision.steps import STEPS
from cds_service.rendering.library import load_statements

CLIENT = """
base_url = "https://cds.example"
[options]
"dup.days" = 77
[[clients]]
name = "st-giles"
issuer = "https://ehr.giles.example"
jwks_url = "https://ehr.giles.example/keys"
[clients.options]
"dup.days" = 61
"""


class Reader(HTMLParser):
    """Ids, links and whatever would be fetched."""

    def __init__(self):
        super().__init__()
        self.ids, self.links, self.fetched = [], [], []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if "id" in found:
            self.ids.append(found["id"])
        if "href" in found:
            self.links.append(found["href"])
        if "src" in found or tag in ("link", "script", "img", "iframe"):
            self.fetched.append((tag, found))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    file = tmp_path_factory.mktemp("out") / "criteria.html"
    assert main(["catalogue", "--out", str(file)]) == 0
    return file.read_text(encoding="utf-8")


def test_it_needs_nothing_else(written):
    reader = Reader()
    reader.feed(written)
    assert reader.fetched == []
    assert all(link.startswith("#") for link in reader.links)
    style = written.partition("<style>")[2].partition("</style>")[0]
    assert not re.search(r"@import|url\((?!\"?data:)", style)
    assert "default-src 'none'" in written


def test_it_holds_everything_once_and_every_link_leads_on(written):
    reader = Reader()
    reader.feed(written)
    assert len(reader.ids) == len(set(reader.ids))
    assert {link[1:] for link in reader.links} <= set(reader.ids)
    assert {*load_statements(knowledge_dir()), *STEPS, *SAMPLES} <= set(reader.ids)


def test_it_shows_the_thresholds_of_a_client(tmp_path, capsys):
    config = tmp_path / "cds.toml"
    config.write_text(CLIENT)
    file = tmp_path / "criteria.html"
    command = ["catalogue", "--config", str(config), "--out", str(file)]
    assert main(command) == 0
    assert "<strong>77</strong>" in file.read_text()
    assert "giles" not in file.read_text()
    assert main([*command, "--client", "st-giles"]) == 0
    assert "<strong>61</strong>" in file.read_text()
    assert "client st-giles" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "criteria.pdf"], "end the name in .html or .md"),
        (["--out", "nowhere/criteria.html"], "No such file"),
        (["--out", "c.html", "--client", "nobody"], "no client nobody"),
    ],
)
def test_mistakes_are_named(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["catalogue", *arguments]) == WRONG
    assert message in capsys.readouterr().err
