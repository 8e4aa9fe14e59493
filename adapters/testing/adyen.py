"""A shop that takes money by Adyen: all it tells are notification items."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from adapters.adyen.adapter import item_signature, signed_request
from adapters.contract import Answer, Call, Request
from adapters.testing.shop import GivenBack, Purchase, Shop, What, json_answer


class AdyenShop(Shop):
    """Authorisations, cancellations, refunds and chargebacks, as Adyen writes them."""

    signing = (
        "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056",
        "009E9E92268087AAD241638D3325201AFF8D79E75E8A79E6E4E0D8F8F8F8F8F8",
        "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00",
    )
    signature_header = None
    can_identify = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        #: Refunds that came through, of which a failure is a reversal.
        self.through: set[str] = set()

    def order_id(self, purchase: Purchase) -> str:
        return f"PSP{purchase.number}"

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        if what == "paid":
            return [self.message([self.item(purchase, "AUTHORISATION")])]
        if what == "cancelled":
            return [self.message([self.item(purchase, "CANCELLATION", psp=f"C{purchase.number}")])]
        if refund is None or refund.status == "pending":
            return []
        psp, minor = f"R{refund.id}", refund.minor
        if refund.status == "succeeded":
            self.through.add(refund.id)
            event = "CHARGEBACK" if refund.chargeback else "REFUND"
            return [self.message([self.item(purchase, event, psp=psp, minor=minor)])]
        if refund.id in self.through:
            event = "CHARGEBACK_REVERSED" if refund.chargeback else "REFUNDED_REVERSED"
            return [self.message([self.item(purchase, event, psp=psp, minor=minor)])]
        event = "CHARGEBACK" if refund.chargeback else "REFUND"
        item = self.item(purchase, event, psp=psp, minor=minor) | {"success": "false"}
        return [self.message([item])]

    def item(
        self, purchase: Purchase, event: str, *, psp: str | None = None, minor: int | None = None
    ) -> dict[str, Any]:
        """One notification item."""
        item: dict[str, Any] = {
            "amount": {
                "currency": purchase.currency,
                "value": purchase.total if minor is None else minor,
            },
            "eventCode": event,
            "eventDate": self.now.isoformat(timespec="seconds"),
            "merchantAccountCode": "ShopECOM",
            "merchantReference": f"order:{purchase.number}",
            "paymentMethod": "visa",
            "pspReference": self.order_id(purchase) if psp is None else psp,
            "success": "true",
        }
        if psp is not None:
            item["originalReference"] = self.order_id(purchase)
        elif purchase.customer is not None:
            item["additionalData"] = {"shopperReference": purchase.customer}
        return item

    def message(self, items: Sequence[dict[str, Any]]) -> Request:
        """A signed message of items."""
        return signed_request(items, self.secrets, self.url)

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        value = json.loads(body)
        for each in value["notificationItems"]:
            item = each["NotificationRequestItem"]
            signature = item_signature(item, self.secrets.signing[0])
            item.setdefault("additionalData", {})["hmacSignature"] = signature
        base = self.message([]) if like is None else like
        return replace(base, body=json.dumps(value).encode())

    def answer(self, call: Call) -> Answer:
        return json_answer({"status": 404}, 404)

    def unsigned(self, request: Request) -> Request:
        value = json.loads(request.body)
        for each in value["notificationItems"]:
            del each["NotificationRequestItem"]["additionalData"]["hmacSignature"]
        return replace(request, body=json.dumps(value).encode())

    def signed_bytes(self, request: Request) -> Iterator[int]:
        for each in json.loads(request.body)["notificationItems"]:
            item = each["NotificationRequestItem"]
            signed = {name: item[name] for name in _NAMES if name in item}
            signed |= {name: item["amount"][name] for name in ("value", "currency")}
            signed["hmacSignature"] = item["additionalData"]["hmacSignature"]
            for name, value in signed.items():
                written = f"{json.dumps(name)}: {json.dumps(value)}".encode()
                start = request.body.index(written) + len(json.dumps(name)) + 2
                quote = isinstance(value, str)
                yield from range(start + quote, start + len(json.dumps(value)) - quote)

    def batch(self, requests: Sequence[Request]) -> Request:
        items = [
            each["NotificationRequestItem"]
            for request in requests
            for each in json.loads(request.body)["notificationItems"]
        ]
        return self.message(items)

    def forged_batch(self, requests: Sequence[Request]) -> Request:
        value = json.loads(self.batch(requests).body)
        last = value["notificationItems"][-1]["NotificationRequestItem"]
        last["additionalData"]["hmacSignature"] = item_signature(last, self.signing[2])
        return replace(requests[0], body=json.dumps(value).encode())


_NAMES = (
    "pspReference",
    "originalReference",
    "merchantAccountCode",
    "merchantReference",
    "eventCode",
    "success",
)
