"""An order of Poster's web API (there called a transaction), with its products, as facts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.contract import Customer, Facts, Malformed, Order, Parsed, Settings
from adapters.contract.facts import OrderStatus, Tender, TenderKind
from adapters.reading import category, identifier, optional, quantity_micros, records
from adapters.webshop import CODE, Sold, customer, shares, spend_of, spread

__all__ = ["codes_in", "hundredths", "order_of", "status_of"]

_ONE = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE = re.compile(r"-?[0-9]{1,17}", re.ASCII)
#: What paid (`payed_…`), and what kind of tender it is unless the connection maps it.
_PAID_BY: dict[str, TenderKind] = {
    "cash": "cash",
    "card": "card",
    "third_party": "other",
    "ewallet": "other",
    "cert": "gift_card",
    "bonus": "points",
}
_STATUS: dict[str, OrderStatus] = {"1": "open", "2": "paid", "3": "cancelled"}


def order_of(
    order: Mapping[str, Any],
    products: Sequence[Mapping[str, Any]],
    client: Mapping[str, Any],
    settings: Settings,
) -> Parsed:
    """The order as it is. Raises Malformed."""
    paid = {name: hundredths(order.get(f"payed_{name}"), f"payed_{name}") for name in _PAID_BY}
    tip = min(hundredths(order.get("tip_sum"), "tip_sum"), sum(paid.values()))
    lines = _lines(products, sum(paid.values()) - tip, settings)
    if tip:
        lines.append(Sold("tip", "tip", _ONE, tip))
    status = _status(order, settings)
    history = [
        _whole(one.get("time"), "history.time") for one in records(order.get("history"), "history")
    ]
    closed_at = _whole(order.get("date_close"), "date_close")
    last = max([closed_at, *history])
    _at(last, "history.time")
    place = order.get("spot_id")
    facts = Order(
        id=identifier(order.get("transaction_id"), "transaction_id"),
        # Half of the room below a millisecond is left for a hub that fetched another state.
        revision=last * 1000 + len(history) % 500,
        status=status,
        occurred_at=_at(closed_at or _whole(order.get("date_start"), "date_start"), "date_close"),
        currency=settings.currency,
        lines=tuple(line.line() for line in lines),
        tenders=_tenders(order, paid, settings),
        customer=_customer(order, client),
        store=None if place is None else identifier(place, "spot_id"),
        receipt=identifier(order.get("transaction_id"), "transaction_id"),
    )
    return Facts((facts,))


def status_of(order: Mapping[str, Any]) -> OrderStatus:
    """Open at a till, closed or removed. Raises Malformed."""
    try:
        return _STATUS[str(order.get("status"))]
    except KeyError:
        raise Malformed("status is not one that Poster has") from None


def codes_in(order: Mapping[str, Any]) -> list[str]:
    """What of an order's comment stands there for points."""
    words = (optional(order.get("transaction_comment")) or "").split()
    return [word for word in words if word.lower().startswith(CODE)]


def hundredths(value: Any, at: str) -> int:
    """Kopecks as text or number → micros; none of a missing one. Raises Malformed."""
    if value is None or value == "":
        return 0
    micros = _whole(value, at) * 10_000
    if micros < 0:
        raise Malformed(f"{at} is below zero")
    return micros


def _whole(value: Any, at: str) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Malformed(f"{at} is not a whole number")
    if not _WHOLE.fullmatch(str(value)):
        raise Malformed(f"{at} is not a whole number")
    return int(value)


def _at(milliseconds: int, at: str) -> datetime:
    """Milliseconds since 1970 → UTC. Raises Malformed."""
    if not 0 <= milliseconds < 1 << 42:
        raise Malformed(f"{at} is not a time in milliseconds")
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _status(order: Mapping[str, Any], settings: Settings) -> OrderStatus:
    status = status_of(order)
    if status != "paid":
        return status
    # Closed without payment: the guest has left, or the house pays.
    nothing = str(order.get("pay_type")) == "0"
    returned = str(order.get("print_fiscal")) == "2"
    if nothing or (returned and settings.options.get("fiscal_return") != "ignore"):
        return "cancelled"
    return "paid"


def _lines(products: Sequence[Mapping[str, Any]], paid: int, settings: Settings) -> list[Sold]:
    """Products as they were paid, whatever paid: together they are `paid`.

    A product's own sum tells what money paid. What certificates and points did is spread over the
    products by what money left open.
    """
    seen: Counter[str] = Counter()
    lines: list[Sold] = []
    left_open: list[int] = []
    for product in products:
        name = "-".join(
            identifier(product.get(each) or "0", each) for each in ("product_id", "modification_id")
        )
        seen[name] += 1
        known = (product.get("product_code"), product.get("product_id"), product.get("category_id"))
        money = hundredths(product.get("payed_sum"), "products.payed_sum")
        cost = hundredths(product.get("product_sum"), "products.product_sum")
        left_open.append(max(0, cost - money))
        lines.append(
            Sold(
                name if seen[name] == 1 else f"{name}-{seen[name]}",
                category(settings, *(str(each) for each in known if each is not None)),
                quantity_micros(product.get("num"), "products.num"),
                money,
            )
        )
    if not lines:
        # What was removed may have lost them, and is stated all the same.
        return [Sold("order", "goods", _ONE, paid)]
    rest = paid - sum(line.money_micros for line in lines)
    if rest < 0:
        return spread(lines, -rest)
    weights = left_open if any(left_open) else [line.money_micros for line in lines]
    if not any(weights):
        return [*lines, Sold("fees", "fee", _ONE, rest)] if rest else lines
    return [
        replace(line, money_micros=line.money_micros + more)
        for line, more in zip(lines, shares(rest, weights), strict=True)
    ]


def _tenders(
    order: Mapping[str, Any], paid: Mapping[str, int], settings: Settings
) -> tuple[Tender, ...]:
    """What paid; bonuses are of the spend whose code is in the comment, or Poster's own."""
    codes = codes_in(order)
    spend = spend_of(codes[0].partition("=")[0]) if codes else None
    found = []
    for name, rule in _PAID_BY.items():
        kind = settings.tenders.get(name, rule)
        if paid[name]:
            found.append(Tender(kind, paid[name], spend if kind == "points" else None))
    return tuple(found)


def _customer(order: Mapping[str, Any], client: Mapping[str, Any]) -> Customer | None:
    card = order.get("card_number") or client.get("card_number")
    return customer(
        id=order.get("client_id"),
        email=client.get("email"),
        phone=client.get("phone_number") or client.get("phone"),
        card=str(card) if isinstance(card, str | int) and str(card).strip("0") else None,
    )
