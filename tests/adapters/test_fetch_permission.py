"""When a call lets us read, and what its token covers."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from calls import NOW, Bouncer, FakeEvaluator, call, lines, post
from faulty import faulty
from fetching import KEYS, completed, states
from fhir_stub import EMPTY, TOKEN, FhirStub, allowed

from cds_service.adapters.fhir.permission import Cover, cover
from cds_service.adapters.fhir.reader import FhirReader
from cds_service.app import create_app
from cds_service.client import Client, FhirServer
from cds_service.facts.record.prefetch import State
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger

Json = dict[str, Any]


def read(server: FhirStub, reader: FhirReader, body: Json, **client: Any) -> bool:
    """Whether anything was read."""
    before = len(server.asked)
    completed(body, server.client(**client), reader)
    return len(server.asked) > before


@pytest.mark.parametrize(
    ("members", "good"),
    [
        pytest.param({}, True, id="everything as the specification asks"),
        pytest.param({"expires_in": None}, True, id="no lifetime given"),
        pytest.param({"expires_in": 0}, False, id="no time left"),
        pytest.param({"expires_in": -5}, False, id="expired"),
        pytest.param({"patient": None}, True, id="no patient given"),
        pytest.param({"patient": "Patient/pt-204"}, True, id="the patient as a reference"),
        pytest.param({"patient": "pt-205"}, False, id="another patient"),
        pytest.param({"patient": "PT-204"}, False, id="an id that differs in case"),
        pytest.param({"subject": None}, True, id="no subject given"),
        pytest.param({"subject": "somebody-else"}, False, id="a token of another application"),
        pytest.param({"access_token": "to\r\nken"}, False, id="a line break in the token"),
        pytest.param({"access_token": "tokén"}, False, id="a token that is not ASCII"),
        pytest.param({"access_token": "to ken"}, False, id="a blank in the token"),
    ],
)
def test_a_token_is_used_only_when_it_is_meant_for_us_this_patient_and_now(
    server: FhirStub, reader: FhirReader, members: Json, good: bool
):
    body = allowed(call(prefetch={}), server.base, **members)
    assert read(server, reader, body, fhir_subject="cds-service") is good


def test_without_a_token_only_a_server_marked_open_is_read(server: FhirStub, reader: FhirReader):
    body = call(prefetch={}, fhirServer=server.base)
    assert not read(server, reader, body)
    assert read(server, reader, body, fhir_servers=(server.server(open=True),))
    assert set(server.tokens) == {None}


@pytest.mark.parametrize("spelling", ["{0}", "{0}/", "HTTP{1}"])
def test_the_configured_server_may_be_spelt_in_its_own_ways(
    server: FhirStub, reader: FhirReader, spelling: str
):
    written = spelling.format(server.base, server.base.removeprefix("http"))
    assert read(server, reader, allowed(call(prefetch={}), written))


def test_nothing_is_read_for_a_client_without_servers(server: FhirStub, reader: FhirReader):
    assert not read(server, reader, allowed(call(prefetch={}), server.base), fhir_servers=())


def test_nothing_is_read_when_the_budget_is_spent(server: FhirStub, reader: FhirReader):
    body = allowed(call(prefetch={}), server.base)
    assert not read(server, reader, body, fetch_budget=0.0)


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (None, Cover.ALL),
        ("", Cover.ALL),
        ("launch openid fhirUser offline_access", Cover.ALL),
        ("something/that.nobody knows ???", Cover.ALL),
        ("patient/Condition.read", Cover.ALL),
        ("user/Condition.*", Cover.ALL),
        ("system/*.read", Cover.ALL),
        ("patient/*.*", Cover.ALL),
        ("patient/Condition.rs", Cover.ALL),
        ("patient/Condition.s", Cover.ALL),
        ("patient/*.cruds", Cover.ALL),
        ("patient/Condition.write", Cover.NONE),
        ("patient/Condition.cud", Cover.NONE),
        ("patient/Observation.rs", Cover.NONE),
        ("launch/patient patient/Patient.read", Cover.NONE),
        ("patient/Condition.rs?category=problem-list-item", Cover.SOME),
        ("patient/Condition.rs?category=x patient/Condition.rs", Cover.ALL),
        ("patient/Observation.rs?x patient/Condition.c", Cover.NONE),
    ],
)
def test_scopes_of_both_smart_versions(scope: str | None, found: Cover):
    assert cover(scope, "Condition") is found


def test_what_the_scopes_leave_out_is_named_as_not_read_and_not_asked_for(
    server: FhirStub, reader: FhirReader
):
    server.hold("Patient/pt-204", {"resourceType": "Patient", "id": "pt-204"})
    server.hold("Condition?patient=pt-204&_sort=-recorded-date&_count=500", EMPTY)
    server.hold("Procedure?patient=pt-204&_sort=-date&_count=500", EMPTY)
    scope = "patient/Patient.r patient/Condition.read patient/Procedure.rs?status=completed"
    found = states(
        completed(allowed(call(prefetch={}), server.base, scope=scope), server.client(), reader)
    )
    assert len(server.asked) == 3
    assert (found["patient"], found["conditions"]) == (State.READ, State.READ)
    # A token that shows some Procedures says nothing about the others.
    assert found["procedures"] is State.PARTIAL
    assert {found[key] for key in KEYS} == {State.READ, State.PARTIAL, State.FAILED}


def service(log: io.StringIO, client: Client | None = None) -> Any:
    """The whole service around an evaluator that knows nothing; without a client, development mode."""
    bouncer = Bouncer(client) if client else None
    return create_app(
        Settings(dev=client is None),
        lambda: NOW,
        FakeEvaluator(),
        clients=(client,) if client else (),
        authenticator=bouncer,
        logger=make_logger(log),
    ).test_client()


def test_the_service_reads_what_is_missing_and_logs_how_it_went(server: FhirStub):
    server.hold("Condition?patient=pt-204&_sort=-recorded-date&_count=500", EMPTY)
    log = io.StringIO()
    web = service(log, server.client())
    body = allowed(call(prefetch={}), server.base)
    assert post(web, body, headers={"Authorization": "Bearer please"}).status_code == 200
    (line,) = lines(log)
    assert (line["fetch"], line["fetched"]) == ("asked", len(KEYS))
    assert line["fetch_failed"] == {"refused": len(KEYS) - 1}


def test_in_development_a_server_on_this_machine_is_read_without_being_configured(
    server: FhirStub,
):
    server.hold("Condition?patient=pt-204&_sort=-recorded-date&_count=500", EMPTY)
    web = service(io.StringIO())
    assert post(web, call(prefetch={}, fhirServer=server.base)).status_code == 200
    assert len(server.asked) == len(KEYS)


@pytest.mark.parametrize(
    "url", ["https://ehr.example/fhir", "http://10.0.0.1/fhir", "http://127.0.0.1.evil.example/"]
)
def test_in_development_no_other_server_is_read(url: str):
    log = io.StringIO()
    assert post(service(log), call(prefetch={}, fhirServer=url)).status_code == 412
    assert not any("fetch" in line for line in lines(log))


@pytest.mark.parametrize(
    "mode", ["healthy", "refuse", "malformed header", "HTML", "redirect", "reset"]
)
def test_neither_token_nor_patient_is_logged_whatever_happens(
    caplog: pytest.LogCaptureFixture, mode: str
):
    caplog.set_level(logging.DEBUG)
    log = io.StringIO()
    with faulty("pt-204") as faults:
        base = faults.base(mode)
        web = service(log, FhirStub().client(fhir_servers=(FhirServer(base),)))
        answer = post(
            web, allowed(call(prefetch={}), base), headers={"Authorization": "Bearer please"}
        )
    assert '"fetch":"asked"' in log.getvalue()
    said = log.getvalue() + caplog.text
    if answer.status_code != 200:
        said += answer.get_data(as_text=True)
    for secret in (TOKEN, "pt-204", base):
        assert secret not in said


def test_what_is_held_during_a_call_does_not_show_the_token():
    from cds_service.adapters.fhir.session import Grant
    from cds_service.cdshooks.request import AccessToken

    assert TOKEN not in repr(Grant(AccessToken(TOKEN), 0.0))
