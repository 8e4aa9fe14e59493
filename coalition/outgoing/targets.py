"""Where the hub's own requests may go. Pure: addresses are resolved elsewhere and judged here.

A hub that calls any address it is given can be made to speak to machines behind its own
firewall (server-side request forgery). So a target is a public https host; its name is resolved
once, every address must be public, and the connection goes to exactly that address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

MAX_URL_LENGTH = 1000
_URL = re.compile(r"https?://[!-~]+", re.ASCII)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+\.?", re.ASCII | re.IGNORECASE)
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".home.arpa")
# Prefixes whose addresses carry an IPv4 address that a gateway would reach: NAT64 and 6to4, Teredo.
_TRANSLATED = tuple(
    IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


class TargetRefused(Exception):  # noqa: N818 - the name says it
    """The hub does not call this address; `why` completes a sentence that begins with it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the address {why}")
        self.why = why


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: what to resolve, where to connect, what to ask for."""

    scheme: str
    host: str
    port: int
    path: str


def parse_target(url: str, *, allow_private: bool) -> Target:
    """Take a URL apart.

    `allow_private` (test environments only) also takes http, loopback and single-label names.

    Raises:
        TargetRefused: it is not a public https URL.
    """
    if len(url) > MAX_URL_LENGTH or _URL.fullmatch(url) is None:
        raise TargetRefused("must be an https URL in ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise TargetRefused("is not a URL") from None
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None or "#" in url or "\\" in url:
        raise TargetRefused("must have neither user nor fragment")
    if parts.scheme != "https" and not allow_private:
        raise TargetRefused("must be https")
    if port == 0:
        raise TargetRefused("must have a port from 1 to 65535")
    address = _literal(host)
    if address is not None:
        check_address(address, allow_private=allow_private)
    elif not allow_private and (
        _HOST.fullmatch(host) is None
        or len(host) > 253
        or host.rstrip(".").lower().endswith(_LOCAL_SUFFIXES)
        # A last label of digits is another spelling of an IPv4 address to some resolvers.
        or host.rstrip(".").rpartition(".")[2].isdigit()
    ):
        raise TargetRefused("must have a public host name")
    elif not host:
        raise TargetRefused("must have a host")
    path = parts.path or "/"
    return Target(
        scheme=parts.scheme,
        host=host,
        port=port or (443 if parts.scheme == "https" else 80),
        path=f"{path}?{parts.query}" if parts.query else path,
    )


def check_address(address: IPv4Address | IPv6Address, *, allow_private: bool) -> None:
    """Refuse an address that is not public.

    Raises:
        TargetRefused: private, loopback, link-local, multicast, reserved, or translated.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_multicast or address.is_unspecified:
        raise TargetRefused("must resolve to a public address")
    if allow_private:
        return
    translated = isinstance(address, IPv6Address) and any(address in net for net in _TRANSLATED)
    if translated or address.is_reserved or not address.is_global:
        raise TargetRefused("must resolve to a public address")


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
