"""Values that settlement gets through the door. Amounts are micros of the currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Coalition:
    """What coalition this database is."""

    environment: str
    name: str
    time_zone: ZoneInfo
    currency: str
    last_closed: date


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """A party as statements name it."""

    no: int
    id: UUID
    kind: str
    slug: str
    name: str
    state: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class OperatorFacts:
    """One of the operator's people, and the key that proves it."""

    person: str
    key_id: UUID


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """One agreement version, without its terms."""

    no: int
    id: UUID
    party_no: int
    version: int
    terms_sha256: bytes


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """A closed window: one business date as a half-open interval of UTC instants."""

    business_date: date
    starts_at: datetime
    ends_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class WindowTotals:
    """Control totals of a window: what must come back as lines, and nothing else."""

    obligations: int
    unpriced_movements: int
    currencies: tuple[str, ...]

    @property
    def lines(self) -> int:
        """Lines that the window's statements hold in all: two sides of each obligation."""
        return 2 * self.obligations + self.unpriced_movements


@dataclass(frozen=True, slots=True)
class ObligationFacts:
    """What one party owes another for a movement."""

    seq: int
    kind: str
    debtor: int
    creditor: int
    amount_micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class LotFacts:
    """A lot with its frozen terms."""

    lot_id: UUID
    issuer: int
    funder: int
    funding: str
    issue_price_micros: int
    redemption_price_micros: int
    currency: str
    granted: int
    occurred_at: datetime
    expires_at: datetime
    agreement_id: UUID
    agreement_version: int
    terms: Mapping[str, Any]
    terms_sha256: bytes
    sale_party: int | None
    sale_external_id: str | None
    sale_receipt: str | None


@dataclass(frozen=True, slots=True)
class SliceFacts:
    """The part of a lot that one redemption used.

    `face_micros` is a point's face value in the lot's currency, where that is another one than the
    redemption's.
    """

    position: int
    lot_id: UUID
    issuer: int
    points: int
    reversed_points: int
    redemption_price_micros: int
    currency: str
    face_micros: int | None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """Everything behind one line of a statement."""

    movement_id: UUID
    kind: str
    from_bucket: str
    to_bucket: str
    points: int
    window_date: date
    posted_at: datetime
    party_no: int
    cause_kind: str
    cause_id: UUID
    adjusts: UUID | None
    reason: str
    lot: LotFacts
    obligations: tuple[ObligationFacts, ...]
    document_external_id: str | None
    store: str | None
    till: str | None
    receipt: str | None
    occurred_at: datetime | None
    face_micros: int | None
    redemption_points: int | None
    redeemer_agreement_id: UUID | None
    redeemer_agreement_version: int | None
    redeemer_terms: Mapping[str, Any] | None
    slices: tuple[SliceFacts, ...]

    def face_of(self, kind: str) -> int | None:
        """A point's face value in the currency of an obligation of that kind.

        The redeemer's fee is in the redeemer's currency, all else in the lot's.
        """
        of_lot = (
            each.face_micros
            for each in self.slices
            if each.lot_id == self.lot.lot_id and each.face_micros is not None
        )
        return self.face_micros if kind == "redemption_fee" else next(of_lot, self.face_micros)
