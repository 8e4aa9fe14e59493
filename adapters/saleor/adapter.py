"""Saleor's checkout: what it says, what to ask, and how a shopper pays with points there."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.contract import (
    Answer,
    Call,
    Fetch,
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
    Spend,
    SpendResult,
    Verified,
)
from adapters.graphql import data, graphql, refused
from adapters.reading import identifier, load, optional, records
from adapters.saleor.jws import is_key_set, signed, verified
from adapters.saleor.manifest import MANIFEST
from adapters.saleor.orders import order_of
from adapters.saleor.queries import CREATE, DEACTIVATE, DELETE, FIND, LIST, ORDER
from adapters.saleor.values import amount, global_id, pk
from adapters.signatures import hex_mac, matches
from adapters.webshop import acknowledge, code_of, money_text, record

__all__ = ["ADAPTER", "Saleor", "card_code"]

_SIGNATURE, _EVENT = "Saleor-Signature", "Saleor-Event"
_API = "/graphql/"
_PAGE = 50
_EVENTS = {
    "paid": ("OrderFullyPaid", "order_fully_paid"),
    "edited": ("OrderUpdated", "order_updated"),
    "refunded": ("OrderRefunded", "order_refunded"),
    "cancelled": ("OrderCancelled", "order_cancelled"),
}


class Saleor:
    """One order, one document: a message only says which, and it is asked for."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        given = request.headers.get(_SIGNATURE)
        if not given:
            return Rejected("signature_missing", f"there is no {_SIGNATURE}")
        key_sets = [secret for secret in secrets.signing if is_key_set(secret)]
        words = [secret for secret in secrets.signing if not is_key_set(secret)]
        # A key set is public: it never serves as a word that two share.
        wanted = [hex_mac(word.encode(), request.body) for word in words]
        if matches(given=given, wanted=wanted):
            return Verified()
        if verified(signature=given, body=request.body, key_sets=key_sets):
            return Verified()
        hint = "is the JWKS the shop's of today?" if key_sets else "is it the webhook's secret key?"
        return Rejected("signature_wrong", hint)

    def delivery_key(self, *, request: Request) -> str:
        event = request.headers.get(_EVENT, "").lower()
        return f"{event}:{hashlib.sha256(request.body).hexdigest()}"

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        said = load(request.body)
        # Without a subscription, Saleor writes a list of one with all that the order holds.
        if isinstance(said, list) and said and isinstance(said[0], Mapping):
            if said[0].get("type", "Order") != "Order":
                return Ignored("a message that is not about an order")
            meta = record(said[0].get("meta"), "meta")
            return _told(said[0].get("id"), meta.get("issued_at"))
        if not isinstance(said, Mapping):
            raise Malformed("the body is neither an object nor a list")
        if said.get("order") is None:
            return Ignored("a message that is not about an order")
        return _told(record(said["order"], "order").get("id"), said.get("issuedAt"))

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], settings: Settings) -> Parsed:
        order = data(answers[0], "Saleor").get("order")
        if order is None:
            return Ignored("the shop does not know this order any more")
        return order_of(record(order, "order"), settings)

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        return acknowledge(outcome)

    def redeem(self, *, spend: Spend, settings: Settings) -> tuple[Call, ...]:
        card: dict[str, Any] = {
            "code": card_code(spend),
            "balance": {
                "amount": money_text(spend.amount_micros, spend.currency),
                "currency": spend.currency,
            },
            "isActive": True,
            "addTags": [code_of(spend)],
        }
        if spend.expires_at is not None:
            # It ends with a day, and must not begin with one that has passed.
            last = spend.expires_at.astimezone(UTC).date() + timedelta(days=1)
            card["expiryDate"] = last.isoformat()
        return (graphql(_API, CREATE, {"input": card}, spend.id),)

    def redeemed(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        wrong = refused(data(answers[-1], "Saleor"), "giftCardCreate")
        # A code that is taken is the one that this spend made before.
        wrong = [code for code in wrong if code not in ("ALREADY_EXISTS", "UNIQUE")]
        if wrong:
            return SpendResult(problem=f"Saleor made no gift card: {', '.join(wrong)}")
        return SpendResult(code=card_code(spend))

    def undo(self, *, spend: Spend, result: SpendResult, settings: Settings) -> tuple[Call, ...]:
        return (graphql(_API, FIND, {"code": card_code(spend)}, f"{spend.id}-find"),)

    def undone(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """Stop the card first, so that nobody pays with it any more; then delete it if unused."""
        said = data(answers[-1], "Saleor")
        if "giftCardDelete" in said:
            return _gone(refused(said, "giftCardDelete"))
        if "giftCardDeactivate" in said:
            wrong = refused(said, "giftCardDeactivate")
            card = said["giftCardDeactivate"].get("giftCard")
            if wrong or card is None:
                return _gone(wrong)
            card = record(card, "giftCard")
            before = amount(card.get("initialBalance"), "initialBalance")
            if amount(card.get("currentBalance"), "currentBalance") < before:
                return SpendResult(problem="an order was paid with it; what was left is blocked")
            return _next(DELETE, card, f"{spend.id}-undo")
        found = record(said.get("giftCards"), "giftCards")
        edges = records(found.get("edges"), "giftCards.edges")
        if not edges:
            return SpendResult()
        return _next(DEACTIVATE, record(edges[0].get("node"), "node"), f"{spend.id}-stop")

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        asked = {
            "first": _PAGE,
            "after": cursor,
            "since": since.isoformat(),
            "until": until.isoformat(),
        }
        return graphql(_API, LIST, asked)

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        orders = record(data(answer, "Saleor").get("orders"), "orders")
        ids = [
            pk(record(edge.get("node"), "node").get("id"), "Order", "orders.id")
            for edge in records(orders.get("edges"), "orders.edges")
        ]
        info = record(orders.get("pageInfo"), "pageInfo")
        more = info.get("hasNextPage") is True
        return Page(
            parsed=tuple(_ask(one) for one in ids),
            cursor=optional(info.get("endCursor")) if more else None,
        )

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        """Raises ValueError for a key set without private keys: only the shop can sign then."""
        if scenario not in _EVENTS:
            raise ValueError(f"Saleor has no scenario {scenario}")
        name, event = _EVENTS[scenario]
        said = {
            "__typename": name,
            "issuedAt": now.isoformat(),
            "order": {"id": global_id("Order", str(int(now.timestamp())))},
        }
        body = json.dumps(said).encode()
        secret = secrets.signing[0]
        by_key = is_key_set(secret)
        headers = {
            "Content-Type": "application/json",
            _SIGNATURE: signed(body=body, key_set=secret)
            if by_key
            else hex_mac(secret.encode(), body),
            _EVENT: event,
            "Saleor-Domain": "shop.example",
            "Saleor-Api-Url": "https://shop.example/graphql/",
        }
        return (Request("POST", "https://hub.example/hooks/sample", Headers(headers), body),)


def card_code(spend: Spend) -> str:
    """The gift card's code, of the 16 characters that Saleor takes: the same one always."""
    digest = hashlib.sha256(code_of(spend).encode()).digest()
    return f"PTS-{base64.b32encode(digest).decode()[:12]}"


def _told(order_id: Any, issued_at: Any) -> Fetch:
    """Which order to ask for.

    Raises Malformed for a message without the time of its event: two would be one by their bytes.
    """
    if not isinstance(issued_at, str) or not issued_at:
        raise Malformed("there is no issuedAt: let the webhook's subscription ask for it")
    return _ask(pk(order_id, "Order", "order.id"))


def _ask(order_id: str) -> Fetch:
    return Fetch(
        about=order_id, calls=(graphql(_API, ORDER, {"id": global_id("Order", order_id)}),)
    )


def _gone(wrong: list[str]) -> SpendResult:
    """A card that is not there was deleted before."""
    if set(wrong) <= {"NOT_FOUND"}:
        return SpendResult()
    return SpendResult(problem=f"Saleor did not take the gift card back: {', '.join(wrong)}")


def _next(mutation: str, card: Mapping[str, Any], key: str) -> SpendResult:
    card_id = identifier(card.get("id"), "giftCard.id")
    return SpendResult(more=(graphql(_API, mutation, {"id": card_id}, key),))


ADAPTER = Saleor()
