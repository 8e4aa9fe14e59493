"""The values of the ledger: lots, debts, accounts, movements, obligations.

Points are whole. Amounts are micros (10⁻⁶) of the currency. An account's state is the working copy
of one unit of work; everything that leaves a posting is a frozen value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

Bucket = Literal["issued", "pending", "active", "held", "spent", "expired", "clawed_back", "taken"]
MovementKind = Literal[
    "earn",
    "activate",
    "hold",
    "release",
    "capture",
    "redeem",
    "restore",
    "expire",
    "clawback",
    "take",
    "adjust",
]
ObligationKind = Literal[
    "issue",
    "issue_fee",
    "redemption",
    "margin",
    "subsidy",
    "redemption_fee",
    "clawback",
    "breakage",
]
BUCKETS: tuple[Bucket, ...] = (
    "pending",
    "active",
    "held",
    "spent",
    "expired",
    "clawed_back",
    "taken",
)

POOL, OPERATOR, CLEARING = 1, 2, 3
"""The coalition's own parties, by the numbers that every database of the hub gives them."""


@dataclass(slots=True)
class Lot:
    """A granted quantity with its frozen terms; a posting moves its points between buckets."""

    lot_id: UUID
    issuer: int
    funder: int
    funding: str
    issue_price_micros: int
    redemption_price_micros: int
    currency: str
    agreement_no: int
    sale_id: UUID | None
    occurred_at: datetime
    activates_at: datetime
    expires_at: datetime
    granted: int
    pending: int = 0
    active: int = 0
    held: int = 0
    spent: int = 0
    expired: int = 0
    clawed_back: int = 0
    taken: int = 0
    blocked: bool = False

    @property
    def fifo_key(self) -> tuple[datetime, UUID]:
        """Soonest expiry first, then oldest."""
        return (self.expires_at, self.lot_id)


@dataclass(slots=True)
class Debt:
    """Points that a return could not take back, owed by the account to an issuer."""

    debt_id: UUID
    issuer: int
    funder: int
    lot_id: UUID
    funding: str
    issue_price_micros: int
    redemption_price_micros: int
    currency: str
    sale_id: UUID
    adjusts: UUID | None
    due: int
    recovered: int = 0
    written_off: int = 0

    @property
    def outstanding(self) -> int:
        """Points still owed."""
        return self.due - self.recovered - self.written_off


@dataclass(slots=True)
class AccountState:
    """One account as a unit of work read it: its balance row, the lots it may touch, its debts.

    `version` None means that the state was not read: only what is right whatever the state (an
    earn without debts) may then be posted.
    """

    account_id: UUID
    open: bool = True
    frozen: bool = False
    spend_locked: bool = False
    active: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    version: int | None = None
    lots: dict[UUID, Lot] = field(default_factory=dict)
    debts: list[Debt] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cause:
    """What a movement came of, at whose till, by which signed request."""

    kind: Literal["sale", "redemption", "hold", "lot"]
    id: UUID
    party_no: int
    request_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """Points of one lot from one bucket to another; append-only."""

    account_id: UUID
    movement_id: UUID
    lot_id: UUID
    kind: MovementKind
    from_bucket: Bucket
    to_bucket: Bucket
    points: int
    cause: Cause
    reason: str
    adjusts: UUID | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """What one party owes another, not yet bound to a movement. Micros, greater than zero."""

    kind: ObligationKind
    debtor: int
    creditor: int
    amount_micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class Obligation:
    """An amount owed for a movement; `seq` numbers a movement's obligations from 0."""

    account_id: UUID
    movement_id: UUID
    seq: int
    owed: Owed
