"""Decode the body of a service call: strict about the envelope, lenient about the chart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, NoReturn, TypeAlias, get_args

import msgspec

from cds_service.cdshooks import limits, wire
from cds_service.cdshooks.salvage import ABSENT, PrefetchEntry, salvage
from cds_service.errors import BadRequest
from cds_service.fhir import resources as r
from cds_service.handles import Given

Hook: TypeAlias = Literal["order-sign", "order-select"]
HOOKS: Final[tuple[Hook, ...]] = get_args(Hook)
"""In the order of discovery: one widely used client keeps only the last of several entries."""

UUID_FORM: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
BOM: Final = b"\xef\xbb\xbf"


class AccessToken:
    """A bearer token that lives as long as the call and shows itself only when asked to (F-5)."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "AccessToken(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an access token is never stored")


class FhirAuthorization(msgspec.Struct, frozen=True, gc=False):
    """Leave to read from `fhirServer` (CDS Hooks, FHIR Resource Access)."""

    access_token: AccessToken
    expires_in: int | None
    scope: str | None
    subject: str | None
    patient: str | None


class OrderContext(msgspec.Struct, frozen=True, gc=False):
    """Context of order-select and order-sign."""

    user_id: str
    patient_id: str
    encounter_id: str | None
    selections: tuple[str, ...] | None
    """`Type/id` of the orders just picked; None: every draft is in scope."""
    draft_orders: tuple[dict[str, Any], ...]
    """The drafts exactly as they were received; decimals are `Decimal`."""
    beside: Mapping[str, dict[str, Any]] = {}
    """The same by `Type/id` and by the fullUrl of their entries, to resolve references inside."""


class HookRequest(msgspec.Struct, frozen=True, gc=False):
    """One firing of a hook."""

    hook: Hook
    hook_instance: str
    context: OrderContext
    fhir_server: str | None
    fhir_authorization: FhirAuthorization | None
    prefetch: Mapping[str, PrefetchEntry]
    """Every key of `wire.PREFETCH_KEYS`."""
    body: bytes = b""
    """The body as it came, for the rare resource that must be given back element by element."""
    fetched: Mapping[str, tuple[bytes, ...]] = {}
    """Answers of the FHIR server by prefetch key, as they came, for the same reason."""
    answered: Mapping[str, Given] = {}
    """What this user answered in the companion app, by order; kept apart from the chart, because it
    counts for that order only."""
    answers_unread: bool = False
    """Whether there are such answers could not be found out."""

    def __repr__(self) -> str:
        return f"HookRequest({self.hook})"  # the chart never reaches a log or a traceback

    def raw_resources(self, key: str, reference: str) -> list[dict[str, Any]]:
        """Every resource under a prefetch key that is called `Type/id`, exactly as it was received.
        Without those whose numbers or depth are beyond what can be sent back.

        Whose it is is for the caller to see: another patient's may be called the same.
        """
        entries = (*self._prefetched(key), *self._fetched(key))
        found = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
        return [
            resource
            for resource in found
            if isinstance(resource, dict)
            and f"{resource.get('resourceType')}/{resource.get('id')}" == reference
            and limits.can_be_sent(resource)
        ]

    def _prefetched(self, key: str) -> list[Any]:
        try:
            prefetch = _untyped(self.body).get("prefetch") or {}
            return (prefetch.get(key) or {}).get("entry") or []
        except AttributeError:
            return []

    def _fetched(self, key: str) -> list[Any]:
        pages = [_untyped(page) for page in self.fetched.get(key, ())]
        return [entry for page in pages for entry in page.get("entry") or []]

    @property
    def correlation_id(self) -> str | None:
        """The hookInstance if it is a UUID; anything else stays out of the log (C-2)."""
        return self.hook_instance if UUID_FORM.fullmatch(self.hook_instance) else None


def _untyped(text: bytes) -> Any:
    """All of it; an empty object where something in it, read nowhere else, cannot be had exactly."""
    try:
        return wire.untyped.decode(text)
    except (msgspec.DecodeError, RecursionError, BadRequest):
        return {}


def decode(body: bytes) -> HookRequest:
    """Read a request body.

    Raises TooLarge where it holds more than `limits` say, BadRequest with a fixed text that names the member and the mend; a resource of the chart
    that is not FHIR R4 is counted in its PrefetchEntry and never fails the rest.
    """
    if body.startswith(BOM):
        raise BadRequest("structure", "send the JSON without a byte order mark")
    limits.check_bytes(body)
    try:
        # msgspec does not look at the bytes of members it skips.
        if not body.isascii():
            body.decode("utf-8")
        return _decode(body)
    except UnicodeDecodeError:
        raise BadRequest("structure", "the body is not UTF-8") from None
    except RecursionError:
        raise BadRequest("structure", "the JSON is nested too deeply") from None
    except msgspec.DecodeError:
        raise BadRequest("structure", "the body is not valid JSON") from None


def _decode(body: bytes) -> HookRequest:
    prefetch: dict[str, PrefetchEntry]
    try:
        envelope = wire.envelopes.decode(body)
    except msgspec.ValidationError:
        envelope, prefetch = _loosely(body)
    else:
        limits.check_drafts([e.resource for e in envelope.context.draft_orders.entry or ()])
        prefetch = _typed(envelope.prefetch)
    request = _request(envelope, prefetch, body)
    _same_patient(request)
    return request


def _typed(prefetch: object | None) -> dict[str, PrefetchEntry]:
    entries: dict[str, PrefetchEntry] = {}
    for key in wire.PREFETCH_KEYS:
        value = getattr(prefetch, wire.attribute(key), msgspec.UNSET)
        entries[key] = ABSENT if value is msgspec.UNSET else PrefetchEntry(True, value)
    limits.check_resources(sum(each.held for each in entries.values()))
    return entries


def _loosely(body: bytes) -> tuple[wire.Envelope, dict[str, PrefetchEntry]]:
    """Find the first member that is wrong; if the envelope is sound, save what the chart holds."""
    try:
        loose = wire.loose_envelopes.decode(body)
    except msgspec.ValidationError:
        if body.lstrip()[:1] == b"{":
            # Any type is good here, so what does not fit is an integer of thousands of digits.
            raise BadRequest("value", limits.NUMBER) from None
        raise BadRequest("structure", "the body must be one JSON object") from None
    hook = _text(loose.hook, "hook")
    hook_instance = _text(loose.hook_instance, "hookInstance")
    context = _context(loose.context)
    server = loose.fhir_server
    if server is not None and not isinstance(server, str):
        raise BadRequest("value", "fhirServer: send a URL as a string, or leave it out")
    try:
        authorization = msgspec.convert(loose.fhir_authorization, wire.Authorization | None)
    except msgspec.ValidationError:
        raise BadRequest(
            "value", "fhirAuthorization: send an object with the string access_token"
        ) from None
    found = {} if isinstance(loose.prefetch, msgspec.UnsetType) else salvage(loose.prefetch)
    return wire.Envelope(hook, hook_instance, context, server, authorization), found


def _context(value: Any) -> wire.Context:
    if not isinstance(value, dict):
        _missing("context", "an object", value)
    user = _text(value.get("userId"), "context.userId")
    patient = _text(value.get("patientId"), "context.patientId")
    encounter = value.get("encounterId")
    if encounter is not None and not isinstance(encounter, str):
        raise BadRequest("value", "context.encounterId: send a string, or leave it out")
    selections = value.get("selections")
    if selections is not None and not (
        isinstance(selections, list) and all(isinstance(item, str) for item in selections)
    ):
        raise BadRequest("value", "context.selections: send an array of strings, Type/id")
    return wire.Context(user, patient, _drafts(value.get("draftOrders")), encounter, selections)


def _drafts(value: Any) -> wire.DraftOrders:
    if not isinstance(value, dict):
        _missing("context.draftOrders", "a FHIR Bundle", value)
    entries = value.get("entry")
    if value.get("resourceType") != "Bundle" or not isinstance(entries, list | None):
        raise BadRequest("structure", "context.draftOrders: send a FHIR Bundle")
    resources = [each.get("resource") if isinstance(each, dict) else None for each in entries or ()]
    limits.check_drafts([each if isinstance(each, dict) else None for each in resources])
    return wire.DraftOrders(
        "Bundle",
        [
            wire.DraftEntry(entry["resource"], entry.get("fullUrl"))
            for entry in entries or []
            if isinstance(entry, dict) and isinstance(entry.get("resource"), dict)
        ],
    )


def _request(
    envelope: wire.Envelope, prefetch: Mapping[str, PrefetchEntry], body: bytes
) -> HookRequest:
    context = envelope.context
    for name, text in (
        ("hook", envelope.hook),
        ("hookInstance", envelope.hook_instance),
        ("context.userId", context.user_id),
        ("context.patientId", context.patient_id),
    ):
        _text(text, name)
    if envelope.hook not in HOOKS:
        raise BadRequest("value", f"hook: this service answers {' and '.join(HOOKS)}")
    granted = envelope.fhir_authorization
    if granted is not None and not envelope.fhir_server:
        raise BadRequest("required", "fhirServer: required when fhirAuthorization is sent")
    if granted is not None and not granted.access_token:
        raise BadRequest("required", "fhirAuthorization.access_token: send the token")
    drafts = tuple(entry.resource for entry in context.draft_orders.entry or () if entry.resource)
    for draft in drafts:
        limits.check_draft(draft)
    # At order-sign everything unsigned is in scope, whatever a client may add (OG-1).
    picked = context.selections if envelope.hook == "order-select" else None
    return HookRequest(
        hook=envelope.hook,
        hook_instance=envelope.hook_instance,
        context=OrderContext(
            user_id=context.user_id,
            patient_id=context.patient_id,
            encounter_id=context.encounter_id or None,
            selections=None if picked is None else tuple(picked),
            draft_orders=drafts,
            beside=_by_reference(context.draft_orders),
        ),
        fhir_server=envelope.fhir_server or None,
        fhir_authorization=None
        if granted is None
        else FhirAuthorization(
            AccessToken(granted.access_token),
            granted.expires_in,
            granted.scope,
            granted.subject,
            granted.patient,
        ),
        prefetch={key: prefetch.get(key, ABSENT) for key in wire.PREFETCH_KEYS},
        body=body,
    )


def _by_reference(drafts: wire.DraftOrders) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for entry in drafts.entry or ():
        if entry.resource is None:
            continue
        found.setdefault(
            f"{entry.resource.get('resourceType')}/{entry.resource.get('id')}", entry.resource
        )
        if isinstance(entry.full_url, str):
            found.setdefault(entry.full_url, entry.resource)
    return found


def _same_patient(request: HookRequest) -> None:
    value = request.prefetch["patient"].value
    found = (
        [entry.resource for entry in value.entry or ()] if isinstance(value, r.Bundle) else [value]
    )
    for resource in found:
        if isinstance(resource, r.Patient) and resource.id != request.context.patient_id:
            raise BadRequest(
                "value", "prefetch.patient: send the Patient that context.patientId names"
            )


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        _missing(name, "a non-empty string", value)
    return value


def _missing(name: str, form: str, value: Any) -> NoReturn:
    raise BadRequest("required" if value is None else "value", f"{name}: send {form}")
