"""Whether a call lets us read, from where, and what its token covers."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from cds_service.adapters.fhir.addresses import Base
from cds_service.cdshooks.request import FhirAuthorization, HookRequest
from cds_service.client import Client, FhirServer, on_this_machine

ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
# SMART 1 `patient/Condition.read`, SMART 2 `user/Condition.rs?category=…`
_SCOPE: Final = re.compile(
    r"(?:patient|user|system)/(?P<kind>[A-Za-z]+|\*)\.(?P<right>read|write|\*|c?r?u?d?s?)"
    r"(?P<filter>\?.*)?"
)


def is_id(text: str) -> bool:
    """A FHIR id that can stand in a path; `..` could not."""
    return ID.fullmatch(text) is not None and text.strip(".") != ""


def server_of(request: HookRequest, client: Client, *, loopback: bool) -> FhirServer | None:
    """The configured server that `fhirServer` names; None: nobody is contacted.

    What is contacted is the configured URL, never the received one. `loopback` (development mode):
    any server on this machine counts as configured and open.
    """
    named = request.fhir_server
    return None if named is None else server_named(named, client, loopback=loopback)


def server_named(named: str, client: Client, *, loopback: bool) -> FhirServer | None:
    """The configured server at a URL, such as the `iss` of a SMART launch; `loopback` as above."""
    for server in client.fhir_servers:
        if Base(server.base).is_same(named):
            return server
    if loopback and on_this_machine(named):
        try:
            Base(named)
        except ValueError:
            return None
        return FhirServer(named.rstrip("/"), open=True)
    return None


def may_read(request: HookRequest, client: Client, server: FhirServer) -> bool:
    """CDS Hooks F-1 and F-7: with a token that is meant for us, this patient and now."""
    patient = request.context.patient_id
    if not is_id(patient):
        return False
    granted = request.fhir_authorization
    if granted is None:
        return server.open
    return _is_good(granted, patient, client.fhir_subject)


def _is_good(granted: FhirAuthorization, patient: str, subject: str | None) -> bool:
    if granted.expires_in is not None and granted.expires_in <= 0:
        return False
    if granted.patient and granted.patient.removeprefix("Patient/") != patient:
        return False
    if subject is not None and granted.subject is not None and granted.subject != subject:
        return False
    return _TOKEN.fullmatch(granted.access_token.reveal()) is not None


class Cover(Enum):
    """How much of one resource type a token lets us see."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


def cover(scope: str | None, kind: str) -> Cover:
    """From the granted scopes. Those nobody can read say nothing: without one that can be read the
    server decides.
    """
    known = [found for word in (scope or "").split() if (found := _SCOPE.fullmatch(word))]
    if not known:
        return Cover.ALL
    fitting = [found for found in known if found["kind"] in ("*", kind) and _reads(found["right"])]
    if any(not found["filter"] for found in fitting):
        return Cover.ALL
    return Cover.SOME if fitting else Cover.NONE


def _reads(right: str) -> bool:
    return right in ("read", "*") or (right != "write" and ("r" in right or "s" in right))
