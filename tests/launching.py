"""A log-in that grants what it is told to, and a chart, for the companion app's pages."""

from __future__ import annotations

import io
from unittest import mock

import msgspec
from calls import MARK, post
from samples import SAMPLES, evaluator, terminology, text
from stored import Patient

from cds_service import app as rooms
from cds_service.assembly import pages as assembled
from cds_service.cdshooks.request import decode
from cds_service.client import FhirServer, make_client
from cds_service.errors import LaunchFailed
from cds_service.launches import Granted, Pending
from cds_service.pages.smart.words import PROBLEMS
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger

OPEN = "V17"
"""An order with nothing to rate it by."""
REQUEST = SAMPLES[OPEN].request()
PATIENT, USER = REQUEST["context"]["patientId"], REQUEST["context"]["userId"]
ISS, EHR = "https://fhir.north.example/r4", "https://ehr.north.example"
NOW = SAMPLES[OPEN].evaluated


class Flow:
    """Grants what a test says, or fails."""

    def __init__(self):
        self.granted = {}
        self.fails = None
        self.asked = []
        self.login = "https://ehr.example/authorize?launch="

    def begin(self, client, app, server, launch):
        if self.fails:
            raise LaunchFailed(self.fails)
        pending = Pending(client=client, server=server.base, state=f"{client}.s1", verifier="v",
                          nonce="n")  # fmt: skip
        return f"{self.login}{launch}", pending

    def finish(self, app, server, pending, code):
        self.asked.append((app, server, pending, code))
        if self.fails:
            raise LaunchFailed(self.fails)
        return Granted(**{
            "access_token": f"{MARK}-token", "scope": None, "expires_in": 300, "patient": PATIENT,
            "user": USER, "encounter": None, "app_context": None, "origin": EHR,
            "messaging": "m1",
        } | self.granted)  # fmt: skip


class Chart:
    """Reads the sample's chart, whoever's it is."""

    def __init__(self):
        self.seen = []
        self.prefetch = decode(text(OPEN)).prefetch

    def complete(self, request, client, deadline):
        self.seen.append(request)
        return msgspec.structs.replace(request, prefetch=self.prefetch)


def policy(response):
    parts = response.headers["Content-Security-Policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


def problem(answer):
    return next(
        name
        for name, words in PROBLEMS.items()
        if words.title in answer["html"].replace("&#39;", "'")
    )


class Service:
    """The app in development mode, with such a log-in and chart, and a clock that stands still until it is
    moved.
    """

    def __init__(self, store, smart):
        self.store, self.now = store, NOW
        self.flow, self.chart, self.log = Flow(), Chart(), io.StringIO()
        client = make_client(
            "development", {}, dev=True, smart=smart, fhir_servers=(FhirServer(ISS),)
        )
        settings = Settings(dev=True)
        with (
            mock.patch.object(rooms, "load_terminology", return_value=terminology()),
            mock.patch.object(Settings, "development_client", return_value=client),
            mock.patch.object(assembled, "_LateFlow", return_value=self.flow),
        ):
            app = rooms.create_app(
                settings, lambda: self.now, evaluator(), reader=self.chart,
                store=store, companion=Patient(store), logger=make_logger(self.log),
            )  # fmt: skip
        self.web = app.test_client()

    def handle(self):
        """From a card with an open question."""
        (card,) = post(self.web, SAMPLES[OPEN].request()).json["cards"]
        self.store.close()
        return card["links"][0]["appContext"]

    def send(self, path, status=200, **body):
        answer = self.web.post(f"/smart/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json

    def open(self, status=200, **granted):
        begun = self.send("begin", iss=ISS, launch="l1")
        self.flow.granted = granted
        return self.send("open", status, code="c", state=begun["state"], pending=begun["pending"])
