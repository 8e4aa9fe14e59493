"""A small load generator: requests made beforehand, over kept connections, one process.

It is no faster than it must be: bytes out, bytes in until the answer is whole, nothing parsed but
the status and the length.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence

from tests.bench.turns import Sample, percentile

_END = b"\r\n\r\n"
_TIMEOUT_SECONDS = 60.0


class UnexpectedAnswerError(RuntimeError):
    """An answer was not what was asked for."""


class _Line:
    """One kept connection, and what is under way on it."""

    __slots__ = ("began", "buffer", "socket", "wanted")

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.began = 0.0

    def send(self, request: bytes) -> None:
        self.buffer = b""
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Take what has come; whether the answer is whole."""
        more = self.socket.recv(65536)
        if not more:
            raise UnexpectedAnswerError("the server closed a connection")
        self.buffer += more
        head, end, body = self.buffer.partition(_END)
        if not end:
            return False
        lower = head.lower()
        at = lower.find(b"content-length:")
        if at < 0:
            raise UnexpectedAnswerError(f"an answer without a length: {head!r}")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0])
        if len(body) < length:
            return False
        if head[9:11] != b"20":
            raise UnexpectedAnswerError(self.buffer.decode(errors="replace"))
        return True


def run_load(*, address: tuple[str, int], requests: Sequence[bytes], connections: int) -> Sample:
    """Send all requests, each as soon as a connection is free; every answer must be a success."""
    selector = selectors.DefaultSelector()
    latencies = []
    waiting = iter(requests)
    lines = [_Line(address) for _ in range(min(connections, len(requests)))]
    try:
        began = time.perf_counter()
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send(next(waiting))
        under_way = len(lines)
        while under_way:
            ready = selector.select(_TIMEOUT_SECONDS)
            if not ready:
                raise UnexpectedAnswerError("no answer comes")
            for key, _ in ready:
                line = key.data
                if not line.is_answered():
                    continue
                latencies.append((time.perf_counter() - line.began) * 1000)
                request = next(waiting, None)
                if request is None:
                    under_way -= 1
                    selector.unregister(line.socket)
                else:
                    line.send(request)
        seconds = time.perf_counter() - began
    finally:
        selector.close()
        for line in lines:
            line.socket.close()
    latencies.sort()
    return Sample(
        rate=len(latencies) / seconds,
        p50_ms=percentile(latencies, 0.50),
        p99_ms=percentile(latencies, 0.99),
    )
