"""What a statement about a sale does to the accounts, computed over the state at hand.

A `Book` is what one unit of work has read and changed. Statements are applied to it one after
another; a refused one leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from coalition.agreements.domain import (
    Agreement,
    activation_instant,
    expiry_instant,
)
from coalition.errors import FieldError, HubError
from coalition.ledger.domain import AccountState, Cause, Lot
from coalition.ledger.posting import Posting
from coalition.partners.domain import check_allowed
from coalition.posting_context import PostingContext
from coalition.redemptions.domain import Redemption, reverse
from coalition.redemptions.grace import GraceDates
from coalition.sales.domain import Refund, Sale, SalePut, merge_refunds
from coalition.sales.earning import apply_day_cap, points_of_sale

CLOCK_LEEWAY = timedelta(minutes=5)
"""How far a till's clock may be ahead of the hub's."""


@dataclass(slots=True)
class Book:
    """The sales, accounts and redemptions of one unit of work, and what became of them."""

    context: PostingContext
    sales: dict[str, Sale] = field(default_factory=dict)
    accounts: dict[UUID, AccountState] = field(default_factory=dict)
    redemptions: dict[UUID, Redemption] = field(default_factory=dict)
    postings: dict[UUID, Posting] = field(default_factory=dict)
    day_sales: dict[tuple[UUID, date], dict[str, Sale]] = field(default_factory=dict)
    new: dict[str, Sale] = field(default_factory=dict)
    changed: dict[str, Sale] = field(default_factory=dict)
    reversed: dict[UUID, Redemption] = field(default_factory=dict)

    def posting(self, account_id: UUID) -> Posting:
        """The posting of an account, begun when first asked for."""
        found = self.postings.get(account_id)
        if found is None:
            found = self.postings[account_id] = Posting(
                account=self.accounts[account_id],
                now=self.context.now,
                new_id=self.context.new_id,
            )
        return found

    def note(self, sale: Sale) -> None:
        """Remember that a sale must be written."""
        self.sales[sale.external_id] = sale
        if sale.external_id not in self.new:
            self.changed[sale.external_id] = sale
        if sale.day_capped and sale.account_id is not None:
            day = self.day_sales.setdefault((sale.account_id, sale.local_date), {})
            day[sale.external_id] = sale


def agreement_for(context: PostingContext, put: SalePut) -> Agreement:
    """The version that prices a sale first heard of now.

    Raises:
        HubError: `agreement_not_in_force`, `wrong_currency`, `occurred_at_in_future`,
            `partner_state_forbids`.
    """
    party = context.snapshot.parties[context.party_no]
    check_allowed(party=party, action="earn")
    if put.occurred_at > context.now + CLOCK_LEEWAY:
        raise HubError(
            "occurred_at_in_future",
            "The sale's time lies in the future; check the till's clock and time zone.",
            errors=(FieldError("/occurred_at", "must not lie in the future"),),
        )
    agreement = context.snapshot.agreement_at(party_no=party.no, instant=put.occurred_at)
    if agreement is None:
        raise HubError(
            "agreement_not_in_force",
            "No agreement of this partner was in force when the sale happened.",
        )
    check_currency(agreement, put)
    return agreement


def check_currency(agreement: Agreement, put: SalePut) -> None:
    """Refuse a sale in another currency than its agreement's."""
    if agreement.terms.currency != put.currency:
        raise HubError(
            "wrong_currency",
            f"The agreement is in {agreement.terms.currency}, the sale in {put.currency}.",
            errors=(FieldError("/currency", f"must be {agreement.terms.currency}"),),
        )


def new_sale(context: PostingContext, put: SalePut, agreement: Agreement) -> Sale:
    """A sale heard of for the first time; nothing is granted yet."""
    document = put.document()
    return Sale(
        party_no=context.party_no,
        external_id=put.external_id,
        sale_id=context.new_id(),
        account_id=None,
        revision=put.revision,
        content_sha256=put.content_sha256(document),
        occurred_at=put.occurred_at,
        local_date=put.local_date,
        store=put.store,
        store_time_zone=put.store_time_zone,
        till=put.till,
        receipt=put.receipt,
        currency=put.currency,
        agreement_no=agreement.no,
        document=document,
        refunds={},
        day_capped=agreement.terms.cap_per_member_day is not None,
        request_id=context.request_id,
    )


def agreement_of(context: PostingContext, sale: Sale) -> Agreement:
    """The version that was frozen when the sale was first stated."""
    return context.snapshot.agreement_by_no[sale.agreement_no]


def worth(context: PostingContext, sale: Sale) -> int:
    """The points that a sale is worth as it stands, caps per member-day apart."""
    agreement = agreement_of(context, sale)
    face = context.snapshot.face_micros(currency=sale.currency, on=sale.local_date) or 0
    return points_of_sale(terms=agreement.terms, facts=sale.facts(face_micros=face))


@dataclass(frozen=True, slots=True)
class Restated:
    """A sale as a statement makes it, before anything is posted for it."""

    sale: Sale
    outcome: str
    succeeded: tuple[Refund, ...]


def restate(context: PostingContext, known: Sale | None, put: SalePut) -> Restated:
    """Apply a statement to a copy of the known sale.

    Raises:
        HubError: `sale_revision_conflict`, `refund_conflict`, and those of `agreement_for`.
    """
    if known is None:
        sale = new_sale(context, put, agreement_for(context, put))
        return Restated(sale, "created", tuple(merge_refunds(sale.refunds, put.refunds)))
    sale = replace(
        known,
        refunds=dict(known.refunds),
        lot_ids=list(known.lot_ids),
        earn_ids=list(known.earn_ids),
    )
    check_currency(agreement_of(context, sale), put)
    before = dict(sale.refunds)
    succeeded = tuple(merge_refunds(sale.refunds, put.refunds))
    outcome = "unchanged"
    if put.revision >= sale.revision:
        document = put.document()
        sha256 = put.content_sha256(document)
        if put.revision > sale.revision:
            sale.restate(put, document, sha256)
            outcome = "updated"
        elif sha256 != sale.content_sha256:
            raise HubError(
                "sale_revision_conflict",
                f"Revision {put.revision} of this sale was stated before with other content; "
                "send what is true now with a higher revision.",
            )
    else:
        outcome = "superseded"
    if sale.refunds != before and outcome == "unchanged":
        outcome = "updated"
    return Restated(sale, outcome, succeeded)


def settle(book: Book, restated: Restated, owner: UUID | None) -> None:
    """Post the difference between what should be and what is posted, owner included.

    Raises:
        HubError: before anything is changed: the partner or the member may not earn, refunds
            exceed the sale, points to give back exceed their redemption.
    """
    sale, context = restated.sale, book.context
    day_before = None
    old = book.sales.get(sale.external_id)
    if old is not None and old.day_capped and old.account_id is not None:
        day_before = (old.account_id, old.local_date)
    target = worth(context, sale)
    _check_change(book, sale, owner, target)
    _check_points_back(book, restated.succeeded)
    if old is None:
        book.new[sale.external_id] = sale
    if sale.account_id is not None and sale.account_id != owner:
        _change_points(book, sale, sale.account_id, 0)
        sale.lot_ids, sale.earn_ids = [], []
    sale.account_id = owner
    if day_before is not None and day_before != (owner, sale.local_date):
        book.day_sales.get(day_before, {}).pop(sale.external_id, None)
        _settle_day(book, day_before)
    book.note(sale)
    if sale.day_capped and owner is not None:
        _settle_day(book, (owner, sale.local_date))
    elif owner is not None:
        _change_points(book, sale, owner, target)
    for refund in restated.succeeded:
        if refund.redemption_id is not None:
            _give_back(book, refund)


def _settle_day(book: Book, day: tuple[UUID, date]) -> None:
    """Recompute a member-day: its sales earn in their order until the cap is reached."""
    sales = sorted(book.day_sales.get(day, {}).values(), key=lambda sale: sale.order_key)
    if not sales:
        return
    cap = max(agreement_of(book.context, s).terms.cap_per_member_day or 0 for s in sales)
    granted = apply_day_cap(worth=[worth(book.context, s) for s in sales], cap=cap)
    for sale, points in zip(sales, granted, strict=True):
        if points != sale.points:
            _change_points(book, sale, day[0], points)
            book.note(sale)


def _check_change(book: Book, sale: Sale, owner: UUID | None, target: int) -> None:
    party = book.context.snapshot.parties[sale.party_no]
    grows = owner is not None and (sale.account_id != owner or target > sale.points)
    if target < sale.points or (sale.account_id is not None and sale.account_id != owner):
        check_allowed(party=party, action="refund")
    if not grows or target == 0:
        return
    check_allowed(party=party, action="earn")
    if party.issuing_stopped:
        raise HubError(
            "cap_reached",
            "This partner has reached the cap on its uncovered position and cannot issue points "
            "now; redemptions go on. Send the sale again once the position is covered.",
            partner=party.slug,
        )
    account = book.accounts[owner]  # type: ignore[index]  # grows: there is an owner
    if not account.open:
        raise HubError("member_closed", "The member's account is closed.")
    if account.frozen:
        raise HubError("member_frozen", "The member's account is frozen and cannot earn.")


def _change_points(book: Book, sale: Sale, account_id: UUID, target: int) -> None:
    """Grant or claw back until the sale has `target` points posted."""
    change = target - sale.points
    if change > 0:
        _grant(book, sale, account_id, change)
    elif change < 0:
        _claw_back(book, sale, account_id, -change)
    sale.points = target


def _grant(book: Book, sale: Sale, account_id: UUID, points: int) -> None:
    agreement, zone = agreement_of(book.context, sale), book.context.snapshot.hub.time_zone
    terms = agreement.terms
    posting = book.posting(account_id)
    lot = Lot(
        # One id serves a new sale and its lot; a sale that comes back to an account gets another.
        lot_id=sale.sale_id if _is_first_lot(book, sale) else book.context.new_id(),
        issuer=sale.party_no,
        funder=sale.party_no,
        funding=terms.funding,
        issue_price_micros=terms.issue_price_micros,
        redemption_price_micros=terms.redemption_price_micros,
        currency=terms.currency,
        agreement_no=agreement.no,
        sale_id=sale.sale_id,
        occurred_at=sale.occurred_at,
        activates_at=activation_instant(terms=terms, occurred_at=sale.occurred_at, zone=zone),
        expires_at=expiry_instant(terms=terms, occurred_at=sale.occurred_at, zone=zone),
        granted=points,
    )
    earned = posting.grant(
        lot,
        cause=Cause("sale", sale.sale_id, sale.party_no, book.context.request_id),
        reason="sale" if not sale.lot_ids else "sale_changed",
        issue_fee_micros=terms.issue_fee_micros,
    )
    sale.lot_ids.append(lot.lot_id)
    sale.earn_ids.append(earned)


def _is_first_lot(book: Book, sale: Sale) -> bool:
    return not sale.lot_ids and sale.external_id in book.new


def _claw_back(book: Book, sale: Sale, account_id: UUID, points: int) -> None:
    posting = book.posting(account_id)
    own = [posting.account.lots[lot_id] for lot_id in reversed(sale.lot_ids)]
    # Points of the sale that expired unspent are gone already: nobody loses them twice.
    gone = sum(lot.expired for lot in own)
    clawed = sum(lot.granted for lot in own) - sale.points
    points = min(points, max(0, sum(lot.granted for lot in own) - gone - clawed))
    if points:
        posting.claw_back(
            own,
            points,
            sale_id=sale.sale_id,
            cause=Cause("sale", sale.sale_id, sale.party_no, book.context.request_id),
            reason="sale_returned",
            adjusts=sale.earn_ids[-1],
            blocked_issuers=book.context.snapshot.unspendable,
        )


def _check_points_back(book: Book, refunds: Iterable[Refund]) -> None:
    for refund in refunds:
        if refund.redemption_id is None:
            continue
        redemption = book.redemptions.get(refund.redemption_id)
        if redemption is None or redemption.party_no != book.context.party_no:
            raise HubError("redemption_not_found", "A refund names an unknown redemption.")
        left = redemption.points - redemption.reversed_points
        if refund.points > left:
            raise HubError(
                "reversal_exceeds_redemption",
                f"Of the redemption {left} points are left to give back, not {refund.points}.",
            )
        if not book.accounts[redemption.account_id].open:
            raise HubError(
                "member_closed", "The member's account is closed; refund by another means."
            )


def _give_back(book: Book, refund: Refund) -> None:
    redemption = book.redemptions[refund.redemption_id]  # type: ignore[index]  # checked before
    context = book.context
    reverse(
        posting=book.posting(redemption.account_id),
        redemption=redemption,
        points=refund.points,
        fee_ppm=context.snapshot.agreement_by_no[redemption.agreement_no].terms.redemption_fee_ppm,
        reason="sale_refunded",
        grace_until=GraceDates(context),
        request_id=context.request_id,
    )
    book.reversed[redemption.redemption_id] = redemption
