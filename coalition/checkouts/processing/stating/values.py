"""An order to be stated, and what became of one that was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.contract import Order
from coalition.checkouts.domain import KnownOrder, shown
from coalition.errors import HubError
from coalition.sales.service import SaleAnswer
from partner_sdk.wire.ids import encode
from partner_sdk.wire.sales import Sale

_PASSING = frozenset(
    {
        "agreement_not_in_force",
        "cap_reached",
        "conflict_retry",
        "member_frozen",
        "occurred_at_in_future",
        "partner_not_live",
        "partner_state_forbids",
        "service_unavailable",
    }
)


@dataclass(frozen=True, slots=True)
class Stated:
    """What became of one order as heard. `problem` and `detail` say why the hub did not take it."""

    order_id: str
    outcome: str
    sale_id: str | None = None
    revision: int | None = None
    points: int | None = None
    change: int | None = None
    member: UUID | None = None
    problem: str | None = None
    detail: str | None = None

    @property
    def passes(self) -> bool:
        """Whether the refusal may pass by itself."""
        return self.problem in _PASSING

    def document(self) -> dict[str, Any]:
        """For the message's result."""
        document: dict[str, Any] = {"order": self.order_id, "outcome": self.outcome}
        if self.sale_id is not None:
            document["sale"] = self.sale_id
        for name in ("revision", "points", "change", "problem", "detail"):
            value = getattr(self, name)
            if value is not None:
                document[name] = shown(value) if isinstance(value, str) else value
        if self.member is not None:
            document["member"] = encode("mem", self.member)
        return document


@dataclass(frozen=True, slots=True)
class Unit:
    """One order to be stated, and of which of the heard it is the statement."""

    order: Order
    asked_at: datetime | None
    sale: Sale
    digest: bytes
    of: tuple[int, ...]
    stated: int = 0


def answered(unit: Unit, answer: SaleAnswer | HubError) -> Stated:
    """What the sales made of an order."""
    if isinstance(answer, HubError):
        return refused(unit, answer)
    return Stated(
        unit.order.id,
        answer.outcome,
        answer.external_id,
        answer.revision,
        answer.earned,
        answer.change,
        answer.account_id,
    )


def refused(unit: Unit, refusal: HubError) -> Stated:
    """What is to be said of an order that was not taken."""
    places = "; ".join(f"{each.pointer}: {each.detail}" for each in refusal.errors[:3])
    return Stated(
        unit.order.id,
        "refused",
        unit.sale.id,
        unit.stated or None,
        problem=refusal.code,
        detail=f"{refusal.detail} {places}".strip(),
    )


def nothing_new(unit: Unit, known: KnownOrder | None) -> dict[int, Stated]:
    """What is to be said of an order of which the same was stated before."""
    revision = None if known is None else known.stated
    stated = Stated(unit.order.id, "nothing_new", unit.sale.id, revision)
    return dict.fromkeys(unit.of, stated)
