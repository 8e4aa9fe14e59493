"""A restaurant with Toast: tills that ask, checks as Toast's loyalty API and webhook write them.

A till does not change a check twice within a millisecond, so each change has a later
`modifiedDate`, even where the shop's clock stands.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from adapters.contract import Answer, Call, Headers, Request, Secrets
from adapters.signatures import mac
from adapters.testing.shop import GivenBack, Purchase, What, json_answer
from adapters.testing.till import Forgery
from adapters.testing.toast_answers import ToastAnswers
from adapters.testing.toast_checks import changed_at, time_text
from adapters.toast.adapter import signed_headers, transaction_headers
from adapters.toast.token import pem_of, signed_token

__all__ = ["RESTAURANT", "ToastOrders", "ToastShop", "public_key"]

RESTAURANT = "76cb1b05-0000-4adf-863a-b2a94a5ecdcf"
API_CLIENT = {
    "client_id": "toast-client-id-0001",
    "client_secret": "toast-client-secret-0001",
}


def _new_key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    # In one line, as the JSON in which Toast publishes its key has it.
    return pem.replace("\n", "\\n")


def public_key(pem: str) -> str:
    """The public half, as Toast publishes it."""
    private = load_pem_private_key(pem_of(pem), None)
    found = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found.decode()


class ToastShop(ToastAnswers):
    """Accruals of checks, and reversals before each change: as the loyalty API has it."""

    signing = (_new_key(), _new_key(), _new_key())
    extra = {  # noqa: RUF012 - a constant
        **API_CLIENT,
        "webhook_secret": "toast-webhook-secret-0001",
        "jwt_issuer": "https://issuer.toast.example/0001",
        "jwt_audience": "the-audience-of-loyalty-0001",
    }
    signature_header = "Authorization"
    signs_body = False
    options = {"restaurants": RESTAURANT, "offers": "5 10"}  # noqa: RUF012 - a constant

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count = 0
        #: The accrual that stands of each check, and by which account.
        self.accrued: dict[int, tuple[str, str | None]] = {}

    def order_id(self, purchase: Purchase) -> str:
        return f"00000000-0000-4000-8000-{purchase.number:016x}"

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        sent = []
        before = self.accrued.pop(purchase.number, None)
        if before is not None:
            sent.append(self.reverse(key=self._guid(), member=before[1], reverses=before[0]))
        if not purchase.cancelled:
            guid = self._guid()
            self.accrued[purchase.number] = (guid, purchase.customer)
            sent.append(self.accrue(key=guid, member=purchase.customer, purchase=purchase))
        return sent

    def _guid(self) -> str:
        self.count += 1
        return f"ab11d469-5ed5-4daa-b9d6-{self.count:012x}"

    def inquire(
        self, *, key: str, member: str, purchase: Purchase, offers: tuple[int, ...] = ()
    ) -> Request:
        check = self.check(replace(purchase, tenders=()))
        check |= {"paymentStatus": "OPEN", "payments": [], "modifiedDate": None, "paidDate": None}
        redemptions = [self._redemption(n, minor) for n, minor in enumerate(offers)]
        return self._about("LOYALTY_INQUIRE", key, member, check, redemptions)

    def redeem(
        self, *, key: str, member: str, purchase: Purchase, offers: tuple[int, ...]
    ) -> Request:
        check = self.check(replace(purchase, tenders=()))
        check |= {"paymentStatus": "OPEN", "payments": [], "modifiedDate": None, "paidDate": None}
        redemptions = [self._redemption(n, minor) for n, minor in enumerate(offers)]
        return self._about("LOYALTY_REDEEM", key, member, check, redemptions)

    def accrue(self, *, key: str, member: str | None, purchase: Purchase) -> Request:
        return self._about("LOYALTY_ACCRUE", key, member, self.check(purchase), [])

    def search(self, *, key: str, phone: str | None = None, email: str | None = None) -> Request:
        wanted = {"firstName": None, "lastName": None, "email": email, "phone": phone}
        block = {"searchCriteria": wanted}
        return self._asks("LOYALTY_SEARCH", key, {"searchTransactionInformation": block})

    def reverse(
        self, *, key: str, member: str | None, reverses: str, minor: int | None = None
    ) -> Request:
        block: dict[str, Any] = {"loyaltyIdentifier": member, "transactionId": reverses}
        block["redemptions"] = [] if minor is None else [self._redemption(0, minor)]
        return self._asks("LOYALTY_REVERSE", key, {"reverseTransactionInformation": block})

    def other(self, *, key: str, member: str) -> Request:
        block = {"fromLoyaltyIdentifier": member, "toLoyaltyIdentifier": "another"}
        return self._asks("LOYALTY_TRANSFER", key, {"transferTransactionInformation": block})

    def _redemption(self, number: int, minor: int) -> dict[str, Any]:
        """An offer on the check; an even sum is told as two of half of it."""
        times = 2 if minor % 2 == 0 else 1
        return {
            "identifier": f"points-{number}",
            "appliedDiscountGuid": f"64456691-c34e-4784-9c6e-{number:012x}",
            "selectionGuid": None,
            "amount": self.amount(minor // times),
            "quantity": times,
        }

    def _about(
        self,
        kind: str,
        key: str,
        member: str | None,
        check: dict[str, Any],
        redemptions: list[dict[str, Any]],
    ) -> Request:
        block = {"loyaltyIdentifier": member, "check": check, "redemptions": redemptions}
        return self._asks(kind, key, {"checkTransactionInformation": block})

    def _asks(self, kind: str, key: str, said: Mapping[str, Any]) -> Request:
        blocks = dict.fromkeys(
            f"{name}TransactionInformation" for name in ("search", "check", "reverse")
        )
        body = json.dumps({"toastTransactionType": kind, **blocks, **said}).encode()
        headers = transaction_headers(
            kind=kind, guid=key, restaurant=RESTAURANT, secrets=self._proofs(), now=self.now
        )
        return Request("POST", self.url, headers, body)

    def _proofs(self) -> Secrets:
        return self.secrets

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        fields = {} if like is None else dict(like.headers.items())
        made = transaction_headers(
            kind=fields.get("toast-transaction-type", "LOYALTY_ACCRUE"),
            guid=fields.get("toast-transaction-guid", "g"),
            restaurant=RESTAURANT,
            secrets=self._proofs(),
            now=self.now,
        )
        return Request("POST", self.url, made, body)

    def redelivered(self, request: Request) -> Request:
        """The same transaction; what proves it is made anew."""
        return self.sign(request.body, like=request)

    def signed_bytes(self, request: Request) -> Iterator[int]:
        yield from ()

    def order(self, purchase: Purchase) -> dict[str, Any]:
        """The order of a check."""
        guid = f"order-{purchase.number:x}"
        return {"guid": guid, "voided": False, "checks": [self.check(purchase)]}

    def answer(self, call: Call) -> Answer:
        parts = urlsplit(call.path)
        if (call.method, parts.path) != ("GET", "/orders/v2/ordersBulk"):
            return json_answer({"status": 404}, 404)
        if Headers(call.headers).get("Toast-Restaurant-External-ID") != RESTAURANT:
            return json_answer({"status": 400}, 400)
        asked = dict(parse_qsl(parts.query))
        since, until = (datetime.fromisoformat(asked[f"{end}Date"]) for end in ("start", "end"))
        found = [p for p in self.purchases.values() if since <= changed_at(p) <= until]
        size = min(self.page, int(asked["pageSize"]))
        start = (int(asked["page"]) - 1) * size
        return json_answer([self.order(purchase) for purchase in found[start : start + size]])

    def forged(self, request: Request, how: Forgery) -> Request:
        now = int(self.now.timestamp())
        claims: dict[str, Any] = {
            "iss": self.extra["jwt_issuer"],
            "aud": [self.extra["jwt_audience"]],
            "iat": now,
            "exp": now + 300,
        }
        wrong: dict[str, dict[str, Any]] = {
            "expired": {"iat": now - 900, "exp": now - 600},
            "not_yet": {"iat": now + 600, "exp": now + 900},
            "issuer": {"iss": "https://issuer.other.example"},
            "audience": {"aud": ["somebody-else"]},
        }
        claims |= wrong.get(how, {})
        if how == "endless":
            del claims["exp"]
        said = json.dumps(claims).encode()
        key = self.signing[0]
        if how in ("no_algorithm", "shared_secret"):
            named = "none" if how == "no_algorithm" else "HS256"
            signed = f"{_encoded(json.dumps({'alg': named}).encode())}.{_encoded(said)}"
            made = mac(public_key(key).encode(), signed.encode()) if named == "HS256" else b""
            token = f"{signed}.{_encoded(made)}"
        else:
            key = self.signing[2] if how == "key" else key
            token = signed_token(header=b'{"alg":"RS256"}', claims=said, key=key)
        fields = dict(request.headers.items()) | {"authorization": token}
        return replace(request, headers=Headers(fields))


class ToastOrders(ToastShop):
    """The same restaurant, where the webhook of orders tells what happens to a check."""

    signing = (
        "webhook:toast-orders-secret-0001",
        "webhook:toast-orders-secret-0000",
        "webhook:a-strangers-secret-000001",
    )
    extra = {"api_key": "toast-static-api-key-0001", **API_CLIENT}  # noqa: RUF012 - a constant
    signature_header = "Toast-Signature"
    signs_body = True
    forgeries = ("key",)

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        event = {
            "timestamp": time_text(self.now),
            "eventCategory": "order_updated",
            "eventType": "order_updated",
            "guid": self._guid(),
            "details": {
                "restaurantGuid": RESTAURANT,
                "order": self.order(purchase),
            },
        }
        body = json.dumps(event).encode()
        return [Request("POST", self.url, signed_headers(body, self.secrets), body)]

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        if like is not None and "Toast-Signature" not in like.headers:
            return super().sign(body, like=like)
        return Request("POST", self.url, signed_headers(body, self.secrets), body)

    def signed_bytes(self, request: Request) -> Iterator[int]:
        yield from range(len(request.body))

    def _proofs(self) -> Secrets:
        return Secrets((self.extra["api_key"],))

    def forged(self, request: Request, how: Forgery) -> Request:
        """An API key has no parts that could be wrong: any other is."""
        fields = dict(request.headers.items()) | {"authorization": f"another-{how}"}
        return replace(request, headers=Headers(fields))


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
