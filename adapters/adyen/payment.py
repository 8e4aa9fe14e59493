"""A payment by all that was said of it, in whatever order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.contract import (
    Customer,
    Ignored,
    Line,
    Malformed,
    Order,
    Part,
    Refund,
    RefundStatus,
    Settings,
    Tender,
    TenderKind,
)
from adapters.reading import instant

_GIFT_CARDS = frozenset({"givex", "svs", "giftcard", "genericgiftcard", "fiserv", "valuelink"})
_CARDS = frozenset({"visa", "mc", "maestro", "amex", "discover", "diners", "jcb", "cup", "bcmc"})
#: What a message makes of its refund; of several, the one that went furthest counts.
_REFUNDS: Mapping[str, tuple[RefundStatus, RefundStatus]] = {
    # success, no success
    "REFUND": ("succeeded", "failed"),
    "REFUND_FAILED": ("failed", "pending"),
    "REFUNDED_REVERSED": ("failed", "pending"),
    "CHARGEBACK": ("succeeded", "failed"),
    "SECOND_CHARGEBACK": ("succeeded", "failed"),
    "CHARGEBACK_REVERSED": ("failed", "pending"),
}
_RANK = {"pending": 0, "succeeded": 1, "failed": 2}


def payment_of(*, about: str, parts: tuple[Part, ...], settings: Settings) -> Order | Ignored:
    """The payment as the parts make it. Raises Malformed."""
    said = [part.says for part in sorted(parts, key=lambda part: part.key)]
    paid = [each for each in said if each["event"] == "AUTHORISATION" and each["success"]]
    if not paid:
        return Ignored("the payment is not authorised, or that was not told yet")
    payment = paid[0]
    if any(each["currency"] != payment["currency"] for each in said if each["micros"]):
        raise Malformed("a part of the payment is of another currency")
    taken, captures = _taken(payment, said, settings)
    if not taken and settings.options.get("capture") == "manual" and not _cancelled(said):
        return Ignored("the payment is authorised and not captured yet")
    over = _cancelled(said) and not captures
    failed = any(each["event"] == "CAPTURE_FAILED" for each in said) and not captures
    method = payment["method"]
    return Order(
        id=about,
        revision=len(parts),
        status="cancelled" if over or failed else "paid",
        occurred_at=instant(payment["at"], "eventDate"),
        currency=payment["currency"],
        lines=(Line("payment", settings.options.get("category", "goods"), 1_000_000, taken),),
        tenders=(Tender(_tender(method, settings), taken),),
        refunds=_refunds(said, taken),
        customer=_customer(payment),
        receipt=payment["reference"][:64] if payment["reference"] else None,
    )


def _taken(
    payment: Mapping[str, Any], said: list[Mapping[str, Any]], settings: Settings
) -> tuple[int, int]:
    """What was taken, and how many captures took it; automatically, all that was authorised."""
    if settings.options.get("capture", "automatic") != "manual":
        return payment["micros"], 0
    failed = {each["psp"] for each in said if each["event"] == "CAPTURE_FAILED"}
    captured = {
        each["psp"]: each["micros"]
        for each in said
        if each["event"] == "CAPTURE" and each["success"] and each["psp"] not in failed
    }
    return sum(captured.values()), len(captured)


def _cancelled(said: list[Mapping[str, Any]]) -> bool:
    return any(
        each["success"]
        and (
            each["event"] == "CANCELLATION"
            or (each["event"] == "CANCEL_OR_REFUND" and each["action"] == "cancel")
        )
        for each in said
    )


def _refunds(said: list[Mapping[str, Any]], taken: int) -> tuple[Refund, ...]:
    """One refund for each reference, at the furthest state that was told."""
    found: dict[str, Refund] = {}
    for each in said:
        statuses = _REFUNDS.get(each["event"])
        micros = each["micros"]
        if each["event"] == "CANCEL_OR_REFUND" and each["action"] == "refund":
            # It takes back all that is left, whatever the amount says.
            statuses, micros = _REFUNDS["REFUND"], micros or taken
        if statuses is None:
            continue
        status = statuses[0] if each["success"] else statuses[1]
        # A dispute and a refund may have one reference.
        kind = "dispute-" if "CHARGEBACK" in each["event"] else ""
        again = "second-" if each["event"].startswith("SECOND") else ""
        name = f"{again}{kind}{each['psp']}"
        before = found.get(name)
        if before is None or _RANK[status] > _RANK[before.status]:
            at = instant(each["at"], "eventDate") if before is None else before.occurred_at
            amount = micros if before is None else before.amount_micros
            found[name] = Refund(name, status, amount, at)
    return tuple(found[name] for name in sorted(found))


def _tender(method: str | None, settings: Settings) -> TenderKind:
    if method is None:
        return "other"
    if method in settings.tenders:
        return settings.tenders[method]
    if method in _GIFT_CARDS:
        return "gift_card"
    return "card" if method in _CARDS else "other"


def _customer(payment: Mapping[str, Any]) -> Customer | None:
    customer, card = payment["customer"], payment["card"]
    return Customer(id=customer, card=card) if customer or card else None
