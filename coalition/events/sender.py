"""Sending one webhook: resolve once, connect to that very address, refuse redirects."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol

import urllib3
from urllib3.exceptions import HTTPError

from coalition.events.targets import Target, TargetRefused, check_address, parse_target

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
MAX_ADDRESSES = 8


@dataclass(frozen=True, slots=True)
class Reply:
    """How a delivery ended: `status` is the receiver's, None when there was no answer."""

    status: int | None
    outcome: str
    detail: str
    duration_ms: int


class Sender(Protocol):
    """Sends one webhook."""

    def __call__(self, *, url: str, headers: dict[str, str], body: bytes) -> Reply:
        """Post the body; never raises for what the other side does."""


@dataclass(frozen=True, slots=True)
class PinnedSender:
    """Posts to the address that was checked, so a name that changes its mind is of no use."""

    allow_private: bool
    resolve: Callable[[str, int], list[str]]
    monotonic: Callable[[], float] = time.monotonic

    def __call__(self, *, url: str, headers: dict[str, str], body: bytes) -> Reply:
        """Post the body; 2xx is delivered, another status (3xx too) refused."""
        began = self.monotonic()
        status: int | None = None
        try:
            status = self._post(url, headers, body)
            outcome = "delivered" if 200 <= status < 300 else "refused"
            detail = f"answered {status}"
        except TargetRefused as error:
            outcome, detail = "unreachable", error.detail
        except OSError as error:
            outcome, detail = "unreachable", f"cannot be reached: {type(error).__name__}"
        except HTTPError as error:
            outcome, detail = "unreachable", f"did not answer: {type(error).__name__}"
        duration_ms = round((self.monotonic() - began) * 1000)
        return Reply(status=status, outcome=outcome, detail=detail, duration_ms=duration_ms)

    def _post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        target = parse_target(url, allow_private=self.allow_private)
        address = self._address(target)
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        pool: urllib3.HTTPConnectionPool
        if target.scheme == "https":
            # The certificate must be the host's; the address alone proves nothing.
            pool = urllib3.HTTPSConnectionPool(
                address,
                target.port,
                timeout=timeout,
                retries=False,
                server_hostname=target.host,
                assert_hostname=target.host,
            )
        else:
            pool = urllib3.HTTPConnectionPool(address, target.port, timeout=timeout, retries=False)
        with pool:
            response = pool.urlopen(
                "POST",
                target.path,
                body=body,
                headers={**headers, "Host": _host_header(target)},
                redirect=False,
                assert_same_host=False,
                preload_content=False,
            )
            # What the receiver says beyond its status is not read: it may be endless.
            response.close()
            return response.status

    def _address(self, target: Target) -> str:
        found = self.resolve(target.host, target.port)[:MAX_ADDRESSES]
        if not found:
            raise TargetRefused("does not resolve")
        for each in found:
            check_address(ip_address(each), allow_private=self.allow_private)
        return found[0]


def system_resolver(host: str, port: int) -> list[str]:
    """Addresses of a host by the machine's resolver. Raises OSError."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]).partition("%")[0] for row in rows]


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    return host if target.port == usual else f"{host}:{target.port}"
