"""A payment, with what hangs on it, as an order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.contract import (
    Customer,
    Facts,
    Ignored,
    Malformed,
    Order,
    Parsed,
    Refund,
    RefundStatus,
    Settings,
)
from adapters.contract.facts import TenderKind
from adapters.reading import (
    category,
    currency_code,
    epoch,
    identifier,
    micros_of_minor,
    optional,
)
from adapters.stripe.coupons import points_of
from adapters.stripe.manifest import DIGITS
from adapters.webshop import Sold, given_back, tenders
from partner_sdk.wire.amounts import minor_digits

_REFUND: Mapping[str, RefundStatus] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
#: A dispute takes the money when it is opened; an inquiry (`warning_…`) takes none.
_DISPUTE: Mapping[str, RefundStatus] = {
    "needs_response": "succeeded",
    "under_review": "succeeded",
    "lost": "succeeded",
    "won": "failed",
}
_RANK = {"pending": 1, "succeeded": 2, "failed": 3}
_ONE = 1_000_000
#: Reads an amount in minor units of the payment's currency, and says where it stood.
_Micros = Callable[[Any, str], int]


def kept_of_payment(payment: Mapping[str, Any]) -> dict[str, Any]:
    """What is needed of a payment, as JSON values."""
    charge = payment.get("latest_charge")
    method = charge.get("payment_method_details") if isinstance(charge, Mapping) else None
    tip = payment.get("amount_details")
    tip = tip.get("tip") if isinstance(tip, Mapping) else None
    found = {name: payment.get(name) for name in ("id", "status", "created", "currency")}
    return found | {
        "amount": payment.get("amount_received"),
        "customer": _id_of(payment.get("customer")),
        "metadata": _texts(payment.get("metadata")),
        "method": optional(method.get("type")) if isinstance(method, Mapping) else None,
        "paid_at": charge.get("created") if isinstance(charge, Mapping) else None,
        "tip": tip.get("amount") if isinstance(tip, Mapping) else None,
    }


def kept_of_session(session: Mapping[str, Any]) -> dict[str, Any]:
    """What is needed of a session, as JSON values."""
    shipping = session.get("shipping_cost")
    found = {name: session.get(name) for name in ("id", "created", "currency")}
    return found | {
        "shipping": shipping.get("amount_total") if isinstance(shipping, Mapping) else None,
        "customer": _id_of(session.get("customer")),
        "metadata": _texts(session.get("metadata")),
    }


def kept_of_refund(refund: Mapping[str, Any]) -> dict[str, Any]:
    return {name: refund.get(name) for name in ("id", "amount", "status", "created")}


def _id_of(value: Any) -> str | None:
    return optional(value.get("id") if isinstance(value, Mapping) else value)


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {name: each for name, each in value.items() if isinstance(each, str) and each}


def order_of(
    carry: Mapping[str, Any], items: tuple[Mapping[str, Any], ...] | None, settings: Settings
) -> Parsed:
    """A payment as an order; a session that nothing was to pay for, if points paid it all.

    Raises Malformed.
    """
    payment, session = carry.get("payment"), carry.get("session")
    if payment is not None and payment["status"] != "succeeded":
        return Ignored("the payment is not paid yet")
    about: Mapping[str, Any] = carry["session" if payment is None else "payment"]
    currency = currency_code(about["currency"], "currency")
    digits = DIGITS.get(currency, minor_digits(currency))

    def micros(value: Any, at: str) -> int:
        found = micros_of_minor(value, currency, at, digits=digits)
        if found < 0:
            raise Malformed(f"{at} is below zero")
        return found

    amount = 0 if payment is None else micros(payment["amount"], "amount_received")
    points: dict[str, int] = defaultdict(int)
    if items is not None and session is not None:
        lines = _lines(session, items, micros, settings, points)
        if sum(line.money_micros for line in lines) != amount:
            raise Malformed("the session's lines do not add up to what was paid")
    else:
        lines = _whole(about, amount, micros, settings)
    if payment is None and not points:
        return Ignored("nothing was to pay, and points paid nothing")
    refunds = _refunds(carry, micros, lines)
    customer = _customer(payment, session, settings)
    known = sum(_RANK[refund.status] for refund in refunds)
    order = Order(
        id=identifier(about["id"], "id"),
        revision=4 * known
        + (0 if customer is None else bool(customer.id) + 2 * bool(customer.card)),
        status="paid",
        occurred_at=epoch(about.get("paid_at") or about["created"], "created"),
        currency=currency,
        lines=tuple(line.line() for line in lines),
        tenders=tenders(
            [] if payment is None else [(_tender(payment["method"], settings), amount)], points
        ),
        refunds=refunds,
        customer=customer,
    )
    return Facts((order,))


def _lines(
    session: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
    micros: _Micros,
    settings: Settings,
    points: dict[str, int],
) -> list[Sold]:
    lines = [_line(item, micros, settings, points) for item in items]
    if session["shipping"]:
        shipping = micros(session["shipping"], "shipping")
        lines.append(Sold("shipping", "shipping", _ONE, shipping))
    return lines


def _whole(
    payment: Mapping[str, Any], amount: int, micros: _Micros, settings: Settings
) -> list[Sold]:
    """A payment without a session: one line, and its tip."""
    tip = micros(payment["tip"], "tip") if payment["tip"] else 0
    if tip > amount:
        raise Malformed("the tip is more than what was paid")
    lines = [Sold("payment", _plain(settings), _ONE, amount - tip)]
    return [*lines, Sold("tip", "tip", _ONE, tip)] if tip else lines


def _plain(settings: Settings) -> str:
    return settings.options.get("category", "goods")


def _line(
    item: Mapping[str, Any], micros: _Micros, settings: Settings, points: dict[str, int]
) -> Sold:
    price = item.get("price")
    price = price if isinstance(price, Mapping) else {}
    product = price.get("product")
    named = product if isinstance(product, Mapping) else {}
    metadata = _texts(named.get("metadata"))
    quantity = item.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 <= quantity < 10**9:
        raise Malformed("quantity is not a count")
    by_points = 0
    for spend, off in points_of(item):
        paid = micros(off, "line_items/discounts/amount")
        points[spend] += paid
        by_points += paid
    return Sold(
        identifier(item.get("id"), "line_items/id"),
        category(
            settings,
            metadata.get("category"),
            _id_of(product),
            price.get("id"),
            named.get("name"),
            otherwise=_plain(settings),
        ),
        quantity * _ONE,
        micros(item.get("amount_total"), "line_items/amount_total"),
        by_points,
    )


def _refunds(
    carry: Mapping[str, Any], micros: _Micros, lines: Sequence[Sold]
) -> tuple[Refund, ...]:
    found = []
    for name, statuses in (("refunds", _REFUND), ("disputes", _DISPUTE)):
        for each in carry[name]:
            status = statuses.get(each["status"]) if isinstance(each["status"], str) else None
            if status is None:
                if name == "disputes" and optional(each["status"]):
                    # An inquiry, or one that was prevented: no money has moved.
                    continue
                raise Malformed("a refund has a status that nobody knows")
            found.append(
                given_back(
                    id=identifier(each["id"], f"{name}/id"),
                    status=status,
                    money_micros=micros(each["amount"], f"{name}/amount"),
                    at=epoch(each["created"], f"{name}/created"),
                    parts=(),
                    of=lines,
                )
            )
    return tuple(sorted(found, key=lambda refund: refund.id))


def _customer(
    payment: Mapping[str, Any] | None, session: Mapping[str, Any] | None, settings: Settings
) -> Customer | None:
    """Who bought, by the payment, or else by its session."""
    name = settings.options.get("card_metadata", "loyalty_card")
    told = [each for each in (payment, session) if each is not None]
    card = next((c for each in told if (c := each["metadata"].get(name))), None)
    customer = next((c for each in told if (c := each["customer"])), None)
    return Customer(id=customer, card=card) if customer or card else None


def _tender(method: str | None, settings: Settings) -> TenderKind:
    if method is not None and method in settings.tenders:
        return settings.tenders[method]
    return "card" if method in ("card", "card_present", "interac_present") else "other"
