"""Setting points aside, spending them, and letting them go again; soonest expiry first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from coalition.errors import HubError
from coalition.ledger.domain import AccountState, Cause, Lot, Owed
from coalition.ledger.posting import Posting
from coalition.ledger.pricing import price_redemption, price_redemption_fee
from coalition.redemptions.domain.values import Hold, Price, Redemption, Slice, Till


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
        face = None if lot.currency == price.currency else price.face_of(lot.currency)
        redemption.slices.append(Slice(lot.lot_id, position, points, 0, movement_id, face))


def _owed_for(lot: Lot, points: int, price: Price) -> tuple[Owed, ...]:
    return price_redemption(
        lot=lot,
        points=points,
        face_micros=price.face_of(lot.currency),
        redeemer=price.redeemer,
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
    faces: Mapping[str, int],
    receipt: str | None,
    request_id: UUID | None,
) -> Redemption:
    """Spend held points, in whole or part; the rest is released.

    `faces` are the face values in other currencies than the hold's, as of when it was placed.

    Raises:
        HubError: `hold_expired`, `hold_not_open`, `capture_exceeds_hold`.
    """
    check_open(hold, posting.now)
    if points > hold.points:
        raise HubError(
            "capture_exceeds_hold", f"The hold is of {hold.points} points, not {points}."
        )
    price = Price(hold.party_no, hold.agreement_no, hold.face_micros, fee_ppm, hold.currency, faces)
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
