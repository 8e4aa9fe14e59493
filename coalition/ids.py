"""Where new ids come from: UUID version 7, time-ordered, so that indexes grow at one edge.

The twelve bits after the milliseconds carry the fraction of the millisecond (RFC 9562 §6.2, method
3), so ids made one after another by a process also sort so: of two lots that expire together the
older one is spent first.
"""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

from partner_sdk.wire.ids import uuid7

_BLOCK = 8 * 512


class IdSource:
    """Makes ids from wall time and the operating system's randomness, read in blocks."""

    def __init__(self) -> None:
        self._local = threading.local()

    def __call__(self) -> UUID:
        """A new id; thread-safe."""
        local = self._local
        block: bytes = getattr(local, "block", b"")
        at: int = getattr(local, "at", 0)
        if at >= len(block) or local.pid != os.getpid():
            block, at = os.urandom(_BLOCK), 0
            local.block, local.pid = block, os.getpid()
        local.at = at + 8
        unix_ms, rest_ns = divmod(time.time_ns(), 1_000_000)
        fraction = (rest_ns * 4096 // 1_000_000).to_bytes(2, "big")
        return uuid7(unix_ms=unix_ms, random=fraction + block[at : at + 8])
