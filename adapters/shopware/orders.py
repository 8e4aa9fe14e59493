"""An order of Shopware's Admin API, with its payments and refunds, as facts.

A discount is a line of its own, below zero, and so is what a code took off. Of shipping there is no
line, but a price. A payment's state may say more than the order's refunds do: shops often set it
by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.contract import Customer, Order, Refund, Settings
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
    text,
)
from adapters.webshop import (
    Sold,
    card_named,
    customer,
    given_back,
    record,
    spend_of,
    spread,
    tenders,
)

__all__ = ["order_of"]

#: States of a payment that was made, and those in which its money went back as a whole.
_PAID = frozenset({"paid", "refunded_partially"})
_TAKEN_BACK = frozenset({"refunded", "chargeback"})
_REFUNDS: dict[str, RefundStatus] = {
    "completed": "succeeded",
    "failed": "failed",
    "cancelled": "failed",
}
#: Which of the core's payment methods are no card, unless the connection says otherwise.
_KINDS: dict[str, TenderKind] = {
    "payment_cashpayment": "cash",
    "payment_invoicepayment": "other",
    "payment_prepayment": "other",
    "payment_debitpayment": "other",
}
_RANK = {"pending": 0, "succeeded": 1, "failed": 2}
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def order_of(order: Mapping[str, Any], settings: Settings) -> Order:
    """The order as it is. Raises Malformed."""
    net = optional(order.get("taxStatus")) == "net"
    lines, points = _lines(order, settings, net=net)
    payments = records(order.get("transactions"), "transactions")
    captures = [c for p in payments for c in records(p.get("captures"), "captures")]
    told = [r for c in captures for r in records(c.get("refunds"), "refunds")]
    known = {line.id: line for line in lines}
    given = tuple(_refund(each, known, net=net) for each in told)
    status = _status(order, payments, given)
    buyer = record(order.get("orderCustomer"), "orderCustomer")
    named = _customer(order, buyer, settings)
    changing = [order, buyer, record(order.get("billingAddress"), "billingAddress")]
    changing += [*records(order.get("lineItems"), "lineItems"), *payments, *captures, *told]
    return Order(
        id=identifier(order.get("id"), "id"),
        revision=_revision(
            changing,
            status == "cancelled",
            *(1 + _RANK[each.status] for each in given),
            named is not None and named.id is not None,
        ),
        status=status,
        occurred_at=instant(order.get("orderDateTime"), "orderDateTime"),
        currency=currency_code(
            record(order.get("currency"), "currency").get("isoCode"), "currency.isoCode"
        ),
        lines=tuple(line.line() for line in lines),
        tenders=tenders(
            [_paid(each, settings) for each in payments if _state(each) in _PAID | _TAKEN_BACK],
            points,
        ),
        refunds=given,
        customer=named,
        receipt=optional(order.get("orderNumber")),
    )


def _revision(changing: Iterable[Mapping[str, Any]], *grown: int) -> int:
    """The latest time at which anything of it changed, in ms, and below that what can only grow.

    A payment's state does not touch the order's own time. Half of the room below a millisecond is
    left for a hub that fetched another state at one time.
    """
    times = [
        instant(each.get("updatedAt") or each.get("createdAt"), "updatedAt")
        for each in changing
        if each
    ]
    return (max(times) - _EPOCH) // timedelta(milliseconds=1) * 1000 + min(sum(grown), 499)


def _state(thing: Mapping[str, Any]) -> str:
    state = record(thing.get("stateMachineState"), "stateMachineState")
    return text(state.get("technicalName"), "stateMachineState.technicalName")


def _status(
    order: Mapping[str, Any], payments: Sequence[Mapping[str, Any]], given: Iterable[Refund]
) -> OrderStatus:
    """Whether it earns: an order may have several payments, of which most failed."""
    if _state(order) == "cancelled":
        return "cancelled"
    states = {_state(each) for each in payments}
    if states & _PAID:
        return "paid"
    if states & _TAKEN_BACK:
        # Refunds say what came back and when; a state that was set by hand says only: all of it.
        back = sum(each.amount_micros for each in given if each.status != "failed")
        taken = [each for each in payments if _state(each) in _TAKEN_BACK]
        return "paid" if back and back >= sum(_price(p, "amount") for p in taken) else "cancelled"
    return "cancelled" if states == {"cancelled"} else "open"


def _lines(
    order: Mapping[str, Any], settings: Settings, *, net: bool
) -> tuple[list[Sold], dict[str, int]]:
    """What was sold, after discounts and with tax; and what each code for points paid of it."""
    items = [each for each in records(order.get("lineItems"), "lineItems") if not _inside(each)]
    # The API gives them in no order, and the last of a discount's parts takes the rest.
    items.sort(key=lambda each: (str(each.get("position")).rjust(9), str(each.get("id"))))
    sold: list[Sold] = []
    names: dict[str, int] = {}
    taken: list[tuple[Mapping[str, Any], int]] = []
    for item in items:
        micros = _price(item, "price", net=net)
        if micros < 0 or item.get("type") == "promotion":
            taken.append((record(item.get("payload"), "payload"), -micros))
            continue
        names.setdefault(str(item.get("identifier")), len(sold))
        sold.append(_line(item, micros, settings))
    points: dict[str, int] = {}
    for payload, micros in taken:
        before, sold = sold, _taken_off(sold, micros, None if net else payload, names)
        spend = spend_of(payload.get("code"))
        if spend is not None:
            off = [b.money_micros - a.money_micros for b, a in zip(before, sold, strict=True)]
            points[spend] = points.get(spend, 0) + sum(off)
            sold = [
                replace(line, points_micros=line.points_micros + part)
                for line, part in zip(sold, off, strict=True)
            ]
    shipping = _price(order, "shippingCosts", net=net)
    if shipping > 0:
        sold.append(Sold("shipping", "shipping", 1_000_000, shipping))
    return sold, points


def _inside(item: Mapping[str, Any]) -> bool:
    """Whether it is a part of another line, which has its price in it."""
    return optional(item.get("parentId")) is not None


def _line(item: Mapping[str, Any], micros: int, settings: Settings) -> Sold:
    number = record(item.get("payload"), "payload").get("productNumber")
    return Sold(
        identifier(item.get("id"), "lineItems.id"),
        category(settings, number, item.get("productId")),
        quantity_micros(item.get("quantity"), "lineItems.quantity"),
        micros,
    )


def _taken_off(
    sold: Sequence[Sold], micros: int, payload: Mapping[str, Any] | None, names: Mapping[str, int]
) -> list[Sold]:
    """A discount off the lines of which it says that it is, or else off all in proportion."""
    of: dict[int, int] = {}
    for one in () if payload is None else records(payload.get("composition"), "composition"):
        place = names.get(str(one.get("id")), -1)
        of[place] = of.get(place, 0) + _micros(one.get("discount"), "composition.discount")
    if sum(of.values()) == micros and all(
        place >= 0 and 0 <= part <= sold[place].money_micros for place, part in of.items()
    ):
        return [
            replace(line, money_micros=line.money_micros - of.get(place, 0))
            for place, line in enumerate(sold)
        ]
    return spread(sold, max(0, micros))


def _price(thing: Mapping[str, Any], at: str, *, net: bool = False) -> int:
    """A calculated price with its tax, which is not in it where the order is net."""
    price = record(thing.get(at), at)
    micros = _micros(price.get("totalPrice"), f"{at}.totalPrice")
    if net:
        for tax in records(price.get("calculatedTaxes"), f"{at}.calculatedTaxes"):
            micros += _micros(tax.get("tax"), f"{at}.calculatedTaxes.tax")
    return micros


def _micros(value: Any, at: str) -> int:
    """A number that was a double in Shopware, and may be written with all its digits."""
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() <= 12:
        value = round(value, 6)
    return decimal_micros(value, at)


def _customer(
    order: Mapping[str, Any], buyer: Mapping[str, Any], settings: Settings
) -> Customer | None:
    """Who bought: a guest is a customer there as well, by a record that says so."""
    account = record(buyer.get("customer"), "orderCustomer.customer")
    card = None
    for owner in (order, buyer, account):
        own = record(owner.get("customFields"), "customFields")
        fields = [{"name": name, "value": value} for name, value in own.items()]
        card = card or card_named(fields, settings, name="name")
    address = record(order.get("billingAddress"), "billingAddress")
    return customer(
        id=buyer.get("customerId") if account.get("guest") is False else None,
        email=buyer.get("email"),
        phone=address.get("phoneNumber"),
        card=card,
    )


def _paid(payment: Mapping[str, Any], settings: Settings) -> tuple[TenderKind, int]:
    method = record(payment.get("paymentMethod"), "paymentMethod")
    names = [name for key in ("technicalName", "name") if (name := optional(method.get(key)))]
    known = _KINDS | dict(settings.tenders)
    mapped = [name for name in names if name in settings.tenders]
    kind: TenderKind = next((known[name] for name in (*mapped, *names) if name in known), "card")
    return kind, max(0, _price(payment, "amount"))


def _refund(refund: Mapping[str, Any], known: Mapping[str, Sold], *, net: bool) -> Refund:
    """A refund of a captured payment; its positions say of what, as far as they do."""
    parts: list[tuple[Sold, int, int | None]] = []
    for position in records(refund.get("positions"), "positions"):
        line = known.get(identifier(position.get("orderLineItemId"), "positions.orderLineItemId"))
        money = abs(_price(position, "amount", net=net))
        if line is not None:
            pieces = quantity_micros(position.get("quantity"), "positions.quantity")
            parts.append((line, money, min(pieces, line.quantity_micros) or None))
    return given_back(
        id=identifier(refund.get("id"), "refunds.id"),
        status=_REFUNDS.get(_state(refund), "pending"),
        money_micros=abs(_price(refund, "amount", net=net)),
        at=instant(refund.get("createdAt"), "refunds.createdAt"),
        parts=parts,
    )
