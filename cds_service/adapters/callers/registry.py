"""The configured clients, with their keys and the store of tokens seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from cds_service.adapters.callers.download import download
from cds_service.adapters.callers.key_cache import FetchedKeys, Keeper, Log, PinnedKeys
from cds_service.adapters.callers.key_sets import KeySet, KeySetError, read_key_set
from cds_service.adapters.callers.replay import ReplayStore
from cds_service.adapters.callers.shared_keys import SharedKeys
from cds_service.adapters.callers.tokens import Caller, TokenAuthenticator
from cds_service.adapters.databases import only_ours
from cds_service.client import Client, on_this_machine
from cds_service.errors import ConfigurationError
from cds_service.settings import Settings
from cds_service.settings.clients import ClientSettings

_LARGEST_SET: Final = 256 * 1024


class KeysMissing(Exception):  # noqa: N818  (what happened, not what it is)
    """No client has a key, so nobody can be admitted."""


class Registry(NamedTuple):
    """Who may call, and what each worker has to start."""

    clients: tuple[Client, ...]
    authenticator: TokenAuthenticator
    keeper: Keeper
    checks: Mapping[str, Callable[[], None]]
    """What has to be there before a call can be admitted; each raises when it is not."""


def register(settings: Settings, log: Log) -> Registry:
    """Read pinned keys and look at the store; nothing is fetched and no thread started yet.

    Raises ConfigurationError naming file, client and key.
    """
    store = _store(settings)
    aside = store.prepare()
    if aside is not None:
        log.error("broken store of tokens seen put aside", file=str(aside))
    shared = _shared(settings, store, log)
    callers, fetched, sources = [], [], []
    for each, client in zip(settings.clients, settings.runtime_clients(), strict=True):
        keys: PinnedKeys | FetchedKeys
        if each.keys_file is not None:
            keys = PinnedKeys(pinned_keys(settings, each))
        else:
            fetch, read = partial(fetch_keys, settings, each), partial(_read, settings, each)
            shelf = shared.of(each.name, each.issuer, str(each.jwks_url), read) if shared else None
            keys = FetchedKeys(each.name, fetch, log, shelf=shelf)
            fetched.append(keys)
        sources.append(keys)
        callers.append(Caller(client, each, keys))
    return Registry(
        tuple(caller.client for caller in callers),
        TokenAuthenticator(callers, store),
        Keeper(fetched),
        _checks(settings, sources, store),
    )


def _checks(
    settings: Settings, sources: Sequence[PinnedKeys | FetchedKeys], store: ReplayStore
) -> dict[str, Callable[[], None]]:
    def keys() -> None:
        # One client whose keys cannot be had must not take the service away from the others.
        if not any(source.loaded for source in sources):
            raise KeysMissing

    found: dict[str, Callable[[], None]] = {"keys": keys}
    if any(each.replay == "strict" for each in settings.clients):
        found["replay-store"] = store.check
    return found


def check_offline(settings: Settings) -> None:
    """What `register` would refuse, without touching the store. Raises ConfigurationError."""
    _store(settings)
    for each in settings.clients:
        if each.keys_file is not None:
            pinned_keys(settings, each)


def pinned_keys(settings: Settings, client: ClientSettings) -> KeySet:
    """The keys in a client's file; here every oddity is a mistake, for the file is ours."""
    place = f"{settings.place}: client {client.name}: keys_file: {client.keys_file}"
    try:
        data = client.keys_file.read_bytes() if client.keys_file else b""
        keys = read_key_set(data, client.algorithms, published=_for_tests(settings))
    except OSError:
        raise ConfigurationError(
            f"{place}: cannot be read; name a JWK Set of public keys"
        ) from None
    except KeySetError as why:
        raise ConfigurationError(f"{place}: {why}") from None
    if keys.notes:
        raise ConfigurationError(f"{place}: {keys.notes[0]}")
    if not keys.keys:
        raise ConfigurationError(f"{place}: holds no key; add the client's public key")
    return keys


def fetch_keys(settings: Settings, client: ClientSettings) -> KeySet:
    """The keys at a client's JWKS URL. Raises DownloadError or KeySetError."""
    return _read(settings, client, download(client.peer(), "application/json", _LARGEST_SET))


def _read(settings: Settings, client: ClientSettings, data: bytes) -> KeySet:
    """What is at the address or was, by one and the same measure. Raises KeySetError."""
    if len(data) > _LARGEST_SET:
        raise KeySetError("keys-malformed", f"more than {_LARGEST_SET // 1024} KiB")
    return read_key_set(data, client.algorithms, published=_for_tests(settings))


def _shared(settings: Settings, store: ReplayStore, log: Log) -> SharedKeys | None:
    """None: what one worker fetches stays with it. Whoever could write to the file could put keys
    of their own in there, and come in.
    """
    if not any(each.jwks_url for each in settings.clients):
        return None
    if not only_ours(store.url):
        log.warning(
            "fetched keys are not shared: others may write to this file or its folder",
            file=str(store.url.database),
        )
        return None
    return SharedKeys(store.connect, log)


def _store(settings: Settings) -> ReplayStore:
    try:
        return ReplayStore(settings.replay_store)
    except ConfigurationError as why:
        raise ConfigurationError(f"{settings.place}: {why}") from None


def _for_tests(settings: Settings) -> bool:
    """Keys that prove nothing are good enough where nobody else can call."""
    return on_this_machine(settings.public_url)
