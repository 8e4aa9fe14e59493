"""A store's hour as the partner told it, and as the hub has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """Count, sums in micros, and hash of a store's sales of an hour."""

    sales: int
    amount_micros: int
    refunded_micros: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class StoreHour:
    """Both sides of one store's hour; None where a side has no sales of it. `store` '': none."""

    hour: datetime
    store: str
    told: Figures | None
    held: Figures | None

    @property
    def matches(self) -> bool:
        """Whether both sides hold the same; a side without sales equals one that says none."""
        told = None if self.told is None or self.told.sales == 0 else self.told
        held = None if self.held is None or self.held.sales == 0 else self.held
        return told == held


@dataclass(frozen=True, slots=True)
class ListedSale:
    """A sale as lists show it; amounts in micros."""

    external_id: str
    revision: int
    occurred_at: datetime
    store: str | None
    currency: str
    amount_micros: int
    refunded_micros: int
    points: int
