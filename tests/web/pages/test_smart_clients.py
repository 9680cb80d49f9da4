"""The companion app of several clients: whose launch it is, and what follows from that."""

from __future__ import annotations

import io
from unittest import mock

import pytest
from calls import post
from launching import EHR, ISS, NOW, PATIENT, REQUEST, USER, Chart, Flow, policy, problem
from samples import evaluator, terminology
from stored import Patient

from cds_service import app as rooms
from cds_service.adapters.databases import database_url
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.adapters.vault import new_vault
from cds_service.assembly import pages as assembled
from cds_service.client import FhirServer, SmartApp, make_client
from cds_service.pages.smart.words import PROBLEMS
from cds_service.settings import Settings
from cds_service.settings.clients import sharing
from cds_service.web.call_log import make_logger

NORTH, SOUTH, EAST = "north-hospital", "south-clinic", "east-clinic"
ELSEWHERE = "https://fhir.east.example/r4"
ORIGINS = {NORTH: EHR, SOUTH: "https://ehr.south.example", EAST: "https://ehr.east.example"}
TRUE = {"value": "true", "unit": ""}


def client(name, *servers, **options):
    return make_client(
        name,
        options,
        dev=False,
        smart=SmartApp(client_id=f"app-of-{name}", origins=(ORIGINS[name],)),
        fhir_servers=tuple(map(FhirServer, servers)),
    )


class Door:
    """Admits the client that the header names."""

    def __init__(self, clients):
        self.clients = {each.name: each for each in clients}

    def authenticate(self, request, url):
        return self.clients[request.headers["Authorization"]]


class Service:
    """One client with a server of its own, two that share one."""

    def __init__(self, store):
        self.store, self.flow, self.log = store, Flow(), io.StringIO()
        clients = sharing(
            (
                client(NORTH, ISS),
                client(SOUTH, ISS, **{"redflag.missing": "undetermined"}),
                client(EAST, ELSEWHERE),
            )
        )
        with (
            mock.patch.object(rooms, "load_terminology", return_value=terminology()),
            mock.patch.object(assembled, "_LateFlow", return_value=self.flow),
        ):
            app = rooms.create_app(
                Settings(base_url="https://cds.example"), lambda: NOW, evaluator(),
                clients=clients, authenticator=Door(clients), reader=Chart(), store=store,
                companion=Patient(store), logger=make_logger(self.log),
            )  # fmt: skip
        self.web = app.test_client()

    def link(self, name):
        """The smart link of the card that a client gets."""
        answer = post(self.web, REQUEST, headers={"Authorization": name})
        self.store.close()
        return answer.json["cards"][0]["links"][0]

    def send(self, path, status=200, **body):
        answer = self.web.post(f"/smart/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json

    def open(self, name, status=200, iss=ISS, **granted):
        begun = self.send("begin", iss=iss, launch="l1", client=name)
        self.flow.granted = granted
        return self.send("open", status, code="c", state=begun["state"], pending=begun["pending"])


@pytest.fixture
def service(tmp_path):
    store = Store(
        database_url(f"sqlite:///{tmp_path / 'store.db'}", "test"), StoreOptions(vault=new_vault())
    )
    store.prepare()
    yield Service(store)
    store.close()


def test_only_cards_of_clients_that_share_a_server_name_the_client(service):
    paths = {name: service.link(name)["url"].partition("/smart")[2] for name in ORIGINS}
    assert paths == {
        NORTH: f"/launch/{NORTH}", SOUTH: f"/launch/{SOUTH}", EAST: "/launch"
    }  # fmt: skip


@pytest.mark.parametrize("name", [NORTH, SOUTH])
def test_each_of_them_logs_in_with_its_own_app_and_gets_its_own_answers(service, name):
    page = service.web.get(f"/smart/launch/{name}?iss={ISS}&launch=l1")
    assert policy(page)["frame-ancestors"] == ORIGINS[name]
    assert f'data-client="{name}"' in page.text
    handle = service.link(name)["appContext"]
    opened = service.open(name, app_context=handle, origin=ORIGINS[name])
    ((app, _, pending, _),) = service.flow.asked
    assert (app.client_id, pending.client) == (f"app-of-{name}", name)
    back = service.web.get(f"/smart/app?state={pending.state}&code=c")
    assert policy(back)["frame-ancestors"] == ORIGINS[name]
    said = service.send("use", visit=opened["visit"], answers={"neuro-exam-normal": TRUE})
    assert said["origin"] == ORIGINS[name]
    outcome = "NOT_YET" if name == NORTH else "INSUFFICIENT"
    assert f'data-outcome="{outcome}"' in said["html"]


def test_a_card_of_one_is_no_good_in_a_launch_of_the_other(service):
    handle = service.link(NORTH)["appContext"]
    assert problem(service.open(SOUTH, 404, app_context=handle)) == "handle"
    assert service.open(NORTH, app_context=handle)


def test_a_message_goes_to_no_origin_of_the_other(service):
    handle = service.link(NORTH)["appContext"]
    opened = service.open(NORTH, app_context=handle, origin=ORIGINS[SOUTH])
    said = service.send("use", visit=opened["visit"], answers={"neuro-exam-normal": TRUE})
    assert set(said) == {"html"}


def test_answers_given_for_one_do_not_count_for_the_other(service):
    handle = service.link(NORTH)["appContext"]
    opened = service.open(NORTH, app_context=handle)
    service.send("use", visit=opened["visit"], answers={"neuro-exam-normal": TRUE})
    counted = {}
    for name in (NORTH, SOUTH):
        (card,) = post(service.web, REQUEST, headers={"Authorization": name}).json["cards"]
        counted[name] = "companion app" in card["detail"]
    assert counted == {NORTH: True, SOUTH: False}


def test_whose_a_plain_launch_is_is_not_guessed_and_nobody_is_named(service):
    page = service.web.get(f"/smart/launch?iss={ISS}&launch=l1")
    assert page.status_code == 400
    assert policy(page)["frame-ancestors"] == "'none'"
    begun = service.send("begin", 400, iss=ISS, launch="l1")
    assert problem(begun) == "several"
    for name, origin in ORIGINS.items():
        assert name not in page.text + begun["html"]
        assert origin not in page.text + begun["html"]
    assert '"reason":"several"' in service.log.getvalue()


def test_a_plain_launch_of_the_only_one_is_as_good_as_its_own_address(service):
    for path in ("/smart/launch", f"/smart/launch/{EAST}"):
        page = service.web.get(f"{path}?iss={ELSEWHERE}&launch=l1")
        assert page.status_code == 200
        assert policy(page)["frame-ancestors"] == ORIGINS[EAST]
    for name in ("", EAST):
        assert service.open(name, iss=ELSEWHERE)


@pytest.mark.parametrize(
    ("name", "iss"),
    [("nobody", ISS), (EAST, ISS), (NORTH, ELSEWHERE), (NORTH, ""), ("nobody", "")],
)
def test_a_name_that_does_not_go_with_the_server_launches_nothing(service, name, iss):
    """One page for all of them, so that names cannot be tried; no address of a server comes of one."""
    page = service.web.get(f"/smart/launch/{name}", query_string={"iss": iss} if iss else {})
    unknown = service.web.get("/smart/launch?iss=https://unknown.example/r4")
    assert page.status_code == 403
    assert page.text == unknown.text
    assert policy(page) == policy(unknown)
    assert problem(service.send("begin", 403, iss=iss, client=name)) == "server"


def test_without_a_server_the_address_is_said_to_need_one_and_none_is_named(service):
    page = service.web.get("/smart/launch")
    assert page.status_code == 400
    assert PROBLEMS["iss"].title in page.text
    assert "/smart/launch?iss=" in page.text
    for word in (ISS, ELSEWHERE, *ORIGINS):
        assert word not in page.text
    assert '"reason":"iss"' in service.log.getvalue()


def test_a_launch_begun_for_one_cannot_be_ended_for_the_other(service):
    north, south = (service.send("begin", iss=ISS, launch="l1", client=name) for name in (NORTH, SOUTH))  # fmt: skip
    answer = service.send("open", 400, code="c", state=south["state"], pending=north["pending"])
    assert problem(answer) == "state"
    assert service.flow.asked == []


def test_nothing_of_a_patient_is_in_the_log(service):
    handle = service.link(SOUTH)["appContext"]
    service.open(SOUTH, app_context=handle)
    for word in (PATIENT, USER, handle):
        assert word not in service.log.getvalue()
