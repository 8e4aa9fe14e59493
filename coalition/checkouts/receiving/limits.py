"""What the door may take: of a platform's time, and of the database for what is refused."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.registry import adapter_named
from coalition.checkouts.domain import Connection

MOST_CHECKS = 50
"""How often a second the database is asked, and a refusal noted, because of what is refused."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a platform waits for its answer at most.

    `share` is the part of the platform's own patience that the hub uses; the rest is the way there
    and back. `unknown_seconds` is the time to find a connection that the process does not know
    yet, opened a moment ago: shorter than the patience of any platform.
    """

    share: float = 0.8
    unknown_seconds: float = 1.8

    def of(self, connection: Connection | None) -> float:
        """The seconds, from when the request was taken up."""
        if connection is None:
            return self.unknown_seconds
        patience = adapter_named(connection.platform).manifest.retries.answer_within_ms / 1000
        return patience * self.share


PRODUCTION = Limits()
