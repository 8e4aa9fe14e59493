"""What processing passes on: orders as heard, and what became of what was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from adapters.contract import Order
from coalition.checkouts.domain import Connection

Became = Literal["done", "ignored", "later", "dead"]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one message (or page, or file's row): `reason` says why it is not done.

    `orders` says of each order which sale it is, its revision, the outcome and its points.
    `later`: the trouble passes; at `retry_at` (wall time), where the platform said so.
    """

    became: Became
    reason: str | None = None
    orders: tuple[Mapping[str, Any], ...] = ()
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """An order as it was heard; `asked_at` is the database's time before it was asked for."""

    order: Order
    asked_at: datetime | None = None


@dataclass(slots=True)
class Source:
    """One of the things to take: what was heard in it, or how it ended."""

    heard: list[Heard] = field(default_factory=list)
    ended: Taken | None = None


class Spends(Protocol):
    """Points that shoppers paid with (`coalition.checkouts.spends`)."""

    def used(self, *, connection: Connection, orders: Sequence[Order]) -> Mapping[str, str]:
        """Post what orders say of spends, in whatever state the orders are.

        Gives the redemption's public id by the spend's id as the adapter knows it; ids that are
        not this connection's are left out. The same orders again change nothing.

        Raises:
            HubError: nothing can be said now; what it raises for is tried again.
        """


class NoSpends:
    """Nobody pays with points."""

    def used(self, *, connection: Connection, orders: Sequence[Order]) -> Mapping[str, str]:
        """None."""
        del connection, orders
        return {}
