"""Who is served, and how: the options every room reads from one frozen record."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from cds_service.errors import ConfigurationError
from cds_service.facts.config import KEYS, CriteriaConfig, digest

LOOPBACK_HOSTS: Final = frozenset(("127.0.0.1", "::1", "localhost"))


class Option(NamedTuple):
    """One switch of the wire or of the cards: its default by mode, and what it means."""

    field: str
    development: bool | str
    production: bool | str
    meaning: str


OPTIONS: dict[str, Option] = {
    "cards.showAppropriate": Option(
        "show_appropriate", True, False, "a card also when the order adheres and nothing is to do"
    ),
    "cards.changeInPlace": Option(
        "change_in_place", True, False, "offer CT also as one update, for clients that only update"
    ),
    "cards.explanation": Option("explanation", True, True, "the reasoning as a card extension"),
    "pama.systemActions": Option(
        "system_actions", True, False, "write the rating on the order (systemActions)"
    ),
    "pama.legacyCopy": Option(
        "legacy_system_actions", True, False, "repeat systemActions under the response's extension"
    ),
    "pama.gCode": Option(
        "g_code", "not-configured", "", "G-code of the mechanism, written beside the rating"
    ),
    "discovery.hookVersion": Option(
        "hook_version_fields", True, True, "version and hookVersion in discovery"
    ),
}


def on_this_machine(url: str) -> bool:
    """Whether a URL can be reached from this machine only."""
    return urlsplit(url).hostname in LOOPBACK_HOSTS


class Peer(msgspec.Struct, frozen=True):
    """An address of a client that we connect to, and what tells that it is the right one."""

    base: str
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    """The private network its address may lie in; None: public addresses only."""
    authorities: str | None = None
    """The only certificate authorities that may vouch for it, as PEM; None: the public ones."""


class FhirServer(Peer, frozen=True):
    """A FHIR server that may be read on behalf of a client; no other is ever contacted.

    `base` is without a slash at its end, compared by scheme, host, port and path segments.
    """

    open: bool = False
    """May be read without `fhirAuthorization` (test servers; CDS Hooks F-7)."""
    parallel: int = 16
    """Requests to it at one time, and calls it is read for at one time."""


class SmartApp(msgspec.Struct, frozen=True, kw_only=True):
    """The companion app as one client has registered it with its authorization server."""

    client_id: str
    origins: tuple[str, ...] = ()
    """Where its pages come from: they may show the app in a frame, and are sent what was answered."""
    loopback: bool = False
    """Development mode: pages and servers of this machine, whichever port they are on."""
    shares: bool = False
    """Another client's app is launched from one of these FHIR servers too: `iss` does not tell whose
    a launch is, so cards lead to a launch address with the client's name."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One configured caller. Everything that may differ between callers is read from here."""

    name: str
    criteria: CriteriaConfig
    show_appropriate: bool
    change_in_place: bool
    explanation: bool
    system_actions: bool
    legacy_system_actions: bool
    g_code: str
    hook_version_fields: bool
    variant: str = ""
    """Tells its options from the defaults, `.opt-4f2ac1`, behind the version of the rules; empty: all
    are the defaults of the mode."""
    origins: tuple[str, ...] = ()
    """Browser origins that may call, exactly as browsers send them."""
    fhir_servers: tuple[FhirServer, ...] = ()
    fhir_subject: str | None = None
    """Our own OAuth client id there; a token whose `subject` is another is not used."""
    smart: SmartApp | None = None
    """None: cards of this client offer no companion app."""
    calls_per_minute: int | None = None
    """At the most, in each process; None: any number."""
    budget: float = 0.5
    """Seconds within which a call is answered, from its arrival."""
    fetch_budget: float = 0.35
    """Seconds of them that may be spent on reading from the FHIR server."""


def make_client(
    name: str,
    options: Mapping[str, object],
    *,
    dev: bool,
    **connection: Any,
) -> Client:
    """Build a client from dotted keys: those of `OPTIONS` and of `facts.config.KEYS`.

    `connection` are the other fields of `Client`: origins, FHIR servers, budgets.

    Raises ConfigurationError naming the key and what it accepts.
    """
    criteria: dict[str, object] = {}
    fields: dict[str, Any] = {
        option.field: option.development if dev else option.production
        for option in OPTIONS.values()
    }
    for key, value in options.items():
        option = OPTIONS.get(key)
        if option is not None:
            fields[option.field] = _convert(key, option, value)
        elif key in KEYS:
            criteria[key] = value
        else:
            near = meant(key, (*OPTIONS, *KEYS))
            raise ConfigurationError(
                f"unknown key {key}{near}; known here: {', '.join(_beside(key))}"
            )
    if fields["system_actions"] and not fields["g_code"]:
        raise ConfigurationError("pama.gCode: required when pama.systemActions is true")
    config = CriteriaConfig(criteria)
    variant = _variant(fields, config, dev=dev)
    return Client(name=name, criteria=config, variant=variant, **fields, **connection)


def _variant(fields: Mapping[str, Any], criteria: CriteriaConfig, *, dev: bool) -> str:
    """The same for the same options, however they are written, for every client."""
    changed = {
        key: fields[option.field]
        for key, option in OPTIONS.items()
        if fields[option.field] != (option.development if dev else option.production)
    }
    changed |= {key: value for key, value in criteria.items() if value != KEYS[key].default}
    if not changed:
        return ""
    return f".opt-{digest(changed)[:6]}"


def flatten(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Dotted keys of a nested table: `dup.days = 60` in TOML is a table of its own."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= (
            flatten(value, f"{above}{key}.") if isinstance(value, dict) else {above + key: value}
        )
    return flat


def _convert(key: str, option: Option, value: object) -> bool | str:
    text = str(value).strip()
    if isinstance(option.production, str):
        return text
    if text.lower() not in ("true", "false"):
        raise ConfigurationError(f"{key}: takes true or false ({option.meaning})")
    return text.lower() == "true"


def meant(key: str, known: Iterable[str]) -> str:
    """The known key that a misspelt one comes nearest to, as a question; empty: none is near."""
    lower = {each.lower(): each for each in known}
    found = get_close_matches(key.lower(), lower, 1, 0.7)
    return f", did you mean {lower[found[0]]}?" if found else ""


def first_option(group: str) -> str | None:
    """An option of a group, `dup`; None: there is no such group."""
    return next((key for key in (*OPTIONS, *KEYS) if key.startswith(f"{group}.")), None)


def _beside(key: str) -> list[str]:
    known = [*OPTIONS, *KEYS]
    return [name for name in known if name.split(".")[0] == key.split(".", maxsplit=1)[0]] or known
