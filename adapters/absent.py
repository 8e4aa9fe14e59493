"""What a platform cannot do: each such method tells the manifest's reason."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from adapters.contract import (
    Answer,
    Call,
    Capability,
    Fetch,
    Manifest,
    Page,
    Parsed,
    Settings,
    Spend,
    SpendResult,
)

__all__ = ["NotOffered", "WithoutMost"]


class NotOffered(LookupError):  # noqa: N818 - the name says it
    """The platform has no such thing; the message is the manifest's reason."""


class WithoutMost:
    """An adapter that neither fetches, nor polls, nor lets points be spent, until it says how."""

    manifest: Manifest

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], settings: Settings) -> Parsed:
        """Nothing was asked for."""
        self._refuse(Capability.FETCH)

    def redeem(self, *, spend: Spend, settings: Settings) -> tuple[Call, ...]:
        """Not here."""
        self._refuse(Capability.REDEEM)

    def redeemed(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """Not here."""
        self._refuse(Capability.REDEEM)

    def undo(self, *, spend: Spend, result: SpendResult, settings: Settings) -> tuple[Call, ...]:
        """Not here."""
        self._refuse(Capability.REDEEM)

    def undone(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """Not here."""
        self._refuse(Capability.REDEEM)

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        """Not here."""
        self._refuse(Capability.POLL)

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        """Not here."""
        self._refuse(Capability.POLL)

    def _refuse(self, capability: Capability) -> NoReturn:
        raise NotOffered(self.manifest.ignores[capability])
