"""Spends in wire form."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from coalition.checkouts.spends.domain import StoredSpend
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.ids import encode
from partner_sdk.wire.instants import format_instant


def spend_document(spend: StoredSpend, connection_id: UUID) -> dict[str, Any]:
    """A spend as its partner sees it."""
    return {
        "id": encode("spd", spend.spend_id),
        "connection": encode("con", connection_id),
        "reference": spend.reference,
        "member": encode("mem", spend.account_id),
        "state": spend.state,
        "points": spend.points,
        "amount": Money(spend.amount_micros, spend.currency).to_wire(),
        "code": spend.code,
        "order": spend.order_id,
        "undoing": spend.undo and spend.state in ("wanted", "made"),
        "problem": spend.problem,
        "hold": encode("hld", spend.hold_id),
        "redemption": _encoded("red", spend.redemption_id),
        "expires_at": format_instant(spend.expires_at),
        "created_at": format_instant(spend.created_at),
    }


def _encoded(prefix: str, found: UUID | None) -> str | None:
    return None if found is None else encode(prefix, found)
