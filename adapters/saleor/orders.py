"""An order of Saleor's GraphQL API, with its payments and what was given back, as facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.contract import Facts, Malformed, Order, Parsed, Settings
from adapters.contract.facts import OrderStatus, TenderKind
from adapters.reading import (
    category,
    currency_code,
    identifier,
    instant,
    optional,
    quantity_micros,
    records,
    text,
)
from adapters.saleor.refunds import charged_back, refunds_of
from adapters.saleor.values import amount, pk
from adapters.webshop import (
    Sold,
    card_named,
    customer,
    paid_with_points,
    record,
    spend_of,
    spread,
    tenders,
)

__all__ = ["order_of"]

_DEAD = frozenset({"CANCELED", "EXPIRED"})
_OPEN = frozenset({"DRAFT"})
_KINDS: dict[str, TenderKind] = {"saleor gift card": "gift_card"}
_ONE = 1_000_000


def order_of(order: Mapping[str, Any], settings: Settings) -> Parsed:
    """The order as it is. Raises Malformed."""
    total = record(order.get("total"), "total")
    whole = amount(total.get("gross"), "total.gross")
    cards, points = _gift_cards(order)
    lines = _lines(order, settings, whole + cards + sum(points.values()), sum(points.values()))
    paid, charged = _paid(order, settings)
    who = record(order.get("user"), "user")
    known = None if who.get("id") is None else pk(who.get("id"), "User", "user.id")
    changed_at = instant(order.get("updatedAt"), "updatedAt")
    facts = Order(
        id=pk(order.get("id"), "Order", "id"),
        revision=int(changed_at.timestamp()) * _ONE + changed_at.microsecond + bool(known),
        status=_status(order, charged >= whole),
        occurred_at=instant(order.get("created"), "created"),
        currency=currency_code(total.get("currency"), "total.currency"),
        lines=tuple(line.line() for line in lines),
        tenders=tenders([*paid, ("gift_card", cards)], points),
        refunds=refunds_of(order, lines),
        customer=customer(
            id=known,
            email=order.get("userEmail"),
            phone=_phone(order),
            card=_card(order, settings) or _card(who, settings),
        ),
        receipt=optional(order.get("number")),
    )
    return Facts((facts,))


def _status(order: Mapping[str, Any], settled: bool) -> OrderStatus:
    """By what was ever charged: what is given back makes an order unpaid in Saleor's own words."""
    status = text(order.get("status"), "status")
    if status in _DEAD:
        return "cancelled"
    return "paid" if settled and status not in _OPEN else "open"


def _card(thing: Mapping[str, Any], settings: Settings) -> str | None:
    return card_named(records(thing.get("metadata"), "metadata"), settings, name="key")


def _phone(order: Mapping[str, Any]) -> Any:
    names = ("billingAddress", "shippingAddress")
    found = (record(order.get(name), name).get("phone") for name in names)
    return next((phone for phone in found if phone), None)


def _gift_cards(order: Mapping[str, Any]) -> tuple[int, dict[str, int]]:
    """What gift cards paid of the order, before its total; and what each made for points did."""
    cards, points = 0, defaultdict[str, int](int)
    for card in records(order.get("giftCards"), "giftCards"):
        used = sum(_used(event) for event in records(card.get("events"), "giftCards.events"))
        tags = records(card.get("tags"), "giftCards.tags")
        spend = next((i for tag in tags if (i := spend_of(tag.get("name"))) is not None), None)
        if spend is None:
            cards += used
        else:
            points[spend] += used
    return cards, points


def _used(event: Mapping[str, Any]) -> int:
    balance = record(event.get("balance"), "balance")
    before = amount(balance.get("oldCurrentBalance"), "oldCurrentBalance")
    used = before - amount(balance.get("currentBalance"), "currentBalance")
    if used < 0:
        raise Malformed("a gift card has more after it paid than before")
    return used


def _lines(order: Mapping[str, Any], settings: Settings, whole: int, points: int) -> list[Sold]:
    """Products and shipping with their tax; together they are `whole`.

    Saleor rounds the share of a discount by line: what the lines are more than the total is
    spread over them, what they are less is a fee.
    """
    lines = [_line(line, settings) for line in records(order.get("lines"), "lines")]
    price = record(order.get("shippingPrice"), "shippingPrice")
    if shipped := amount(price.get("gross"), "shippingPrice.gross"):
        lines.append(Sold("shipping", "shipping", _ONE, shipped))
    rest = whole - sum(line.money_micros for line in lines)
    if rest < 0:
        lines = spread(lines, -rest)
    elif rest > 0:
        lines.append(Sold("fees", "fee", _ONE, rest))
    return paid_with_points(lines, points)


def _line(line: Mapping[str, Any], settings: Settings) -> Sold:
    product = record(record(line.get("variant"), "variant").get("product"), "product")
    kind = record(product.get("productType"), "productType")
    names = (
        line.get("productSku"),
        record(product.get("category"), "category").get("slug"),
        kind.get("slug"),
    )
    rule = "gift_card" if kind.get("kind") == "GIFT_CARD" else "goods"
    price = record(line.get("totalPrice"), "totalPrice")
    return Sold(
        pk(line.get("id"), "OrderLine", "lines.id"),
        category(settings, *names, otherwise=rule),
        quantity_micros(line.get("quantity"), "lines.quantity"),
        amount(price.get("gross"), "lines.totalPrice"),
    )


def _paid(
    order: Mapping[str, Any], settings: Settings
) -> tuple[Sequence[tuple[TenderKind, int]], int]:
    """What was charged by each means, whether or not it was given back since; and the sum."""
    paid: list[tuple[TenderKind, int]] = []
    for one in records(order.get("transactions"), "transactions"):
        names = ("chargedAmount", "refundedAmount", "refundPendingAmount")
        charged = sum(amount(one.get(name), name) for name in names) + charged_back(one)
        name = str(one.get("name") or "")
        paid.append((settings.tenders.get(name) or _KINDS.get(name.lower(), "card"), charged))
    for one in records(order.get("payments"), "payments"):
        captured = amount(one.get("capturedAmount"), "capturedAmount") + sum(
            amount(each.get("amount"), "payments.transactions.amount")
            for each in records(one.get("transactions"), "payments.transactions")
            if each.get("kind") == "REFUND" and each.get("isSuccess") is True
        )
        gateway = identifier(one.get("gateway"), "payments.gateway")
        paid.append((settings.tenders.get(gateway, "card"), captured))
    return paid, sum(micros for _, micros in paid)
