"""Verify, ask and answer: Toast's loyalty transactions and order webhooks."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from adapters.absent import WithoutMost
from adapters.contract import (
    Answer,
    Call,
    Facts,
    Headers,
    Ignored,
    Malformed,
    Outcome,
    Page,
    Parsed,
    Rejected,
    Reply,
    Request,
    Secrets,
    Settings,
    Verified,
)
from adapters.reading import key_at, load, object_at, optional, records
from adapters.signatures import base64_mac, matches
from adapters.toast.answers import answer
from adapters.toast.checks import named, order_of
from adapters.toast.manifest import EVENTS, GUID, KIND, MANIFEST, RESTAURANT, SIGNATURE
from adapters.toast.token import is_pem, signed_token, verified_token
from adapters.toast.transactions import asked, key_of, restaurants

__all__ = ["Toast", "signed_headers", "transaction_headers"]

_WEBHOOK = "webhook:"


class Toast(WithoutMost):
    """The adapter."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        """A message with a `Toast-Signature` is a webhook and nothing else; any other is asked."""
        if _is_webhook(request):
            return _verified_webhook(request, secrets)
        given = request.headers.get("Authorization", "").strip()
        if not given:
            return Rejected("signature_missing", "there is no Authorization")
        scheme, _, rest = given.partition(" ")
        token = rest.strip() if scheme.lower() == "bearer" else given
        if matches(given=token, wanted=_api_keys(secrets)):
            return Verified()
        return verified_token(token=token, secrets=secrets, now=now)

    def delivery_key(self, *, request: Request) -> str:
        """The operation's key, or the event's id."""
        return key_at(request.body, "guid") if _is_webhook(request) else key_of(request)

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        """A question, or what an order's webhook says of its checks."""
        if not _is_webhook(request):
            return asked(request, settings)
        event = object_at(load(request.body), "the event")
        kind = optional(event.get("eventType"))
        if kind not in EVENTS:
            return Ignored(f"events {kind or 'without a type'} say nothing of points")
        details = object_at(event.get("details"), "details")
        store = optional(details.get("restaurantGuid"))
        if store is None or store.lower() not in restaurants(settings):
            return Ignored("the restaurant is none of this connection's `restaurants`")
        return _facts(object_at(details.get("order"), "order"), store, settings)

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        """The answer to the question; of a webhook, Toast looks at the status only."""
        if not _is_webhook(request):
            return answer(request=request, outcome=outcome, settings=settings)
        if outcome.kind == "rejected" and outcome.problem != "malformed":
            return Reply(401)
        return Reply(503 if outcome.kind == "unavailable" else 200)

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        """Orders by when they were changed, of one restaurant after the other."""
        place, page = _place(cursor)
        asked = {
            # Toast counts milliseconds: one more at the end loses nothing.
            "startDate": _time(since),
            "endDate": _time(until + timedelta(milliseconds=1)),
            "page": str(page),
            "pageSize": "100",
        }
        stores = restaurants(settings)
        headers = {RESTAURANT: stores[place]} if place < len(stores) else {}
        return Call("GET", f"/orders/v2/ordersBulk?{urlencode(asked)}", headers=headers)

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        """The orders of a page, each as its webhook would tell it; after the last comes none."""
        if answer.status != 200:
            raise Malformed(f"Toast answered {answer.status}")
        orders = records(load(answer.body), "orders")
        stores = restaurants(settings)
        place, page = _place(cursor)
        if orders:
            found = tuple(_one_of_many(order, stores[place], settings) for order in orders)
            return Page(found, f"{place}:{page + 1}")
        return Page((), f"{place + 1}:1" if place + 1 < len(stores) else None)

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        """Transactions about one check, or its webhook."""
        check = _sample_check(now)
        info = {"loyaltyIdentifier": "SAMPLE-CARD", "check": check, "redemptions": []}
        of_check = {"checkTransactionInformation": info}
        offer = {"identifier": "points-all", "amount": 2, "quantity": 1}
        back = {"loyaltyIdentifier": "SAMPLE-CARD", "transactionId": _guid(now, 1)}
        wanted = {"searchCriteria": {"phone": "+15550100", "email": None}}
        stories: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
            "inquire": (("LOYALTY_INQUIRE", of_check),),
            "search": (("LOYALTY_SEARCH", {"searchTransactionInformation": wanted}),),
            "paid": (("LOYALTY_ACCRUE", of_check),),
            "redeemed": (
                (
                    "LOYALTY_REDEEM",
                    {"checkTransactionInformation": info | {"redemptions": [offer]}},
                ),
            ),
            "cancelled": (
                ("LOYALTY_ACCRUE", of_check),
                ("LOYALTY_REVERSE", {"reverseTransactionInformation": back}),
            ),
            "order_updated": (),
        }
        url = settings.options.get("hook_url", "https://hub.example/hooks/con_sample")
        store = (restaurants(settings) or [""])[0]
        requests = []
        for number, (kind, said) in enumerate(stories[scenario], 1):
            headers = transaction_headers(
                kind=kind, guid=_guid(now, number), restaurant=store, secrets=secrets, now=now
            )
            body = json.dumps({"toastTransactionType": kind, **said}).encode()
            requests.append(Request("POST", url, headers, body))
        if not requests:
            event = {
                "timestamp": _time(now),
                "eventCategory": "order_updated",
                "eventType": "order_updated",
                "guid": _guid(now, 9),
                "details": {
                    "restaurantGuid": store,
                    "order": {"guid": _guid(now, 8), "checks": [check]},
                },
            }
            body = json.dumps(event).encode()
            requests.append(Request("POST", url, signed_headers(body, secrets), body))
        return tuple(requests)


def _place(cursor: str | None) -> tuple[int, int]:
    """Which restaurant of the connection, and which page of its orders."""
    place, _, page = (cursor or "0:1").partition(":")
    return int(place), int(page)


def _one_of_many(order: Mapping[str, Any], store: str, settings: Settings) -> Parsed:
    """An order of a list; one that cannot be read is told, and does not hold up the others."""
    try:
        return _facts(order, store, settings)
    except Malformed as malformed:
        return Ignored(f"an order of the list is not as promised: {malformed}")


def _facts(order: Mapping[str, Any], store: str, settings: Settings) -> Parsed:
    if order.get("createdInTestMode") is True and settings.options.get("test_orders") != "count":
        return Ignored("the order was made in test mode")
    dead = order.get("voided") is True or order.get("deleted") is True
    checks = records(order.get("checks"), "checks")
    found = (
        order_of(check, settings, store=store, customer=named(None, check), paid=False, dead=dead)
        for check in checks
    )
    return Facts(tuple(found)) if checks else Ignored("the order has no check")


def _is_webhook(request: Request) -> bool:
    return SIGNATURE in request.headers


def _verified_webhook(request: Request, secrets: Secrets) -> Verified | Rejected:
    given = request.headers.get(SIGNATURE, "").strip()
    if not given:
        return Rejected("signature_missing", f"there is no {SIGNATURE}")
    signed = _signed_bytes(request.body)
    wanted = [base64_mac(secret.encode(), signed) for secret in _webhook_secrets(secrets)]
    if not matches(given=given, wanted=wanted):
        return Rejected("signature_wrong", "not by the secret of this connection's webhook")
    return Verified()


def _signed_bytes(body: bytes) -> bytes:
    """The body, then its own timestamp: Toast's pages name no other, and send no header of it."""
    try:
        event = load(body)
    except Malformed:
        return body
    at = event.get("timestamp") if isinstance(event, Mapping) else None
    return body + at.encode("utf-8", "replace") if isinstance(at, str) else body


def _api_keys(secrets: Secrets) -> list[str]:
    """Keys that Toast sends as they are."""
    own = [each for each in secrets.signing if not is_pem(each) and not each.startswith(_WEBHOOK)]
    return [key for key in (*own, secrets.extra.get("api_key", "")) if key]


def _webhook_secrets(secrets: Secrets) -> list[str]:
    """Secrets of webhooks: never an API key, which is sent in the open."""
    own = [each.removeprefix(_WEBHOOK) for each in secrets.signing if each.startswith(_WEBHOOK)]
    return [key for key in (*own, secrets.extra.get("webhook_secret", "")) if key]


def signed_headers(body: bytes, secrets: Secrets) -> Headers:
    """The headers with which Toast would send a webhook."""
    made = base64_mac(_webhook_secrets(secrets)[0].encode(), _signed_bytes(body))
    fields = {SIGNATURE: made, "Toast-Event-Type": "order_updated", "Toast-Attempt-Number": "1"}
    return Headers(fields | {"Content-Type": "application/json"})


def transaction_headers(
    *, kind: str, guid: str, restaurant: str, secrets: Secrets, now: datetime
) -> Headers:
    """The headers with which Toast would send a transaction; the token is good for 5 minutes."""
    keys = _api_keys(secrets)
    if keys and not is_pem(secrets.signing[0] if secrets.signing else ""):
        proof = keys[0]
    else:
        claims = {"iat": int(now.timestamp()), "exp": int(now.timestamp()) + 300}
        for claim in ("iss", "aud"):
            wanted = secrets.extra.get("jwt_issuer" if claim == "iss" else "jwt_audience")
            claims |= {claim: wanted} if wanted else {}  # type: ignore[dict-item]  # texts beside numbers
        proof = signed_token(
            header=b'{"alg":"RS256","typ":"JWT"}',
            claims=json.dumps(claims).encode(),
            key=secrets.signing[0],
        )
    fields = {KIND: kind, GUID: guid, RESTAURANT: restaurant, "Authorization": proof}
    return Headers(fields | {"Content-Type": "application/json"})


def _sample_check(now: datetime) -> dict[str, Any]:
    at = _time(now)
    item = {"guid": _guid(now, 3), "price": 12.5, "quantity": 1, "tax": 0, "voided": False}
    payment = {"guid": _guid(now, 4), "type": "CREDIT", "amount": 12.5, "tipAmount": 0}
    return {
        "guid": _guid(now, 2),
        "displayNumber": "1",
        "openedDate": at,
        "paidDate": at,
        "modifiedDate": at,
        "paymentStatus": "CLOSED",
        "amount": 12.5,
        "taxAmount": 0,
        "totalAmount": 12.5,
        "selections": [item],
        "payments": [payment | {"paymentStatus": "CAPTURED", "refundStatus": "NONE"}],
        "appliedLoyaltyInfo": {"loyaltyIdentifier": "SAMPLE-CARD", "vendor": "INTEGRATION"},
    }


def _guid(now: datetime, number: int) -> str:
    """A GUID made of the time, for there is no randomness here."""
    micros = int(Decimal(now.timestamp()) * 1_000_000)
    digits = hmac.new(b"sample", f"{micros}:{number}".encode(), "sha256").hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"
