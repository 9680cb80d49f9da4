"""The FHIR server of `tests/rigs`: what other integration tests rely on is true of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from calls import bundle
from rig_fhir import FhirRig, chart_of, for_hand, serving, to_be_fetched
from samples import SAMPLES, advise, sample, terminology, verdict

from cds_service.cdshooks.services import prefetch_templates

pytestmark = pytest.mark.integration

TOKEN = "open-sesame"
MANY = 23


def many_observations() -> dict[str, Any]:
    """A patient and more Observations than one page holds, as a transaction."""
    patient = {"resourceType": "Patient", "id": "busy", "name": [{"given": ["Ann"]}]}
    observations = [
        {
            "resourceType": "Observation",
            "id": f"busy-{number}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
            "subject": {"reference": "Patient/busy"},
            "effectiveDateTime": f"2026-02-{number + 1:02}",
        }
        for number in range(MANY)
    ]
    return chart_of({"prefetch": {"patient": patient, "obs-vitals": bundle(*observations)}})


@pytest.fixture(scope="module")
def server() -> Iterator[FhirRig]:
    charts = [chart_of(sample(name)) for name in SAMPLES]
    with serving(many_observations(), *charts, bearer=TOKEN) as rig:
        yield rig


def test_small_pages_are_followed_to_the_end_and_nothing_comes_twice(server: FhirRig):
    pages = list(server.pages("Observation", patient="busy", _count=5, _sort="-date"))
    found = [entry["resource"]["id"] for page in pages for entry in page["entry"]]
    assert [len(page["entry"]) for page in pages] == [5, 5, 5, 5, 3]
    assert found == [f"busy-{number}" for number in reversed(range(MANY))]


def test_without_a_count_a_page_holds_twenty(server: FhirRig):
    pages = list(server.pages("Observation", patient="busy"))
    assert [len(page["entry"]) for page in pages] == [20, 3]
    assert {page["total"] for page in pages} == {MANY}


def test_a_search_by_post_gives_the_same_page_with_a_link_to_the_next(server: FhirRig):
    form = {"patient": "busy", "_sort": "-date", "_count": "5"}
    answer = server.session.post(f"{server.base}/Observation/_search", data=form, timeout=10)
    page = answer.json()
    assert page["entry"] == next(server.pages("Observation", **form))["entry"]
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    assert len(server.get(following).json()["entry"]) == 5


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="without a token"),
        pytest.param({"Authorization": "Bearer guess"}, 401, id="with a wrong token"),
        pytest.param({"Authorization": f"Bearer {TOKEN}"}, 200, id="with its token"),
    ],
)
def test_the_chart_is_read_only_with_the_token(
    server: FhirRig, headers: dict[str, str], status: int
):
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{server.base}/Patient/busy", headers=headers, timeout=10)
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_server_without_a_token_serves_anybody():
    with serving(many_observations()) as server:
        assert server.get("Patient/busy").status_code == 200


def test_what_does_not_exist_is_a_404_with_an_outcome(server: FhirRig):
    answer = server.get("Condition/nobody-has-this")
    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_browser_may_ask_before_it_calls(server: FhirRig):
    answer = server.session.options(
        f"{server.base}/Patient/busy",
        headers={"Access-Control-Request-Headers": "authorization"},
        timeout=10,
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("name", SAMPLES)
def test_what_the_published_searches_find_gives_the_verdict_of_the_sample(
    server: FhirRig, name: str
):
    """Every key the sample brings is read again by its template, to the end."""
    request = sample(name)
    usual = verdict(advise(request))
    templates = prefetch_templates(terminology().codes, white_cells=False)
    for key, value in request["prefetch"].items():
        if value is None or value["resourceType"] == "OperationOutcome":
            continue
        query = templates[key].replace("{{context.patientId}}", request["context"]["patientId"])
        found = server.search(query) if "?" in query else server.get(query).json()
        request["prefetch"][key] = bundle(*found) if isinstance(found, list) else found
    assert verdict(advise(request)) == usual


def test_a_request_to_be_fetched_brings_access_instead_of_its_chart(server: FhirRig):
    request = to_be_fetched(sample("V03"), server, keep=("patient",))
    assert set(request["prefetch"]) == {"patient"}
    assert request["fhirServer"] == server.base
    assert request["fhirAuthorization"]["access_token"] == TOKEN


def test_for_trying_by_hand_the_chart_is_open_and_the_app_can_be_launched():
    """As one client wants it that reads without a token and asks for launches."""
    with serving(many_observations(), smart=for_hand("http://127.0.0.1:5005")) as rig:
        assert rig.get("Patient/busy").status_code == 200
        given = {"parameters": {"patient": "busy", "appContext": "handle"}}
        answer = requests.post(f"{rig.base}/_services/smart/Launch", json=given, timeout=10)
        assert answer.json()["launch_id"]
        found = rig.get(".well-known/smart-configuration").json()
        asked = {
            "response_type": "code",
            "client_id": "cds-service",
            "redirect_uri": "http://127.0.0.1:5005/smart/app",
            "scope": "openid launch",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        page = rig.get(found["authorization_endpoint"], params=asked, allow_redirects=False)
        # To its page for logging in, and not back to the app with an error.
        assert page.is_redirect
        assert page.headers["Location"].startswith("/oidc/interaction/")
