"""A payment, with what hangs on it, as an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.contract import (
    Customer,
    Facts,
    Ignored,
    Line,
    Malformed,
    Order,
    Parsed,
    Refund,
    RefundStatus,
    Settings,
    Tender,
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
from adapters.stripe.manifest import DIGITS
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
    shipping = session.get("shipping_cost")
    return {
        "total": session.get("amount_total"),
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
    payment, session = carry["payment"], carry.get("session")
    if payment["status"] != "succeeded":
        return Ignored("the payment is not paid yet")
    currency = currency_code(payment["currency"], "currency")
    digits = DIGITS.get(currency, minor_digits(currency))

    def micros(value: Any, at: str) -> int:
        found = micros_of_minor(value, currency, at, digits=digits)
        if found < 0:
            raise Malformed(f"{at} is below zero")
        return found

    amount = micros(payment["amount"], "amount_received")
    plain = settings.options.get("category", "goods")
    lines: list[Line] = []
    if items is not None and session is not None:
        lines.extend(_line(item, micros, plain, settings) for item in items)
        if session["shipping"]:
            lines.append(
                Line("shipping", "shipping", 1_000_000, micros(session["shipping"], "shipping"))
            )
        if sum(line.amount_micros for line in lines) != amount:
            raise Malformed("the session's lines do not add up to what was paid")
    else:
        tip = micros(payment["tip"], "tip") if payment["tip"] else 0
        if tip > amount:
            raise Malformed("the tip is more than what was paid")
        lines.append(Line("payment", plain, 1_000_000, amount - tip))
        if tip:
            lines.append(Line("tip", "tip", 1_000_000, tip))
    refunds = _refunds(carry, micros)
    customer = _customer(payment, session, settings)
    known = sum(_RANK[refund.status] for refund in refunds)
    order = Order(
        id=identifier(payment["id"], "id"),
        revision=4 * known
        + (0 if customer is None else bool(customer.id) + 2 * bool(customer.card)),
        status="paid",
        occurred_at=epoch(payment["paid_at"] or payment["created"], "created"),
        currency=currency,
        lines=tuple(lines),
        tenders=(Tender(_tender(payment["method"], settings), amount),),
        refunds=refunds,
        customer=customer,
    )
    return Facts((order,))


def _line(item: Mapping[str, Any], micros: Any, plain: str, settings: Settings) -> Line:
    price = item.get("price")
    price = price if isinstance(price, Mapping) else {}
    product = price.get("product")
    named = product if isinstance(product, Mapping) else {}
    metadata = _texts(named.get("metadata"))
    quantity = item.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 <= quantity < 10**9:
        raise Malformed("quantity is not a count")
    return Line(
        identifier(item.get("id"), "line_items/id"),
        category(
            settings,
            metadata.get("category"),
            _id_of(product),
            price.get("id"),
            named.get("name"),
            otherwise=plain,
        ),
        quantity * 1_000_000,
        micros(item.get("amount_total"), "line_items/amount_total"),
    )


def _refunds(carry: Mapping[str, Any], micros: Any) -> tuple[Refund, ...]:
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
                Refund(
                    identifier(each["id"], f"{name}/id"),
                    status,
                    micros(each["amount"], f"{name}/amount"),
                    epoch(each["created"], f"{name}/created"),
                )
            )
    return tuple(sorted(found, key=lambda refund: refund.id))


def _customer(
    payment: Mapping[str, Any], session: Mapping[str, Any] | None, settings: Settings
) -> Customer | None:
    name = settings.options.get("card_metadata", "loyalty_card")
    of_session = session or {"metadata": {}, "customer": None}
    card = payment["metadata"].get(name) or of_session["metadata"].get(name)
    customer = payment["customer"] or of_session["customer"]
    return Customer(id=customer, card=card) if customer or card else None


def _tender(method: str | None, settings: Settings) -> TenderKind:
    if method is not None and method in settings.tenders:
        return settings.tenders[method]
    return "card" if method in ("card", "card_present", "interac_present") else "other"
