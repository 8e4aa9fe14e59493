"""Checks of a restaurant with Toast, as its loyalty API and its webhook write them."""

from __future__ import annotations

from abc import ABC
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.testing.shop import Item, Purchase
from adapters.testing.till import Till
from partner_sdk.wire.amounts import minor_digits

__all__ = ["ToastChecks", "changed_at", "time_text"]

_TENDERS = {"gift_card": "GIFTCARD", "cash": "CASH", "card": "CREDIT"}


class ToastChecks(Till, ABC):
    """A restaurant that writes checks."""

    def check(self, purchase: Purchase) -> dict[str, Any]:
        """The check as it is now."""
        charges = [item for item in purchase.items if item.kind == "shipping"]
        tip = sum(item.minor for item in purchase.items if item.kind == "tip")
        goods = [item for item in purchase.items if item.kind not in ("shipping", "tip")]
        tax = sum(item.tax for item in goods)
        total = purchase.total - tip
        at = time_text(changed_at(purchase))
        opened = time_text(purchase.placed_at)
        return {
            "guid": self.order_id(purchase),
            "entityType": "Check",
            "displayNumber": str(purchase.number % 1000),
            "openedDate": opened,
            "paidDate": at,
            "closedDate": at,
            "modifiedDate": at,
            "deletedDate": "1970-01-01T00:00:00.000+0000",
            "deleted": False,
            "voided": purchase.cancelled,
            "paymentStatus": "CLOSED",
            "amount": self.amount(total - tax),
            "taxAmount": self.amount(tax),
            "totalAmount": self.amount(total),
            "selections": [self._selection(purchase, item) for item in goods],
            "appliedServiceCharges": [self._charge(purchase, item) for item in charges],
            "appliedDiscounts": [],
            "payments": self._payments(purchase, tip),
            "appliedLoyaltyInfo": purchase.customer
            and {"loyaltyIdentifier": purchase.customer, "vendor": "INTEGRATION"},
            "customer": purchase.email and {"guid": "c1", "email": purchase.email},
        }

    def _selection(self, purchase: Purchase, item: Item) -> dict[str, Any]:
        return {
            "guid": f"{purchase.number:x}-{item.id}",
            "displayName": item.id,
            "preDiscountPrice": self.amount(item.minor - item.tax + item.discount),
            "price": self.amount(item.minor - item.tax),
            "tax": self.amount(item.tax),
            "taxInclusion": "NOT_INCLUDED",
            "quantity": float(item.count),
            "voided": purchase.cancelled,
            "deferred": item.kind == "gift_card",
            "modifiers": [],
            "appliedDiscounts": [],
            "refundDetails": self._returned(purchase, item),
        }

    def _charge(self, purchase: Purchase, item: Item) -> dict[str, Any]:
        return {
            "guid": f"{purchase.number:x}-{item.id}",
            "chargeAmount": self.amount(item.minor),
            "delivery": True,
            "takeout": False,
            "dineIn": False,
            "gratuity": False,
            "appliedTaxes": [],
            "refundDetails": self._returned(purchase, item),
        }

    def _returned(self, purchase: Purchase, item: Item) -> dict[str, Any] | None:
        back = sum(
            minor
            for refund in purchase.refunds
            for item_id, minor, _ in refund.items
            if item_id == item.id
        )
        return {"refundAmount": self.amount(back), "taxRefundAmount": 0} if back else None

    def _payments(self, purchase: Purchase, tip: int) -> list[dict[str, Any]]:
        """What others leave is paid by card, the tip with it; refunds go to the card."""
        given = [(_TENDERS[kind], minor) for kind, minor in purchase.tenders]
        rest = purchase.total - tip - sum(minor for _, minor in given)
        payments: list[dict[str, Any]] = [
            {
                "guid": f"{purchase.number:x}-p{index}",
                "type": kind,
                "amount": self.amount(minor),
                "tipAmount": 0.0,
                "paymentStatus": "CAPTURED",
                "refundStatus": "NONE",
                "refund": None,
            }
            for index, (kind, minor) in enumerate([*given, ("CREDIT", rest)])
        ]
        payments[-1]["tipAmount"] = self.amount(tip)
        refunded = sum(refund.minor for refund in purchase.refunds)
        if refunded:
            of_tip = self._tip_refunded(purchase, tip)
            whole = Decimal(refunded).scaleb(-minor_digits(self.currency))
            payments[-1] |= {
                "refundStatus": "FULL" if refunded == purchase.total else "PARTIAL",
                "refund": {
                    "refundAmount": float(whole - of_tip),
                    "tipRefundAmount": float(of_tip),
                    "refundDate": time_text(purchase.changed_at),
                },
            }
        return payments

    def _tip_refunded(self, purchase: Purchase, tip: int) -> Decimal:
        """The tip's share of what was refunded by amount."""
        by_line = sum(m for r in purchase.refunds for _, m, _ in r.items)
        by_amount = sum(r.minor for r in purchase.refunds) - by_line
        total = purchase.total - by_line
        micros = 10 ** (6 - minor_digits(self.currency))
        share = min(by_amount, total) * tip * micros // total if total > 0 else 0
        return Decimal(share).scaleb(-6)

    def amount(self, minor: int) -> float:
        """Minor units as a number of JSON."""
        return float(Decimal(minor).scaleb(-minor_digits(self.currency)))


def changed_at(purchase: Purchase) -> datetime:
    """When the check was changed last: no two changes within a millisecond."""
    return purchase.changed_at + timedelta(milliseconds=purchase.version)


def time_text(at: datetime) -> str:
    """An instant, as Toast writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"
