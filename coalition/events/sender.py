"""Sending one webhook, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from coalition.outgoing.pinned import NoAnswer, PinnedClient
from coalition.outgoing.targets import TargetRefused


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
        client = PinnedClient(allow_private=self.allow_private, resolve=self.resolve)
        status: int | None = None
        try:
            # What the receiver says beyond its status is not read: it may be endless.
            status = client.send(
                method="POST", url=url, headers=headers, body=body, most_bytes=None
            ).status
            outcome = "delivered" if 200 <= status < 300 else "refused"
            detail = f"answered {status}"
        except TargetRefused as refused:
            outcome, detail = "unreachable", f"The address {refused.why}."
        except NoAnswer as none:
            outcome, detail = "unreachable", str(none)
        duration_ms = round((self.monotonic() - began) * 1000)
        return Reply(status=status, outcome=outcome, detail=detail, duration_ms=duration_ms)
