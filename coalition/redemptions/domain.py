"""Spending points: hold, capture, void; in one step; and its reversal.

Points go by soonest expiry and leave a slice per lot. A hold freezes the face value and the
redeemer's agreement; a reversal puts points back into the lots that they came from, the last
taken first, and mirrors what was owed, fees included.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from coalition.errors import HubError
from coalition.ledger.domain import OPERATOR, AccountState, Cause, Lot, Owed
from coalition.ledger.posting import Posting
from coalition.ledger.pricing import mirrored, price_redemption, price_redemption_fee


@dataclass(frozen=True, slots=True)
class Till:
    """Where a redemption happens, in the partner's own words."""

    reference: str | None = None
    store: str | None = None
    till: str | None = None
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What is frozen when points are set aside: face value and the redeemer's fee."""

    redeemer: int
    agreement_no: int
    face_micros: int
    fee_ppm: int
    currency: str


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


def check_may_spend(account: AccountState) -> None:
    """Refuse a spend on an account that may not.

    Raises:
        HubError: `member_closed`, `member_frozen`, `spend_locked`.
    """
    if not account.open:
        raise HubError("member_closed", "The member's account is closed.")
    if account.frozen:
        raise HubError("member_frozen", "The member's account is frozen; points cannot be spent.")
    if account.spend_locked:
        raise HubError("spend_locked", "The member has locked spending; earning goes on.")


def available_points(*, posting: Posting, blocked_issuers: Collection[int]) -> int:
    """How many points the account could spend now."""
    return sum(lot.active for lot in posting.spendable_lots(blocked_issuers=blocked_issuers))


def _allot(
    posting: Posting, points: int, blocked_issuers: Collection[int]
) -> list[tuple[Lot, int]]:
    parts = []
    left = points
    for lot in posting.spendable_lots(blocked_issuers=blocked_issuers):
        part = min(left, lot.active)
        parts.append((lot, part))
        left -= part
        if left == 0:
            return parts
    raise HubError(
        "insufficient_points",
        f"The member can spend {points - left} points, not {points}.",
        available=points - left,
    )


def place_hold(
    *,
    posting: Posting,
    price: Price,
    points: int,
    till: Till,
    expires_at: datetime,
    blocked_issuers: Collection[int],
    request_id: UUID | None,
) -> Hold:
    """Set points aside, soonest expiry first.

    Raises:
        HubError: `insufficient_points`, `member_closed`, `member_frozen`, `spend_locked`.
    """
    check_may_spend(posting.account)
    hold_id = posting.new_id()
    cause = Cause("hold", hold_id, price.redeemer, request_id)
    parts = _allot(posting, points, blocked_issuers)
    for lot, part in parts:
        posting.move(lot, "hold", "active", "held", part, cause=cause, reason="held_at_till")
    return Hold(
        account_id=posting.account.account_id,
        hold_id=hold_id,
        party_no=price.redeemer,
        agreement_no=price.agreement_no,
        face_micros=price.face_micros,
        currency=price.currency,
        points=points,
        captured_points=0,
        state="held",
        lot_ids=[lot.lot_id for lot, _ in parts],
        lot_points=[part for _, part in parts],
        redemption_id=None,
        reference=till.reference,
        store=till.store,
        till=till.till,
        created_at=posting.now,
        expires_at=expires_at,
    )


def _spend(
    posting: Posting,
    redemption: Redemption,
    parts: list[tuple[Lot, int]],
    price: Price,
    request_id: UUID | None,
) -> None:
    cause = Cause("redemption", redemption.redemption_id, price.redeemer, request_id)
    held = redemption.hold_id is not None
    for position, (lot, points) in enumerate(parts):
        movement_id = posting.move(
            lot,
            "capture" if held else "redeem",
            "held" if held else "active",
            "spent",
            points,
            cause=cause,
            reason="paid_with_points",
            owed=_owed_for(lot, points, price),
        )
        redemption.slices.append(Slice(lot.lot_id, position, points, 0, movement_id))


def _owed_for(lot: Lot, points: int, price: Price) -> tuple[Owed, ...]:
    return price_redemption(
        lot=lot, points=points, face_micros=price.face_micros, redeemer=price.redeemer
    ) + price_redemption_fee(
        points=points,
        face_micros=price.face_micros,
        redeemer=price.redeemer,
        fee_ppm=price.fee_ppm,
        currency=price.currency,
    )


def _redemption(
    posting: Posting, price: Price, points: int, till: Till, hold_id: UUID | None
) -> Redemption:
    return Redemption(
        account_id=posting.account.account_id,
        redemption_id=posting.new_id(),
        party_no=price.redeemer,
        agreement_no=price.agreement_no,
        face_micros=price.face_micros,
        currency=price.currency,
        points=points,
        reversed_points=0,
        hold_id=hold_id,
        reference=till.reference,
        store=till.store,
        till=till.till,
        receipt=till.receipt,
        created_at=posting.now,
    )


def redeem(
    *,
    posting: Posting,
    price: Price,
    points: int,
    till: Till,
    blocked_issuers: Collection[int],
    request_id: UUID | None,
) -> Redemption:
    """Spend points in one step.

    Raises:
        HubError: as `place_hold`.
    """
    check_may_spend(posting.account)
    parts = _allot(posting, points, blocked_issuers)
    redemption = _redemption(posting, price, points, till, None)
    _spend(posting, redemption, parts, price, request_id)
    return redemption


def check_open(hold: Hold, now: datetime) -> None:
    """Refuse to capture or void what is no longer held.

    Raises:
        HubError: `hold_expired`, `hold_not_open`.
    """
    if hold.state == "expired" or (hold.state == "held" and hold.expires_at <= now):
        raise HubError("hold_expired", "The hold has expired; its points are the member's again.")
    if hold.state != "held":
        raise HubError("hold_not_open", f"The hold is already {hold.state}.")


def capture(
    *,
    posting: Posting,
    hold: Hold,
    points: int,
    fee_ppm: int,
    receipt: str | None,
    request_id: UUID | None,
) -> Redemption:
    """Spend held points, in whole or part; the rest is released.

    Raises:
        HubError: `hold_expired`, `hold_not_open`, `capture_exceeds_hold`.
    """
    check_open(hold, posting.now)
    if points > hold.points:
        raise HubError(
            "capture_exceeds_hold", f"The hold is of {hold.points} points, not {points}."
        )
    price = Price(hold.party_no, hold.agreement_no, hold.face_micros, fee_ppm, hold.currency)
    till = Till(hold.reference, hold.store, hold.till, receipt)
    redemption = _redemption(posting, price, points, till, hold.hold_id)
    lots = posting.account.lots
    parts, left = [], points
    for lot_id, held in zip(hold.lot_ids, hold.lot_points, strict=True):
        part = min(left, held)
        if part:
            parts.append((lots[lot_id], part))
            left -= part
    _spend(posting, redemption, parts, price, request_id)
    _release(posting, hold, skip=points, reason="not_captured", request_id=request_id)
    hold.state, hold.captured_points = "captured", points
    hold.redemption_id = redemption.redemption_id
    return redemption


def release(
    *, posting: Posting, hold: Hold, state: str, reason: str, request_id: UUID | None
) -> None:
    """Give all held points back to the member: a void, or an expiry."""
    _release(posting, hold, skip=0, reason=reason, request_id=request_id)
    hold.state = state


def _release(
    posting: Posting, hold: Hold, *, skip: int, reason: str, request_id: UUID | None
) -> None:
    """Release what of a hold lies after its first `skip` points; debts are recovered from it."""
    cause = Cause("hold", hold.hold_id, hold.party_no, request_id)
    for lot_id, held in zip(hold.lot_ids, hold.lot_points, strict=True):
        spent = min(skip, held)
        skip -= spent
        if held > spent:
            lot = posting.account.lots[lot_id]
            posting.move(lot, "release", "held", "active", held - spent, cause=cause, reason=reason)
            posting.recover_debts(lot, cause=cause)


def reverse(
    *,
    posting: Posting,
    redemption: Redemption,
    points: int,
    fee_ppm: int,
    reason: str,
    grace_until: dict[int, datetime],
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
            lot=lot, points=back, face_micros=price.face_micros, redeemer=price.redeemer
        )
        + fee
    )


def _fee_of(amount_micros: int, price: Price) -> tuple[Owed, ...]:
    """A redemption fee of a known amount."""
    if amount_micros == 0:
        return ()
    return (Owed("redemption_fee", price.redeemer, OPERATOR, amount_micros, price.currency),)
