"""The request body as structs: one decode of the whole body straight into typed resources."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from cds_service.cdshooks.limits import NUMBER
from cds_service.errors import BadRequest
from cds_service.fhir.resources import AnyResource

PREFETCH_KEYS: Final = (
    "patient",
    "conditions",
    "obs-vitals",
    "obs-labs",
    "obs-exam",
    "procedures",
    "meds",
    "med-statements",
    "med-dispenses",
    "imaging",
    "imaging-studies",
    "orders",
    "devices",
    "allergies",
    "answers",
)
"""What discovery asks for; every other key of a request is skipped unread."""


def attribute(key: str) -> str:
    """Name of the struct field behind a prefetch key."""
    return key.replace("-", "_")


def _by_key(name: str, kind: Any) -> Any:
    return msgspec.defstruct(
        name,
        [
            (attribute(key), kind | UnsetType, msgspec.field(default=UNSET, name=key))
            for key in PREFETCH_KEYS
        ],
        frozen=True,
        gc=False,
    )


TypedPrefetch: Final = _by_key("TypedPrefetch", AnyResource | None)
"""One field for each key; UNSET: the key is not in the request."""
RawPrefetch: Final = _by_key("RawPrefetch", msgspec.Raw)
"""The same, each value left as the bytes that arrived."""


class Wire(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of the parts of a request."""


class DraftEntry(Wire, frozen=True):
    resource: dict[str, Any] | None = None
    full_url: Any = None


class DraftOrders(Wire, frozen=True):
    """A Bundle; many clients leave `type` out, so it is not looked at (OS-6)."""

    resource_type: Literal["Bundle"]
    entry: list[DraftEntry] | None = None


class Context(Wire, frozen=True):
    user_id: str
    patient_id: str
    draft_orders: DraftOrders
    encounter_id: str | None = None
    selections: list[str] | None = None


class Authorization(Wire, frozen=True, rename=None):
    """`fhirAuthorization`; only the token is needed, several clients leave the rest out."""

    access_token: str
    token_type: str | None = None
    expires_in: int | None = None
    scope: str | None = None
    subject: str | None = None
    patient: str | None = None


class Envelope(Wire, frozen=True):
    """The well-formed request: everything has its type."""

    hook: str
    hook_instance: str
    context: Context
    fhir_server: str | None = None
    fhir_authorization: Authorization | None = None
    prefetch: TypedPrefetch | None = None  # type: ignore[valid-type]  # made by defstruct


class LooseEnvelope(Wire, frozen=True):
    """The same with nothing said about types, to find out what is wrong and save the rest."""

    hook: Any = None
    hook_instance: Any = None
    context: Any = None
    fhir_server: Any = None
    fhir_authorization: Any = None
    prefetch: msgspec.Raw | UnsetType = UNSET


class LooseEntry(Wire, frozen=True):
    resource: msgspec.Raw | UnsetType = UNSET


class LooseBundle(Wire, frozen=True):
    """A prefetched Bundle whose resources are left as the bytes that arrived."""

    resource_type: Literal["Bundle"]
    entry: list[msgspec.Raw]
    total: Any = None
    link: Any = None


class Kind(Wire, frozen=True):
    resource_type: str


def _exact(text: str) -> Decimal:
    """A number as it was written. Raises BadRequest for one that no order holds."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("inf")
    if not number.is_finite() or abs(number.adjusted()) >= 400:
        raise BadRequest("value", NUMBER)
    return number


# Orders are sent back in suggestions, so their decimals must survive to the last digit (S-6).
envelopes: Final = msgspec.json.Decoder(Envelope, float_hook=_exact)
loose_envelopes: Final = msgspec.json.Decoder(LooseEnvelope, float_hook=_exact)
untyped: Final = msgspec.json.Decoder(float_hook=_exact)
raw_prefetches: Final = msgspec.json.Decoder(RawPrefetch | None)
loose_bundles: Final = msgspec.json.Decoder(LooseBundle)
resources: Final = msgspec.json.Decoder(AnyResource | None)
loose_entries: Final = msgspec.json.Decoder(LooseEntry)
kinds: Final = msgspec.json.Decoder(Kind)
