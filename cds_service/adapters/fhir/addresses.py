"""Which addresses may be connected to as a configured FHIR server or key address."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from cds_service.client import Peer, on_this_machine

_PORTS: Final = {"http": 80, "https": 443}
_THIS_NETWORK: Final = ip_network("0.0.0.0/8")
_NAT64: Final = ip_network("64:ff9b::/96")


def allowed(address: str, peer: Peer) -> bool:
    """Whether what we connect to as `peer` may have this address.

    A peer configured on this machine must be on this machine, any other never is. Private
    ranges count only inside the network the configuration names.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if on_this_machine(peer.base):
        return _plain(found).is_loopback
    return all(_public_or_in(one, peer) for one in _meanings(found))


def _public_or_in(found: IPv4Address | IPv6Address, peer: Peer) -> bool:
    if (
        found.is_loopback
        or found.is_link_local
        or found.is_multicast
        or found.is_unspecified
        or found in _THIS_NETWORK
    ):
        return False
    network = peer.network
    if network is not None and found.version == network.version and found in network:
        return True
    # Python takes the withdrawn site-local range of version 6 for a public one.
    return found.is_global and not (found.version == 6 and found.is_site_local)


def _plain(found: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _meanings(found: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address, and those of version 4 it stands for in one of the ways of tunnelling."""
    if isinstance(found, IPv4Address):
        return [found]
    if found.ipv4_mapped is not None:
        return [found.ipv4_mapped]
    inner = [found.sixtofour, *(found.teredo or ())]
    if found in _NAT64:
        inner.append(IPv4Address(int(found) & 0xFFFFFFFF))
    if int(found) >> 32 == 0 and int(found) > 1:  # IPv4-compatible, long withdrawn
        inner.append(IPv4Address(int(found) & 0xFFFFFFFF))
    return [found, *(one for one in inner if one is not None)]


class Base:
    """A base URL taken apart once, against which other URLs are held."""

    def __init__(self, url: str) -> None:
        parts = _parts(url)
        if parts is None:
            raise ValueError("not a base URL")
        self.origin = _origin(parts)
        self.path = parts.path.rstrip("/")

    def is_same(self, url: str) -> bool:
        """The same scheme, host and port, and the same path but for a slash at its end."""
        parts = _parts(url)
        return (
            parts is not None
            and not parts.query
            and _origin(parts) == self.origin
            and parts.path.rstrip("/") == self.path
        )

    def holds(self, url: str) -> bool:
        """Whether a URL, such as the link to the next page, lies at this base or below it."""
        parts = _parts(url)
        if parts is None or _origin(parts) != self.origin:
            return False
        return parts.path == self.path or parts.path.startswith(self.path + "/")


def _parts(url: str) -> SplitResult | None:
    """A plain http(s) URL in parts; None for everything that different readers read differently."""
    if (
        len(url) > 8192
        or not url.isascii()
        or not url.isprintable()
        or set(url) & set('\\ "<>^`{}')
    ):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        return None
    if "@" in parts.netloc or parts.fragment or "#" in url or "%" in parts.netloc:
        return None
    if parts.netloc.endswith(":"):
        return None
    segments = parts.path.lower().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/")
    if any(segment in (".", "..") for segment in segments.split("/")):
        return None
    return parts


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]
