"""Browser clients: preflights, origins, and the protective headers."""

import pytest
from calls import ORIGIN, SERVICE, post

PREFLIGHTED = [
    "/cds-services",
    "/cds-services/",
    SERVICE,
    "/cds-services//cervical-mri",
    f"{SERVICE}/feedback",
    "/cds-services//cervical-mri/feedback",
    "/cds-services/unknown",
]


@pytest.mark.parametrize("path", PREFLIGHTED)
def test_preflight(web, path):
    response = web.options(
        path,
        headers={
            "Origin": "http://localhost:8080",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert response.status_code == 204
    assert response.data == b""
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    allowed = response.headers["Access-Control-Allow-Headers"].lower()
    assert {"authorization", "content-type", "accept"} <= set(allowed.split(", "))
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("path", PREFLIGHTED)
def test_preflight_of_production_needs_no_token(production, path):
    response = production.options(path, headers={"Origin": ORIGIN})
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", ["https://ehr.example.evil.com", "https://ehr.example:444", "null", "*", None]
)
def test_production_knows_its_origins_exactly(production, origin):
    headers = {} if origin is None else {"Origin": origin}
    for response in (
        production.options(SERVICE, headers=headers),
        post(production, headers=headers),
    ):
        assert "Access-Control-Allow-Origin" not in response.headers
        assert "Access-Control-Allow-Methods" not in response.headers
        assert response.headers["Vary"] == "Origin"


def test_errors_carry_the_headers_too(web, production, evaluator):
    evaluator.fails = ValueError()
    answers = [
        post(web, b"{}"),
        web.get("/nowhere"),
        web.get(SERVICE),
        post(web, content_type="text/plain"),
        post(web),
    ]
    assert [answer.status_code for answer in answers] == [400, 404, 405, 415, 500]
    assert all(answer.headers["Access-Control-Allow-Origin"] == "*" for answer in answers)
    refused = post(production, headers={"Origin": ORIGIN})
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("path", ["/cds-services", "/", "/readyz", "/livez", "/nowhere"])
def test_protective_headers(web, path):
    headers = web.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers
