"""A sale as partners state it: absolute, by revision, with refunds as a set.

The highest revision wins for lines and tenders; a lower one adds only its refunds. A refund's
amount never changes and its status only moves up. So the same statements, late, repeated or in
another order, end in the same sale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from coalition.errors import FieldError, HubError

TENDER_KINDS = ("cash", "card", "points", "gift_card", "store_credit", "other")
NON_EARNING = frozenset({"points", "gift_card", "store_credit"})
REFUND_STATUSES = ("pending", "succeeded", "failed")
MemberRefKind = Literal["id", "card", "reference"]


@dataclass(frozen=True, slots=True)
class MemberRef:
    """How a partner names a member: by id, by card number, or by its own reference."""

    kind: MemberRefKind
    value: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a receipt; the amount after discounts. Micros of money and of quantity."""

    id: str
    category: str
    quantity_micros: int
    amount_micros: int


@dataclass(frozen=True, slots=True)
class Tender:
    """A means of payment and what it paid, in micros."""

    kind: str
    amount_micros: int
    redemption: str | None = None


@dataclass(frozen=True, slots=True)
class RefundLine:
    """What of a line a refund gives back; `quantity_micros` None: in proportion to the amount."""

    id: str
    amount_micros: int
    quantity_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back, by line or by amount; `points` of `redemption` go back as points."""

    id: str
    status: str
    amount_micros: int
    lines: tuple[RefundLine, ...] = ()
    redemption_id: UUID | None = None
    points: int = 0

    def as_pending(self) -> Refund:
        """The refund without its status: the part that never changes."""
        return replace(self, status="pending")


@dataclass(frozen=True, slots=True)
class SalePut:
    """One statement of a partner about one sale."""

    external_id: str
    revision: int
    occurred_at: datetime
    member: MemberRef | None
    store: str | None
    store_time_zone: str | None
    till: str | None
    receipt: str | None
    currency: str
    local_date: date
    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...]
    refunds: tuple[Refund, ...]
    cancelled: bool = False

    def document(self) -> dict[str, Any]:
        """Lines and tenders as they are stored, amounts and quantities in micros."""
        document = {
            "member": None if self.member is None else [self.member.kind, self.member.value],
            "lines": [
                [line.id, line.category, line.quantity_micros, line.amount_micros]
                for line in self.lines
            ],
            "tenders": [[t.kind, t.amount_micros, t.redemption] for t in self.tenders],
        }
        return document | {"cancelled": True} if self.cancelled else document

    def content_sha256(self, document: Mapping[str, Any]) -> bytes:
        """What two PUTs of one revision must agree in: all but the refunds."""
        return hashlib.sha256(
            orjson.dumps(
                [
                    document,
                    self.occurred_at,
                    self.store,
                    self.store_time_zone,
                    self.till,
                    self.receipt,
                    self.currency,
                ]
            )
        ).digest()


@dataclass(slots=True)
class Sale:
    """A sale as the hub holds it: what the partner stated, and what was posted for it."""

    party_no: int
    external_id: str
    sale_id: UUID
    account_id: UUID | None
    revision: int
    content_sha256: bytes
    occurred_at: datetime
    local_date: date
    store: str | None
    store_time_zone: str | None
    till: str | None
    receipt: str | None
    currency: str
    agreement_no: int
    document: dict[str, Any]
    refunds: dict[str, Refund]
    points: int = 0
    lot_ids: list[UUID] = field(default_factory=list)
    earn_ids: list[UUID] = field(default_factory=list)
    day_capped: bool = False
    request_id: UUID | None = None

    @property
    def order_key(self) -> tuple[datetime, str]:
        """The order of a member-day's sales, the same however late they are told."""
        return (self.occurred_at, self.external_id)

    def restate(self, put: SalePut, document: dict[str, Any], sha256: bytes) -> None:
        """Take over a higher revision's lines and tenders."""
        self.revision = put.revision
        self.content_sha256 = sha256
        self.occurred_at = put.occurred_at
        self.local_date = put.local_date
        self.store, self.store_time_zone = put.store, put.store_time_zone
        self.till, self.receipt = put.till, put.receipt
        self.document = document

    def facts(self, *, face_micros: int) -> SaleFacts:
        """The sale as it stands: lines less refunds; of a cancelled one, nothing remains.

        Raises:
            HubError: `refund_exceeds_sale`, `validation_failed` for a refund of an unknown line.
        """
        lines = {row[0]: Line(*row) for row in self.document["lines"]}
        original = sum(line.amount_micros for line in lines.values())
        succeeded = [refund for refund in self.refunds.values() if refund.status == "succeeded"]
        by_line: dict[str, list[RefundLine]] = {}
        by_amount = 0
        for refund in succeeded:
            for part in refund.lines:
                by_line.setdefault(part.id, []).append(part)
            by_amount += refund.amount_micros - sum(part.amount_micros for part in refund.lines)
        for line_id, parts in by_line.items():
            if line_id not in lines:
                raise HubError(
                    "validation_failed",
                    "A refund names a line that the sale does not have.",
                    errors=(FieldError("/refunds", f"there is no line {line_id}"),),
                )
            lines[line_id] = _refunded(lines[line_id], parts)
        total = sum(line.amount_micros for line in lines.values())
        if by_amount > total:
            raise HubError(
                "refund_exceeds_sale",
                "The succeeded refunds add up to more than the sale's lines.",
            )
        return SaleFacts(
            lines=tuple(lines.values()),
            tenders=tuple(Tender(*row) for row in self.document["tenders"]),
            original_micros=original,
            lines_micros=total,
            remaining_micros=0 if self.document.get("cancelled") else total - by_amount,
            returned_as_points_micros=sum(r.points for r in succeeded) * face_micros,
        )


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """What earning looks at, refunds applied. Micros."""

    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...]
    original_micros: int
    lines_micros: int
    remaining_micros: int
    returned_as_points_micros: int


def _refunded(line: Line, parts: Iterable[RefundLine]) -> Line:
    """A line less its refunds, in whatever order these came.

    A refund that names no quantity takes quantity in proportion to its amount.
    """
    amount = quantity = in_proportion = 0
    for part in parts:
        amount += part.amount_micros
        if part.quantity_micros is None:
            in_proportion += part.amount_micros
        else:
            quantity += part.quantity_micros
    if amount > line.amount_micros or quantity > line.quantity_micros:
        raise HubError(
            "refund_exceeds_sale",
            f"The succeeded refunds of line {line.id} exceed its amount or quantity.",
        )
    if in_proportion:
        quantity += line.quantity_micros * in_proportion // line.amount_micros
    left = 0 if amount == line.amount_micros else max(0, line.quantity_micros - quantity)
    return replace(line, amount_micros=line.amount_micros - amount, quantity_micros=left)


def merge_refunds(known: dict[str, Refund], stated: Iterable[Refund]) -> list[Refund]:
    """Add stated refunds to the known set; gives those that have just succeeded.

    Raises:
        HubError: `refund_conflict`: one id with two amounts, or a points refund that, having
            succeeded and given its points back, would fail.
    """
    succeeded = []
    for refund in stated:
        before = known.get(refund.id)
        if before is not None and before.as_pending() != refund.as_pending():
            raise HubError(
                "refund_conflict",
                f"Refund {refund.id} was stated before with another amount, lines or points.",
            )
        rank = REFUND_STATUSES.index
        if before is not None and rank(refund.status) <= rank(before.status):
            continue
        if before is not None and before.status == "succeeded" and refund.points:
            raise HubError(
                "refund_conflict",
                f"Refund {refund.id} gave points back when it succeeded; it cannot fail any more.",
            )
        known[refund.id] = refund
        if refund.status == "succeeded":
            succeeded.append(refund)
    return succeeded
