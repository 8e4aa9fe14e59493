"""An order with its payments, refunds and returns, in the coalition's terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.contract import (
    Customer,
    Facts,
    Ignored,
    Malformed,
    Order,
    OrderStatus,
    Parsed,
    Refund,
    RefundStatus,
    Settings,
    TenderKind,
)
from adapters.reading import (
    category,
    currency_code,
    decimal_micros,
    identifier,
    instant,
    micros_of_minor,
    optional,
    quantity_micros,
    records,
    text,
)
from adapters.webshop import Sold, given_back, spend_of, tenders

_STATUS: Mapping[str, RefundStatus] = {
    "PENDING": "pending",
    "APPROVED": "pending",
    "COMPLETED": "succeeded",
    "REJECTED": "failed",
    "FAILED": "failed",
}
_RANK = {"pending": 1, "succeeded": 2, "failed": 3}
_TENDERS: Mapping[str, TenderKind] = {
    "CARD": "card",
    "CASH": "cash",
    "SQUARE_GIFT_CARD": "gift_card",
}
_SHIPPED = frozenset({"SHIPMENT", "DELIVERY"})
#: Bits of the revision below the order's version: who bought, then what is known of refunds.
_REFUND_BITS = 16


def money(value: Any, currency: str, at: str) -> int:
    """Square's money → micros of the order's currency; a missing one is nothing."""
    if value is None:
        return 0
    if not isinstance(value, Mapping):
        raise Malformed(f"{at} is not money")
    if currency_code(value.get("currency"), f"{at}/currency") != currency:
        raise Malformed(f"{at} is of another currency")
    return micros_of_minor(value.get("amount", 0), currency, f"{at}/amount")


def source_lines(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Which lines of the sold order a return's order takes back, as JSON values."""
    found = []
    for each in records(order.get("returns"), "returns"):
        source = each.get("source_order_id")
        for name, pointer in (
            ("return_line_items", "source_line_item_uid"),
            ("return_service_charges", "source_service_charge_uid"),
        ):
            found += [
                {
                    "source": source,
                    "uid": item.get(pointer),
                    "quantity": item.get("quantity"),
                    "money": item.get("total_money"),
                }
                for item in records(each.get(name), name)
            ]
    return found


def order_of(carry: Mapping[str, Any], settings: Settings) -> Parsed:
    """The order as it is now. Raises Malformed."""
    order = carry["order"]
    currency = settings.currency
    total = order.get("total_money")
    if isinstance(total, Mapping):
        currency = currency_code(total.get("currency"), "total_money/currency")
    state = order.get("state")
    if state not in ("OPEN", "COMPLETED", "CANCELED", "DRAFT"):
        raise Malformed("state is unknown")
    points: dict[str, int] = defaultdict(int)
    lines = _lines(order, currency, settings, points)
    if not lines:
        return Ignored("the order has no lines of its own: it is a return")
    lines = _rounded(lines, money(total, currency, "total_money"))
    given = (_refund(each, carry, currency, lines) for each in carry["refunds"])
    refunds = tuple(sorted(given, key=lambda refund: refund.id))
    customer = _customer(order, carry["payments"], settings)
    occurred_at = instant(order.get("closed_at") or order.get("created_at"), "created_at")
    return Facts(
        (
            Order(
                id=identifier(order.get("id"), "id"),
                revision=_revision(order, refunds, customer),
                status=_status(order, state, carry["payments"]),
                occurred_at=occurred_at,
                currency=currency,
                lines=tuple(line.line() for line in lines),
                tenders=tenders(_paid(order, currency, settings), points),
                refunds=refunds,
                customer=customer,
                store=optional(order.get("location_id")),
                receipt=optional(order.get("reference_id")),
            ),
        )
    )


def _status(order: Mapping[str, Any], state: str, payments: list[Any]) -> OrderStatus:
    if state == "CANCELED":
        return "cancelled"
    done = [each for each in payments if each.get("status") == "COMPLETED"]
    cash = not payments and bool(order.get("tenders"))
    return "paid" if done or cash or state == "COMPLETED" else "open"


def _revision(
    order: Mapping[str, Any], refunds: tuple[Refund, ...], customer: Customer | None
) -> int:
    version = order.get("version", 1)
    if isinstance(version, bool) or not isinstance(version, int) or not 0 <= version < 1 << 33:
        raise Malformed("version is not a number")
    known = sum(_RANK[refund.status] for refund in refunds)
    if known >= 1 << _REFUND_BITS:
        raise Malformed("there are too many refunds")
    named = 0 if customer is None else bool(customer.id) + 2 * bool(customer.card)
    return (version << (_REFUND_BITS + 2)) + (known << 2) + named


def _lines(
    order: Mapping[str, Any], currency: str, settings: Settings, points: dict[str, int]
) -> list[Sold]:
    """Items, service charges and the tip; what discounts for points took off is added to `points`.

    Raises Malformed.
    """
    found = []
    for item in records(order.get("line_items"), "line_items"):
        gift = item.get("item_type") == "GIFT_CARD"
        names = (item.get("catalog_object_id"), item.get("name"), item.get("variation_name"))
        found.append(
            Sold(
                identifier(item.get("uid"), "line_items/uid"),
                "gift_card" if gift else category(settings, *names),
                quantity_micros(item.get("quantity"), "line_items/quantity"),
                money(item.get("total_money"), currency, "line_items/total_money"),
                _points(item, currency, points),
            )
        )
    shipped = any(
        each.get("type") in _SHIPPED for each in records(order.get("fulfillments"), "fulfillments")
    )
    for charge in records(order.get("service_charges"), "service_charges"):
        kind = "shipping" if shipped else "fee"
        if charge.get("type") == "AUTO_GRATUITY":
            kind = "tip"
        amount = money(charge.get("total_money"), currency, "service_charges/total_money")
        uid = identifier(charge.get("uid"), "service_charges/uid")
        found.append(
            Sold(uid, category(settings, charge.get("name"), otherwise=kind), 10**6, amount)
        )
    tip = money(order.get("total_tip_money"), currency, "total_tip_money")
    if tip:
        found.append(Sold("tip", "tip", 1_000_000, tip))
    if any(min(line.money_micros, line.points_micros) < 0 for line in found):
        raise Malformed("a line is below zero")
    return found


def _points(item: Mapping[str, Any], currency: str, points: dict[str, int]) -> int:
    """What discounts for points took off an item."""
    off = 0
    for each in records(item.get("applied_discounts"), "applied_discounts"):
        spend = spend_of(each.get("discount_uid"))
        if spend is not None:
            paid = money(each.get("applied_money"), currency, "applied_discounts/applied_money")
            points[spend] += paid
            off += paid
    return off


def _rounded(lines: list[Sold], total: int) -> list[Sold]:
    """The lines, made to add up to what was to pay: cash is rounded, by a few units only."""
    off = total - sum(line.money_micros for line in lines)
    if off == 0:
        return lines
    largest = max(range(len(lines)), key=lambda i: lines[i].money_micros)
    changed = lines[largest].money_micros + off
    if changed < 0 or abs(off) > 1_000_000:
        raise Malformed("the lines do not add up to total_money")
    return [
        replace(line, money_micros=changed) if i == largest else line
        for i, line in enumerate(lines)
    ]


def _refund(
    refund: Mapping[str, Any], carry: Mapping[str, Any], currency: str, lines: Sequence[Sold]
) -> Refund:
    status = refund["status"]
    if not isinstance(status, str) or status not in _STATUS:
        raise Malformed("a refund has a status that nobody knows")
    amount = money(refund["amount_money"], currency, "refund/amount_money")
    if amount < 0:
        raise Malformed("a refund is below zero")
    order_id = carry["order"].get("id")
    back: dict[str, tuple[int, int]] = {}
    for item in carry["returns"].get(refund["order_id"] or "", ()):
        if item["source"] != order_id or item["uid"] is None:
            continue
        uid = identifier(item["uid"], "source_line_item_uid")
        pieces = 0 if item["quantity"] is None else decimal_micros(item["quantity"], "quantity")
        paid = money(item["money"], currency, "return/total_money")
        if paid < 0 or pieces < 0:
            raise Malformed("a return is below zero")
        before = back.get(uid, (0, 0))
        back[uid] = (before[0] + paid, before[1] + pieces - pieces % 1000)
    if sum(paid for paid, _ in back.values()) > amount:
        # An exchange: less money went back than the lines are worth.
        back = {}
    sold = {line.id: line for line in lines}
    return given_back(
        id=identifier(refund["id"], "refund/id"),
        status=_STATUS[status],
        money_micros=amount,
        at=instant(text(refund["created_at"], "created_at"), "created_at"),
        parts=[(sold[uid], *both) for uid, both in sorted(back.items()) if uid in sold],
        of=lines,
    )


def _paid(
    order: Mapping[str, Any], currency: str, settings: Settings
) -> list[tuple[TenderKind, int]]:
    found = []
    for each in records(order.get("tenders"), "tenders"):
        kind = text(each.get("type"), "tenders/type")
        amount = money(each.get("amount_money"), currency, "tenders/amount_money")
        if amount < 0:
            raise Malformed("a tender is below zero")
        found.append((settings.tenders.get(kind) or _TENDERS.get(kind, "other"), amount))
    return found


def _customer(order: Mapping[str, Any], payments: list[Any], settings: Settings) -> Customer | None:
    metadata = order.get("metadata")
    name = settings.options.get("card_metadata", "loyalty_card")
    card = optional(metadata.get(name)) if isinstance(metadata, Mapping) else None
    found = optional(order.get("customer_id"))
    for each in (*records(order.get("tenders"), "tenders"), *payments):
        found = found or optional(each.get("customer_id"))
    return Customer(id=found, card=card) if found or card else None
