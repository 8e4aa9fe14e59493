"""An order of Shopify's REST Admin API, with its refunds and transactions, as facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.contract import Facts, Ignored, Malformed, Order, Parsed, Refund, Settings
from adapters.contract.facts import OrderStatus, RefundStatus, TenderKind
from adapters.reading import (
    category,
    currency_code,
    decimal_micros,
    identifier,
    instant,
    optional,
    quantity_micros,
    records,
)
from adapters.webshop import (
    Sold,
    card_named,
    customer,
    fitting,
    given_back,
    part,
    record,
    revision,
    spend_of,
    tenders,
)

__all__ = ["order_of"]

_PAID = frozenset({"paid", "partially_refunded", "refunded"})
_KINDS: dict[str, TenderKind] = {
    "gift_card": "gift_card",
    "shopify_store_credit": "store_credit",
    "store_credit": "store_credit",
    "cash": "cash",
    "manual": "other",
}
_ONE = 1_000_000


def order_of(
    order: Mapping[str, Any], transactions: Sequence[Mapping[str, Any]], settings: Settings
) -> Parsed:
    """The order as it is. Raises Malformed."""
    if order.get("test") is True and settings.options.get("test_orders") != "count":
        return Ignored("a test order")
    side = "presentment" if settings.options.get("money") == "presentment" else "shop"
    currency = currency_code(
        (order.get("presentment_currency") if side == "presentment" else None)
        or order.get("currency"),
        "currency",
    )
    points: dict[str, int] = defaultdict(int)
    lines = _lines(order, side, settings, points)
    sold = {line.id: line for line in lines}
    refunds = tuple(
        _refund(one, side, sold, taxes_included=order.get("taxes_included") is True)
        for one in records(order.get("refunds"), "refunds")
    )
    cancelled = order.get("cancelled_at") is not None
    who = record(order.get("customer"), "customer")
    removed = sum(
        _whole(line.get("quantity")) - _whole(line.get("current_quantity", line.get("quantity")))
        for line in records(order.get("line_items"), "line_items")
    )
    place = order.get("location_id")
    facts = Order(
        id=identifier(order.get("id"), "id"),
        revision=revision(
            instant(order.get("updated_at"), "updated_at"),
            cancelled,
            len(refunds),
            removed + len(lines),
            bool(who.get("id")),
        ),
        status=_status(order),
        occurred_at=instant(order.get("processed_at") or order.get("created_at"), "created_at"),
        currency=currency,
        lines=tuple(line.line() for line in lines),
        tenders=tenders(_paid(transactions, settings), points),
        refunds=refunds,
        customer=customer(
            id=who.get("id"),
            email=order.get("email") or order.get("contact_email") or who.get("email"),
            phone=order.get("phone") or who.get("phone"),
            card=card_named(
                records(order.get("note_attributes"), "note_attributes"), settings, name="name"
            ),
        ),
        store=None if place is None else identifier(place, "location_id"),
        receipt=optional(order.get("name")),
    )
    return Facts((facts,))


def _status(order: Mapping[str, Any]) -> OrderStatus:
    if order.get("cancelled_at") is not None or order.get("financial_status") == "voided":
        return "cancelled"
    return "paid" if str(order.get("financial_status")) in _PAID else "open"


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("a line's quantity is not a whole number")
    return value


def _money(thing: Mapping[str, Any], name: str, side: str) -> int:
    """An amount of one side; where a set is missing, the plain one, which is the shop's."""
    both = thing.get(f"{name}_set")
    if isinstance(both, Mapping) and isinstance(both.get(f"{side}_money"), Mapping):
        return decimal_micros(both[f"{side}_money"].get("amount"), name)
    value = thing.get(name)
    if value is None:
        return 0
    if side != "shop" and decimal_micros(value, name):
        raise Malformed(f"{name} is not there in the shopper's currency")
    return decimal_micros(value, name)


def _tax(order: Mapping[str, Any], line: Mapping[str, Any], side: str) -> int:
    """The tax that comes on top of a line's price; none, where prices include it."""
    if order.get("taxes_included") is True:
        return 0
    return sum(_money(tax, "price", side) for tax in records(line.get("tax_lines"), "tax_lines"))


def _discounts(
    order: Mapping[str, Any], line: Mapping[str, Any], side: str, points: dict[str, int]
) -> tuple[int, int]:
    """What discounts take off a line, and what of that codes for points do."""
    applied = records(order.get("discount_applications"), "discount_applications")
    off = by_points = 0
    for one in records(line.get("discount_allocations"), "discount_allocations"):
        index = one.get("discount_application_index")
        amount = _money(one, "amount", side)
        known = isinstance(index, int) and 0 <= index < len(applied)
        spend = spend_of(applied[index].get("code")) if known else None  # type: ignore[index]  # known
        off += amount
        if spend is not None:
            points[spend] += amount
            by_points += amount
    return off, by_points


def _lines(
    order: Mapping[str, Any], side: str, settings: Settings, points: dict[str, int]
) -> list[Sold]:
    """All lines: goods, tips, gift cards, shipping, duties. Items removed by edits are left out.

    What was removed and refunded stays, for the refund names it.
    """
    back: dict[str, int] = defaultdict(int)
    for refund in records(order.get("refunds"), "refunds"):
        for one in records(refund.get("refund_line_items"), "refund_line_items"):
            back[identifier(one.get("line_item_id"), "line_item_id")] += _whole(one.get("quantity"))
    lines, tips = [], 0
    for line in records(order.get("line_items"), "line_items"):
        line_id = identifier(line.get("id"), "line_items.id")
        bought = _whole(line.get("quantity"))
        now = min(bought, _whole(line.get("current_quantity", bought)) + back[line_id])
        off, by_points = _discounts(order, line, side, points)
        money = _money(line, "price", side) * bought - off + _tax(order, line, side)
        kind = "goods"
        if line.get("gift_card") is True:
            kind = "gift_card"
        elif line.get("tip"):
            kind, tips = "tip", tips + money
        lines.append(
            Sold(
                line_id,
                category(settings, line.get("sku"), _id(line), line.get("vendor"), otherwise=kind),
                now * _ONE,
                part(max(0, money), now, bought),
                part(by_points, now, bought),
            )
        )
    for line in records(order.get("shipping_lines"), "shipping_lines"):
        off, by_points = _discounts(order, line, side, points)
        money = _money(line, "price", side) - off + _tax(order, line, side)
        gone = line.get("is_removed") is True
        line_id = f"shipping-{identifier(line.get('id'), 'shipping_lines.id')}"
        lines.append(
            Sold(line_id, "shipping", _ONE, 0 if gone else max(0, money), 0 if gone else by_points)
        )
    more_tips = _money(order, "total_tip_received", side) - tips
    if more_tips > 0:
        lines.append(Sold("tip", "tip", _ONE, more_tips))
    if duties := _money(order, "original_total_duties", side):
        lines.append(Sold("duties", "duties", _ONE, duties))
    return lines


def _id(line: Mapping[str, Any]) -> str | None:
    return None if line.get("product_id") is None else str(line["product_id"])


def _refund(
    refund: Mapping[str, Any], side: str, sold: Mapping[str, Sold], *, taxes_included: bool
) -> Refund:
    """A refund: its items with their tax, shipping, and what was agreed otherwise."""
    parts: list[tuple[Sold, int, int | None]] = []
    money = 0
    for one in records(refund.get("refund_line_items"), "refund_line_items"):
        amount = _money(one, "subtotal", side)
        line = sold.get(identifier(one.get("line_item_id"), "line_item_id"))
        if not taxes_included:
            amount += _money(one, "total_tax", side)
        money += amount
        if line is not None:
            parts.append((line, amount, quantity_micros(one.get("quantity"), "quantity")))
    for one in records(refund.get("refund_shipping_lines"), "refund_shipping_lines"):
        amount = _money(one, "subtotal_amount", side)
        if not taxes_included:
            amount += _money(one, "tax_amount", side)
        shipping = record(one.get("shipping_line"), "shipping_line")
        line = sold.get(f"shipping-{shipping.get('id')}")
        money += amount
        if line is not None:
            parts.append((line, amount, None))
    for one in records(refund.get("order_adjustments"), "order_adjustments"):
        amount = -_money(one, "amount", side) - _money(one, "tax_amount", side)
        money += amount
        shipped = next((s for s in sold.values() if s.category == "shipping"), None)
        if one.get("kind") == "shipping_refund" and amount > 0 and shipped is not None:
            parts.append((shipped, amount, None))
    return given_back(
        id=identifier(refund.get("id"), "refunds.id"),
        status=_refund_status(refund),
        money_micros=max(0, money),
        at=instant(refund.get("processed_at") or refund.get("created_at"), "refunds.created_at"),
        parts=parts,
    )


def _refund_status(refund: Mapping[str, Any]) -> RefundStatus:
    """By the transactions; a refund without any took goods back, which is done."""
    found = [
        one.get("status")
        for one in records(refund.get("transactions"), "transactions")
        if one.get("kind") == "refund"
    ]
    if not found or "success" in found:
        return "succeeded"
    return "pending" if "pending" in found else "failed"


def _paid(
    transactions: Sequence[Mapping[str, Any]], settings: Settings
) -> list[tuple[TenderKind, int]]:
    """Payments that came through, less the change that was given."""
    paid: list[tuple[TenderKind, int]] = []
    change = 0
    for one in transactions:
        if one.get("status") != "success":
            continue
        amount = decimal_micros(one.get("amount"), "transactions.amount")
        if one.get("kind") in ("sale", "capture"):
            gateway = str(one.get("gateway"))
            kind = settings.tenders.get(gateway) or _KINDS.get(gateway, "card")
            paid.append((kind, amount))
        elif one.get("kind") == "change":
            change += amount
    return fitting(paid, change)
