"""Verify each item, keep it as a part, and read all parts of a payment together."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.absent import WithoutMost
from adapters.adyen.manifest import DIGITS, EVENTS, MANIFEST
from adapters.adyen.payment import payment_of
from adapters.contract import (
    Facts,
    Headers,
    Ignored,
    Malformed,
    Outcome,
    Parsed,
    Part,
    Parts,
    Rejected,
    Reply,
    Request,
    Secrets,
    Settings,
    Verified,
)
from adapters.reading import (
    currency_code,
    identifier,
    instant,
    load,
    micros_of_minor,
    object_at,
    optional,
    records,
    text,
)
from adapters.signatures import base64_mac, matches
from partner_sdk.wire.amounts import minor_digits
from partner_sdk.wire.instants import format_instant

_MOST_ITEMS = 100
_HEX = re.compile("(?:[0-9A-Fa-f]{2}){16,64}", re.ASCII)
#: In the order in which they are signed; a missing one is signed as nothing.
_SIGNED = ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")


class Adyen(WithoutMost):
    """The adapter."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        """Every item by its own signature: one forged among good ones refuses them all."""
        password = secrets.extra.get("basic_auth")
        if password:
            wanted = "Basic " + base64.b64encode(password.encode()).decode()
            given = request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), wanted.encode()):
                return Rejected("signature_wrong", "the basic authentication is another")
        try:
            items = _items(request.body)
            signed = [(_signature(item), _message(item)) for item in items]
        except Malformed as error:
            return Rejected("malformed", str(error))
        keys = [bytes.fromhex(key) for key in secrets.signing if _HEX.fullmatch(key)]
        for signature, message in signed:
            if signature is None:
                return Rejected("signature_missing", "an item has no hmacSignature")
            if not matches(given=signature, wanted=[base64_mac(key, message) for key in keys]):
                return Rejected("signature_wrong", "an item is not by a key of this connection")
        return Verified()

    def delivery_key(self, *, request: Request) -> str:
        """The references, codes and successes of all items."""
        try:
            names = sorted(_key(item) for item in _items(request.body))
        except Malformed:
            return hashlib.sha256(request.body).hexdigest()
        joined = " ".join(names)
        return joined if len(joined) <= 100 else hashlib.sha256(joined.encode()).hexdigest()

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        """Each item is a part of a payment."""
        parts, why = [], "the message has no items"
        for item in _items(request.body):
            found = _part(item, settings)
            if isinstance(found, Ignored):
                why = found.reason
            else:
                parts.append(found)
        return Parts(tuple(parts)) if parts else Ignored(why)

    def assemble(self, *, about: str, parts: tuple[Part, ...], settings: Settings) -> Parsed:
        """The payment by all its parts."""
        order = payment_of(about=about, parts=parts, settings=settings)
        return order if isinstance(order, Ignored) else Facts((order,))

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        """The word that Adyen's older receivers answered, and a status."""
        if outcome.kind in ("kept", "repeated", "answered"):
            return Reply(200, b"[accepted]", {"Content-Type": "text/plain"})
        return Reply(401 if outcome.kind == "rejected" else 503)

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        """Messages about one payment."""
        stories = {
            "paid": (("AUTHORISATION", 2500),),
            "refunded": (("AUTHORISATION", 2500), ("REFUND", 900)),
            "charged_back": (("AUTHORISATION", 2500), ("CHARGEBACK", 2500)),
            "cancelled": (("AUTHORISATION", 2500), ("CANCELLATION", 2500)),
        }
        url = settings.options.get("hook_url", "https://hub.example/hooks/con_sample")
        requests = []
        for event, value in stories[scenario]:
            item = {
                "pspReference": "SAMPLE0000000001" if event == "AUTHORISATION" else f"S{event}",
                "merchantAccountCode": "SampleECOM",
                "merchantReference": "sample-order-1",
                "amount": {"value": value, "currency": settings.currency},
                "eventCode": event,
                "eventDate": format_instant(now),
                "success": "true",
                "paymentMethod": "visa",
            }
            if event != "AUTHORISATION":
                item["originalReference"] = "SAMPLE0000000001"
            requests.append(signed_request([item], secrets, url))
        return tuple(requests)


def item_signature(item: Mapping[str, Any], key: str) -> str:
    """What Adyen writes into `hmacSignature`; the key is hexadecimal. Raises Malformed."""
    return base64_mac(bytes.fromhex(key), _message(item))


def signed_request(items: Sequence[Mapping[str, Any]], secrets: Secrets, url: str) -> Request:
    """A message of these items, each signed with the newest key."""
    signed = []
    for item in items:
        more = dict(item.get("additionalData") or {})
        more["hmacSignature"] = item_signature(item, secrets.signing[0])
        signed.append({"NotificationRequestItem": {**item, "additionalData": more}})
    body = json.dumps({"live": "false", "notificationItems": signed}).encode()
    fields = {"Content-Type": "application/json; charset=utf-8"}
    if "basic_auth" in secrets.extra:
        password = base64.b64encode(secrets.extra["basic_auth"].encode()).decode()
        fields["Authorization"] = f"Basic {password}"
    return Request("POST", url, Headers(fields), body)


def _items(body: bytes) -> list[Mapping[str, Any]]:
    message = object_at(load(body), "the message")
    wrapped = records(message.get("notificationItems"), "notificationItems")
    if not 1 <= len(wrapped) <= _MOST_ITEMS:
        raise Malformed("notificationItems are not 1 to 100")
    name = "NotificationRequestItem"
    return [object_at(each.get(name), name) for each in wrapped]


def _signature(item: Mapping[str, Any]) -> str | None:
    more = item.get("additionalData")
    return optional(more.get("hmacSignature")) if isinstance(more, Mapping) else None


def _message(item: Mapping[str, Any]) -> bytes:
    """What is signed. Only the shop's own reference may hold a colon: else it could be split
    otherwise, and say another thing under the same signature.
    """
    amount = object_at(item.get("amount"), "amount")
    value = amount.get("value")
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("amount/value is not a whole number")
    fields = [_field(item, name) for name in _SIGNED]
    fields += [str(value), _field(amount, "currency")]
    fields += [_field(item, "eventCode"), _field(item, "success")]
    return ":".join(fields).encode()


def _field(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name, "")
    if not isinstance(value, str):
        raise Malformed(f"{name} is not a text")
    if ":" in value and name != "merchantReference":
        raise Malformed(f"{name} holds a colon")
    if not value.isprintable():
        raise Malformed(f"{name} is not printable")
    return value


def _key(item: Mapping[str, Any]) -> str:
    return ":".join(_field(item, name) for name in ("eventCode", "pspReference", "success"))


def _part(item: Mapping[str, Any], settings: Settings) -> Part | Ignored:
    event = text(item.get("eventCode"), "eventCode")
    if event not in EVENTS:
        return Ignored(f"{event} says nothing of points")
    psp = identifier(item.get("pspReference"), "pspReference")
    payment = psp if event == "AUTHORISATION" else optional(item.get("originalReference"))
    if payment is None:
        return Ignored(f"{event} names no payment: originalReference is missing")
    amount = item["amount"] if isinstance(item.get("amount"), Mapping) else {}
    currency = currency_code(amount.get("currency"), "amount/currency")
    digits = DIGITS.get(currency, minor_digits(currency))
    micros = micros_of_minor(amount.get("value"), currency, "amount/value", digits=digits)
    if micros < 0:
        raise Malformed("amount/value is below zero")
    success = item.get("success")
    if success not in ("true", "false"):
        raise Malformed("success is neither true nor false")
    more = item.get("additionalData")
    more = more if isinstance(more, Mapping) else {}
    card = settings.options.get("card_metadata", "loyalty_card")
    return Part(
        payment,
        _key(item),
        {
            "event": event,
            "psp": psp,
            "micros": micros,
            "currency": currency,
            "success": success == "true",
            "at": format_instant(instant(item.get("eventDate"), "eventDate")),
            "reference": optional(item.get("merchantReference")),
            "method": optional(item.get("paymentMethod")),
            "customer": optional(more.get("shopperReference")),
            "card": optional(more.get(f"metadata.{card}")),
            "action": optional(more.get("modification.action")),
        },
    )
