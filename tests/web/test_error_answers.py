"""Every answer that is no success: an OperationOutcome with a fixed text, and nothing else."""

import uuid

import pytest
from calls import SERVICE, call, lines, post

MARK = "Xylocanth"
"""Stands for patient data."""


def assert_outcome(response, status, code):
    assert response.status_code == status
    assert response.content_type == "application/json"
    body = response.json
    assert body["resourceType"] == "OperationOutcome"
    uuid.UUID(body["id"])
    (issue,) = body["issue"]
    assert (issue["severity"], issue["code"]) == ("error", code)
    assert issue["details"]["text"]
    assert MARK not in response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/cds-services/lumbar-mri", 404, "not-found"),
        ("POST", f"{SERVICE}/feedback", 404, "not-found"),
        ("GET", f"/{MARK}", 404, "not-found"),
        ("GET", SERVICE, 405, "not-supported"),
        ("PUT", SERVICE, 405, "not-supported"),
        ("POST", "/cds-services", 405, "not-supported"),
        ("OPTIONS", f"/{MARK}", 404, "not-found"),
    ],
)
def test_wrong_address_or_method(web, method, path, status, code):
    response = web.open(path, method=method)
    assert_outcome(response, status, code)
    if status == 405:
        assert {"GET", "POST"} & set(response.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    "body", [MARK.encode(), {MARK: 1}, call(hook=MARK), call(prefetch=MARK), call(context=MARK)]
)
def test_bad_requests_quote_nothing(web, body):
    response = post(web, body)
    assert response.status_code == 400
    assert_outcome(response, 400, response.json["issue"][0]["code"])


def test_a_defect_says_nothing_and_is_logged_without_its_text(web, evaluator, log):
    evaluator.fails = ValueError(MARK)
    response = post(web)
    assert_outcome(response, 500, "exception")
    call_line = lines(log)[-1]
    assert call_line["level"] == "error"
    assert call_line["error"] == "ValueError"
    assert call_line["at"].startswith("calls:evaluate:")
    assert call_line["request_id"] == response.json["id"]
    assert MARK not in log.getvalue()


def test_production_says_no_more(production, evaluator):
    evaluator.fails = KeyError(MARK)
    assert_outcome(post(production, headers={"Authorization": "Bearer please"}), 500, "exception")


def test_401_is_bare(production):
    response = post(production)
    assert response.status_code == 401
    assert response.data == b""
    assert response.headers["WWW-Authenticate"] == "Bearer"
