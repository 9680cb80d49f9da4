"""The catalogue as pages: complete, permanent, without anybody's name, usable without a script."""

import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from calls import MARK, NOW, FakeEvaluator, assert_outcome
from samples import SAMPLES, SETTINGS, sample, terminology

from cds_service.app import create_app
from cds_service.assembly.content import build_catalogue
from cds_service.catalogue.diagram import COLOURS
from cds_service.client import make_client
from cds_service.criteria.decision.steps import EARLY, STEPS
from cds_service.pages.site import Section, Site
from cds_service.settings import Settings

BROWSER = {"Accept": "text/html,*/*;q=0.8"}
CATALOGUE = build_catalogue(SETTINGS, terminology())


def text(response):
    assert response.status_code == 200
    return response.get_data(as_text=True)


@pytest.fixture(scope="module")
def pages():
    """The development service, with its real content."""
    return create_app(Settings(dev=True), lambda: NOW).test_client()


def test_every_statement_is_listed_with_its_wording_and_its_address(pages):
    page = text(pages.get("/criteria"))
    for name, entry in CATALOGUE.entries.items():
        assert f'href="/criteria/{name}"' in page
        assert f'id="{name}"' in page
        assert entry.statement.title.split("’")[0] in page.replace("&#39;", "'")


@pytest.mark.parametrize(
    "path",
    [
        *(f"/criteria/{name}" for name in (*CATALOGUE.entries, *CATALOGUE.steps)),
        *(f"/criteria/codes/{name}" for name in CATALOGUE.code_sets),
        "/criteria/settings",
        "/criteria/codes",
        "/criteria/samples",
    ],
)
def test_every_page_is_there_and_all_its_links_lead_on(pages, path):
    page = text(pages.get(path))
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page)
    known = {f"/criteria/{name}" for name in (*CATALOGUE.entries, *CATALOGUE.steps)}
    known |= {f"/criteria/codes/{name}" for name in CATALOGUE.code_sets}
    known |= {"/", "/criteria", *(f"/criteria/{part}" for part in ("settings", "codes", "samples"))}
    links = {urlsplit(link).path for link in re.findall(r'href="([^"#]+)', page)}
    links = {link for link in links if not link.startswith("/static/")}
    # The workbench is another section; its pages are tested there.
    assert {link for link in links if link.startswith("/criteria") or link == "/"} <= known


def test_a_statement_shows_everything_that_belongs_to_it(pages):
    page = text(pages.get("/criteria/RF-INFECT-FEVER"))
    for expected in (
        "Red Flag Symptoms Requiring MRI",
        "Article",
        "Contested",
        "fever.thresholdC",
        "<strong>38.0</strong>",
        "8310-5",
        "V05",
        "http://127.0.0.1:5005/criteria/RF-INFECT-FEVER",
        'href="/criteria/P6"',
    ):
        assert expected in page


def test_an_unreviewed_statement_says_so(pages):
    page = text(pages.get("/criteria/EXT-RADICULAR"))
    assert "<dt>Clinical review</dt><dd>pending" in page
    assert "† Summary" in page


def test_the_order_of_decision_is_drawn_and_each_step_leads_on(pages):
    page = text(pages.get("/criteria"))
    drawing = ET.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    space = "{http://www.w3.org/2000/svg}"
    links = [link.get("href") for link in drawing.iter(f"{space}a")]
    expected = [
        f"/criteria/{name}"
        for step, rule in STEPS.items()
        for name in (step, *rule.statements, *rule.exceptions)
    ]
    expected.insert(1, f"/criteria/{EARLY.step}")
    assert links == expected


@pytest.mark.parametrize("path", ["/criteria", f"/criteria/{EARLY.step}"])
def test_what_is_answered_before_the_steps_is_said(pages, path):
    said = re.sub(r"<[^>]+>", "", text(pages.get(path)))
    assert (
        f"Before P1 is asked: where an order {EARLY.when}, P5 answers {EARLY.outcome} at once"
    ) in said
    assert "Before P1" not in text(pages.get("/criteria/P6"))


def test_what_is_switched_off_is_not_said_to_come_first():
    off = create_app(Settings(dev=True, options={"ext.duplicate": False}), lambda: NOW)
    for path in ("/criteria", "/criteria/P5"):
        assert "Before P1" not in text(off.test_client().get(path))


@pytest.mark.parametrize(
    ("query", "there", "absent"),
    [
        ("q=clumsy", "RF-MYELO-HAND", "EXT-AGE"),
        ("label=extension", "EXT-AGE", "RF-MYELO-HAND"),
        ("group=Trauma", "TRAUMA-SCI", "RF-MYELO-HAND"),
        ("q=metal&label=extension&group=Safety", "EXT-MRS-ORBIT", "EXT-AGE"),
    ],
)
def test_the_filter_is_a_form(pages, query, there, absent):
    page = text(pages.get(f"/criteria?{query}"))
    assert f'id="{there}"' in page
    assert f'id="{absent}"' not in page
    assert "<svg" not in page
    assert "Show all" in page


@pytest.mark.parametrize("query", ["", "q=", "label=nonsense", "group=nonsense", "other=1"])
def test_a_filter_that_says_nothing_finds_all(pages, query):
    assert text(pages.get(f"/criteria?{query}")).count('<li id="') == len(CATALOGUE.entries)


def test_what_was_asked_for_is_escaped(pages):
    page = text(pages.get("/criteria", query_string={"q": '"><script>alert(1)</script>'}))
    assert "<script" not in page
    assert "Nothing matches" in page


@pytest.mark.parametrize("path", ["/criteria/NOPE", "/criteria/codes/NOPE", f"/criteria/{MARK}"])
def test_an_unknown_name_says_what_to_do(pages, path):
    response = pages.get(path, headers=BROWSER)
    assert response.status_code == 404
    page = response.get_data(as_text=True)
    assert "No statement, step or code set has this name" in page
    assert MARK not in page
    assert_outcome(pages.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("name", "leads_to"),
    [
        ("RF-INFECT-LAB:CRP", "/criteria/RF-INFECT-LAB"),
        ("rf-any", "/criteria/RF-ANY"),
        ("p6", "/criteria/P6"),
        ("VS-MALIG", "/criteria/codes/VS-MALIG"),
    ],
)
def test_other_spellings_lead_to_the_one_address(pages, name, leads_to):
    response = pages.get(f"/criteria/{name}")
    assert (response.status_code, response.headers["Location"]) == (308, leads_to)


def test_a_sample_can_be_opened_in_the_workbench_where_there_is_one(pages):
    shown: dict[str, Any] = {"catalogue": CATALOGUE, "href": str, "colours": COLOURS, "tab": ""}
    shown |= {"base": "/base/criteria", "own": False, "changed": False}
    bench = Section("/workbench", "Workbench", "Try it")
    with_it = Site("https://cds.example/base", [bench]).render("criteria/samples.html", **shown)
    without = Site("https://cds.example/base").render("criteria/samples.html", **shown)
    assert with_it.count('href="/base/workbench?patient=V') == len(SAMPLES)
    assert "workbench" not in without


@pytest.mark.parametrize("name", SAMPLES)
def test_every_link_of_a_card_leads_to_a_page(pages, name):
    answer = pages.post("/cds-services/cervical-mri", json=sample(name)).json
    for card in answer["cards"]:
        (link,) = card["links"]
        assert link["type"] == "absolute"
        assert link["url"].startswith("http://127.0.0.1:5005/criteria/")
        assert pages.get(urlsplit(link["url"]).path).status_code == 200
        assert pages.get(urlsplit(card["source"]["url"]).path).status_code == 200


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(dev=True, port=5010), "http://127.0.0.1:5010/criteria"),
        (Settings(base_url="https://cds.example/x/"), "https://cds.example/x/criteria"),
        (Settings(), None),
        (Settings(dev=True, pages={"criteria": False}), None),
    ],
    ids=["development", "production", "no public address", "no page"],
)
def test_cards_lead_to_the_page_where_it_can_be_reached(settings, expected):
    assert settings.catalogue_url == expected


def test_production_shows_no_client_and_none_of_its_values(bouncer):
    app = create_app(
        Settings(
            base_url="https://cds.example/base",
            options={"dup.days": 77},
            clients=[
                {
                    "name": "st-giles",
                    "issuer": "https://ehr.giles.example",
                    "jwks_url": "https://ehr.giles.example/keys",
                    "options": {"dup.days": 61},
                }
            ],
        ),
        lambda: NOW,
        FakeEvaluator(),
        clients=(bouncer.client,),
        authenticator=bouncer,
    )
    client = app.test_client()
    for path in ("/", "/criteria", "/criteria/EXT-DUP-RECENT", "/criteria/settings"):
        page = text(client.get(path))
        assert "giles" not in page
        assert "DEVELOPMENT" not in page
        assert "<strong>61</strong>" not in page
    assert "<strong>77</strong>" in page
    assert 'href="/base/criteria"' in page


GILES = {"dup.days": 61, "fever.thresholdC": "38.30"}


@pytest.fixture(scope="module")
def two_clients():
    """A production service with a client that has thresholds of its own, and one that has not; the
    token is the client's name.
    """
    settings = Settings(base_url="https://cds.example/base", options={"dup.days": 77})
    own = {
        name: make_client(name, settings.options | options, dev=False)
        for name, options in (("giles", GILES), ("north", {}))
    }

    class Named:
        def authenticate(self, request, url):
            return own[request.headers["Authorization"]]

    return create_app(
        settings, lambda: NOW, clients=tuple(own.values()), authenticator=Named()
    ).test_client()


def led_to(app, name):
    """Where a client's card leads to: its criteria, and the page of its source."""
    answer = app.post(
        "/cds-services/cervical-mri", json=sample("V01"), headers={"Authorization": name}
    ).json
    (card,) = answer["cards"]
    (link,) = card["links"]
    return link["url"], card["source"]["url"]


def path_of(url):
    return url.removeprefix("https://cds.example/base")


def test_cards_lead_to_the_thresholds_of_their_client(two_clients):
    link, source = led_to(two_clients, "giles")
    assert re.fullmatch(r"https://cds\.example/base/criteria/[0-9a-f]{12}/P11", link)
    assert link == f"{source}/P11"
    for path in ("", "/settings", "/EXT-DUP-RECENT", "/RF-INFECT-FEVER", "/P5"):
        page = text(two_clients.get(path_of(source) + path))
        assert "giles" not in page
        assert "<strong>77</strong>" not in page
    assert "<strong>61</strong>" in text(two_clients.get(path_of(f"{source}/EXT-DUP-RECENT")))
    assert "<strong>38.30</strong>" in text(two_clients.get(path_of(f"{source}/RF-INFECT-FEVER")))
    assert led_to(two_clients, "north") == (
        "https://cds.example/base/criteria/P11",
        "https://cds.example/base/criteria",
    )
    assert "<strong>77</strong>" in text(two_clients.get("/criteria/EXT-DUP-RECENT"))


def test_pages_of_own_thresholds_stay_among_themselves(two_clients):
    start = path_of(led_to(two_clients, "giles")[1])
    todo, seen = [start], set()
    while todo:
        path = todo.pop()
        seen.add(path)
        for link in re.findall(r'href="(?:/base)([^"#?]+)', text(two_clients.get(path))):
            if link.startswith("/criteria/") and link not in (*seen, *todo):
                assert link.startswith(start), f"{path} leads to {link}"
                todo.append(link)
    assert len(seen) > len(CATALOGUE.entries) + len(CATALOGUE.steps) + len(CATALOGUE.code_sets)


def test_thresholds_that_nobody_has_any_more_lead_to_those_of_today_with_a_note(two_clients):
    for path, leads_to in (("/P11", "/P11"), ("/codes/VS-MALIG", "/codes/VS-MALIG"), ("", "")):
        gone = two_clients.get(f"/criteria/0123456789ab{path}")
        assert gone.status_code == 302
        assert gone.headers["Location"] == f"/base/criteria{leads_to}?changed"
        page = text(two_clients.get(path_of(gone.headers["Location"].removeprefix("/base"))))
        assert "thresholds have changed since the card" in page
    assert "have changed since" not in text(two_clients.get("/criteria/P11"))


def test_the_digest_of_the_shared_thresholds_leads_to_their_one_address(two_clients):
    shared = Settings(options={"dup.days": 77}).shared_client().criteria.digest
    response = two_clients.get(f"/criteria/{shared}/P11")
    assert (response.status_code, response.headers["Location"]) == (302, "/base/criteria/P11")


@pytest.mark.parametrize("path", ["NOPE/P11", "EXT-MRS-CIED/P11", "0123456789AB/P11"])
def test_a_folder_that_is_no_digest_is_no_page(two_clients, path):
    assert two_clients.get(f"/criteria/{path}").status_code == 404


def test_an_unknown_name_below_a_digest_is_no_page(two_clients):
    start = path_of(led_to(two_clients, "giles")[1])
    for path in ("NOPE", "codes/NOPE", "codes/x/y", "P11/x"):
        assert two_clients.get(f"{start}/{path}").status_code == 404


def test_the_page_can_be_switched_off(bouncer):
    app = create_app(
        Settings(base_url="https://cds.example", pages={"criteria": False}),
        lambda: NOW,
        FakeEvaluator(),
        clients=(bouncer.client,),
        authenticator=bouncer,
    )
    assert app.test_client().get("/criteria").status_code == 404
