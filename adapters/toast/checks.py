"""A check as it is now, from an accrual or from an order's webhook: both read alike.

Toast shows of a payment, an item or a charge what was refunded of it so far, and not each refund.
So a check is stated as what is kept of it: refunds lower its lines, and no set of them is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.contract import Customer, Line, Malformed, Order, Settings
from adapters.contract.facts import OrderStatus
from adapters.reading import category, identifier, instant, optional, records
from adapters.toast.numbers import grown_by, micros, quantity
from adapters.toast.payments import counts, guid_of, refund_of, refunded_of, tenders_of
from adapters.webshop import shares
from partner_sdk.wire.amounts import MAX_MICROS, MAX_SAFE_INTEGER

__all__ = ["OFFER", "amount_left", "is_processed", "named", "order_of"]

#: What the identifier of every offer to pay with points begins with.
OFFER = "points-"

_GIFT_CARDS = ("TOAST_CARD_SELL", "TOAST_CARD_RELOAD", "HOUSE_ACCOUNT_PAY_BALANCE")
_CENT = 10_000


@dataclass(frozen=True, slots=True)
class _Row:
    """A line: what it cost, and what of it was given back (micros)."""

    id: str
    category: str
    quantity: int
    amount: int
    tax: int = 0
    points: int = 0
    back: int = 0


def order_of(
    check: Mapping[str, Any],
    settings: Settings,
    *,
    store: str | None,
    customer: Customer | None,
    paid: bool,
    dead: bool = False,
) -> Order:
    """The check as it is stated.

    `paid`: an accrual says so, whatever the check's own status. `dead`: the whole order is void.

    Raises:
        Malformed: something is not as Toast's API promises, or the lines do not add up.
    """
    status = _status(check, paid=paid, dead=dead)
    rows = _rows(check, settings, voided=status == "cancelled")
    if status != "cancelled":
        rows = _adding_up(rows, check)
    rows = _with_points(_with_tax(rows, check), check)
    payments = [p for p in records(check.get("payments"), "payments") if counts(p)]
    tip = sum(micros(p.get("tipAmount"), "tipAmount") for p in payments)
    whole = sum(row.amount for row in rows) + tip
    lines = _kept(rows, payments)
    if tip:
        refunded = sum(refund_of(p, "tipRefundAmount") for p in payments)
        lines.append(Line("tip", "tip", 1_000_000, max(0, tip - refunded)))
    if not lines:
        lines = [Line("check", "goods", 1_000_000, 0)]
    if len({line.id for line in lines}) < len(lines):
        raise Malformed("two lines have one guid")
    kept = sum(line.amount_micros for line in lines)
    if max(whole, kept) > MAX_MICROS:
        raise Malformed("the check is beyond 10^12")
    return Order(
        id=identifier(check.get("guid"), "check/guid"),
        revision=_revision(check),
        status=status,
        occurred_at=instant(check.get("openedDate") or check.get("paidDate"), "openedDate"),
        currency=settings.currency,
        lines=tuple(lines),
        tenders=tenders_of(payments, sum(row.points for row in rows), settings, kept, whole),
        customer=customer,
        store=store,
        till=_device(check),
        receipt=optional(check.get("displayNumber")),
    )


def named(member: str | None, check: Mapping[str, Any]) -> Customer | None:
    """Who the check says bought: the account, and the contacts of the guest."""
    applied = check.get("appliedLoyaltyInfo")
    if member is None and isinstance(applied, Mapping):
        member = optional(applied.get("loyaltyIdentifier"))
    guest = check.get("customer")
    guest = guest if isinstance(guest, Mapping) else {}
    card = None if member is None or member.startswith("mem_") else member
    found = Customer(member, card, optional(guest.get("phone")), optional(guest.get("email")))
    return None if found == Customer() else found


def amount_left(check: Mapping[str, Any]) -> int:
    """What is to be paid before taxes, after all discounts (micros)."""
    return micros(check.get("amount"), "amount")


def is_processed(check: Mapping[str, Any], redemption: Mapping[str, Any]) -> bool:
    """Whether a redemption is on the check as one that was redeemed before."""
    guid = redemption.get("appliedDiscountGuid")
    return guid is not None and any(
        each.get("guid") == guid and each.get("processingState") == "APPLIED"
        for each in _discounts(check)
    )


def _discounts(check: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from records(check.get("appliedDiscounts"), "appliedDiscounts")
    for each in records(check.get("selections"), "selections"):
        yield from records(each.get("appliedDiscounts"), "appliedDiscounts")


def _status(check: Mapping[str, Any], *, paid: bool, dead: bool) -> OrderStatus:
    if dead or check.get("voided") is True or check.get("deleted") is True:
        return "cancelled"
    return "paid" if paid or check.get("paymentStatus") in ("PAID", "CLOSED") else "open"


def _revision(check: Mapping[str, Any]) -> int:
    """Microseconds of the last change; Toast counts milliseconds, the rest is the hub's."""
    changed = check.get("modifiedDate") or check.get("closedDate") or check.get("paidDate")
    at = instant(changed or check.get("openedDate"), "modifiedDate")
    found = int(at.timestamp()) * 1_000_000 + at.microsecond
    if not 0 <= found < MAX_SAFE_INTEGER - 1_000_000:
        raise Malformed("modifiedDate is out of range")
    return found


def _rows(check: Mapping[str, Any], settings: Settings, *, voided: bool) -> list[_Row]:
    """Items and service charges before tax; what was voided only of a check that is void."""
    items = records(check.get("selections"), "selections")
    charges = records(check.get("appliedServiceCharges"), "appliedServiceCharges")
    there = (each for each in items if voided or each.get("voided") is not True)
    return [
        *(_item(each, settings) for each in there),
        *(_charge(each, settings) for each in charges),
    ]


def _item(each: Mapping[str, Any], settings: Settings) -> _Row:
    gift = each.get("deferred") is True or each.get("selectionType") in _GIFT_CARDS
    names = [guid_of(each.get(name)) for name in ("item", "salesCategory", "itemGroup")]
    included = each.get("taxInclusion") == "INCLUDED"
    return _Row(
        id=identifier(each.get("guid"), "selections/guid"),
        category=category(settings, *names, otherwise="gift_card" if gift else "goods"),
        quantity=quantity(each.get("quantity"), "quantity"),
        amount=micros(each.get("price"), "price"),
        tax=0 if included else micros(each.get("tax"), "tax"),
        back=refunded_of(each),
    )


def _charge(each: Mapping[str, Any], settings: Settings) -> _Row:
    given = each.get("gratuity") is True
    given = given or each.get("serviceChargeCategory") == "FUNDRAISING_CAMPAIGN"
    only_delivered = each.get("delivery") is True and not (
        each.get("takeout") or each.get("dineIn")
    )
    rule = "tip" if given else "shipping" if only_delivered else "fee"
    taxes = records(each.get("appliedTaxes"), "appliedTaxes")
    return _Row(
        id=identifier(each.get("guid"), "appliedServiceCharges/guid"),
        category=category(settings, guid_of(each.get("serviceCharge")), otherwise=rule),
        quantity=1_000_000,
        amount=micros(each.get("chargeAmount"), "chargeAmount"),
        tax=sum(micros(tax.get("taxAmount"), "taxAmount") for tax in taxes),
        back=refunded_of(each),
    )


def _adding_up(rows: list[_Row], check: Mapping[str, Any]) -> list[_Row]:
    """The rows as large as the check's amount: modifiers, or a cent lost in rounding.

    Raises:
        Malformed: the check has something that is not known here.
    """
    if check.get("amount") is None:
        return rows
    missing = amount_left(check) - sum(row.amount for row in rows)
    if missing:
        extra = _modifiers(check)
        if missing == sum(extra.values()):
            return [replace(row, amount=row.amount + extra.get(row.id, 0)) for row in rows]
        if not rows or abs(missing) >= _CENT * len(rows):
            raise Malformed("the selections and charges do not add up to the check's amount")
        at = max(range(len(rows)), key=lambda i: rows[i].amount)
        rows[at] = replace(rows[at], amount=max(0, rows[at].amount + missing))
    return rows


def _modifiers(check: Mapping[str, Any]) -> dict[str, int]:
    """What the modifiers of each item cost, where they are not in its price."""
    found = {}
    for each in records(check.get("selections"), "selections"):
        if each.get("voided") is not True:
            parts = records(each.get("modifiers"), "modifiers")
            cost = sum(
                micros(p.get("price"), "price") for p in parts if p.get("voided") is not True
            )
            found[identifier(each.get("guid"), "selections/guid")] = cost
    return found


def _with_tax(rows: list[_Row], check: Mapping[str, Any]) -> list[_Row]:
    """The check's tax, in cents, on the rows that it is for, whose taxes have more digits."""
    if check.get("totalAmount") is not None and check.get("amount") is not None:
        tax = micros(check["totalAmount"], "totalAmount") - amount_left(check)
    else:
        tax = micros(check.get("taxAmount"), "taxAmount")
    if tax < 0:
        raise Malformed("the check's total is less than its amount")
    weights = [row.tax for row in rows]
    weights = weights if any(weights) else [row.amount for row in rows]
    amounts = grown_by([row.amount for row in rows], tax, weights)
    return [replace(row, amount=amount) for row, amount in zip(rows, amounts, strict=True)]


def _with_points(rows: list[_Row], check: Mapping[str, Any]) -> list[_Row]:
    """What points paid is a tender and no discount: the rows as they were before it."""
    of_item = {
        identifier(each.get("guid"), "selections/guid"): _paid_by_points(each)
        for each in records(check.get("selections"), "selections")
    }
    own = [of_item.get(row.id, 0) for row in rows]
    weights = [row.amount for row in rows]
    shared = grown_by(own, _paid_by_points(check), weights)
    return [
        replace(row, amount=row.amount + points, points=points)
        for row, points in zip(rows, shared, strict=True)
    ]


def _paid_by_points(of: Mapping[str, Any]) -> int:
    total = 0
    for each in records(of.get("appliedDiscounts"), "appliedDiscounts"):
        details = each.get("loyaltyDetails")
        offer = optional(details.get("referenceId")) if isinstance(details, Mapping) else None
        if offer and offer.startswith(OFFER) and "VOID" not in str(each.get("processingState")):
            total += micros(each.get("discountAmount"), "discountAmount")
    return total


def _kept(rows: Sequence[_Row], payments: Sequence[Mapping[str, Any]]) -> list[Line]:
    """What is kept of the rows: less what was refunded of each, and of all in proportion."""
    left = [max(0, row.amount - row.back) for row in rows]
    by_line = sum(row.amount for row in rows) - sum(left)
    refunded = sum(refund_of(payment, "refundAmount") for payment in payments)
    off = shares(min(max(0, refunded - by_line), sum(left)), left)
    return [
        Line(row.id, row.category, row.quantity, amount - less)
        for row, amount, less in zip(rows, left, off, strict=True)
    ]


def _device(check: Mapping[str, Any]) -> str | None:
    device = check.get("createdDevice")
    return optional(device.get("id")) if isinstance(device, Mapping) else None
