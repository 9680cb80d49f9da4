"""A log-in that grants what it is told to, and a chart, for the companion app's pages."""

from __future__ import annotations

import msgspec
from calls import MARK
from samples import SAMPLES, text

from cds_service.cdshooks.request import decode
from cds_service.errors import LaunchFailed
from cds_service.launches import Granted, Pending
from cds_service.pages.smart.words import PROBLEMS

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

    def begin(self, client, app, server, launch):
        if self.fails:
            raise LaunchFailed(self.fails)
        pending = Pending(client=client, server=server.base, state=f"{client}.s1", verifier="v",
                          nonce="n")  # fmt: skip
        return f"https://ehr.example/authorize?launch={launch}", pending

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
