"""An order of BigCommerce's V2 API with its products, coupons and V3 refunds, as facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.contract import Facts, Malformed, Order, Parsed, Refund, Settings
from adapters.contract.facts import OrderStatus, TenderKind
from adapters.reading import (
    category,
    currency_code,
    decimal_micros,
    identifier,
    instant,
    mail_date,
    quantity_micros,
    records,
)
from adapters.webshop import (
    Sold,
    card_named,
    customer,
    given_back,
    newest,
    paid_with_points,
    part,
    record,
    revision,
    spend_of,
    spread,
    tenders,
)

__all__ = ["order_of"]

#: Statuses by number: 0 Incomplete, 1 Pending, 7 Awaiting Payment, 12 Manual Verification Required.
_OPEN = frozenset({0, 1, 7, 12})
#: 5 Cancelled, 6 Declined.
_DEAD = frozenset({5, 6})
#: 2 Shipped, 3 Partially Shipped, 4 Refunded, 8 and 9 Awaiting Pickup and Shipment, 10 Completed,
#: 11 Awaiting Fulfillment, 13 Disputed, 14 Partially Refunded.
_PAID = frozenset({2, 3, 4, 8, 9, 10, 11, 13, 14})
_KINDS: dict[str, TenderKind] = {
    "cash on delivery": "cash",
    "cash": "cash",
    "bank deposit": "other",
    "check": "other",
    "manual": "other",
}
_ONE = 1_000_000


def order_of(
    order: Mapping[str, Any],
    products: Sequence[Mapping[str, Any]],
    coupons: Sequence[Mapping[str, Any]],
    refunds: Sequence[Mapping[str, Any]],
    settings: Settings,
) -> Parsed:
    """The order as it is. Raises Malformed."""
    points = {
        spend: decimal_micros(coupon.get("discount"), "coupons.discount")
        for coupon in coupons
        if (spend := spend_of(coupon.get("code"))) is not None
    }
    lines = _lines(order, products, settings, sum(points.values()))
    status = _status(order)
    total = _amount(order, "total_inc_tax")
    credit, cards = _amount(order, "store_credit_amount"), _amount(order, "gift_certificate_amount")
    method = str(order.get("payment_method") or "")
    kind = settings.tenders.get(method) or _KINDS.get(method.lower(), "card")
    bill = record(order.get("billing_address"), "billing_address")
    given = tuple(_refund(one, lines) for one in refunds)
    currency = order.get("currency_code") or order.get("default_currency_code")
    facts = Order(
        id=identifier(order.get("id"), "id"),
        revision=revision(
            mail_date(order.get("date_modified"), "date_modified"),
            status == "cancelled",
            len(given),
            newest(lines),
            bool(order.get("customer_id")),
        ),
        status=status,
        occurred_at=mail_date(order.get("date_created"), "date_created"),
        currency=currency_code(currency, "currency_code"),
        lines=tuple(line.line() for line in lines),
        tenders=tenders(
            (("store_credit", credit), ("gift_card", cards), (kind, total - credit - cards)),
            points,
        ),
        refunds=given,
        customer=customer(
            id=order.get("customer_id"),
            email=bill.get("email"),
            phone=bill.get("phone"),
            card=card_named(records(bill.get("form_fields"), "form_fields"), settings, name="name"),
        ),
        receipt=identifier(order.get("id"), "id"),
    )
    return Facts((facts,))


def _status(order: Mapping[str, Any]) -> OrderStatus:
    status = order.get("status_id")
    if isinstance(status, bool) or not isinstance(status, int):
        raise Malformed("status_id is not a number")
    if order.get("is_deleted") is True or status in _DEAD:
        return "cancelled"
    if status in _PAID:
        return "paid"
    if status in _OPEN:
        return "open"
    raise Malformed("status_id is not one that BigCommerce has")


def _amount(thing: Mapping[str, Any], name: str) -> int:
    value = thing.get(name)
    return 0 if value is None or value == "" else decimal_micros(value, name)


def _lines(
    order: Mapping[str, Any],
    products: Sequence[Mapping[str, Any]],
    settings: Settings,
    points: int,
) -> list[Sold]:
    """Products, shipping, handling and wrapping with their tax; together they are the total.

    What the order's total is below them are discounts that no product shows, and is spread over
    the products; what it is above them are fees.
    """
    goods: list[Sold] = []
    others: list[Sold] = []
    for product in products:
        kind = "gift_card" if product.get("type") == "giftcertificate" else "goods"
        off = sum(
            decimal_micros(one.get("amount") or "0", "applied_discounts.amount")
            for one in records(product.get("applied_discounts"), "applied_discounts")
            if spend_of(one.get("code")) is None
        )
        product_id = product.get("product_id")
        known = None if product_id is None else str(product_id)
        goods.append(
            Sold(
                identifier(product.get("id"), "products.id"),
                category(settings, product.get("sku"), known, otherwise=kind),
                quantity_micros(product.get("quantity"), "products.quantity"),
                max(0, _amount(product, "total_inc_tax") - off),
            )
        )
    for kind, name in (
        ("shipping", "shipping_cost_inc_tax"),
        ("handling", "handling_cost_inc_tax"),
        ("wrapping", "wrapping_cost_inc_tax"),
    ):
        if cost := _amount(order, name):
            others.append(Sold(kind, "shipping" if kind == "handling" else kind, _ONE, cost))
    whole = _amount(order, "total_inc_tax") + points
    rest = whole - sum(line.money_micros for line in (*goods, *others))
    if rest < 0:
        goods = spread(goods, -rest)
    elif rest > 0:
        others.append(Sold("fees", "fee", _ONE, rest))
    return [*paid_with_points(goods, points), *others]


def _refund(refund: Mapping[str, Any], lines: Sequence[Sold]) -> Refund:
    """A refund; items of the whole ORDER, and what is left after items, are by amount."""
    sold = {line.id: line for line in lines}
    parts: list[tuple[Sold, int, int | None]] = []
    for item in records(refund.get("items"), "items"):
        kind = item.get("item_type")
        asked = item.get("requested_amount")
        if kind == "PRODUCT":
            line = sold.get(identifier(item.get("item_id"), "items.item_id"))
            pieces = item.get("quantity")
            quantity = None if pieces is None else quantity_micros(pieces, "items.quantity")
        else:
            names = {"SHIPPING": "shipping", "HANDLING": "handling", "GIFT_WRAPPING": "wrapping"}
            line, quantity = sold.get(names.get(str(kind), "")), None
        if line is None:
            continue
        if quantity is not None:
            quantity = min(quantity, line.quantity_micros)
        if asked is not None:
            money = decimal_micros(asked, "items.requested_amount")
        elif quantity is not None:
            money = part(line.money_micros, quantity, line.quantity_micros)
        else:
            money = line.money_micros
        parts.append((line, money, quantity))
    paid = records(refund.get("payments"), "payments")
    declined = bool(paid) and all(one.get("is_declined") is True for one in paid)
    return given_back(
        id=identifier(refund.get("id"), "refunds.id"),
        status="failed" if declined else "succeeded",
        money_micros=decimal_micros(refund.get("total_amount"), "total_amount"),
        at=instant(refund.get("created"), "created"),
        parts=parts,
    )
