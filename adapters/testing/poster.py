"""A restaurant with tills of Poster."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from adapters.contract import Answer, Call, Headers, Request
from adapters.poster.calls import signature
from adapters.testing.shop import GivenBack, Item, Purchase, Shop, What, json_answer
from partner_sdk.wire.amounts import minor_digits

_HAPPENED = {
    "paid": ("closed", "close"),
    "edited": ("changed", "changeitemcount"),
    "cancelled": ("removed", "delete"),
    "identified": ("changed", "setclient"),
}
_SIGNED = ("account", "object", "object_id", "action", "data", "time", "verify")


class PosterShop(Shop):
    """Thin messages, signed in the body; every number is text; a history tells what happened."""

    signing = ("poster0new0123456789", "poster0old0123456789", "poster0stranger")
    extra = {"access_token": "861052:0123456789abcdef"}  # noqa: RUF012 - a constant
    signature_header = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.history: dict[int, list[dict[str, Any]]] = {}
        self.comments: dict[int, str] = {}

    def refund(
        self,
        purchase: Purchase,
        minor: int,
        items: Sequence[tuple[str, int, int]] = (),
        *,
        status: Literal["pending", "succeeded", "failed"] = "succeeded",
        chargeback: bool = False,
    ) -> GivenBack:
        """Poster knows no refunds: what is given back is taken out of the order."""
        left, kept = minor, []
        for item in purchase.items:
            off = min(item.minor, left)
            left -= off
            kept.append(replace(item, minor=item.minor - off))
        self.edit(purchase, kept)
        return GivenBack(f"{purchase.number}00", minor, (), status, self.now)

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        action, happened = _HAPPENED[what]
        known = self.history.setdefault(purchase.number, [])
        if not known:
            known.append(self._entry("open"))
        known.append(self._entry(happened))
        said = {
            "account": "a-cafe",
            "object": "transaction",
            "object_id": purchase.number,
            "action": action,
            "time": str(int(self.now.timestamp())),
            "account_number": "861052",
            "data": json.dumps({"transactions_history": known[-1]}),
        }
        return [self.sign(json.dumps(said).encode())]

    def _entry(self, happened: str) -> dict[str, Any]:
        return {"type_history": happened, "time": _ms(self.now), "spot_tablet_id": 1, "value": "1"}

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        said = json.loads(body)
        said.pop("verify", None)
        said["verify"] = signature(said, self.secrets.signing[0])
        fields = {"content-type": "application/json"} if like is None else dict(like.headers)
        return Request("POST", self.url, Headers(fields), json.dumps(said).encode())

    def unsigned(self, request: Request) -> Request:
        said = json.loads(request.body)
        del said["verify"]
        return replace(request, body=json.dumps(said).encode())

    def signed_bytes(self, request: Request) -> Iterator[int]:
        """The values of the fields that are signed, and the signature itself."""
        text = request.body.decode("ascii")
        for name in _SIGNED:
            found = re.search(rf'"{name}": (?:"((?:[^"\\]|\\.)*)"|([0-9]+))', text)
            if found is None:
                raise AssertionError(f"there is no {name} in the message")
            yield from range(*found.span(1 if found.group(1) is not None else 2))

    def money(self, minor: int) -> str:
        """Hundredths, whatever the currency."""
        return str(minor * 100 // 10 ** minor_digits(self.currency))

    def order(self, purchase: Purchase) -> dict[str, Any]:
        """The order as it is now, with its history."""
        tips = sum(item.minor for item in purchase.items if item.kind == "tip")
        by_cert = min(dict(purchase.tenders).get("gift_card", 0), purchase.total)
        at_till = purchase.number in self.opened
        by_card = self.money(0 if at_till else purchase.total - by_cert - purchase.by_points)
        return {
            "transaction_id": str(purchase.number),
            "date_start": str(_ms(purchase.placed_at)),
            "date_close": "0" if at_till else str(_ms(purchase.placed_at)),
            "status": "3" if purchase.cancelled else "1" if at_till else "2",
            "pay_type": "2",
            "payed_bonus": self.money(purchase.by_points),
            "payed_card": by_card,
            "payed_cash": "0",
            "payed_sum": by_card,
            "payed_cert": self.money(by_cert),
            "payed_third_party": "0",
            "tip_sum": self.money(tips),
            "sum": self.money(sum(item.minor + item.discount for item in purchase.items)),
            "spot_id": "1",
            "client_id": purchase.customer or "0",
            "card_number": "0",
            "transaction_comment": self.comments.get(purchase.number),
            "reason": "",
            "print_fiscal": "1",
            "history": [
                entry | {"time": str(entry["time"])}
                for entry in self.history.get(purchase.number) or [self._entry("open")]
            ],
        }

    def products(self, purchase: Purchase) -> list[dict[str, Any]]:
        """The order's products: what money paid for each."""
        left = min(dict(purchase.tenders).get("gift_card", 0), purchase.total)
        left += purchase.by_points
        found = []
        for place, item in enumerate(purchase.items, 1):
            if item.kind == "tip":
                continue
            off = min(left, item.minor)
            left -= off
            found.append(self._product(place, item, item.minor - off))
        return found

    def _product(self, place: int, item: Item, paid: int) -> dict[str, Any]:
        return {
            "product_id": str(100 + place),
            "modification_id": "0",
            "num": str(item.count),
            "product_code": item.id,
            "category_id": "33",
            "payed_sum": self.money(paid),
            "product_sum": self.money(item.minor + item.discount),
        }

    def answer(self, call: Call) -> Answer:
        parts = urlsplit(call.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        method = parts.path.removeprefix("/api/")
        if method == "dash.getTransactions":
            return self._list(asked)
        if method == "transactions.changeComment":
            return self._comment(json.loads(call.body))
        if method == "clients.getClient":
            client = {"client_id": asked["client_id"], "phone_number": "380501112233"}
            return json_answer({"response": [client | {"card_number": "0", "email": ""}]})
        number = asked.get("transaction_id", "")
        known = self.purchases | self.opened
        purchase = known.get(int(number)) if number.isdecimal() else None
        if purchase is None:
            return json_answer({"error": {"code": 404, "message": "not found"}})
        if method == "dash.getTransactionProducts":
            return json_answer({"response": self.products(purchase)})
        order = self.order(purchase)
        seen = asked.get("status") == "0" or order["status"] == "2"
        return json_answer({"response": [order] if seen else []})

    def _list(self, asked: Mapping[str, str]) -> Answer:
        """By when they were closed, newest first; a page goes on below an order."""
        low, high = (int(asked[f"{name}_date_close"]) for name in ("after", "before"))
        below = int(asked.get("next_tr", 2**63))
        found = [
            purchase
            for number, purchase in sorted(self.purchases.items(), reverse=True)
            if low <= purchase.placed_at.timestamp() <= high and number < below
        ]
        return json_answer({"response": [self.order(each) for each in found[: self.page]]})

    def _comment(self, asked: Mapping[str, Any]) -> Answer:
        number, comment = int(asked["transaction_id"]), asked["comment"]
        if number not in self.opened:
            return json_answer({"response": {"err_code": 42}})
        self.comments[number] = comment
        worth = re.search(r"points-\S+=([0-9.]+)", comment)
        self.spent.pop(str(number), None)
        if worth is not None:
            # What the till's app will pass to `setOrderBonus`.
            self.spent[str(number)] = int(worth.group(1).replace(".", ""))
        return json_answer({"response": {"err_code": 0}})

    def used_up(self, code: str) -> int:
        for number, comment in self.comments.items():
            if code in comment.split():
                return self.spent.pop(str(number))
        raise LookupError(f"no order has {code}")


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
