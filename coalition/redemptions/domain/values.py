"""What redemptions are made of: tills, prices, holds, redemptions and their slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Till:
    """Where a redemption happens, in the partner's own words."""

    reference: str | None = None
    store: str | None = None
    till: str | None = None
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What is frozen when points are set aside: face values and the redeemer's fee.

    `face_micros` is in the redeemer's currency; `faces` are those in every other one, for lots that
    were priced in it.
    """

    redeemer: int
    agreement_no: int
    face_micros: int
    fee_ppm: int
    currency: str
    faces: Mapping[str, int] = field(default_factory=dict)

    def face_of(self, currency: str) -> int:
        """What a point is worth in the currency of its lot."""
        return self.face_micros if currency == self.currency else self.faces[currency]


@dataclass(slots=True)
class Hold:
    """Points set aside at a till until captured, voided or expired."""

    account_id: UUID
    hold_id: UUID
    party_no: int
    agreement_no: int
    face_micros: int
    currency: str
    points: int
    captured_points: int
    state: str
    lot_ids: list[UUID]
    lot_points: list[int]
    redemption_id: UUID | None
    reference: str | None
    store: str | None
    till: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(slots=True)
class Slice:
    """The part of a lot that a redemption used, and how much of it has been given back."""

    lot_id: UUID
    position: int
    points: int
    reversed_points: int
    movement_id: UUID
    # What a point was worth in the lot's currency, where that is another than the redemption's.
    face_micros: int | None = None


@dataclass(slots=True)
class Redemption:
    """Points spent as payment."""

    account_id: UUID
    redemption_id: UUID
    party_no: int
    agreement_no: int
    face_micros: int
    currency: str
    points: int
    reversed_points: int
    hold_id: UUID | None
    reference: str | None
    store: str | None
    till: str | None
    receipt: str | None
    created_at: datetime
    slices: list[Slice] = field(default_factory=list)
