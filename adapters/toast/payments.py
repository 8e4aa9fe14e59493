"""What a check's payments say: how it was paid, and what of it was refunded so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.contract import Settings, Tender
from adapters.contract.facts import TenderKind
from adapters.toast.numbers import micros

__all__ = ["counts", "guid_of", "refund_of", "refunded_of", "tenders_of"]

_NOT_PAID = ("VOIDED", "DENIED", "CANCELLED", "ERROR", "OPEN", "PROCESSING")
_TENDERS: Mapping[str, TenderKind] = {
    "CASH": "cash",
    "CREDIT": "card",
    "GIFTCARD": "gift_card",
    "TOAST_SV": "gift_card",
}
#: What the hub counts as paid without money.
_UNPAID = ("points", "gift_card", "store_credit")


def counts(payment: Mapping[str, Any]) -> bool:
    """Whether a payment was made and stands."""
    voided = isinstance(payment.get("voidInfo"), Mapping)
    return not voided and payment.get("paymentStatus") not in _NOT_PAID


def refund_of(payment: Mapping[str, Any], name: str) -> int:
    """What was refunded of a payment so far (micros)."""
    refund = payment.get("refund")
    if payment.get("refundStatus") == "NONE" or not isinstance(refund, Mapping):
        return 0
    return micros(refund.get(name), name)


def refunded_of(of: Mapping[str, Any]) -> int:
    """What was refunded of an item or a charge so far, tax included (micros)."""
    details = of.get("refundDetails")
    if not isinstance(details, Mapping):
        return 0
    names = ("refundAmount", "taxRefundAmount")
    return sum(micros(details.get(name), name) for name in names)


def tenders_of(
    payments: Sequence[Mapping[str, Any]], points: int, settings: Settings, kept: int, whole: int
) -> tuple[Tender, ...]:
    """What each kind of payment paid of what is kept: refunds go back as was paid."""
    sums: dict[TenderKind, int] = {"points": points}
    for each in payments:
        kind = _tender(each, settings)
        paid = micros(each.get("amount"), "amount") + micros(each.get("tipAmount"), "tipAmount")
        sums[kind] = sums.get(kind, 0) + paid
    if kept < whole:
        # Up to a micro in the partner's favour, as the hub does.
        up = {kind: whole - 1 if kind in _UNPAID else 0 for kind in sums}
        sums = {kind: (paid * kept + up[kind]) // whole for kind, paid in sums.items()}
    return tuple(Tender(kind, paid) for kind, paid in sorted(sums.items()) if paid > 0)


def _tender(payment: Mapping[str, Any], settings: Settings) -> TenderKind:
    other = guid_of(payment.get("otherPayment"))
    if other in settings.tenders:
        return settings.tenders[other]
    kind = str(payment.get("type"))
    return settings.tenders.get(kind) or _TENDERS.get(kind, "other")


def guid_of(of: Any) -> str:
    """The guid of what is referred to, or nothing."""
    found = of.get("guid") if isinstance(of, Mapping) else None
    return found if isinstance(found, str) else ""
