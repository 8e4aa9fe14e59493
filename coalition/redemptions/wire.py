"""Holds and redemptions in wire form."""

from __future__ import annotations

from typing import Any

from coalition.redemptions.domain import Hold, Redemption
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.ids import encode
from partner_sdk.wire.instants import format_instant


def money_of_points(points: int, face_micros: int, currency: str) -> dict[str, Any]:
    """What so many points pay."""
    return Money(points * face_micros, currency).to_wire()


def hold_document(hold: Hold) -> dict[str, Any]:
    """A hold in wire form."""
    return {
        "id": encode("hld", hold.hold_id),
        "member": encode("mem", hold.account_id),
        "state": hold.state,
        "points": hold.points,
        "amount": money_of_points(hold.points, hold.face_micros, hold.currency),
        "captured_points": hold.captured_points,
        "expires_at": format_instant(hold.expires_at),
        "redemption": None if hold.redemption_id is None else encode("red", hold.redemption_id),
        "reference": hold.reference,
    }


def redemption_document(redemption: Redemption) -> dict[str, Any]:
    """A redemption in wire form."""
    return {
        "id": encode("red", redemption.redemption_id),
        "member": encode("mem", redemption.account_id),
        "points": redemption.points,
        "amount": money_of_points(redemption.points, redemption.face_micros, redemption.currency),
        "reversed_points": redemption.reversed_points,
        "hold": None if redemption.hold_id is None else encode("hld", redemption.hold_id),
        "reference": redemption.reference,
        "created_at": format_instant(redemption.created_at),
    }
