"""What all pages share: start page, frame, static files, headers, errors."""

import hashlib
import re
import tomllib
from importlib.resources import files

import pytest
from calls import MARK, NOW, FakeEvaluator, assert_outcome, lines
from flask import Flask

from cds_service.app import create_app
from cds_service.errors import RequestError
from cds_service.pages.assets import Assets
from cds_service.pages.policy import policy
from cds_service.pages.site import Section, Site
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
VENDORED = tomllib.loads(
    (files("cds_service.pages") / "static/vendor/vendored.toml").read_text(encoding="utf-8")
)


def directives(response):
    parts = response.headers["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


def test_start_page_lists_the_addresses_under_the_banner(web):
    page = web.get("/").get_data(as_text=True)
    assert "DEVELOPMENT MODE" in page
    assert "http://127.0.0.1:5005/cds-services/cervical-mri" in page


def test_without_any_page_production_answers_machines_only(production_without_pages):
    response = production_without_pages.get("/", headers=BROWSER)
    assert_outcome(response, 404, "not-found")


def test_a_page_lets_nothing_in_from_elsewhere_and_runs_nothing_inline(web):
    found = directives(web.get("/"))
    assert found["default-src"] == "'none'"
    assert found["script-src"] == found["style-src"] == found["connect-src"] == "'self'"
    assert found["frame-ancestors"] == found["base-uri"] == "'none'"
    assert "unsafe" not in str(found)


def test_a_page_has_no_inline_code_and_every_file_it_names_is_there(web):
    page = web.get("/").get_data(as_text=True)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert named
    assert {web.get(path).status_code for path in named} == {200}


def test_static_files_are_kept_for_a_year_and_asked_for_by_what_they_hold(web):
    path = Assets().path("site.css")
    first = web.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert first.content_type == "text/css; charset=utf-8"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    again = web.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_file_of_another_version_is_served_but_not_kept(web):
    response = web.get("/static/000000000000/site.css")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["nothing.css", "vendor/vendored.toml", "../site.py", "%2e%2e/site.py", "vendor/"]
)
def test_only_files_to_show_are_served(web, name):
    assert web.get(f"/static/{Assets().version}/{name}").status_code == 404


@pytest.mark.parametrize("name", VENDORED)
def test_vendored_files_are_what_they_were(name):
    folder = files("cds_service.pages") / "static/vendor"
    entry = VENDORED[name]
    assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"]
    assert (folder / entry["licence_file"]).is_file()
    assert entry["version"] in name


def test_every_vendored_file_is_accounted_for():
    served = {name for name in Assets().files if name.startswith("vendor/")}
    assert served == {f"vendor/{name}" for name in VENDORED}


def test_an_unknown_page_says_what_to_do(web):
    response = web.get(f"/{MARK}", headers=BROWSER)
    assert response.status_code == 404
    assert response.content_type == "text/html; charset=utf-8"
    page = response.get_data(as_text=True)
    assert "start page" in page
    assert MARK not in page
    assert directives(response)["default-src"] == "'none'"


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/fhir+json"])
def test_machines_get_an_outcome(web, accept):
    headers = {} if accept is None else {"Accept": accept}
    assert_outcome(web.get("/nowhere", headers=headers), 404, "not-found")


@pytest.mark.parametrize("path", ["/cds-services/other", "/openapi.json/x", "/livez/x"])
def test_paths_of_machines_stay_theirs(web, path):
    response = web.open(path, headers=BROWSER, method="POST" if "services" in path else "GET")
    assert_outcome(response, 404, "not-found")


@pytest.fixture
def failing(app: Flask):
    """The app with views that fail."""

    @app.get("/defect")
    def defect() -> str:
        raise ValueError(MARK)

    @app.get("/busy")
    def busy() -> str:
        raise RequestError(503, "transient", "the store does not answer")

    return app.test_client()


def test_a_defect_is_a_page_with_a_number_and_a_line_in_the_log(failing, log):
    response = failing.get("/defect", headers=BROWSER)
    assert response.status_code == 500
    page = response.get_data(as_text=True)
    line = lines(log)[-1]
    assert line["error"] == "ValueError"
    assert line["request_id"] in page
    assert MARK not in page
    assert MARK not in log.getvalue()


def test_a_service_that_is_down_says_so(failing):
    response = failing.get("/busy", headers=BROWSER)
    assert response.status_code == 503
    page = response.get_data(as_text=True)
    assert "The store does not answer." in page
    assert "orders can be placed as usual" in page


def test_a_policy_can_be_widened_for_one_page():
    found = policy(frame_ancestors="https://ehr.example https://other.example")
    assert "frame-ancestors https://ehr.example https://other.example" in found
    assert "default-src 'none'" in found


@pytest.mark.parametrize(
    "directives",
    [
        {"frame_src": "'self'"},
        {"script_src": "'self' 'unsafe-inline'"},
        {"frame_ancestors": "https://ehr.example; script-src *"},
        {"frame_ancestors": "https://ehr.example, x"},
        {"frame_ancestors": "https://ehr.example\r\nX: y"},
        {"connect_src": ""},
    ],
)
def test_a_policy_cannot_be_opened_by_mistake(directives):
    with pytest.raises(ValueError, match=r"unknown|not a list"):
        policy(**directives)


def test_addresses_stand_below_the_path_of_the_service():
    site = Site("https://cds.example/base", [Section("/criteria", "Criteria", "All of them")])
    page = site.render("home.html", public_url=site.public_url, service="s", dev=False)
    links = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert links
    assert all(link.startswith("/base/") for link in links)


def test_what_a_page_shows_is_escaped():
    site = Site("https://cds.example", [Section("/x", "<b>x</b>", "a & b")])
    page = site.render("home.html", public_url='"><script>', service="s", dev=True)
    assert "<b>" not in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("dev", "chosen", "expected"),
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
def test_the_workbench_is_for_development_unless_chosen(dev, chosen, expected):
    assert Settings(dev=dev, pages={"workbench": chosen}).workbench is expected


@pytest.fixture
def production_without_pages(bouncer, log):
    return create_app(
        Settings(base_url="https://cds.example", pages={"criteria": False}),
        lambda: NOW,
        FakeEvaluator(),
        clients=(bouncer.client,),
        authenticator=bouncer,
        logger=make_logger(log),
    ).test_client()
