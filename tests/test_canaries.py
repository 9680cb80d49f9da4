"""A recognisable word in every place of a request: it is in no log, no metric and no refusal.

Cards may say what the chart says; everything else may not.
"""

from __future__ import annotations

import copy
import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Self

import pytest
from calls import MARK, NOW, SERVICE, Bouncer, FakeEvaluator, post
from flask.testing import FlaskClient
from samples import evaluator, sample
from werkzeug.test import Client as MetricsReader

from cds_service.adapters.metrics import PrometheusMeter
from cds_service.app import create_app
from cds_service.cdshooks.request import HOOKS
from cds_service.client import make_client
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger

Path = tuple[str | int, ...]


class Watched:
    """An app, and everything it says to others than its caller."""

    def __init__(self, evaluates: Any) -> None:
        self.log = io.StringIO()
        self.library = io.StringIO()
        self.meter = PrometheusMeter(("cervical-mri",), HOOKS)
        seams: dict[str, Any] = {"meter": self.meter, "logger": make_logger(self.log)}
        self.dev = create_app(Settings(dev=True), lambda: NOW, evaluates, **seams).test_client()
        bouncer = Bouncer(make_client("ehr", {}, dev=False))
        self.production = create_app(
            Settings(base_url="https://cds.example"), lambda: NOW, evaluates,
            clients=(bouncer.client,), authenticator=bouncer, **seams,
        ).test_client()  # fmt: skip
        self._handler = logging.StreamHandler(self.library)

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(self._handler)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._handler)
        logging.getLogger().setLevel(self._level)

    def said(self) -> str:
        metrics = MetricsReader(self.meter.exposition()).get("/metrics").get_data(as_text=True)
        return (self.log.getvalue() + self.library.getvalue() + metrics).lower()

    def refusal(self, response: Any) -> str:
        text = str(response.headers)
        return (
            text if response.status_code == 200 else text + response.get_data(as_text=True)
        ).lower()


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with Watched(evaluator()) as found:
        yield found


def full(name: str) -> dict[str, Any]:
    """A sample with everything a client may send."""
    body = sample(name)
    body["fhirServer"] = "https://fhir.ehr.example/r4"
    body["fhirAuthorization"] = {
        "access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs",
        "subject": "cds", "patient": body["context"]["patientId"],
    }  # fmt: skip
    body["extension"] = {"com.ehr.comment": {"text": "a"}}
    patient = body["prefetch"]["patient"]
    patient["name"] = [{"family": "a", "given": ["b"], "text": "c"}]
    patient["identifier"] = [{"system": "urn:oid:1.2.3", "value": "d"}]
    patient["telecom"] = [{"system": "phone", "value": "e"}]
    patient["address"] = [{"line": ["f"], "city": "g", "postalCode": "h"}]
    for entry in body["prefetch"]["conditions"]["entry"]:
        entry["resource"]["note"] = [{"text": "i"}]
    return body


def leaves(value: Any, above: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from leaves(member, (*above, key))
    else:
        yield above


def marked(body: dict[str, Any], path: Path, word: str) -> dict[str, Any]:
    changed: Any = copy.deepcopy(body)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = word
    whole: dict[str, Any] = changed
    return whole


def test_every_value_of_a_request(watched):
    body = full("V03")
    statuses = set()
    for path in leaves(body):
        response = post(watched.dev, marked(body, path, MARK))
        statuses.add(response.status_code)
        assert MARK.lower() not in watched.refusal(response), path
    assert statuses >= {200, 400}
    assert '"event":"call"' in watched.said()
    assert MARK.lower() not in watched.said()


def test_every_name_of_a_member(watched):
    body = full("V03")
    parents = sorted({path[:cut] for path in leaves(body) for cut in range(len(path))}, key=str)
    for parent in parents:
        changed = copy.deepcopy(body)
        place: Any = changed
        for key in parent:
            place = place[key]
        if isinstance(place, dict):
            place[MARK] = MARK
            response = post(watched.dev, changed)
            assert MARK.lower() not in watched.refusal(response), parent
    assert MARK.lower() not in watched.said()


@pytest.mark.parametrize("kind", ["dev", "production"])
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"query_string": {MARK: MARK}}, id="query"),
        pytest.param({"path": f"/cds-services/{MARK}"}, id="service id"),
        pytest.param({"path": f"{SERVICE}/{MARK}"}, id="behind the service"),
        pytest.param({"path": f"/{MARK}"}, id="path"),
        pytest.param({"headers": {"Authorization": f"Bearer {MARK}"}}, id="token"),
        pytest.param({"headers": {"Authorization": f"{MARK} {MARK}"}}, id="scheme of the token"),
        pytest.param({"headers": {"Cookie": f"{MARK}={MARK}"}}, id="cookie"),
        pytest.param({"headers": {MARK: MARK}}, id="header"),
        pytest.param({"headers": {"Host": f"{MARK}.example"}}, id="Host"),
        pytest.param({"headers": {"Referer": f"https://{MARK}"}}, id="Referer"),
        pytest.param({"headers": {"X-Request-Id": MARK}}, id="request id"),
        pytest.param({"headers": {"Content-Encoding": MARK}}, id="Content-Encoding"),
        pytest.param({"content_type": f"text/{MARK}"}, id="media type"),
        pytest.param({"content_type": f"application/json; charset={MARK}"}, id="charset"),
        pytest.param({"method": MARK.upper()}, id="method"),
    ],
)
def test_everything_around_the_body(watched, kind, options):
    web: FlaskClient = getattr(watched, kind)
    options = {"path": SERVICE, "method": "POST", "content_type": "application/json"} | options
    response = web.open(data=json.dumps(full("V03")), **options)
    assert MARK.lower() not in watched.refusal(response)
    assert MARK.lower() not in watched.said()


def test_bodies_that_are_no_json(watched):
    for body in (MARK, f"{{{MARK}", f'{{"hook": "{MARK}"', f"[{MARK}]", f'"{MARK}"'):
        response = post(watched.dev, body.encode())
        assert response.status_code == 400
        assert MARK.lower() not in watched.refusal(response)
    assert MARK.lower() not in watched.said()


def test_an_allowed_browser_sees_its_own_origin_and_nobody_elses(watched):
    response = post(watched.production, full("V03"), headers={"Origin": f"https://{MARK}"})
    assert MARK.lower() not in watched.refusal(response)
    assert MARK.lower() not in watched.said()


@pytest.mark.parametrize("error", [ValueError, KeyError, OSError, RecursionError, AssertionError])
def test_defects_that_quote_the_chart(error):
    with Watched(FakeEvaluator(error(MARK))) as watched:
        response = post(watched.dev, full("V03"))
        assert response.status_code == 500
        assert MARK.lower() not in watched.refusal(response)
        assert MARK.lower() not in watched.said()
        assert error.__name__.lower() in watched.said(), "the defect itself is on record"
