"""An order of WooCommerce's REST API with its refunds, as facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.contract import Facts, Order, Parsed, Refund, Settings
from adapters.contract.facts import OrderStatus, TenderKind
from adapters.reading import (
    category,
    currency_code,
    decimal_micros,
    identifier,
    local_instant,
    optional,
    quantity_micros,
    records,
    text,
)
from adapters.webshop import (
    Sold,
    card_named,
    customer,
    given_back,
    newest,
    record,
    revision,
    shares,
    spend_of,
    spread,
    tenders,
)

__all__ = ["order_of"]

_PAID = frozenset({"processing", "completed", "refunded"})
_DEAD = frozenset({"cancelled", "failed", "trash"})
_KINDS: dict[str, TenderKind] = {"cod": "cash", "bacs": "other", "cheque": "other"}
_ONE = 1_000_000


def order_of(
    order: Mapping[str, Any], refunds: Sequence[Mapping[str, Any]], settings: Settings
) -> Parsed:
    """The order as it is. Raises Malformed."""
    points = _points(order)
    lines = _lines(order, settings, sum(points.values()))
    sold = {line.id: line for line in lines}
    status = _status(order, settings)
    given = tuple(_refund(one, sold, settings) for one in refunds)
    bill = record(order.get("billing"), "billing")
    total = decimal_micros(order.get("total"), "total")
    method = optional(order.get("payment_method")) or ""
    cards = _amounts(order, "gift_cards", "amount")
    facts = Order(
        id=identifier(order.get("id"), "id"),
        revision=revision(
            _time(order, "date_modified", settings),
            status == "cancelled",
            len(given),
            newest(lines),
            bool(order.get("customer_id")),
        ),
        status=status,
        occurred_at=_time(order, "date_created", settings),
        currency=currency_code(order.get("currency"), "currency"),
        lines=tuple(line.line() for line in lines),
        tenders=tenders(
            (
                ("gift_card", cards),
                (settings.tenders.get(method) or _KINDS.get(method, "card"), total),
            ),
            points,
        ),
        refunds=given,
        customer=customer(
            id=order.get("customer_id"),
            email=bill.get("email"),
            phone=bill.get("phone"),
            card=card_named(records(order.get("meta_data"), "meta_data"), settings, name="key"),
        ),
        receipt=optional(order.get("number")),
    )
    return Facts((facts,))


def _status(order: Mapping[str, Any], settings: Settings) -> OrderStatus:
    status = text(order.get("status"), "status")
    more = settings.options.get("paid_statuses", "").replace(" ", "").split(",")
    if status in _PAID or status in more:
        return "paid"
    return "cancelled" if status in _DEAD else "open"


def _time(thing: Mapping[str, Any], name: str, settings: Settings) -> datetime:
    """A time by its `_gmt` spelling, which is UTC without saying so, else in the shop's zone."""
    gmt = optional(thing.get(f"{name}_gmt"))
    if gmt is not None:
        return local_instant(gmt, "UTC", f"{name}_gmt").astimezone(UTC)
    return local_instant(thing.get(name), settings.time_zone, name)


def _amounts(thing: Mapping[str, Any], records_of: str, *names: str) -> int:
    return sum(
        decimal_micros(one.get(name) or "0", f"{records_of}.{name}")
        for one in records(thing.get(records_of), records_of)
        for name in names
    )


def _points(order: Mapping[str, Any]) -> dict[str, int]:
    """What each code for points took off, with its tax."""
    points = {}
    for coupon in records(order.get("coupon_lines"), "coupon_lines"):
        spend = spend_of(coupon.get("code"))
        if spend is not None:
            points[spend] = _taxed(coupon, "discount", "discount_tax")
    return points


def _taxed(thing: Mapping[str, Any], amount: str, tax: str) -> int:
    """An amount with the tax that WooCommerce states beside it."""
    return decimal_micros(thing.get(amount) or "0", amount) + decimal_micros(
        thing.get(tax) or "0", tax
    )


def _lines(order: Mapping[str, Any], settings: Settings, points: int) -> list[Sold]:
    """Goods, shipping and fees, each with its tax; what fees take off is spread over the goods."""
    goods: list[Sold] = []
    discounts: list[int] = []
    for line in records(order.get("line_items"), "line_items"):
        money = _taxed(line, "total", "total_tax")
        before = _taxed(line, "subtotal", "subtotal_tax")
        product = line.get("product_id")
        goods.append(
            Sold(
                identifier(line.get("id"), "line_items.id"),
                category(settings, line.get("sku"), None if product is None else str(product)),
                quantity_micros(line.get("quantity"), "quantity"),
                max(0, money),
            )
        )
        discounts.append(max(0, before - money))
    others: list[Sold] = []
    for line in records(order.get("shipping_lines"), "shipping_lines"):
        money = _taxed(line, "total", "total_tax")
        others.append(Sold(_id(line, "shipping"), "shipping", _ONE, max(0, money)))
    less = 0
    for line in records(order.get("fee_lines"), "fee_lines"):
        money = _taxed(line, "total", "total_tax")
        less += max(0, -money)
        name = optional(line.get("name")) or ""
        rule = "tip" if name.lower().startswith("tip") else "fee"
        if money >= 0:
            kind = category(settings, name, otherwise=rule)
            others.append(Sold(_id(line, "fee"), kind, _ONE, money))
    # What codes for points paid is put on the lines by what coupons took off each.
    paid = zip(spread(goods, less), shares(points, discounts), strict=True)
    return [*(replace(line, points_micros=micros) for line, micros in paid), *others]


def _id(line: Mapping[str, Any], kind: str) -> str:
    return f"{kind}-{identifier(line.get('id'), f'{kind}_lines.id')}"


def _refund(refund: Mapping[str, Any], sold: Mapping[str, Sold], settings: Settings) -> Refund:
    """A refund; its `amount` is what was given back, whatever its lines add up to."""
    parts: list[tuple[Sold, int, int | None]] = []
    for name, prefix in (
        ("line_items", ""),
        ("shipping_lines", "shipping-"),
        ("fee_lines", "fee-"),
    ):
        for line in records(refund.get(name), name):
            of = next(
                (
                    one.get("value")
                    for one in records(line.get("meta_data"), "meta_data")
                    if one.get("key") == "_refunded_item_id"
                ),
                None,
            )
            found = sold.get(f"{prefix}{of}")
            money = -_taxed(line, "total", "total_tax")
            if found is None or money < 0:
                continue
            pieces = str(line.get("quantity") or "").lstrip("-")
            quantity = quantity_micros(pieces, "quantity") if pieces and not prefix else None
            parts.append((found, money, min(quantity, found.quantity_micros) if quantity else None))
    return given_back(
        id=identifier(refund.get("id"), "refunds.id"),
        status="succeeded",
        money_micros=abs(decimal_micros(refund.get("amount"), "refunds.amount")),
        at=_time(refund, "date_created", settings),
        parts=parts,
    )
