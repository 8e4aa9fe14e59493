"""Use cases of redemptions.

Each is given a connection in a transaction. The account is locked as it is read; what follows
is written with one statement, which checks that the account is still as it was read (`Conflict` if
not).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.writing import WriteSet
from coalition.errors import HubError
from coalition.ledger.domain import AccountState
from coalition.ledger.posting import Posting
from coalition.ledger.store import load_accounts, queue_posting, write
from coalition.partners.domain import check_allowed
from coalition.posting_context import PostingContext
from coalition.redemptions.domain import (
    Hold,
    Price,
    Redemption,
    Till,
    available_points,
    capture,
    check_may_spend,
    check_open,
    place_hold,
    redeem,
    release,
    reverse,
)
from coalition.redemptions.grace import GraceDates
from coalition.redemptions.store import (
    load_hold,
    load_redemptions,
    lock_hold_and_account,
    queue_hold,
    queue_hold_change,
    queue_redemption,
    queue_reversal,
)

LOTS_AT_FIRST = 6
"""Lots read for a spend; only an account that needs more of them is read in full."""


def price_of(context: PostingContext) -> Price:
    """What a spend at the calling partner is priced at now.

    Raises:
        HubError: `partner_state_forbids`, `agreement_not_in_force`.
    """
    snapshot = context.snapshot
    check_allowed(party=snapshot.parties[context.party_no], action="spend")
    agreement = snapshot.agreement_at(party_no=context.party_no, instant=context.now)
    if agreement is None:
        raise HubError("agreement_not_in_force", "This partner has no agreement in force now.")
    currency = agreement.terms.currency
    day = context.now.astimezone(snapshot.hub.time_zone).date()
    face = snapshot.face_micros(currency=currency, on=day)
    if face is None:
        raise HubError("agreement_not_in_force", f"No face value is set for {currency}.")
    fee = agreement.terms.redemption_fee_ppm
    faces = snapshot.other_faces(currency=currency, on=day)
    return Price(context.party_no, agreement.no, face, fee, currency, faces)


def _begin(
    connection: Connection,
    context: PostingContext,
    account_id: UUID,
    *,
    points: int | None = None,
    lot_ids: list[UUID] | None = None,
) -> Posting:
    """Lock the account, read it, and begin a posting over it."""
    account = _load(
        connection,
        account_id,
        lot_ids=lot_ids or [],
        at_most=None if points is None else LOTS_AT_FIRST,
        lock=True,
    )
    posting = Posting(account=account, now=context.now, new_id=context.new_id)
    if points is not None and len(account.lots) == LOTS_AT_FIRST:
        blocked = context.snapshot.unspendable
        if available_points(posting=posting, blocked_issuers=blocked) < points:
            account = _load(connection, account_id)
            posting = Posting(account=account, now=context.now, new_id=context.new_id)
    return posting


def _load(
    connection: Connection,
    account_id: UUID,
    *,
    lot_ids: Sequence[UUID] = (),
    at_most: int | None = None,
    lock: bool = False,
) -> AccountState:
    found = load_accounts(
        connection=connection,
        account_ids=[account_id],
        lot_ids=lot_ids,
        lots_at_most=at_most,
        lock=lock,
    )
    if account_id not in found:
        raise HubError("member_not_found", "There is no such member.")
    return found[account_id]


def _write(
    connection: Connection, context: PostingContext, posting: Posting, writes: WriteSet
) -> None:
    queue_posting(writes=writes, posting=posting)
    write(connection=connection, writes=writes, directory_version=context.snapshot.version)


def quote(
    *, connection: Connection, context: PostingContext, account_id: UUID
) -> tuple[Price, int]:
    """What the member could spend at the calling partner now: the price, and points at most.

    Raises:
        HubError: as a redemption would.
    """
    price = price_of(context)
    account = _load(connection, account_id)
    posting = Posting(account=account, now=context.now, new_id=context.new_id)
    check_may_spend(posting.account)
    blocked = context.snapshot.unspendable
    return price, available_points(posting=posting, blocked_issuers=blocked)


def hold_points(
    *,
    connection: Connection,
    context: PostingContext,
    account_id: UUID,
    points: int,
    till: Till,
    lasts: timedelta,
) -> Hold:
    """Set points aside at a till.

    Raises:
        HubError: `insufficient_points`, the member's or the partner's state forbids it.
    """
    price = price_of(context)
    posting = _begin(connection, context, account_id, points=points)
    hold = place_hold(
        posting=posting,
        price=price,
        points=points,
        till=till,
        expires_at=context.now + lasts,
        blocked_issuers=context.snapshot.unspendable,
        request_id=context.request_id,
    )
    writes = WriteSet()
    queue_hold(writes=writes, hold=hold)
    _write(connection, context, posting, writes)
    return hold


def redeem_points(
    *,
    connection: Connection,
    context: PostingContext,
    account_id: UUID,
    points: int,
    till: Till,
) -> Redemption:
    """Spend points in one step.

    Raises:
        HubError: as `hold_points`.
    """
    price = price_of(context)
    posting = _begin(connection, context, account_id, points=points)
    redemption = redeem(
        posting=posting,
        price=price,
        points=points,
        till=till,
        blocked_issuers=context.snapshot.unspendable,
        request_id=context.request_id,
    )
    writes = WriteSet()
    queue_redemption(writes=writes, redemption=redemption)
    _write(connection, context, posting, writes)
    return redemption


def own_hold(*, connection: Connection, context: PostingContext, hold_id: UUID) -> Hold:
    """The calling partner's hold.

    Raises:
        HubError: `hold_not_found`, also for another partner's hold.
    """
    hold = load_hold(connection=connection, hold_id=hold_id)
    if hold is None or hold.party_no != context.party_no:
        raise _no_hold()
    return hold


def _no_hold() -> HubError:
    return HubError("hold_not_found", "There is no hold of that id.")


def _begin_on_hold(
    connection: Connection, context: PostingContext, hold_id: UUID
) -> tuple[Posting, Hold]:
    """Lock a hold's account, and read the hold with the account and its lots."""
    found = lock_hold_and_account(connection=connection, hold_id=hold_id)
    if found is None or found[0].party_no != context.party_no:
        raise _no_hold()
    hold, account = found
    return Posting(account=account, now=context.now, new_id=context.new_id), hold


def capture_hold(
    *,
    connection: Connection,
    context: PostingContext,
    hold_id: UUID,
    points: int | None,
    receipt: str | None = None,
) -> Redemption:
    """Spend held points, all of them or `points`; the rest is released.

    Raises:
        HubError: `hold_not_found`, `hold_expired`, `hold_not_open`, `capture_exceeds_hold`.
    """
    posting, hold = _begin_on_hold(connection, context, hold_id)
    terms = context.snapshot.agreement_by_no[hold.agreement_no].terms
    redemption = capture(
        posting=posting,
        hold=hold,
        points=hold.points if points is None else points,
        fee_ppm=terms.redemption_fee_ppm,
        faces=context.snapshot.other_faces(
            currency=hold.currency,
            on=hold.created_at.astimezone(context.snapshot.hub.time_zone).date(),
        ),
        receipt=receipt,
        request_id=context.request_id,
    )
    writes = WriteSet()
    queue_redemption(writes=writes, redemption=redemption)
    queue_hold_change(writes=writes, hold=hold)
    _write(connection, context, posting, writes)
    return redemption


def void_hold(
    *,
    connection: Connection,
    context: PostingContext,
    hold_id: UUID,
) -> Hold:
    """Release a hold; a second void of it changes nothing.

    Raises:
        HubError: `hold_not_found`, `hold_expired`, `hold_not_open`.
    """
    posting, hold = _begin_on_hold(connection, context, hold_id)
    if hold.state == "voided":
        return hold
    check_open(hold, context.now)
    release(
        posting=posting, hold=hold, state="voided", reason="voided", request_id=context.request_id
    )
    writes = WriteSet()
    queue_hold_change(writes=writes, hold=hold)
    _write(connection, context, posting, writes)
    return hold


def own_redemption(
    *, connection: Connection, context: PostingContext, redemption_id: UUID
) -> Redemption:
    """The calling partner's redemption.

    Raises:
        HubError: `redemption_not_found`, also for another partner's redemption.
    """
    found = load_redemptions(connection=connection, redemption_ids=[redemption_id])
    redemption = found.get(redemption_id)
    if redemption is None or redemption.party_no != context.party_no:
        raise HubError("redemption_not_found", "There is no redemption of that id.")
    return redemption


def reverse_redemption(
    *,
    connection: Connection,
    context: PostingContext,
    redemption_id: UUID,
    points: int,
    reason: str,
) -> tuple[Redemption, UUID]:
    """Give points of a redemption back; gives the redemption and the reversal's own id.

    Raises:
        HubError: `redemption_not_found`, `reversal_exceeds_redemption`, `member_closed`,
            `partner_state_forbids`.
    """
    check_allowed(party=context.snapshot.parties[context.party_no], action="refund")
    redemption = own_redemption(connection=connection, context=context, redemption_id=redemption_id)
    posting = _begin(
        connection,
        context,
        redemption.account_id,
        lot_ids=[part.lot_id for part in redemption.slices],
    )
    redemption = own_redemption(connection=connection, context=context, redemption_id=redemption_id)
    terms = context.snapshot.agreement_by_no[redemption.agreement_no].terms
    reversal_id = reverse(
        posting=posting,
        redemption=redemption,
        points=points,
        fee_ppm=terms.redemption_fee_ppm,
        reason=reason,
        grace_until=GraceDates(context),
        request_id=context.request_id,
    )
    writes = WriteSet()
    queue_reversal(writes=writes, redemption=redemption)
    _write(connection, context, posting, writes)
    return redemption, reversal_id
