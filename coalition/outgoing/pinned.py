"""One request to the address that was checked: resolved once, no redirects, an end to waiting.

A name that changes its mind between the check and the connection is of no use: the connection
goes to the address that was judged, and only the certificate and the Host header speak of names.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util.ssl_match_hostname import CertificateError

from coalition.outgoing.targets import Target, TargetRefused, check_address, parse_target

CONNECT_SECONDS, READ_SECONDS, ALL_SECONDS = 5.0, 10.0, 20.0
MAX_ADDRESSES = 8
_BLOCK = 64 * 1024
_BROKEN = (HTTPError, HTTPException, CertificateError)


class NoAnswer(Exception):  # noqa: N818 - the name says it
    """The other side was not reached or did not answer whole; the text is fit for a log."""


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered; header fields as they came, the body whole."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class PinnedClient:
    """Sends requests to public hosts, or (`allow_private`, test environments) to any.

    `seconds` bounds a request as a whole, however slowly its answer drips, from its first
    connection on; how long a name takes is the resolver's.
    """

    allow_private: bool
    resolve: Callable[[str, int], list[str]]
    seconds: float = ALL_SECONDS

    def send(
        self,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        most_bytes: int | None,
    ) -> Response:
        """Send a request and read the answer; `most_bytes` None reads nothing beyond its head.

        A redirect is an answer like any other: it is not followed.

        Raises:
            TargetRefused: the address is not one to call.
            NoAnswer: no connection, no answer in time, or one longer than `most_bytes`.
        """
        target = parse_target(url, allow_private=self.allow_private)
        try:
            return self._send(target, method, headers, body, most_bytes)
        except OSError as error:
            raise NoAnswer(f"cannot be reached: {type(error).__name__}") from error
        except _BROKEN as error:
            raise NoAnswer(f"did not answer: {type(error).__name__}") from error

    def _send(
        self,
        target: Target,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
        most_bytes: int | None,
    ) -> Response:
        addresses = self._addresses(target)
        with _Deadline(self.seconds) as deadline:
            try:
                with contextlib.closing(_connected(target, addresses, deadline)) as connection:
                    connection.request(
                        method,
                        target.path,
                        body=body,
                        # What comes is counted as it comes: nothing unpacks to more.
                        headers={
                            "Accept-Encoding": "identity",
                            **headers,
                            "Host": _host_header(target),
                        },
                        preload_content=False,
                        decode_content=False,
                    )
                    answer = connection.getresponse()
                    read = b"" if most_bytes is None else _read(answer, most_bytes)
            except (OSError, *_BROKEN) as error:
                if deadline.passed:
                    raise NoAnswer(f"did not answer within {self.seconds:g} s") from error
                raise
            if deadline.passed:
                raise NoAnswer(f"did not answer within {self.seconds:g} s")
            return Response(answer.status, tuple(answer.headers.items()), read)

    def _addresses(self, target: Target) -> list[str]:
        found = self.resolve(target.host, target.port)[:MAX_ADDRESSES]
        if not found:
            raise TargetRefused("does not resolve")
        for each in found:
            check_address(ip_address(each), allow_private=self.allow_private)
        return found


def system_resolver(host: str, port: int) -> list[str]:
    """Addresses of a host by the machine's resolver. Raises OSError."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]).partition("%")[0] for row in rows]


class _Deadline:
    """Ends a connection when its time is over: timeouts of a socket count each wait anew."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._until = time.monotonic() + seconds
        self._timer: threading.Timer | None = None
        self._twin: socket.socket | None = None

    @property
    def over(self) -> bool:
        """Whether the time is over, with a connection or without."""
        return self.passed or time.monotonic() >= self._until

    def watch(self, sock: socket.socket) -> None:
        """Look after a connection; TLS takes the socket over, so a second handle is kept."""
        if self._twin is not None:
            self._twin.close()
        self._twin = sock.dup()
        if self._timer is None:
            self._timer = threading.Timer(self._until - time.monotonic(), self._end)
            self._timer.daemon = True
            self._timer.start()
        elif self.passed:
            self._end()

    def _end(self) -> None:
        self.passed = True
        if self._twin is not None:
            with contextlib.suppress(OSError):
                self._twin.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._twin is not None:
            self._twin.close()


class _Watched:
    """A connection that shows its socket as soon as there is one."""

    watch: Callable[[socket.socket], None]

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]  # of urllib3's connections
        self.watch(sock)
        return sock


class _Plain(_Watched, HTTPConnection):
    pass


class _Secure(_Watched, HTTPSConnection):
    pass


def _connected(target: Target, addresses: list[str], deadline: _Deadline) -> _Plain | _Secure:
    """A connection to the first of a host's addresses that takes one."""
    for address in addresses[:-1]:
        try:
            return _connect(target, address, deadline)
        except (OSError, *_BROKEN):
            if deadline.over:
                raise
    return _connect(target, addresses[-1], deadline)


def _connect(target: Target, address: str, deadline: _Deadline) -> _Plain | _Secure:
    connection = _connection(target, address)
    connection.watch = deadline.watch
    connection.timeout = CONNECT_SECONDS
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    connection.timeout = READ_SECONDS
    connection.sock.settimeout(READ_SECONDS)
    return connection


def _connection(target: Target, address: str) -> _Plain | _Secure:
    if target.scheme == "https":
        # The certificate must be the host's; the address alone proves nothing.
        return _Secure(
            address,
            target.port,
            cert_reqs="CERT_REQUIRED",
            server_hostname=target.host,
            assert_hostname=target.host,
        )
    return _Plain(address, target.port)


def _read(answer: BaseHTTPResponse, most_bytes: int) -> bytes:
    read = bytearray()
    while block := answer.read1(_BLOCK):
        read += block
        if len(read) > most_bytes:
            raise NoAnswer(f"answered more than {most_bytes} bytes")
    return bytes(read)


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = 443 if target.scheme == "https" else 80
    return host if target.port == usual else f"{host}:{target.port}"
