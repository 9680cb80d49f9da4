"""Every answer that is no success: an OperationOutcome with a fixed text, and nothing else."""

import io
import json

import pytest
from calls import MARK, SERVICE, assert_outcome, call, lines, post

from cds_service.web.invoke import WAITED


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/cds-services/lumbar-mri", 404, "not-found"),
        ("POST", "/cds-services/lumbar-mri/feedback", 404, "not-found"),
        ("GET", f"/{MARK}", 404, "not-found"),
        ("GET", SERVICE, 405, "not-supported"),
        ("PUT", SERVICE, 405, "not-supported"),
        ("TRACE", SERVICE, 405, "not-supported"),
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


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(0.099, 200), (0.1, 200), (0.101, 503)],
    ids=["less", "as long", "longer"],
)
def test_a_call_that_has_waited_too_long_is_turned_away(web, evaluator, seconds, status):
    response = post(web, environ_overrides={WAITED: seconds})
    assert response.status_code == status
    if status == 503:
        assert_outcome(response, 503, "transient")
        assert response.headers["Retry-After"] == "1"
        assert evaluator.asked == []


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/cds-services"])
def test_probes_and_discovery_are_answered_however_busy_it_is(web, path):
    assert web.get(path, environ_overrides={WAITED: 5.0}).status_code == 200


def test_a_body_that_breaks_off_is_no_defect(web, evaluator):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise ConnectionResetError(MARK)

    for length in ({"CONTENT_LENGTH": "10"}, {"wsgi.input_terminated": True}):
        response = post(web, environ_overrides={"wsgi.input": Broken(), **length})
        assert_outcome(response, 400, "structure")
    assert evaluator.asked == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"hook": "\xff\xfe"}', id="not UTF-8"),
        pytest.param(json.dumps(call()).encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + json.dumps(call()).encode(), id="byte order mark"),
        pytest.param(
            json.dumps(call(prefetch={"x": "y"})).replace('"y"', "NaN").encode(), id="NaN"
        ),
        pytest.param(
            json.dumps(call(prefetch={"x": "y"})).replace('"y"', "-Infinity").encode(),
            id="Infinity",
        ),
        pytest.param(b"[" * 200_000, id="too deep"),
        pytest.param(
            json.dumps(call(prefetch={"x": "y"}))
            .replace('"y"', "[" * 50_000 + "]" * 50_000)
            .encode(),
            id="too deep where nothing is read",
        ),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"text"', id="a string"),
        pytest.param(b"null", id="null"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"{} {}", id="two values"),
    ],
)
def test_what_is_no_json_object_is_refused(web, evaluator, body):
    assert_outcome(post(web, body), 400, "structure")
    assert evaluator.asked == []


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, identity", f"x-{MARK}"])
def test_compressed_bodies_are_never_inflated(web, evaluator, coding):
    response = post(web, b"\x1f\x8b", headers={"Content-Encoding": coding})
    assert_outcome(response, 415, "not-supported")
    assert response.headers["Accept-Encoding"] == "identity"
    assert evaluator.asked == []
