"""The protocol that every adapter keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from adapters.contract.manifest import Manifest
from adapters.contract.messages import Answer, Call, Rejected, Reply, Request, Secrets, Verified
from adapters.contract.outcomes import (
    Fetch,
    Outcome,
    Page,
    Parsed,
    Part,
    Settings,
    Spend,
    SpendResult,
)


class Adapter(Protocol):
    """One platform. Every method is a pure function of its arguments."""

    @property
    def manifest(self) -> Manifest:
        """What is true of the platform, as data."""

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        """Tell whether the platform sent this, and lately where it says when."""

    def delivery_key(self, *, request: Request) -> str:
        """What is the same when the platform delivers the same message again."""

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        """Read a verified message. Raises Malformed."""

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], settings: Settings) -> Parsed:
        """Read what was fetched, in the order of the calls; may ask for more.

        Raises:
            NotNow: the platform did not tell; it may later.
            Malformed: it told what its API does not promise.
        """

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        """The answer that this platform wants; trouble that passes is never a 4xx."""

    def redeem(self, *, spend: Spend, settings: Settings) -> tuple[Call, ...]:
        """Let the shopper pay with points, by the platform's own means."""

    def redeemed(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """What came of `redeem`. Raises Malformed."""

    def undo(self, *, spend: Spend, result: SpendResult, settings: Settings) -> tuple[Call, ...]:
        """Take it back, because the order died or the hold expired; harmless if done before."""

    def undone(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """What came of `undo`: a problem, more calls, or nothing: it is done. Raises Malformed."""

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        """Ask for the orders that changed in a time range, for backfill and lost messages."""

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        """Read the page that was asked for by that cursor. Raises Malformed."""

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        """Signed messages as the platform would send them in a scenario of the manifest."""


class Assembler(Adapter, Protocol):
    """A platform that tells an order in parts and cannot be asked for the whole."""

    def assemble(self, *, about: str, parts: tuple[Part, ...], settings: Settings) -> Parsed:
        """The order by all parts known, in whatever order they came. Raises Malformed."""
