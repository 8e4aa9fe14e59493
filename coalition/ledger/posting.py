"""A posting: what one unit of work does to one account, step by step, with no IO and no clock.

It is made over an account's state and collects movements, their obligations, new lots and debts.
`ledger.store` writes it. Each step keeps the invariants of the lot (its buckets add up to what was
granted) and of the balance (the sum of its movements).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from coalition.ledger.domain import (
    AccountState,
    Bucket,
    Cause,
    Debt,
    Lot,
    Movement,
    MovementKind,
    Obligation,
    Owed,
)
from coalition.ledger.pricing import (
    price_activation,
    price_expiry,
    price_own_clawback,
    price_taking,
)

_ON_BALANCE = frozenset({"pending", "active", "held"})


@dataclass(frozen=True, slots=True)
class Before:
    """The balance as it was read, to tell by how much it changes."""

    active: int
    pending: int
    held: int
    debt: int


class Posting:
    """The changes of one account. Methods raise nothing: callers check what may be done."""

    def __init__(self, *, account: AccountState, now: datetime, new_id: Callable[[], UUID]) -> None:
        self.account = account
        self.now = now
        self.new_id = new_id
        self.before = Before(account.active, account.pending, account.held, account.debt)
        self.movements: list[Movement] = []
        self.obligations: list[Obligation] = []
        self.new_lots: list[Lot] = []
        self.changed_lots: dict[UUID, Lot] = {}
        self.new_debts: list[Debt] = []
        self.changed_debts: dict[UUID, Debt] = {}
        self.closes_account = False

    def move(
        self,
        lot: Lot,
        kind: MovementKind,
        from_bucket: Bucket,
        to_bucket: Bucket,
        points: int,
        *,
        cause: Cause,
        reason: str,
        owed: Sequence[Owed] = (),
        adjusts: UUID | None = None,
    ) -> UUID:
        """Move points of a lot and note what is owed for it; gives the movement's id."""
        account = self.account
        if from_bucket != "issued":
            setattr(lot, from_bucket, getattr(lot, from_bucket) - points)
            if from_bucket in _ON_BALANCE:
                setattr(account, from_bucket, getattr(account, from_bucket) - points)
            if lot.lot_id not in self.changed_lots:
                self.changed_lots[lot.lot_id] = lot
        setattr(lot, to_bucket, getattr(lot, to_bucket) + points)
        if to_bucket in _ON_BALANCE:
            setattr(account, to_bucket, getattr(account, to_bucket) + points)
        movement_id = self.new_id()
        self.movements.append(
            Movement(
                account_id=account.account_id,
                movement_id=movement_id,
                lot_id=lot.lot_id,
                kind=kind,
                from_bucket=from_bucket,
                to_bucket=to_bucket,
                points=points,
                cause=cause,
                reason=reason,
                adjusts=adjusts,
            )
        )
        for seq, one in enumerate(owed):
            self.obligations.append(Obligation(account.account_id, movement_id, seq, one))
        return movement_id

    def grant(self, lot: Lot, *, cause: Cause, reason: str, issue_fee_micros: int) -> UUID:
        """Grant a new lot, pending or at once active; gives the earn movement's id.

        Active points first recover what the account owes.
        """
        points = lot.granted
        self.account.lots[lot.lot_id] = lot
        self.new_lots.append(lot)
        if lot.activates_at > self.now:
            return self.move(lot, "earn", "issued", "pending", points, cause=cause, reason=reason)
        earned = self.move(
            lot,
            "earn",
            "issued",
            "active",
            points,
            cause=cause,
            reason=reason,
            owed=price_activation(lot=lot, points=points, issue_fee_micros=issue_fee_micros),
        )
        self.recover_debts(lot, cause=cause)
        return earned

    def activate(self, lot: Lot, *, cause: Cause, issue_fee_micros: int) -> None:
        """All pending points of a lot become active; debts are recovered from them first."""
        points = lot.pending
        self.move(
            lot,
            "activate",
            "pending",
            "active",
            points,
            cause=cause,
            reason="return_window_ended",
            owed=price_activation(lot=lot, points=points, issue_fee_micros=issue_fee_micros),
        )
        self.recover_debts(lot, cause=cause)

    def recover_debts(self, lot: Lot, *, cause: Cause) -> None:
        """Take from a lot's active points what the account owes, oldest debt first."""
        for debt in self.account.debts:
            points = min(debt.outstanding, lot.active)
            if points == 0:
                continue
            self._take(lot, points, origin=debt, cause=cause, reason="debt_recovered")
            debt.recovered += points
            self.account.debt -= points
            self.changed_debts[debt.debt_id] = debt

    def _take(
        self,
        lot: Lot,
        points: int,
        *,
        origin: Lot | Debt,
        cause: Cause,
        reason: str,
        adjusts: UUID | None = None,
    ) -> None:
        """Claw active points out of a lot for a return of the origin's sale."""
        if isinstance(origin, Debt):
            adjusts = origin.adjusts
        if lot.lot_id == origin.lot_id:
            owed = price_own_clawback(lot=lot, points=points)
            self.move(
                lot,
                "clawback",
                "active",
                "clawed_back",
                points,
                cause=cause,
                reason=reason,
                owed=owed,
                adjusts=adjusts,
            )
            return
        owed = price_taking(origin=origin, taken=lot, points=points)
        self.move(
            lot,
            "take",
            "active",
            "taken",
            points,
            cause=cause,
            reason=reason,
            owed=owed,
            adjusts=adjusts,
        )

    def claw_back(
        self,
        own_lots: Sequence[Lot],
        points: int,
        *,
        sale_id: UUID,
        cause: Cause,
        reason: str,
        adjusts: UUID | None,
        blocked_issuers: Collection[int],
    ) -> int:
        """Take back points of a sale: its own lots (pending, then active), then other lots'
        active points by soonest expiry; the rest becomes a debt, whose points are returned.

        Never takes held points or another sale's pending points.
        """
        for lot in own_lots:
            points -= self._claw_own(lot, "pending", points, cause, reason, adjusts)
        for lot in own_lots:
            points -= self._claw_own(lot, "active", points, cause, reason, adjusts)
        own_ids = {lot.lot_id for lot in own_lots}
        origin = own_lots[0]
        for lot in self.spendable_lots(blocked_issuers=blocked_issuers):
            part = min(points, lot.active)
            if part == 0:
                break
            if lot.lot_id in own_ids:
                continue
            self._take(lot, part, origin=origin, cause=cause, reason=reason, adjusts=adjusts)
            points -= part
        if points:
            self._owe(origin, points, sale_id=sale_id, adjusts=adjusts)
        return points

    def _claw_own(
        self,
        lot: Lot,
        bucket: Bucket,
        points: int,
        cause: Cause,
        reason: str,
        adjusts: UUID | None,
    ) -> int:
        part = min(points, int(getattr(lot, bucket)))
        if part:
            owed = price_own_clawback(lot=lot, points=part) if bucket == "active" else ()
            self.move(
                lot,
                "clawback",
                bucket,
                "clawed_back",
                part,
                cause=cause,
                reason=reason,
                owed=owed,
                adjusts=adjusts,
            )
        return part

    def _owe(self, origin: Lot, points: int, *, sale_id: UUID, adjusts: UUID | None) -> None:
        debt = Debt(
            debt_id=self.new_id(),
            issuer=origin.issuer,
            funder=origin.funder,
            lot_id=origin.lot_id,
            funding=origin.funding,
            issue_price_micros=origin.issue_price_micros,
            redemption_price_micros=origin.redemption_price_micros,
            currency=origin.currency,
            sale_id=sale_id,
            adjusts=adjusts,
            due=points,
        )
        if not self.account.open:
            # A closed account recovers nothing: the issuer bears it.
            debt.written_off = points
        self.account.debts.append(debt)
        self.account.debt += debt.outstanding
        self.new_debts.append(debt)

    def spendable_lots(self, *, blocked_issuers: Collection[int]) -> list[Lot]:
        """Lots whose active points may be spent now, soonest expiry first."""
        return sorted(
            (
                lot
                for lot in self.account.lots.values()
                if lot.active
                and not lot.blocked
                and lot.expires_at > self.now
                and lot.issuer not in blocked_issuers
            ),
            key=lambda lot: lot.fifo_key,
        )

    def expire(self, lot: Lot, *, cause: Cause, reason: str, issuer_share_ppm: int) -> None:
        """All active points of a lot expire."""
        self.move(
            lot,
            "expire",
            "active",
            "expired",
            lot.active,
            cause=cause,
            reason=reason,
            owed=price_expiry(lot=lot, points=lot.active, issuer_share_ppm=issuer_share_ppm),
        )

    def close(self) -> None:
        """Write off what the account owes (its issuers bear it) and close it for good."""
        for debt in self.account.debts:
            if debt.outstanding:
                self.account.debt -= debt.outstanding
                debt.written_off += debt.outstanding
                self.changed_debts[debt.debt_id] = debt
        self.closes_account = True
