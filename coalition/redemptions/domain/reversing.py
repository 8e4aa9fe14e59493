"""Giving points back to the lots that they came from, the last taken first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from coalition.errors import HubError
from coalition.ledger.domain import OPERATOR, Cause, Lot, Owed
from coalition.ledger.posting import Posting
from coalition.ledger.pricing import mirrored, price_redemption, price_redemption_fee
from coalition.redemptions.domain.values import Price, Redemption, Slice


def reverse(
    *,
    posting: Posting,
    redemption: Redemption,
    points: int,
    fee_ppm: int,
    reason: str,
    grace_until: Mapping[int, datetime],
    request_id: UUID | None,
) -> UUID:
    """Give points of a redemption back to the lots they came from; gives the first movement's id.

    `grace_until` says per agreement number until when points live that return to a lot which has
    expired.

    Raises:
        HubError: `reversal_exceeds_redemption`, `member_closed`.
    """
    left_of_it = redemption.points - redemption.reversed_points
    if points > left_of_it:
        raise HubError(
            "reversal_exceeds_redemption",
            f"Of this redemption {left_of_it} points are left to reverse, not {points}.",
        )
    if not posting.account.open:
        raise HubError("member_closed", "The member's account is closed; refund by another means.")
    cause = Cause("redemption", redemption.redemption_id, redemption.party_no, request_id)
    price = Price(
        redemption.party_no,
        redemption.agreement_no,
        redemption.face_micros,
        fee_ppm,
        redemption.currency,
    )
    movement_ids, left = [], points
    for part in sorted(redemption.slices, key=lambda s: s.position, reverse=True):
        back = min(left, part.points - part.reversed_points)
        if back == 0:
            continue
        lot = posting.account.lots[part.lot_id]
        movement_id = posting.move(
            lot,
            "restore",
            "spent",
            "active",
            back,
            cause=cause,
            reason=reason,
            owed=mirrored(_owed_between(lot, part, back, price)),
            adjusts=part.movement_id,
        )
        if lot.expires_at <= posting.now:
            lot.expires_at = grace_until[lot.agreement_no]
        part.reversed_points += back
        left -= back
        movement_ids.append(movement_id)
        posting.recover_debts(lot, cause=cause)
    redemption.reversed_points += points
    return movement_ids[0]


def _owed_between(lot: Lot, part: Slice, back: int, price: Price) -> tuple[Owed, ...]:
    """What was owed for the next `back` points of a slice.

    The fee was rounded for the slice as a whole, so it goes back as the difference of two rounded
    fees: parts that add up to the slice give back exactly its fee.
    """
    done = part.reversed_points
    fees = [
        sum(
            o.amount_micros
            for o in price_redemption_fee(
                points=points,
                face_micros=price.face_micros,
                redeemer=price.redeemer,
                fee_ppm=price.fee_ppm,
                currency=price.currency,
            )
        )
        for points in (done + back, done)
    ]
    fee = _fee_of(fees[0] - fees[1], price)
    return (
        price_redemption(
            lot=lot,
            points=back,
            face_micros=price.face_micros if part.face_micros is None else part.face_micros,
            redeemer=price.redeemer,
        )
        + fee
    )


def _fee_of(amount_micros: int, price: Price) -> tuple[Owed, ...]:
    """A redemption fee of a known amount."""
    if amount_micros == 0:
        return ()
    return (Owed("redemption_fee", price.redeemer, OPERATOR, amount_micros, price.currency),)
